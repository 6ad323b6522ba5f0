"""What is known of quota now, as it is shown: rate limits by check, balances by endpoint. Owns the shapes only."""

from dataclasses import dataclass

from monitor.domain.limits import LimitKind


@dataclass(frozen=True, slots=True)
class LimitNow:
    """One rate limit, as the newest answer told it; None where it did not say.

    Attributes:
        reset_at_us: wall time.
        seen_at_us: wall time.
        low: people were told that it is nearly used up.
    """

    endpoint: str
    check: str
    model: str | None
    kind: LimitKind
    limit: float | None
    remaining: float | None
    reset_at_us: int | None
    seen_at_us: int
    low: bool


@dataclass(frozen=True, slots=True)
class BalanceNow:
    """One account.

    Attributes:
        amount: in its own currency; None before the first answer.
        days_left: None where it does not shrink, or nobody knows yet.
        low: people were told.
        error: why the newest request was no use; None where it was.
    """

    endpoint: str
    amount: float | None
    seen_at_us: int | None
    days_left: float | None
    low: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class QuotaNow:
    """All of it."""

    limits: tuple[LimitNow, ...] = ()
    balances: tuple[BalanceNow, ...] = ()
