"""A rate limit with real counters: fixed windows, counted per model (pure).

Owns the arithmetic of a window and the headers that tell of it, in three families. It holds no state: the caller keeps
the `Window`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Family = Literal["openai", "anthropic", "plain"]


@dataclass(frozen=True, slots=True)
class Window:
    """What was used of one window.

    Attributes:
        index: which window since the gateway's start; -1 before the first request.
        used: requests admitted in it.
        tokens: tokens of the requests admitted in it.
    """

    index: int = -1
    used: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a limit says to one request.

    Attributes:
        admitted: whether the request may pass.
        limit: requests per window; None: any number.
        remaining: requests left in this window after this one.
        reset_s: seconds until the next window begins.
        limit_tokens: tokens per window; None: any number.
        remaining_tokens: tokens left in this window after this request.
    """

    admitted: bool
    limit: int | None
    remaining: int
    reset_s: float
    limit_tokens: int | None = None
    remaining_tokens: int = 0

    def headers(self, family: Family = "openai", now_s: float = 0.0) -> dict[str, str]:
        """The headers that every answer under a limit carries.

        Args:
            family: whose names they have. `plain` has no names for tokens.
            now_s: seconds since 1970; Anthropic's reset is a date.
        """
        sent: dict[str, str] = {}
        for what, limit, remaining in self._counted():
            if family == "openai":
                reset = compact_duration(self.reset_s)
                sent |= {f"x-ratelimit-{key}-{what}": value for key, value in _three(limit, remaining, reset)}
            elif family == "anthropic":
                reset = datetime.fromtimestamp(math.ceil(now_s + self.reset_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                sent |= {f"anthropic-ratelimit-{what}-{key}": value for key, value in _three(limit, remaining, reset)}
            elif what == "requests":
                reset = str(math.ceil(self.reset_s))
                sent |= {f"X-RateLimit-{key.title()}": value for key, value in _three(limit, remaining, reset)}
        return sent

    def retry_after_s(self) -> int:
        """Whole seconds until a retry can pass, at least one."""
        return max(1, math.ceil(self.reset_s))

    def _counted(self) -> Iterator[tuple[str, int, int]]:
        if self.limit is not None:
            yield "requests", self.limit, self.remaining
        if self.limit_tokens is not None:
            yield "tokens", self.limit_tokens, self.remaining_tokens


def _three(limit: int, remaining: int, reset: str) -> tuple[tuple[str, str], ...]:
    return ("limit", str(limit)), ("remaining", str(remaining)), ("reset", reset)


def admit(
    window: Window,
    limit: int | None,
    window_s: float,
    at_s: float,
    *,
    limit_tokens: int | None = None,
    tokens: int = 0,
) -> tuple[Window, Allowance]:
    """Counts one request against a limit.

    Args:
        window: what was used so far.
        limit: requests per window; 0 admits none, None any number.
        window_s: seconds a window lasts; windows follow one another from second 0.
        at_s: seconds since the gateway's start, never going back.
        limit_tokens: tokens per window; None: any number.
        tokens: what this request costs.

    Returns:
        The window after this request, and what to tell the client.
    """
    index = int(at_s // window_s)
    used, spent = (window.used, window.tokens) if window.index == index else (0, 0)
    admitted = (limit is None or used < limit) and (limit_tokens is None or spent + tokens <= limit_tokens)
    if admitted:
        used, spent = used + 1, spent + tokens
    reset_s = max(0.0, (index + 1) * window_s - at_s)
    remaining, remaining_tokens = (
        0 if most is None else most - have for most, have in ((limit, used), (limit_tokens, spent))
    )
    return Window(index, used, spent), Allowance(admitted, limit, remaining, reset_s, limit_tokens, remaining_tokens)


def compact_duration(seconds: float) -> str:
    """A duration as OpenAI writes it in reset headers: `12ms`, `1s`, `6m0s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
