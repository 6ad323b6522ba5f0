"""Patterns that operators write, matched in time that grows with the text only, whatever they wrote.

Owns the one use of RE2. Python's own engine may need longer than the universe for `(a+)+$`; a verdict must neither wait
nor depend on a clock. RE2 knows neither look-around nor back-references, and says so when the pattern is read.
"""

from functools import lru_cache
from typing import Any

NEEDS = "pip install 'relaywatch[patterns]'"


class PatternError(ValueError):
    """The pattern cannot be used; the text says why."""


def check_pattern(pattern: str) -> None:
    """Whether the pattern can be used.

    Raises:
        PatternError: it cannot.
    """
    _compiled(pattern)


def is_found(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text.

    Raises:
        PatternError: it cannot be used; `check_pattern` would have said so.
    """
    return _compiled(pattern).search(text.encode("utf-8", "replace").decode()) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    try:
        import re2  # noqa: PLC0415  2 MB that only those pay who expect a pattern
    except ImportError:
        raise PatternError(f"needs RE2, which is not installed: {NEEDS}") from None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise PatternError(f"is no RE2 pattern: {why}") from None
