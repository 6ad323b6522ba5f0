"""From the database to the facts of an HTML report. Owns which questions are asked, and how steps become bars."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from math import inf
from zoneinfo import ZoneInfo

from monitor.alerting.texts import Voice
from monitor.cli.report_html.edges import BAR_STEPS_S, BARS_AT_MOST, POINT_STEPS_S, POINTS_AT_MOST, edges, step_s
from monitor.cli.report_html.facts import Facts, Row, Stretch, Subject
from monitor.clock import US_PER_S, Moment, from_iso
from monitor.config.schema import Config
from monitor.domain.incident_kind import IncidentKind
from monitor.storage.past import history
from monitor.storage.reader import Reader
from monitor.storage.reports.charts import Name, Step, charts
from monitor.storage.reports.evidence import failed_probes
from monitor.storage.reports.figures import Period
from monitor.storage.reports.report import Asked, Group, report_rows
from monitor.storage.reports.row import is_as_long

CURVES_AT_MOST = 100
"""Checks whose curves are drawn, besides those of the endpoints."""
WORST_HOURS_AT_MOST = 10
EVIDENCE_AT_MOST = 5_000
"""Failed probes that are looked through for request ids, the oldest first."""
_GROUPS = (Group.CHECK, Group.ENDPOINT, Group.ALL)
_INCIDENTS_AT_MOST = 1_000_000
_NOBODY = "unknown"


def gather(reader: Reader, period: Period, config: Config, asked: Asked, now: Moment) -> Facts:
    """Everything that the report of one period says; one snapshot of the database."""
    is_begun = period.since_us < now.wall_us
    facts = Facts(
        name=period.name,
        since_us=period.since_us,
        until_us=min(period.until_us, now.wall_us) if is_begun else period.until_us,
        made_at_us=now.wall_us,
        voice=Voice(config.language, ZoneInfo(config.timezone)),
    )
    rows = report_rows(reader, period, now, replace(asked, by=_GROUPS, trend=False, worst_hours=WORST_HOURS_AT_MOST))
    earlier = period.before(now.wall_us)
    before = report_rows(reader, earlier, now, replace(asked, by=_GROUPS, trend=False, worst_hours=0))
    subjects = _subjects(rows, before, _Charts(reader, facts, now, _Drawn.of(rows)))
    overall = next((one for one in subjects if one.row["endpoint"] is None), None)
    known = history.incidents(reader, now, "all", _INCIDENTS_AT_MOST)
    incidents = [row for row in known if _touches(row, facts)]
    return replace(
        facts,
        overall=overall,
        subjects=[one for one in subjects if one is not overall],
        incidents=incidents,
        worst_hours=_worst_hours(rows),
        faults=_faults(reader, period, overall, incidents),
        kept_from_us=_kept_from_us(overall, period.since_us),
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The checks that have curves.

    Attributes:
        are_some: there are more than these; then a point is as long as a bar, which is much quicker for so many.
    """

    checks: frozenset[str]
    are_some: bool

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "_Drawn":
        """The least available ones; those of which nothing is known come last."""
        checks = [row for row in rows if row["check"] is not None]
        checks.sort(key=lambda row: inf if row["availability"] is None else row["availability"])
        return cls(frozenset(row["check"] for row in checks[:CURVES_AT_MOST]), len(checks) > CURVES_AT_MOST)


class _Charts:
    """Bars and curves of every subject in one period.

    Args:
        reader: of the database.
        facts: whose period and zone; a stretch begins where that zone's clock is round.
        now: the present.
        drawn: the checks that have curves.
    """

    def __init__(self, reader: Reader, facts: Facts, now: Moment, drawn: _Drawn) -> None:
        zone, period = facts.voice.timezone, (facts.since_us, facts.until_us)
        bar_s = step_s(period[1] - period[0], BAR_STEPS_S, BARS_AT_MOST)
        point_s = bar_s if drawn.are_some else step_s(period[1] - period[0], POINT_STEPS_S, POINTS_AT_MOST)
        self._drawn = drawn.checks
        self._bars = edges(*period, bar_s, zone)
        self._points = sorted({*self._bars, *edges(*period, point_s, zone)})
        self._steps = charts(reader, self._points, now, drawn.checks)

    def points(self, name: Name) -> list[Stretch]:
        """Of its curves."""
        if name[0] is not None and name[0] not in self._drawn:
            return []
        return [_stretch([step], *edge) for step, edge in zip(self._of(name), pairwise(self._points), strict=True)]

    def bars(self, name: Name) -> list[Stretch]:
        """Of its bars, each of which is made of whole points."""
        steps, found = self._of(name), []
        for since_us, until_us in pairwise(self._bars):
            first, last = bisect_left(self._points, since_us), bisect_left(self._points, until_us)
            found.append(_stretch(steps[first:last], since_us, until_us))
        return found

    def _of(self, name: Name) -> Sequence[Step]:
        return self._steps.get(name) or [Step()] * (len(self._points) - 1)


def _subjects(rows: Sequence[Row], before: Sequence[Row], drawn: _Charts) -> list[Subject]:
    earlier = {(row["check"], row["endpoint"]): row for row in before}
    found = []
    for row in rows:
        name = row["check"], row["endpoint"]
        was = earlier.get(name)
        found.append(Subject(row, was if is_comparable(row, was) else None, drawn.bars(name), drawn.points(name)))
    return found


def is_comparable(row: Row, was: Row | None) -> bool:
    """Whether something was counted before, and about as long was watched: else there is less of everything."""
    if was is None or was["availability"] is None:
        return False
    return is_as_long(row["observed_s"] or 0.0, was["observed_s"] or 0.0)


def _stretch(steps: Sequence[Step], since_us: int, until_us: int) -> Stretch:
    """Several steps together; percentiles of one only, since they do not add up."""
    latency_ms = steps[0].latency_ms if len(steps) == 1 else (None, None, None)
    return Stretch(
        since_us,
        until_us,
        sum(step.due for step in steps),
        sum(step.counted for step in steps),
        sum(step.successes for step in steps),
        sum(step.excused for step in steps),
        *latency_ms,
    )


def _touches(row: Row, facts: Facts) -> bool:
    """Whether an incident lies in the period, were it in part; one that is open has lasted until now."""
    ended_us = facts.made_at_us if row["resolved_at"] is None else from_iso(row["resolved_at"])
    return from_iso(row["started_at"]) < facts.until_us and ended_us > facts.since_us


def _worst_hours(rows: Sequence[Row]) -> Sequence[Row]:
    """The hours of single checks in which most failed."""
    hours = [
        {"check": row["check"], "endpoint": row["endpoint"], **hour}
        for row in rows
        if row["check"] is not None
        for hour in row["worst_hours"]
    ]
    return sorted(hours, key=lambda hour: (-hour["failures"], hour["availability"]))[:WORST_HOURS_AT_MOST]


def _faults(reader: Reader, period: Period, overall: Subject | None, incidents: Sequence[Row]) -> list[Row]:
    """Downtime by whose fault it was, with what proves it."""
    by_fault = {} if overall is None else overall.row["downtime_by_fault"]
    if not by_fault:
        return []
    outages = [row for row in incidents if row["kind"] == IncidentKind.OUTAGE]
    at_fault = {row["id"]: row["fault_domain"] or _NOBODY for row in outages}
    requests = defaultdict[str, list[str]](list)
    for probe in islice(failed_probes(reader, period), EVIDENCE_AT_MOST):
        if probe["request_id"] and probe["incident"] in at_fault:
            requests[at_fault[probe["incident"]]].append(probe["request_id"])
    counts = Counter(at_fault.values())
    return [
        {
            "fault_domain": None if fault == _NOBODY else fault,
            "incidents": counts[fault],
            "downtime_s": seconds,
            "request_ids": requests[fault],
        }
        for fault, seconds in by_fault.items()
    ]


def _kept_from_us(overall: Subject | None, since_us: int) -> int | None:
    """Since when results are there, where that is later than the period's beginning."""
    told = None if overall is None else overall.row["since"]
    from_us = None if told is None else from_iso(told)
    return from_us if from_us is not None and from_us - since_us > US_PER_S else None
