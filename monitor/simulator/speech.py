"""What a served model says to a request, token by token, in words that no protocol owns (pure).

Owns the counting of tokens and the budget; how instructions are followed is in `obedience`. What a fault makes of it is
in `deviations`, how a protocol writes it down in `apis`.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import cycle, islice

from monitor.simulator.obedience import answer_to, answer_with, arguments_for
from monitor.simulator.requests import Asked, OfferedTool
from monitor.simulator.served import ServedModel

DEFAULT_LIMIT = 4096
UNRULY = "Once upon a time there was a river that ran to the sea."
_TOKEN = re.compile(r"\s?[^\s]{1,4}|\s")
_FILLER = (" and", " so", " it", " goes", " on")
_THOUGHTS = (" hm", " well", " then")


class Finish(Enum):
    """Why a model stopped."""

    STOP = auto()
    LENGTH = auto()
    TOOL_CALL = auto()
    FILTERED = auto()


@dataclass(frozen=True, slots=True)
class Speech:
    """What a model says.

    Attributes:
        number: which answer of this gateway it is; becomes the ids.
        created_s: seconds since 1970.
        model: who says that it answers.
        tokens: the text that a user sees; of a tool call, its arguments.
        finish: why it stopped; None: it does not say.
        input_tokens: of the prompt, cached ones included.
        output_tokens: of the answer, reasoning included.
        reasoning_tokens: the part of the output that nobody sees, or that stands in `thoughts`.
        cached_tokens: the part of the input that was cached.
        thoughts: the reasoning, where it is shown.
        call: the function that is called; None for text.
        hollow: there is no message at all, not even an empty one.
    """

    number: int
    created_s: int
    model: str
    tokens: tuple[str, ...]
    finish: Finish | None
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    thoughts: tuple[str, ...] = ()
    call: str | None = None
    hollow: bool = False

    @property
    def text(self) -> str:
        """The tokens as one."""
        return "".join(self.tokens)

    @property
    def hidden_tokens(self) -> int:
        """How many tokens pass before the first that can be seen."""
        return 0 if self.thoughts else self.reasoning_tokens


def speech_of(asked: Asked, model: ServedModel, number: int, created_s: int) -> Speech:
    """What a model says when nothing goes wrong.

    It reasons first, if it does; what is left of the limit is for words. A text that ends by itself costs one token
    more, its end, unless `tokens` says how many there are.

    Args:
        asked: the request.
        model: who is asked.
        number: which answer of this gateway it is.
        created_s: seconds since 1970.
    """
    limit = DEFAULT_LIMIT if asked.max_tokens is None else max(0, asked.max_tokens)
    reasoned = min(model.reasoning_tokens, limit)
    call = None if model.ignores_instructions or asked.result is not None else asked.tool
    meant = _meant(asked, model, call)
    tokens = meant[: limit - reasoned]
    whole = len(tokens) == len(meant)
    end = 1 if whole and model.tokens is None else 0
    natural = Finish.STOP if call is None else Finish.TOOL_CALL
    return Speech(
        number=number,
        created_s=created_s,
        model=model.answers_as or model.id,
        tokens=tokens,
        finish=natural if whole else Finish.LENGTH,
        input_tokens=asked.input_tokens,
        output_tokens=min(limit, reasoned + len(tokens) + end),
        reasoning_tokens=reasoned,
        cached_tokens=min(model.cached_tokens, asked.input_tokens),
        thoughts=tuple(islice(cycle(_THOUGHTS), reasoned)) if model.shows_reasoning else (),
        call=None if call is None or not tokens else call.name,
    )


def tokens_of(text: str) -> tuple[str, ...]:
    """A text in tokens of at most four letters, blanks going before."""
    return tuple(_TOKEN.findall(text))


def _meant(asked: Asked, model: ServedModel, call: OfferedTool | None) -> tuple[str, ...]:
    if call is not None:
        return tokens_of(json.dumps(arguments_for(call.parameters, asked.prompt)))
    obedient = answer_to(asked.prompt) if asked.result is None else answer_with(asked.result)
    text = UNRULY if model.ignores_instructions else model.says or obedient
    tokens = tokens_of(text)
    if model.tokens is None:
        return tokens
    return (tokens + tuple(islice(cycle(_FILLER), model.tokens)))[: model.tokens]
