"""From the database to the facts of an HTML report. Owns which questions are asked, and how steps become bars."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from monitor.alerting.texts import Voice
from monitor.cli.report_html.edges import BAR_STEPS_S, BARS_AT_MOST, POINT_STEPS_S, POINTS_AT_MOST, edges, step_s
from monitor.cli.report_html.facts import Facts, Row, Stretch, Subject
from monitor.clock import US_PER_S, Moment, from_iso
from monitor.config.schema import Config
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.tally import Tally
from monitor.storage import history
from monitor.storage.charts import Name, charts
from monitor.storage.evidence import failed_probes
from monitor.storage.figures import Period
from monitor.storage.reader import Reader
from monitor.storage.report import Asked, Group, report_rows

WORST_HOURS_AT_MOST = 10
EVIDENCE_AT_MOST = 5_000
"""Failed probes that are looked through for request ids, the oldest first."""
_GROUPS = (Group.CHECK, Group.ENDPOINT, Group.ALL)
_INCIDENTS_AT_MOST = 1_000_000
_SHARES = (0.50, 0.95, 0.99)
_NOBODY = "unknown"


def gather(reader: Reader, period: Period, config: Config, asked: Asked, now: Moment) -> Facts:
    """Everything that the report of one period says; one snapshot of the database."""
    zone = ZoneInfo(config.timezone)
    until_us = min(period.until_us, now.wall_us)
    rows = report_rows(reader, period, now, replace(asked, by=_GROUPS, trend=False, worst_hours=WORST_HOURS_AT_MOST))
    before = report_rows(reader, period.before, now, replace(asked, by=_GROUPS, trend=False, worst_hours=0))
    subjects = _subjects(rows, before, _Charts(reader, (period.since_us, until_us), zone, now))
    overall = next((one for one in subjects if one.row["endpoint"] is None), None)
    known = history.incidents(reader, now, "all", _INCIDENTS_AT_MOST)
    incidents = [row for row in known if _touches(row, period.since_us, until_us)]
    return Facts(
        name=period.name,
        since_us=period.since_us,
        until_us=until_us,
        made_at_us=now.wall_us,
        voice=Voice(config.language, zone),
        overall=overall,
        subjects=[one for one in subjects if one is not overall],
        incidents=incidents,
        worst_hours=_worst_hours(rows),
        faults=_faults(reader, period, overall, incidents),
        kept_from_us=_kept_from_us(overall, period.since_us),
    )


class _Charts:
    """Bars and curves of every subject in one period.

    Args:
        reader: of the database.
        period: its first moment and its last, exclusive.
        zone: whose clock is round where a stretch begins.
        now: the present.
    """

    def __init__(self, reader: Reader, period: tuple[int, int], zone: ZoneInfo, now: Moment) -> None:
        length_us = period[1] - period[0]
        bar_s = step_s(length_us, BAR_STEPS_S, BARS_AT_MOST)
        point_s = step_s(length_us, POINT_STEPS_S, POINTS_AT_MOST)
        self._bars = edges(*period, bar_s, zone)
        self._points = sorted({*self._bars, *edges(*period, point_s, zone)})
        self._steps = charts(reader, self._points, now)

    def points(self, name: Name) -> list[Stretch]:
        """Of its curves."""
        return [_stretch(tally, step) for tally, step in zip(self._of(name), pairwise(self._points), strict=True)]

    def bars(self, name: Name) -> list[Stretch]:
        """Of its bars, each of which is made of whole points."""
        tallies, found = self._of(name), []
        for since_us, until_us in pairwise(self._bars):
            first, last = bisect_left(self._points, since_us), bisect_left(self._points, until_us)
            found.append(_counts(tallies[first:last], since_us, until_us))
        return found

    def _of(self, name: Name) -> Sequence[Tally]:
        return self._steps.get(name) or [Tally()] * (len(self._points) - 1)


def _subjects(rows: Sequence[Row], before: Sequence[Row], drawn: _Charts) -> list[Subject]:
    earlier = {(row["check"], row["endpoint"]): row for row in before}
    found = []
    for row in rows:
        name = row["check"], row["endpoint"]
        was = earlier.get(name)
        compared = was if was is not None and was["availability"] is not None else None
        found.append(Subject(row, compared, drawn.bars(name), drawn.points(name)))
    return found


def _stretch(tally: Tally, step: tuple[int, int]) -> Stretch:
    p50_ms, p95_ms, p99_ms = tally.latency.percentiles_ms(_SHARES)
    return replace(_counts([tally], *step), p50_ms=p50_ms, p95_ms=p95_ms, p99_ms=p99_ms)


def _counts(tallies: Sequence[Tally], since_us: int, until_us: int) -> Stretch:
    return Stretch(
        since_us=since_us,
        until_us=until_us,
        due=sum(tally.expected for tally in tallies),
        counted=sum(tally.counted for tally in tallies),
        successes=sum(tally.successes for tally in tallies),
        excused=sum(tally.excused for tally in tallies),
    )


def _touches(row: Row, since_us: int, until_us: int) -> bool:
    """Whether an incident lies in the period, were it in part."""
    ended = row["resolved_at"]
    return from_iso(row["started_at"]) < until_us and (ended is None or from_iso(ended) > since_us)


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
