"""What probes have used, by check and UTC day, in memory: counted with every result, written down about once a minute.

Owns the sums. What one answer used is told by `domain.tokens`, what may be spent by `app.purse`.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator

from monitor.domain.caps import Spent, day_of, first_of_month
from monitor.domain.check import Check, forgotten_check
from monitor.domain.kept import Spending
from monitor.domain.prices import Price, Prices
from monitor.domain.renaming import Renaming
from monitor.domain.result import Result
from monitor.domain.tokens import Tokens, tokens_of
from monitor.storage.spending import Remembered, Untold

_ALL = ""
"""Stands for all endpoints together: none has this name."""


class _Day:
    """One day of every check, in columns: ten thousand objects would take four times the memory."""

    def __init__(self) -> None:
        self.probes, self.estimated = array("i"), array("i")
        self.input, self.output, self.until_us = array("q"), array("q"), array("q")
        self.dirty = bytearray()
        self.nusd: Counter[str] = Counter()  # by endpoint, and of all

    def make_room(self, places: int) -> None:
        """So that every check has its place."""
        more = places - len(self.dirty)
        if more > 0:
            for column in (self.probes, self.estimated, self.input, self.output, self.until_us):
                column.extend([0] * more)
            self.dirty.extend(bytes(more))


class Accounts:
    """The sums of this and the last days.

    Args:
        prices: those in force.
    """

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._places: dict[str, int] = {}
        self._names: list[str] = []
        self._endpoints: list[str] = []
        self._price: list[Price | None] = []
        self._days: dict[int, _Day] = {}
        self._earlier: Counter[str] = Counter()  # of this month, the days in `_days` left out
        self._month_began = 0

    def note(self, check: Check, result: Result) -> None:
        """Count one result."""
        verdict = result.verdict
        used = tokens_of(check, result.usage, verdict.status, verdict.fault_domain, result.http_status)
        self._add(self._place(check), result.started_at.wall_us, used)

    def go_on(self, remembered: Remembered, check_of: Callable[[str], Check | None], now_us: int) -> None:
        """Take up what the database remembers.

        Args:
            remembered: by the database.
            check_of: a check in force by its id.
            now_us: wall time.
        """
        self._month_began = first_of_month(day_of(now_us))
        for endpoint, nusd in remembered.month:
            self._earlier[endpoint] += nusd
            self._earlier[_ALL] += nusd
        for row in remembered.days:
            self._put(row, check_of(row.check) or _forgotten(row.check))
        for one in remembered.untold:
            check = check_of(one.check) or _forgotten(one.check)
            self._add(self._place(check), one.started_at_us, _used(check, one))

    def reprice(self, prices: Prices) -> None:
        """Other prices hold: the days that are still open are worth something else."""
        self._prices = prices
        self._price = [
            prices.of(endpoint, _model(name, endpoint))
            for name, endpoint in zip(self._names, self._endpoints, strict=True)
        ]
        for day in self._days.values():
            day.nusd.clear()
            for place in range(len(day.dirty)):
                if day.probes[place]:
                    day.dirty[place] = 1
                    self._charge(day, place, self._cost(day, place) or 0)

    def rename(self, renaming: Renaming) -> None:
        """Checks go on under other names; `reprice` follows."""
        self._earlier = Counter({renaming.endpoint(endpoint): nusd for endpoint, nusd in self._earlier.items()})
        for former, place in list(self._places.items()):
            present = renaming.check(former)
            if present != former and present not in self._places:
                self._places[present] = self._places.pop(former)
                self._names[place] = present
                self._endpoints[place] = present.partition("/")[0]

    def price_of(self, check: Check) -> Price | None:
        """What a check's tokens cost."""
        return self._price[self._place(check)]

    def spent(self, endpoint: str | None, today: int) -> Spent:
        """What an endpoint, or all together, has spent.

        Args:
            endpoint: its name; None for all.
            today: in days since 1970-01-01 UTC.
        """
        name = _ALL if endpoint is None else endpoint
        began = first_of_month(today)
        month = self._earlier[name] if began == self._month_began else 0
        month += sum(day.nusd[name] for number, day in self._days.items() if number >= began)
        present = self._days.get(today)
        return Spent(0 if present is None else present.nusd[name], month)

    def by_endpoint(self, today: int) -> dict[str, Spent]:
        """The same of every endpoint that was heard of."""
        return {endpoint: self.spent(endpoint, today) for endpoint in dict.fromkeys(self._endpoints)}

    def unpriced(self, today: int) -> int:
        """How many checks were asked today whose price nobody knows."""
        day = self._days.get(today)
        if day is None:
            return 0
        return sum(price is None and probes > 0 for price, probes in zip(self._price, day.probes, strict=False))

    def unwritten(self) -> Iterator[Spending]:
        """What has changed since it was last asked for, the older days first."""
        for number in sorted(self._days):
            day = self._days[number]
            for place in range(len(day.dirty)):
                if day.dirty[place]:
                    day.dirty[place] = 0
                    yield self._row(number, day, place)

    def close_days_before(self, number: int) -> None:
        """Days that nothing is added to any more are forgotten; their money stays in the month."""
        began = first_of_month(number)
        if began != self._month_began:
            self._earlier.clear()
            self._month_began = began
        for old in [one for one in self._days if one < number - 1 and not any(self._days[one].dirty)]:
            day = self._days.pop(old)
            if old >= began:
                self._earlier.update(day.nusd)

    def _place(self, check: Check) -> int:
        place = self._places.get(check.id)
        if place is None:
            place = self._places[check.id] = len(self._names)
            self._names.append(check.id)
            self._endpoints.append(check.endpoint)
            self._price.append(self._prices.of(check.endpoint, check.model or ""))
        return place

    def _day(self, number: int, place: int) -> _Day:
        day = self._days.get(number)
        if day is None:
            day = self._days[number] = _Day()
        if place >= len(day.dirty):
            day.make_room(len(self._names))
        return day

    def _add(self, place: int, started_at_us: int, used: Tokens | None) -> None:
        day = self._day(day_of(started_at_us), place)
        day.dirty[place] = 1
        day.until_us[place] = max(day.until_us[place], started_at_us)
        if used is None:
            return
        before = self._cost(day, place)
        day.probes[place] += 1
        day.estimated[place] += used.estimated
        day.input[place] += used.input
        day.output[place] += used.output
        after = self._cost(day, place)
        if after is not None and before is not None:
            self._charge(day, place, after - before)

    def _put(self, row: Spending, check: Check) -> None:
        place = self._place(check)
        day = self._day(row.day, place)
        day.probes[place], day.estimated[place] = row.probes, row.estimated
        day.input[place], day.output[place], day.until_us[place] = row.input_tokens, row.output_tokens, row.until_us
        self._charge(day, place, self._cost(day, place) or 0)

    def _cost(self, day: _Day, place: int) -> int | None:
        price = self._price[place]
        return None if price is None else price.nusd(day.input[place], day.output[place])

    def _charge(self, day: _Day, place: int, nusd: int) -> None:
        day.nusd[self._endpoints[place]] += nusd
        day.nusd[_ALL] += nusd

    def _row(self, number: int, day: _Day, place: int) -> Spending:
        return Spending(
            number,
            self._names[place],
            day.probes[place],
            day.estimated[place],
            day.input[place],
            day.output[place],
            self._cost(day, place),
            day.until_us[place],
        )


def _used(check: Check, one: Untold) -> Tokens | None:
    return tokens_of(check, one.usage, one.status, one.fault, one.http_status)


def _forgotten(check: str) -> Check:
    return forgotten_check(check, check.partition("/")[0])


def _model(name: str, endpoint: str) -> str:
    return forgotten_check(name, endpoint).model or ""
