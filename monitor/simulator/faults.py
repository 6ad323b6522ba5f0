"""The fault script: what each simulated model does at which second (pure).

Owns the shape of a script and the decision what one request gets. It opens no file (`script` does) and writes no byte
(`gateway` does): `decide` takes the time, the counters and the random draws, and gives the same answer each time.

Precedence: the *first* fault in file order whose window holds the elapsed time is the active one; no other counts at
that moment, also where its `probability` spares the request. A fault set by hand goes before the script.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import InitErrorDetails

from monitor.config.model import Model, detail, nearest, wrong
from monitor.simulator.latency import NO_LATENCY, Latency
from monitor.simulator.ratelimit import Allowance, Window, admit
from monitor.simulator.values import Longer, Printable, Seconds, readable_seconds

MIB = 1024 * 1024


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    BODY = "body"
    HTML = "html"
    HOSTILE = "hostile"
    TRUNCATED = "truncated"
    HANG = "hang"
    RESET = "reset"
    CLOSE_BEFORE_HEADERS = "close_before_headers"
    GARBAGE = "garbage"
    SLOW = "slow"
    SLOW_DRIP = "slow_drip"
    HUGE_BODY = "huge_body"
    GZIP_BOMB = "gzip_bomb"
    RATE_LIMIT = "rate_limit"
    ERROR_IN_200 = "error_in_200"
    EMPTY_CHOICES = "empty_choices"
    EMPTY_CONTENT = "empty_content"
    OTHER_MODEL = "other_model"


_ANSWER = frozenset({"status", "headers"})
_HEADERS = frozenset({"headers"})
_NONE: frozenset[str] = frozenset()
FIELDS: dict[FaultKind, frozenset[str]] = {
    FaultKind.STATUS: _ANSWER | {"body"},
    FaultKind.BODY: _ANSWER | {"body"},
    FaultKind.HTML: _ANSWER,
    FaultKind.HOSTILE: _ANSWER,
    FaultKind.TRUNCATED: _NONE,
    FaultKind.HANG: _NONE,
    FaultKind.RESET: _NONE,
    FaultKind.CLOSE_BEFORE_HEADERS: _NONE,
    FaultKind.GARBAGE: _NONE,
    FaultKind.SLOW: frozenset({"latency"}),
    FaultKind.SLOW_DRIP: frozenset({"every"}),
    FaultKind.HUGE_BODY: frozenset({"body_bytes"}),
    FaultKind.GZIP_BOMB: frozenset({"body_bytes"}),
    FaultKind.RATE_LIMIT: frozenset({"limit", "window", "retry_after", "headers"}),
    FaultKind.ERROR_IN_200: _HEADERS,
    FaultKind.EMPTY_CHOICES: _HEADERS,
    FaultKind.EMPTY_CONTENT: _HEADERS,
    FaultKind.OTHER_MODEL: _HEADERS,
}
"""The options each kind of fault understands, beside those that every fault has."""
_OPTIONS = frozenset().union(*FIELDS.values())
_REQUIRED = {FaultKind.BODY: "body", FaultKind.SLOW: "latency"}
ON_COMPLETIONS_ONLY = frozenset({FaultKind.EMPTY_CHOICES, FaultKind.EMPTY_CONTENT, FaultKind.OTHER_MODEL})


def _kind(value: object) -> object:
    if isinstance(value, str) and value not in set(FaultKind):
        raise wrong(f"unknown kind of fault: {nearest(value, set(FaultKind))}")
    return value


class Fault(Model):
    """One thing that goes wrong for a while; durations are seconds once parsed.

    Attributes:
        kind: what goes wrong.
        begin_s: seconds since the gateway's start; `from` in TOML.
        until_s: seconds since the gateway's start when it has recovered; None: never.
        probability: how likely each request is struck, in (0, 1].
        status: HTTP status of the answer; each kind has its own default.
        body: answered as it stands.
        headers: added to the answer.
        latency: instead of the model's own, for `slow`.
        limit: requests per window, for `rate_limit`.
        window_s: seconds a window of `rate_limit` lasts.
        retry_after_s: instead of the counted one; 0 leaves the header out.
        every_s: seconds between two bytes of `slow_drip`.
        body_bytes: size of `huge_body` and, unpacked, of `gzip_bomb`.
    """

    kind: Annotated[FaultKind, BeforeValidator(_kind)]
    begin_s: Annotated[Seconds, Field(alias="from")] = 0.0
    until_s: Seconds | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    status: Annotated[int, Field(strict=True, ge=200, le=599)] | None = None
    body: str | None = None
    headers: dict[Printable, Printable] = Field(default_factory=dict)
    latency: Latency | None = None
    limit: Annotated[int, Field(strict=True, ge=0)] = 0
    window_s: Longer = 60.0
    retry_after_s: Seconds | None = None
    every_s: Longer = 1.0
    body_bytes: Annotated[int, Field(strict=True, gt=0, le=64 * MIB)] = 2 * MIB

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
        """Only what its kind uses, all that its kind needs, and an end after the beginning."""
        kind = table.get("kind")
        if isinstance(kind, str) and kind in set(FaultKind):
            known = FaultKind(kind)
            for key in sorted((table.keys() & _OPTIONS) - FIELDS[known]):
                yield detail((key,), f'has no meaning for the kind "{known}"', table[key])
            needed = _REQUIRED.get(known)
            if needed and needed not in table:
                yield detail((needed,), f'is required for the kind "{known}"')
        begin, until = (readable_seconds(table.get(key, default)) for key, default in (("from", "0s"), ("until", None)))
        if begin is not None and until is not None and until <= begin:
            yield detail(("until",), "must lie after `from`", table["until"])

    def active_at(self, elapsed_s: float) -> bool:
        """Whether this second lies in the fault's window; its end is already healthy."""
        return self.begin_s <= elapsed_s and (self.until_s is None or elapsed_s < self.until_s)


class Profile(Model):
    """How one thing that can be asked for behaves.

    Attributes:
        latency: of every answer that is not `slow`.
        faults: in order of precedence.
    """

    latency: Latency = NO_LATENCY
    faults: tuple[Fault, ...] = ()

    def active(self, elapsed_s: float) -> Fault | None:
        """The one active fault: the first in order whose window holds this second."""
        return next((fault for fault in self.faults if fault.active_at(elapsed_s)), None)


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
        refuses_max_tokens: answers `max_tokens` with 400 `unsupported_parameter`, as OpenAI's reasoning models do.
    """

    id: Printable
    refuses_max_tokens: bool = False


class Script(Model):
    """All that a simulated gateway does.

    Attributes:
        seed: of every random draw; two gateways with one seed draw alike for each model.
        repeat_s: seconds after which the timeline begins again; None: it runs once.
        model_list: how `GET /v1/models` behaves.
        models: at least one.
    """

    seed: int = 0
    repeat_s: Longer | None = None
    model_list: ModelList = ModelList()
    models: tuple[ServedModel, ...]

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


@dataclass(frozen=True, slots=True)
class Draws:
    """Random numbers in [0, 1) for one request."""

    latency: float = 0.5
    fault: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What one request gets.

    Attributes:
        latency_s: seconds to wait before the answer.
        fault: what goes wrong; None: nothing.
        window: the rate limit's counters after this request.
        allowance: what the rate limit says; None where there is no limit.
    """

    latency_s: float
    fault: Fault | None
    window: Window
    allowance: Allowance | None = None


def decide(profile: Profile, active: Fault | None, elapsed_s: float, window: Window, draws: Draws) -> Decision:
    """Decides what one request gets.

    Args:
        profile: of the model, or of the model list.
        active: the fault of this moment: `profile.active`, or one set by hand.
        elapsed_s: seconds since the gateway's start, for the counters of a rate limit.
        window: the counters before this request.
        draws: random numbers of this request.
    """
    latency_s = profile.latency.at(draws.latency)
    if active is None or draws.fault >= active.probability:
        return Decision(latency_s, None, window)
    if active.kind is FaultKind.SLOW and active.latency is not None:
        return Decision(active.latency.at(draws.latency), active, window)
    if active.kind is FaultKind.RATE_LIMIT:
        window, allowance = admit(window, active.limit, active.window_s, elapsed_s)
        return Decision(latency_s, None if allowance.admitted else active, window, allowance)
    return Decision(latency_s, active, window)
