"""How much probing may spend: caps by UTC day and month, of everything together and of one endpoint.

Pure. Owns which cap refuses a question and until when; what has been spent is counted in `app.accounts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from monitor.domain.prices import dollars, usd

US_PER_DAY = 86_400 * 1_000_000
_EPOCH = date(1970, 1, 1).toordinal()


class Span(StrEnum):
    """What a cap is for."""

    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Cap:
    """What may be spent, in billionths of a US dollar; None is any amount."""

    daily_nusd: int | None = None
    monthly_nusd: int | None = None

    def __bool__(self) -> bool:
        return self.daily_nusd is not None or self.monthly_nusd is not None

    def limit_nusd(self, span: Span) -> int | None:
        """What may be spent in a span."""
        return self.daily_nusd if span is Span.DAILY else self.monthly_nusd


NO_CAP = Cap()


@dataclass(frozen=True, slots=True)
class Spent:
    """What has been spent of a cap, in billionths of a US dollar; the month's holds the day's."""

    today_nusd: int = 0
    month_nusd: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """A cap that leaves no room for another question.

    Attributes:
        endpoint: None where it is the cap of everything together.
        limit_nusd: what may be spent.
        until_day: when questions are asked again: 00:00 UTC of this day, in days since 1970-01-01.
    """

    endpoint: str | None
    span: Span
    limit_nusd: int
    until_day: int

    @property
    def reason(self) -> str:
        """What is written down in place of an answer."""
        whose = "" if self.endpoint is None else " of this endpoint"
        return (
            f"not asked: the {self.span} cap{whose} of {dollars(usd(self.limit_nusd))} is spent; "
            f"asked again at {self.until_text}"
        )

    @property
    def crowded(self) -> str:
        """The same where the cap is not spent, but may be by the questions that are under way."""
        return f"not asked: the questions under way may spend the {self.span} cap of {dollars(usd(self.limit_nusd))}"

    @property
    def until_text(self) -> str:
        """The end, for people."""
        clock = "00:00 UTC"
        return clock if self.span is Span.DAILY else f"{clock} on {_date(self.until_day).isoformat()}"

    @property
    def until_us(self) -> int:
        """The end, in microseconds since 1970."""
        return self.until_day * US_PER_DAY


@dataclass(frozen=True, slots=True)
class SpendingNow:
    """What has been spent, and which caps hold.

    Attributes:
        endpoints: by name.
        unpriced: so many checks were asked today whose price nobody knows: they are in no sum.
        held: the caps that are spent.
    """

    all: Spent
    endpoints: Mapping[str, Spent]
    caps: "Caps"
    unpriced: int = 0
    held: tuple[Reached, ...] = ()


@dataclass(frozen=True, slots=True)
class Caps:
    """Every cap that is set."""

    all: Cap = field(default_factory=Cap)
    endpoints: Mapping[str, Cap] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.all or self.endpoints)

    def holds_for(self, endpoint: str) -> bool:
        """Whether anything is capped on an endpoint."""
        return bool(self.all) or endpoint in self.endpoints


def reached(cap: Cap, spent: Spent, wanted_nusd: int, day: int, endpoint: str | None = None) -> Reached | None:
    """The cap that has no room for what is wanted; None where there is room.

    Args:
        cap: what may be spent.
        spent: what is spent, with what is being spent right now.
        wanted_nusd: what the next question costs at most.
        day: the present one, in days since 1970-01-01 UTC.
        endpoint: whose cap it is; None for everything together.
    """
    if cap.monthly_nusd is not None and spent.month_nusd + wanted_nusd > cap.monthly_nusd:
        return Reached(endpoint, Span.MONTHLY, cap.monthly_nusd, next_month(day))
    if cap.daily_nusd is not None and spent.today_nusd + wanted_nusd > cap.daily_nusd:
        return Reached(endpoint, Span.DAILY, cap.daily_nusd, day + 1)
    return None


def day_of(wall_us: int) -> int:
    """The UTC day of a moment, in days since 1970-01-01."""
    return wall_us // US_PER_DAY


def first_of_month(day: int) -> int:
    """The first day of the day's month."""
    return day - _date(day).day + 1


def next_month(day: int) -> int:
    """The first day of the month after the day's."""
    present = _date(day)
    year, month = divmod(present.year * 12 + present.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC).date().toordinal() - _EPOCH


def _date(day: int) -> date:
    return date.fromordinal(day + _EPOCH)
