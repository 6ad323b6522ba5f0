"""What a good completion must contain, and what it says of its tokens.

Owns the shape of `POST /chat/completions` answers that are not streamed. An answer is alive when it holds content,
reasoning, a refusal or a tool call; or when the model ran into the token limit or the content filter before it could
say any.
"""

from dataclasses import dataclass
from typing import Any

from monitor.domain.error_shapes import UpstreamError, error_in, error_in_choice, marked_error
from monitor.domain.reading import Reading

_LENGTH = frozenset({"length", "max_tokens", "model_length", "max_output_tokens"})
_FILTER = ("content_filter", "content-filter", "safety")
_SPOKEN = (
    "content",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
    "refusal",
    "tool_calls",
    "function_call",
    "audio",
)
_SAYS_NOTHING = frozenset({"type", "role", "id", "index", "format"})
_INPUT_KEYS = ("prompt_tokens", "input_tokens")
_OUTPUT_KEYS = ("completion_tokens", "output_tokens")
_MOST_TOKENS = 2**31 - 1
_CHOICES_READ = 16
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion, read.

    Attributes:
        finish: the finish reason where it explains the reading; hostile.
        error: the error where the reading is ERROR.
    """

    reading: Reading
    finish: str | None = None
    error: UpstreamError | None = None


_ANSWER = Completion(Reading.ANSWER)
_NO_CHOICES = Completion(Reading.NO_CHOICES)
_NO_MESSAGE = Completion(Reading.NO_MESSAGE)


def read_completion(document: Any) -> Completion:
    """What a JSON value is as a completion; never raises."""
    choices = document.get("choices") if isinstance(document, dict) else None
    error = marked_error(document) if choices else error_in(document)
    if error is not None:
        return Completion(Reading.ERROR, error=error)
    if not isinstance(choices, list) or not choices:
        return _NO_CHOICES
    readings = [_read_choice(choice) for choice in choices[:_CHOICES_READ]]
    return min(readings, key=_rank) if len(readings) > 1 else readings[0]


def token_counts(document: Any) -> tuple[int | None, int | None]:
    """Input and output tokens of `usage`; None where it does not say, or says nonsense."""
    usage = document.get("usage") if isinstance(document, dict) else None
    if not isinstance(usage, dict):
        return None, None
    return _count(usage, _INPUT_KEYS), _count(usage, _OUTPUT_KEYS)


def _rank(completion: Completion) -> int:
    """Of several choices an error tells most, then an answer."""
    order = (Reading.ERROR, Reading.ANSWER, Reading.LENGTH, Reading.FILTERED, Reading.NO_CONTENT, Reading.NO_MESSAGE)
    return order.index(completion.reading)


def _read_choice(choice: Any) -> Completion:
    if not isinstance(choice, dict):
        return _NO_MESSAGE
    finish = choice.get("finish_reason")
    said = finish.lower() if isinstance(finish, str) else ""
    if said == "error" or choice.get("error"):
        return Completion(Reading.ERROR, error=error_in_choice(choice))
    message = choice.get("message")
    if isinstance(message, dict) and any(_has_content(message.get(key)) for key in _SPOKEN):
        return _ANSWER if not said.startswith(_FILTER) else Completion(Reading.FILTERED)
    if said.startswith(_FILTER):
        return Completion(Reading.FILTERED)
    if not isinstance(message, dict):
        return _NO_MESSAGE
    return Completion(Reading.LENGTH if said in _LENGTH else Reading.NO_CONTENT, said or None)


def _has_content(value: Any, depth: int = _DEPTH) -> bool:
    """Whether there is anything said in a string, in a list of parts, or in an object."""
    if isinstance(value, str):
        return bool(value)
    if depth and isinstance(value, list):
        return any(_has_content(part, depth - 1) for part in value[:_CHOICES_READ])
    if depth and isinstance(value, dict):
        return any(_has_content(part, depth - 1) for key, part in value.items() if key not in _SAYS_NOTHING)
    return False


def _count(usage: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    for key in keys:
        value = usage.get(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS:
            return value
    return None
