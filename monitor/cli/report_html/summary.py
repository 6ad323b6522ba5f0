"""The summary of an HTML report: a few figures, and what they say in sentences. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.alerting.plain import printable
from monitor.alerting.texts import Voice, fault_words
from monitor.cli.report_html.facts import Facts, Row, Subject
from monitor.cli.report_html.figures import (
    cost,
    count,
    duration,
    field,
    is_same,
    latency,
    moment,
    relative,
    share,
    signed,
    total,
)
from monitor.cli.report_html.texts import Text, say
from monitor.clock import US_PER_S, from_iso

_WHOLE = 100.0
_COVERED = 99.5
_CHANGED_PER_CENT = 5.0
_OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the summary.

    Attributes:
        label: what it is.
        value: as people read it.
        change: against the period before; empty where that says nothing.
        trend: `better`, `worse` or empty.
    """

    label: str
    value: str
    change: str = ""
    trend: str = ""


def tiles(facts: Facts) -> list[Tile]:
    """The figures that a reader in a hurry takes along."""
    if facts.overall is None:
        return []
    voice, row, before = facts.voice, facts.overall.row, facts.overall.before
    found = [_availability(row, before, voice), Tile(say(Text.COVERAGE, voice), share(field(row, "coverage")))]
    found.append(_fewer(Text.INCIDENTS, row, before, "incidents", voice))
    found.append(_fewer(Text.DOWNTIME, row, before, "downtime_s", voice))
    found.append(_latency(row, before, voice))
    if field(row, "cost") is not None:
        found.append(Tile(say(Text.COST, voice), cost(row["cost"])))
    return found


def sentences(facts: Facts) -> Iterator[str]:
    """What the figures say."""
    voice = facts.voice
    if facts.kept_from_us is not None:
        yield say(Text.DELETED, voice, at=moment(facts.kept_from_us, voice))
    overall = facts.overall
    if overall is None or overall.row["availability"] is None:
        yield say(Text.NOTHING, voice)
        return
    yield _succeeded(overall, voice)
    yield from _incidents(facts, overall)
    yield from _least(facts)
    yield from _compared(overall, voice)
    coverage = overall.row["coverage"]
    if coverage is not None and coverage < _COVERED:
        yield say(Text.NOT_COVERED, voice, share=share(_WHOLE - coverage))


def outages(facts: Facts) -> list[Row]:
    """The incidents that are downtime, not slowness or a broken rule."""
    return [row for row in facts.incidents if row.get("kind", _OUTAGE) == _OUTAGE]


def lasted_s(row: Row, now_us: int) -> float:
    """How long an incident lasted, or has lasted until now."""
    if row["duration_s"] is not None:
        return float(row["duration_s"])
    return max(0.0, (now_us - from_iso(row["started_at"])) / US_PER_S)


def incident_subject(row: Row, voice: Voice) -> str:
    """What an incident is about: its only check, or its endpoint."""
    checks = row["checks"]
    if len(checks) == 1:
        return printable(str(checks[0]))
    return f"{printable(str(row['endpoint']))} ({say(Text.COUNT_OF_CHECKS, voice, count=count(len(checks)))})"


def _succeeded(overall: Subject, voice: Voice) -> str:
    _, counted, _ = total(overall.bars)
    availability = overall.row["availability"]
    text = Text.SUCCEEDED_ALL if availability == _WHOLE else Text.SUCCEEDED
    return say(text, voice, availability=share(availability), counted=count(counted))


def _incidents(facts: Facts, overall: Subject) -> Iterator[str]:
    voice, found = facts.voice, outages(facts)
    if not found:
        yield say(Text.NO_INCIDENT, voice)
        return
    downtime = duration(overall.row["downtime_s"], voice)
    text = Text.ONE_INCIDENT if len(found) == 1 else Text.INCIDENTS_TOLD
    yield say(text, voice, count=count(len(found)), downtime=downtime)
    longest = max(found, key=lambda row: lasted_s(row, facts.made_at_us))
    yield say(
        Text.LASTED_ONE if len(found) == 1 else Text.LONGEST,
        voice,
        duration=duration(lasted_s(longest, facts.made_at_us), voice),
        subject=incident_subject(longest, voice),
        fault=fault_words(longest["fault_domain"], voice),
    )
    still_open = sum(row["resolved_at"] is None for row in found)
    if still_open:
        yield say(Text.STILL_OPEN_TOLD, voice, count=count(still_open))


def _least(facts: Facts) -> Iterator[str]:
    measured = [one for one in facts.subjects if not one.is_endpoint and one.row["availability"] is not None]
    if len(measured) > 1:
        least = min(measured, key=lambda one: one.row["availability"])
        if least.row["availability"] < _WHOLE:
            availability = share(least.row["availability"])
            yield say(Text.LEAST, facts.voice, check=printable(least.row["check"]), availability=availability)


def _compared(overall: Subject, voice: Voice) -> Iterator[str]:
    now, before = overall.row["availability"], field(overall.before, "availability")
    if before is None:
        return
    if is_same(now, before):
        yield say(Text.SAME, voice)
        return
    points = say(Text.POINTS, voice, points=f"{abs(now - before):.2f}")
    yield say(Text.BETTER if now > before else Text.WORSE, voice, points=points, before=share(before))


def _availability(row: Row, before: Row | None, voice: Voice) -> Tile:
    now, then = row["availability"], field(before, "availability")
    label = say(Text.AVAILABILITY, voice)
    if now is None or then is None:
        return Tile(label, share(now))
    trend = "" if is_same(now, then) else "better" if now > then else "worse"
    return Tile(label, share(now), say(Text.POINTS, voice, points=signed(now - then, 2)), trend)


def _fewer(text: Text, row: Row, before: Row | None, name: str, voice: Voice) -> Tile:
    """A figure of which less is better, beside that of the period before."""
    now, then = row[name], field(before, name)
    value, earlier = (count(one) if name == "incidents" else duration(one, voice) for one in (now, then))
    if then is None:
        return Tile(say(text, voice), value)
    trend = "" if now == then else "better" if now < then else "worse"
    return Tile(say(text, voice), value, say(Text.BEFORE, voice, value=earlier), trend)


def _latency(row: Row, before: Row | None, voice: Voice) -> Tile:
    now, then = row["latency_p95_ms"], field(before, "latency_p95_ms")
    change = relative(now, then)
    if change is None:
        return Tile(say(Text.LATENCY, voice), latency(now))
    trend = "" if abs(change) < _CHANGED_PER_CENT else "better" if change < 0 else "worse"
    return Tile(say(Text.LATENCY, voice), latency(now), f"{signed(change, 0)} %", trend)
