"""Roll-ups and figures as a beginner would work them out: from a list of everything that ever happened.

Shares no arithmetic with the program but the sketch, which has tests of its own. Times are microseconds since 1970.
"""

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.domain.availability import Rhythm
from monitor.domain.prices import Price
from monitor.domain.result import FaultDomain, Result, Status, Trigger
from monitor.domain.sketch import encode

FIVE_MINUTES_US = 300_000_000
OPEN_US = 1 << 62
TIMINGS = ("latency", "ttft")


@dataclass
class Everything:
    """What was ever recorded, planned and charged, by the number of a check."""

    results: dict[tuple[int, int], Result] = field(default_factory=dict)
    rhythms: dict[int, list[Rhythm]] = field(default_factory=dict)
    prices: dict[int, list[tuple[int, Price | None]]] = field(default_factory=dict)
    uncounted: dict[int, tuple[int, int]] = field(default_factory=dict)

    def record(self, check: int, result: Result) -> None:
        """One result, moved on while another has its place."""
        at_us = result.started_at.wall_us
        while (check, at_us) in self.results:
            at_us += 1
        self.results[check, at_us] = result

    def end_rhythms(self, at_us: int, check: int | None = None) -> None:
        """Nothing is due from then on, of one check or of all; what has ended has ended."""
        for number in self.rhythms if check is None else [check]:
            several = self.rhythms.get(number, [])
            self.rhythms[number] = [replace(one, until_us=at_us) if one.until_us == OPEN_US else one for one in several]

    def begin_rhythm(self, check: int, rhythm: Rhythm) -> None:
        """Due from now on; the one before has ended."""
        others = [one for one in self.rhythms.get(check, []) if one.first_due_us != rhythm.first_due_us]
        self.rhythms[check] = [*others, rhythm]

    def rows(self, length_us: int, since_us: int, until_us: int) -> dict[tuple[int, int], dict[str, Any]]:
        """Every row of a level whose stretch lies within, by check and start."""
        found: dict[tuple[int, int], dict[str, Any]] = {}
        checks = {check for check, _ in self.results} | set(self.rhythms)
        for check in checks:
            turns = [turn for rhythm in self.rhythms.get(check, []) for turn in _turns(rhythm, until_us)]
            due = Counter(turn // length_us * length_us for turn in turns)
            mine = {at_us: result for (number, at_us), result in self.results.items() if number == check}
            for start_us in {*due, *(at_us // length_us * length_us for at_us in mine)}:
                if since_us <= start_us and start_us + length_us <= until_us:
                    inside = {at_us: one for at_us, one in mine.items() if start_us <= at_us < start_us + length_us}
                    found[check, start_us] = self._row(check, due[start_us], inside)
        return found

    def period(self, check: int, since_us: int, until_us: int) -> dict[str, Any]:
        """The figures of one check in any period."""
        turns = [turn for rhythm in self.rhythms.get(check, []) for turn in _turns(rhythm, until_us)]
        inside = {
            at_us: one
            for (number, at_us), one in self.results.items()
            if number == check and since_us <= at_us < until_us
        }
        row = self._row(check, sum(since_us <= turn for turn in turns), inside)
        expected = row["due"] - row["excused"]
        good = [one for one in inside.values() if one.trigger is Trigger.ON_PHASE and one.status.is_success]
        return {
            **row,
            "availability": 100 * row["successes"] / row["counted"] if row["counted"] else None,
            "coverage": min(100.0, 100 * row["counted"] / expected) if expected > 0 else None,
            "latencies": sorted(one.latency_ms for one in good if one.latency_ms is not None),
        }

    def _row(self, check: int, due: int, results: dict[int, Result]) -> dict[str, Any]:
        counted = [one for one in results.values() if one.trigger is Trigger.ON_PHASE and one.status.name != "UNKNOWN"]
        good = [one for one in counted if one.status.name in {"UP", "DEGRADED"}]
        by_status = Counter(one.status for one in results.values())
        answered = [one for one in results.values() if one.input_tokens is not None or one.output_tokens is not None]
        return {
            "due": due,
            "excused": sum(one.trigger is Trigger.MAINTENANCE for one in results.values()),
            "counted": len(counted),
            "successes": len(good),
            "probes": len(results),
            **{status.value.lower(): by_status[status] for status in Status},
            **_timing("latency", [one.latency_ms for one in good]),
            **_timing("ttft", [one.ttft_ms for one in good]),
            "answered": len(answered),
            "input_tokens": sum(one.input_tokens or 0 for one in answered),
            "output_tokens": sum(one.output_tokens or 0 for one in answered),
            "uncounted": sum(self._is_uncounted(check, one) for one in results.values()),
            "cost_nusd": self._cost(check, results),
        }

    def _is_uncounted(self, check: int, one: Result) -> bool:
        if check not in self.uncounted or one.input_tokens is not None or one.output_tokens is not None:
            return False
        if one.http_status is not None:
            return one.http_status < 300
        return one.status is Status.TIMEOUT and one.verdict.fault_domain is not FaultDomain.NETWORK

    def _cost(self, check: int, results: dict[int, Result]) -> int | None:
        """Rounded up once for every five minutes and price."""
        used: dict[tuple[int, int], tuple[Price, int, int]] = {}
        for at_us, one in results.items():
            counts = one.input_tokens is not None or one.output_tokens is not None
            place, price = self._price(check, at_us)
            if price is None or not (counts or self._is_uncounted(check, one)):
                continue
            taken, given = (one.input_tokens or 0, one.output_tokens or 0) if counts else self.uncounted[check]
            _, before_taken, before_given = used.get((at_us // FIVE_MINUTES_US, place), (price, 0, 0))
            used[at_us // FIVE_MINUTES_US, place] = price, before_taken + taken, before_given + given
        if not used:
            return None
        return sum(
            math.ceil(round((taken * price.input + given * price.output) * 1000, 3))
            for price, taken, given in used.values()
        )

    def _price(self, check: int, at_us: int) -> tuple[int, Price | None]:
        several = self.prices.get(check, [])
        places = [place for place, (since_us, _) in enumerate(several) if since_us <= at_us]
        if not several:
            return 0, None
        place = max(places, default=0)
        return place, several[place][1]


def _turns(rhythm: Rhythm, until_us: int) -> list[int]:
    end_us = min(rhythm.until_us, until_us)
    phase = range(rhythm.phase_us, end_us, rhythm.interval_us) if end_us > rhythm.phase_us else []
    return [turn for turn in (rhythm.first_due_us, *phase) if turn < end_us]


def _timing(name: str, milliseconds: list[float | None]) -> dict[str, Any]:
    values = [round(one * 10) for one in milliseconds if one is not None]
    return {
        f"{name}_count": len(values),
        f"{name}_sum_100us": sum(values),
        f"{name}_min_100us": min(values, default=None),
        f"{name}_max_100us": max(values, default=None),
        f"{name}_sketch": encode(values),
    }
