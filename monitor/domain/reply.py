"""What a model said, in words that no protocol owns: whole, or piece by piece.

Owns the shapes that every protocol reads its answers into, and how the signs of life in them are weighed. A reply is
alive when it holds content, reasoning, a refusal or a tool call; or when the model ran into the token limit or the
content filter before it could say any.
"""

from dataclasses import dataclass
from typing import Any

from monitor.domain.error_shapes import UpstreamError
from monitor.domain.reading import Reading

LENGTH = frozenset({"length", "max_tokens", "model_length", "max_output_tokens", "model_context_window_exceeded"})
FILTER = ("content_filter", "content-filter", "safety", "refusal")
TEXT_KEPT = 16_384
_MOST_TOKENS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the API counted them; None where it does not say, or says nonsense.

    Attributes:
        input_tokens: of the prompt, cached ones included.
        output_tokens: of the answer, reasoning included.
        reasoning_tokens: the part of the output that nobody sees.
        cached_tokens: the part of the input that the provider had cached.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None

    def and_then(self, newer: "Usage") -> "Usage":
        """What a later count of the same answer changes: a stream tells input first and output last."""
        return Usage(
            *(
                old if new is None else new
                for old, new in (
                    (self.input_tokens, newer.input_tokens),
                    (self.output_tokens, newer.output_tokens),
                    (self.reasoning_tokens, newer.reasoning_tokens),
                    (self.cached_tokens, newer.cached_tokens),
                )
            )
        )

    def plus(self, other: "Usage") -> "Usage":
        """What two answers used together; where one does not say, what the other says."""
        return Usage(
            *(
                one if more is None else (one or 0) + more
                for one, more in (
                    (self.input_tokens, other.input_tokens),
                    (self.output_tokens, other.output_tokens),
                    (self.reasoning_tokens, other.reasoning_tokens),
                    (self.cached_tokens, other.cached_tokens),
                )
            )
        )


NOT_COUNTED = Usage()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model wants called.

    Attributes:
        id: as upstream named it; the result of the call is sent back under it.
        name: empty in the later pieces of a stream.
        arguments: JSON text, hostile; in a stream a part of it.
        index: which call of the reply it is; pieces of one call share it.
    """

    id: str = ""
    name: str = ""
    arguments: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, read.

    Attributes:
        finish: why the model stopped, in lower case; hostile.
        error: the error where the reading is ERROR.
        model: who says that it answered; hostile; None where the answer does not say.
        text: the content that a user would see, at most `TEXT_KEPT` characters; hostile.
        size: of an embedding, its dimensions; None for any other answer.
    """

    reading: Reading
    finish: str | None = None
    error: UpstreamError | None = None
    model: str | None = None
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = NOT_COUNTED
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a stream, read.

    Attributes:
        generated: it holds content, reasoning, a refusal or a part of a tool call, however short.
        text: the content in it that a user would see.
        finish: the model's part ends here, and why; in lower case; hostile.
        end_follows: the protocol promises an end mark after this finish reason; a stream without it was cut.
        ends: nothing follows that anybody waits for.
        usage: counts in it, cumulative.
        whole: the answer told once more at its end; its calls rule, and all of it where no piece of it came before.
    """

    generated: bool = False
    text: str = ""
    tool_call: ToolCall | None = None
    finish: str | None = None
    end_follows: bool = False
    ends: bool = False
    usage: Usage = NOT_COUNTED
    model: str | None = None
    error: UpstreamError | None = None
    whole: Reply | None = None


NOTHING_SAID = Piece()


def reading_of(finish: str | None, *, spoken: bool) -> Reading:
    """What a reply that stopped for this reason is.

    Args:
        finish: in lower case; None where no reason was given.
        spoken: whether anything was generated.
    """
    said = finish or ""
    if said.startswith(FILTER):
        return Reading.FILTERED
    if spoken:
        return Reading.ANSWER
    return Reading.LENGTH if said in LENGTH else Reading.NO_CONTENT


def count_of(value: Any) -> int | None:
    """A number of tokens; None for what cannot be one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
    return value if is_count else None


def text_of(value: Any) -> str | None:
    """A text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None
