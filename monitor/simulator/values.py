"""The kinds of values that a fault script takes.

Owns their notation; strictness and the telling of every problem at once come from the configuration's own base.
"""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from monitor.config.duration import parse_duration
from monitor.config.model import wrong


def read_seconds(value: object) -> float:
    """Seconds of a duration such as `"1.5s"`; anything else is refused in words for people."""
    try:
        return parse_duration(value)
    except ValueError as error:
        raise wrong(str(error)) from None


def readable_seconds(value: object) -> float | None:
    """The same where it is right, else None: for a rule between values, each of which tells its own fault."""
    try:
        return parse_duration(value)
    except ValueError:
        return None


def read_longer(value: object) -> float:
    """Seconds of a duration above zero."""
    seconds = read_seconds(value)
    if seconds == 0:
        raise wrong("must be longer than zero")
    return seconds


def _printable(text: str) -> str:
    if not text or not text.isprintable():
        raise wrong("must be printable text, not empty")
    return text


Seconds = Annotated[float, BeforeValidator(read_seconds)]
"""A duration in TOML, seconds once parsed."""
Longer = Annotated[float, BeforeValidator(read_longer)]
"""The same, above zero."""
Printable = Annotated[str, AfterValidator(_printable)]
"""Text that can stand in one line: no control characters, hence none that would split a header."""
