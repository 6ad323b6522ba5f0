"""What an answer's headers say of rate limits: how much is allowed, how much is left, and until when.

Owns the shapes and the names of the headers: OpenAI's and Anthropic's families, the unsuffixed ones of gateways, and
the drafts of the IETF. Numbers are hostile: what is no plain number of a sensible size is not there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.spans import until_s

MOST = 1e15
"""A larger number is none."""
RESET_AT_MOST_S = 400 * 86_400.0
"""A later reset is none."""


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


_Names = tuple[str, str, str]

_OPENAI: tuple[tuple[LimitKind, _Names], ...] = tuple(
    (kind, (f"x-ratelimit-limit-{kind}", f"x-ratelimit-remaining-{kind}", f"x-ratelimit-reset-{kind}"))
    for kind in (LimitKind.REQUESTS, LimitKind.TOKENS)
)
_ANTHROPIC: tuple[tuple[LimitKind, _Names], ...] = tuple(
    (kind, (f"{prefix}-limit", f"{prefix}-remaining", f"{prefix}-reset"))
    for kind in LimitKind
    for prefix in (f"anthropic-ratelimit-{kind.replace('_', '-')}",)
)
_PLAIN: tuple[tuple[LimitKind, _Names], ...] = tuple(
    (LimitKind.REQUESTS, (f"{prefix}-limit", f"{prefix}-remaining", f"{prefix}-reset"))
    for prefix in ("x-ratelimit", "x-rate-limit", "ratelimit")
)
_FAMILIES = (*_OPENAI, *_ANTHROPIC, *_PLAIN)
_DRAFT, _DRAFT_POLICY = "ratelimit", "ratelimit-policy"  # draft-ietf-httpapi-ratelimit-headers
_NAMES = frozenset(name for _, names in _FAMILIES for name in names[:2]) | {_DRAFT}

_NUMBER = re.compile(r"\s*(\d{1,16}(?:\.\d{1,6})?)\s*(?:[,;].*)?", re.ASCII | re.DOTALL)
_FIELD = re.compile(r"(?:^|[;,\s])(limit|remaining|reset|r|t|q)=(\d{1,16})(?![\d.])", re.ASCII)
_LONGEST_LOOKED_AT = 256


def limits_of(headers: Mapping[str, str], now_s: float) -> tuple[Limit, ...]:
    """The limits in the headers of an answer, at most one of a kind.

    Args:
        headers: names in lower case.
        now_s: seconds since 1970, against which dates are read.
    """
    if _NAMES.isdisjoint(headers):
        return ()
    found: dict[LimitKind, Limit] = {}
    for limit in _told(headers, now_s):
        found.setdefault(limit.kind, limit)
    return tuple(found.values())


def _told(headers: Mapping[str, str], now_s: float) -> Iterator[Limit]:
    for kind, (limit, remaining, reset) in _FAMILIES:
        if limit in headers or remaining in headers:
            told = _limit(kind, _number(headers.get(limit)), _number(headers.get(remaining)))
            if told is not None:
                yield _resetting(told, until_s(headers.get(reset), now_s))
    if _DRAFT in headers:
        fields = _fields(headers.get(_DRAFT_POLICY, "")) | _fields(headers[_DRAFT])
        told = _limit(
            LimitKind.REQUESTS, fields.get("limit", fields.get("q")), fields.get("remaining", fields.get("r"))
        )
        if told is not None:
            yield _resetting(told, fields.get("reset", fields.get("t")))


def _limit(kind: LimitKind, limit: float | None, remaining: float | None) -> Limit | None:
    """None where nothing is said; a limit of 0 is how gateways write that there is none."""
    if limit == 0 or (limit is None and remaining is None):
        return None
    return Limit(kind, limit, remaining)


def _resetting(limit: Limit, reset_s: float | None) -> Limit:
    if reset_s is None or not reset_s <= RESET_AT_MOST_S:
        return limit
    return Limit(limit.kind, limit.limit, limit.remaining, max(0.0, reset_s))


def _number(text: str | None) -> float | None:
    """The first number of a list; None for anything negative, endless, or no plain number."""
    found = None if text is None else _NUMBER.fullmatch(text[:_LONGEST_LOOKED_AT])
    value = None if found is None else float(found[1])
    return value if value is not None and value <= MOST else None


def _fields(text: str) -> dict[str, float]:
    """The numbers of the first policy in a draft's header: `limit=10, remaining=3, reset=7` or `"p";r=3;t=7`."""
    found: dict[str, float] = {}
    for name, digits in _FIELD.findall(text[:_LONGEST_LOOKED_AT]):
        value = float(digits)
        if value <= MOST:
            found.setdefault(name, value)
    return found
