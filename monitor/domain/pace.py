"""Our own budget at one endpoint: how many requests and tokens a minute its probes may use, spent evenly.

Pure arithmetic; who waits, and who goes first, is `probes.slots`. Requests are spaced, so that no minute, wherever it
begins, holds more of them than the budget. Each probe is followed by as long a pause as its tokens are worth, so that
no minute holds more tokens than the budget and what the last probe in it uses.
"""

from dataclasses import dataclass

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What the probes of one endpoint may use per minute; None is without bound."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @property
    def is_bounded(self) -> bool:
        """True if there is any bound."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None


NO_BUDGET = Budget()


@dataclass(frozen=True, slots=True)
class Paid:
    """What one probe was let in for.

    Attributes:
        number: counts those that were let in.
        at: when it was.
        tokens: what it was expected to use.
    """

    number: int
    at: float
    tokens: float


class Pace:
    """When the next probe may start. All times are seconds of one monotonic clock.

    Args:
        budget: what may be used.

    Attributes:
        budget: it may be replaced; what was used is not forgotten then.
    """

    __slots__ = ("_number", "_request_at", "_token_at", "budget")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._request_at = self._token_at = float("-inf")
        self._number = 0

    def wait_s(self, now: float) -> float:
        """How long nobody may start yet; 0 if somebody may."""
        until = float("-inf")
        if self.budget.requests_per_minute is not None:
            until = self._request_at
        if self.budget.tokens_per_minute is not None:
            until = max(until, self._token_at)
        return max(0.0, until - now)

    def spend(self, now: float, tokens: float) -> Paid:
        """A probe starts that is expected to use so many tokens."""
        self._number += 1
        per_minute = self.budget.requests_per_minute
        self._request_at = max(now, self._request_at) + (0.0 if per_minute is None else _MINUTE_S / per_minute)
        self._token_at = max(now, self._token_at) + self._tokens_s(tokens)
        return Paid(self._number, now, tokens)

    def correct(self, now: float, paid: Paid, *, used: float) -> None:
        """A probe has ended.

        What it used beyond its share is paid by a longer pause. What it left is given back as far as its own pause
        still lies ahead: a pause that was kept cannot be given back without crowding a later minute.

        Args:
            now: the time.
            paid: as it was let in.
            used: tokens.
        """
        if used > paid.tokens:
            self._token_at = max(now, self._token_at) + self._tokens_s(used - paid.tokens)
        elif paid.number == self._number:
            self._token_at = min(self._token_at, max(now, paid.at + self._tokens_s(used)))

    def _tokens_s(self, count: float) -> float:
        per_minute = self.budget.tokens_per_minute
        return 0.0 if per_minute is None else count * _MINUTE_S / per_minute
