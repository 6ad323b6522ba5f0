"""The fault script: what a simulated gateway serves, how each model behaves, and what fails when (pure).

Owns the shape of a script. It opens no file (`script` does) and answers nothing (`gateway` does).

Precedence: the *first* fault in file order whose window holds the elapsed time is the active one; no other counts at
that moment, also where its `probability` spares the request. A fault set by hand goes before the script.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import InitErrorDetails

from monitor.config.model import Model, detail, wrong
from monitor.simulator.faults import Fault, Pace, Profile
from monitor.simulator.kinds import ON_COMPLETIONS_ONLY
from monitor.simulator.latency import NO_LATENCY, Latency
from monitor.simulator.values import Longer, Printable, Seconds, readable_seconds

Count = Annotated[int, Field(strict=True, ge=0, le=100_000)]
ProtocolName = Literal["openai", "anthropic", "openai-responses", "openai-embeddings"]


class ModelList(Profile):
    """How `GET /v1/models` behaves.

    Attributes:
        hidden: ids that are served but not listed.
    """

    hidden: tuple[Printable, ...] = ()

    @field_validator("faults")
    @classmethod
    def _have_a_meaning_here(cls, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
        strange = sorted({fault.kind for fault in faults} & ON_COMPLETIONS_ONLY)
        if strange:
            raise wrong(f"a model list cannot have the fault {', '.join(strange)}")
        return faults


class ServedModel(Profile):
    """One served model.

    Attributes:
        id: as clients ask for it.
        answers_as: the id that its answers name; None: the one that was asked for.
        protocols: those it can be asked in; none named: in all.
        says: its answer; None: "OK", or what the prompt wants to hear repeated.
        tokens: how many tokens its answer has; None: as many as the text needs.
        ignores_instructions: says something else whatever is asked, and calls no tool, as a base model does.
        reasoning_tokens: tokens it spends before it says a word; they count against the limit.
        shows_reasoning: they can be seen.
        cached_tokens: how much of a prompt it has cached.
        first_token: latency from the beginning of the answer to its first token.
        between_tokens: latency between two tokens.
        least_tokens: refuses a smaller limit of output tokens.
        refuses_max_tokens: answers `max_tokens` with 400 `unsupported_parameter`, as OpenAI's reasoning models do.
        refuses_stream_options: answers `stream_options` with 400.
        loads_for_s: seconds after the gateway's start during which it is "Loading model".
        listed_from_s: seconds after the gateway's start until it is listed.
        listed_until_s: seconds after the gateway's start when it vanishes from the list; None: never.
    """

    id: Printable
    answers_as: Printable | None = None
    protocols: tuple[ProtocolName, ...] = ()
    says: Annotated[str, Field(min_length=1)] | None = None
    tokens: Annotated[Count, Field(gt=0)] | None = None
    ignores_instructions: bool = False
    reasoning_tokens: Count = 0
    shows_reasoning: bool = False
    cached_tokens: Count = 0
    first_token: Latency = NO_LATENCY
    between_tokens: Latency = NO_LATENCY
    least_tokens: Count = 0
    refuses_max_tokens: bool = False
    refuses_stream_options: bool = False
    loads_for_s: Seconds = 0.0
    listed_from_s: Seconds = 0.0
    listed_until_s: Seconds | None = None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
        """It vanishes after it appeared."""
        begin, until = (
            readable_seconds(table.get(f"listed_{key}", default)) for key, default in (("from", "0s"), ("until", None))
        )
        if begin is not None and until is not None and until <= begin:
            yield detail(("listed_until",), "must lie after `listed_from`", table["listed_until"])

    def pace(self, draw: float) -> Pace:
        """How fast the tokens of an answer come at this quantile."""
        return Pace(self.first_token.at(draw), self.between_tokens.at(draw))

    def is_listed_at(self, elapsed_s: float) -> bool:
        """Whether the list holds it at this second."""
        return self.listed_from_s <= elapsed_s and (self.listed_until_s is None or elapsed_s < self.listed_until_s)


class Balance(Model):
    """What is in the account that `GET /v1/balance` tells of.

    Attributes:
        amount: in dollars at the start.
        price: of one answer of a model, in dollars.
    """

    amount: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    price: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.01


class Script(Model):
    """All that a simulated gateway does.

    Attributes:
        seed: of every random draw; two gateways with one seed draw alike for each model.
        repeat_s: seconds after which the timeline begins again; None: it runs once.
        model_list: how `GET /v1/models` behaves.
        models: at least one.
        balance: the account; None: there is none to ask for.
    """

    seed: int = 0
    repeat_s: Longer | None = None
    model_list: ModelList = ModelList()
    models: tuple[ServedModel, ...]
    balance: Balance | None = None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
        """At least one model, and none twice."""
        models = table.get("models")
        ids = [model.get("id") for model in models if isinstance(model, dict)] if isinstance(models, list) else None
        if ids == []:
            yield detail(("models",), "must hold at least one model")
        for number, name in enumerate(ids or ()):
            if name is not None and name in (ids or [])[:number]:
                yield detail(("models", number, "id"), "stands in the script twice", name)

    def timeline_s(self, elapsed_s: float) -> float:
        """Where on the timeline this second since the start lies."""
        return elapsed_s if self.repeat_s is None else elapsed_s % self.repeat_s
