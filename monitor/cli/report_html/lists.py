"""The tables of the HTML report: all figures, what changed, worst hours, whose fault, incidents. Pure.

Cells are texts as people read them; the template escapes them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.alerting.phrases import KIND_WORDS, STATUS_WORDS
from monitor.alerting.plain import printable
from monitor.alerting.texts import Voice, fault_words, severity_words
from monitor.cli.report_html.facts import Facts, Row, Subject, by_endpoint
from monitor.cli.report_html.figures import (
    NOTHING,
    cost,
    count,
    duration,
    field,
    is_same,
    iso_moment,
    latency,
    relative,
    share,
    signed,
)
from monitor.cli.report_html.summary import incident_subject, lasted_s, outages
from monitor.cli.report_html.texts import Text, say
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Status

CHANGES_AT_MOST = 20
INCIDENTS_AT_MOST = 200
CHECKS_AT_MOST = 10
REQUESTS_AT_MOST = 50
_PER_CENT = 100.0
_NOTABLE_PER_CENT = 5.0


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: what it is about, and its cells.

    Attributes:
        look: how it is set: `whole` for an endpoint, else empty.
    """

    name: str
    cells: Sequence[str]
    look: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """One figure before, now, and by how much it changed; `trend` is `better`, `worse` or empty."""

    before: str
    now: str
    change: str
    trend: str


@dataclass(frozen=True, slots=True)
class Change:
    """What changed of one subject: availability, latency, downtime; `look` as of a row."""

    name: str
    look: str
    figures: Sequence[Changed]


@dataclass(frozen=True, slots=True)
class Fault:
    """Downtime for which one was at fault.

    Attributes:
        per_cent: of all downtime, for the length of its bar.
        requests: what proves it to a vendor.
    """

    name: str
    per_cent: int
    downtime: str
    incidents: str
    requests: Sequence[str]
    requests_left_out: int
    requests_count: str


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident; `checks` only where it is about several, `more` where some are left out."""

    id: int
    severity: str
    look: str
    start: str
    end: str
    lasted: str
    what: str
    fault: str
    subject: str
    checks: Sequence[str]
    more: str


def headings(voice: Voice) -> list[str]:
    """Of the table of all figures."""
    texts = (Text.AVAILABILITY, Text.COVERAGE, Text.PROBES)
    later = (Text.TTFT, Text.INCIDENTS, Text.DOWNTIME, Text.MTTR, Text.MTBF, Text.COST)
    return [*(say(text, voice) for text in texts), "p50", "p95", "p99", *(say(text, voice) for text in later)]


def figures(facts: Facts, *, only_endpoints: bool = False) -> Iterator[TableRow]:
    """Every subject: each endpoint, then its checks."""
    for endpoint, (whole, checks) in by_endpoint(facts.subjects).items():
        if whole is not None:
            yield TableRow(printable(endpoint), _cells(whole.row, facts.voice), "whole")
        for check in () if only_endpoints else checks:
            yield TableRow(printable(str(check.row["check"])), _cells(check.row, facts.voice))


def changes(facts: Facts) -> tuple[list[Change], str]:
    """What changed against the period before, and what is said of the rest."""
    voice = facts.voice
    ordered = [one for whole, checks in by_endpoint(facts.subjects).values() for one in (whole, *checks) if one]
    known = [one for one in ordered if None not in (one.row["availability"], field(one.before, "availability"))]
    if len(known) > CHANGES_AT_MOST:
        known.sort(key=_size_of_change, reverse=True)
    shown = [_change(one, voice) for one in known[:CHANGES_AT_MOST]]
    is_short = len(shown) < len(known)
    left_out = say(Text.TREND_LEFT_OUT, voice, shown=count(len(shown)), count=count(len(known)))
    return shown, left_out if is_short else ""


def worst_hours(facts: Facts) -> list[TableRow]:
    """The hours in which most failed."""
    return [
        TableRow(
            iso_moment(row["started_at"], facts.voice),
            (
                printable(str(row["check"] or row["endpoint"])),
                share(row["availability"]),
                f"{count(row['failures'])} / {count(row['counted'])}",
            ),
        )
        for row in facts.worst_hours
    ]


def faults(facts: Facts) -> list[Fault]:
    """Downtime by whose fault it was."""
    together = sum(row["downtime_s"] for row in facts.faults)
    return [_fault(row, together, facts.voice) for row in facts.faults]


def incidents(facts: Facts) -> tuple[list[IncidentLine], int]:
    """The newest incidents, and how many are left out."""
    shown = facts.incidents[:INCIDENTS_AT_MOST]
    return [_incident(row, facts) for row in shown], len(facts.incidents) - len(shown)


def kinds_of_incidents(facts: Facts) -> str:
    """How many of them are outages, as the figures count them; empty where all are."""
    found = len(outages(facts))
    others = len(facts.incidents) - found
    return say(Text.OF_WHICH, facts.voice, outages=count(found), others=count(others)) if others else ""


def _cells(row: Row, voice: Voice) -> list[str]:
    """In the order of the headings."""
    return [
        share(row["availability"]),
        share(row["coverage"]),
        count(row["probes"]),
        latency(row["latency_p50_ms"]),
        latency(row["latency_p95_ms"]),
        latency(row["latency_p99_ms"]),
        latency(row["ttft_p95_ms"]),
        count(row["incidents"]),
        duration(row["downtime_s"], voice),
        duration(row["mttr_s"], voice),
        duration(row["mtbf_s"], voice),
        cost(row["cost"]),
    ]


def _size_of_change(subject: Subject) -> float:
    return abs(float(subject.row["availability"]) - float(field(subject.before, "availability")))


def _change(subject: Subject, voice: Voice) -> Change:
    row, before = subject.row, subject.before or {}
    name = subject.endpoint if subject.is_endpoint else str(row["check"])
    return Change(
        name=printable(name),
        look="whole" if subject.is_endpoint else "",
        figures=(_availability(row, before, voice), _latency(row, before), _downtime(row, before, voice)),
    )


def _availability(row: Row, before: Row, voice: Voice) -> Changed:
    now, then = float(row["availability"]), float(before["availability"])
    points = say(Text.POINTS, voice, points=signed(now - then, 2))
    trend = "" if is_same(now, then) else "better" if now > then else "worse"
    return Changed(share(then), share(now), points, trend)


def _latency(row: Row, before: Row) -> Changed:
    now, then = row["latency_p95_ms"], before["latency_p95_ms"]
    change = relative(now, then)
    if now is None and then is None:
        return Changed("", NOTHING, "", "")
    if change is None:
        return Changed(latency(then), latency(now), NOTHING, "")
    trend = "" if abs(change) < _NOTABLE_PER_CENT else "better" if change < 0 else "worse"
    return Changed(latency(then), latency(now), f"{signed(change, 0)} %", trend)


def _downtime(row: Row, before: Row, voice: Voice) -> Changed:
    now, then = float(row["downtime_s"]), float(before["downtime_s"])
    trend = "" if now == then else "better" if now < then else "worse"
    return Changed(duration(then, voice), duration(now, voice), "", trend)


def _fault(row: Row, together: float, voice: Voice) -> Fault:
    requests = [printable(str(one)) for one in row["request_ids"]]
    return Fault(
        name=fault_words(row["fault_domain"], voice),
        per_cent=round(_PER_CENT * row["downtime_s"] / together) if together else 0,
        downtime=duration(row["downtime_s"], voice),
        incidents=count(row["incidents"]),
        requests=requests[:REQUESTS_AT_MOST],
        requests_left_out=max(0, len(requests) - REQUESTS_AT_MOST),
        requests_count=count(len(requests)),
    )


def _incident(row: Row, facts: Facts) -> IncidentLine:
    voice, checks = facts.voice, [printable(str(check)) for check in row["checks"]]
    more = len(checks) - CHECKS_AT_MOST
    return IncidentLine(
        id=row["id"],
        severity=severity_words(row["severity"], voice),
        look=row["severity"],
        start=iso_moment(row["started_at"], voice),
        end=say(Text.OPEN, voice) if row["resolved_at"] is None else iso_moment(row["resolved_at"], voice),
        lasted=duration(lasted_s(row, facts.made_at_us), voice),
        what=_what(row, voice),
        fault=fault_words(row["fault_domain"], voice),
        subject=incident_subject(row, voice),
        checks=checks[:CHECKS_AT_MOST] if len(checks) > 1 else (),
        more=say(Text.AND_MORE, voice, count=count(more)) if more > 0 else "",
    )


def _what(row: Row, voice: Voice) -> str:
    """What was wrong, in words."""
    kind = str(row.get("kind", IncidentKind.OUTAGE))
    if kind in IncidentKind.__members__.values() and kind != IncidentKind.OUTAGE:
        return voice.word(KIND_WORDS[IncidentKind(kind)])
    status = row["status"]
    known = status in Status.__members__.values()
    return voice.word(STATUS_WORDS[Status(status)]) if known else printable(str(status))
