"""A rate limit with real counters: fixed windows, counted per model (pure).

Owns the arithmetic of a window and the headers that tell of it. It holds no state: the caller keeps the `Window`.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """What was used of one window.

    Attributes:
        index: which window since the gateway's start; -1 before the first request.
        used: requests admitted in it.
    """

    index: int = -1
    used: int = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a limit says to one request.

    Attributes:
        admitted: whether the request may pass.
        limit: requests per window.
        remaining: requests left in this window after this one.
        reset_s: seconds until the next window begins.
    """

    admitted: bool
    limit: int
    remaining: int
    reset_s: float

    def headers(self) -> dict[str, str]:
        """The `x-ratelimit-*-requests` headers, as OpenAI's API gives them with every answer."""
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(self.remaining),
            "x-ratelimit-reset-requests": compact_duration(self.reset_s),
        }

    def retry_after_s(self) -> int:
        """Whole seconds until a retry can pass, at least one."""
        return max(1, math.ceil(self.reset_s))


def admit(window: Window, limit: int, window_s: float, at_s: float) -> tuple[Window, Allowance]:
    """Counts one request against a limit.

    Args:
        window: what was used so far.
        limit: requests per window; 0 admits none.
        window_s: seconds a window lasts; windows follow one another from second 0.
        at_s: seconds since the gateway's start, never going back.

    Returns:
        The window after this request, and what to tell the client.
    """
    index = int(at_s // window_s)
    used = window.used if window.index == index else 0
    admitted = used < limit
    used += admitted
    reset_s = max(0.0, (index + 1) * window_s - at_s)
    return Window(index, used), Allowance(admitted, limit, limit - used, reset_s)


def compact_duration(seconds: float) -> str:
    """A duration as OpenAI writes it in reset headers: `12ms`, `1s`, `6m0s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
