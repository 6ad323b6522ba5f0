"""`relaywatch config try`: the recorded past, told under another configuration and under the present one.

Reads the database and writes nothing; how the past is replayed is `alerting.replay`.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from monitor.alerting.audience import Audience
from monitor.alerting.plain import printable
from monitor.alerting.replay import Message, Outcome, Replay, missed
from monitor.alerting.texts import Voice
from monitor.cli.options import reader_of
from monitor.cli.render import Column, Sheet, console_on, duration, local_time, safe_json, write_table
from monitor.clock import US_PER_S, Moment, iso
from monitor.config.checks import checks_of
from monitor.config.load import Loaded
from monitor.config.renames import renaming_of
from monitor.config.routing import audience_of
from monitor.domain.check import Check
from monitor.domain.incident import Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Result
from monitor.errors import UsageError
from monitor.storage.past.history import known_checks
from monitor.storage.reader import Reader
from monitor.storage.replay import Span, first_and_last, recorded

WARM_UP_US = 3600 * US_PER_S
SHOW_EVERY = 5_000
MISSED_AT_MOST = 20
NOT_REPLAYED = (
    "Not replayed: rules over windows, the connectivity self-check, silences, acknowledgements, fallbacks to other "
    "channels, the grace of a model that is being loaded. Probes are as they were recorded, in their rhythm and with "
    "their confirmations, whatever the configuration says of that."
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two configurations.

    Attributes:
        names: how checks that were recorded are called in it, where that has changed.
    """

    checks: tuple[Check, ...]
    audience: Audience
    names: Mapping[str, str]

    @classmethod
    def of(cls, loaded: Loaded, known: Sequence[str]) -> "Side":
        """A configuration, as alerting takes it. `known`: ids of the checks that were recorded."""
        config, renaming = loaded.config, renaming_of(loaded.config)
        voice = Voice(config.language, ZoneInfo(config.timezone))
        names = {name: renaming.check(name) for name in known if renaming.check(name) != name}
        return cls(checks_of(config), audience_of(config, voice, "try"), names)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it.

    Attributes:
        span: of which messages are counted.
        unknown: ids of checks of the new configuration that were never recorded.
        missed: outages that the present configuration tells of and the new one does not.
    """

    span: Span
    present: Outcome
    new: Outcome
    unknown: tuple[str, ...]
    missed: tuple[Incident, ...]


def tried(present: Loaded, new: Loaded, since_us: int, now_us: int) -> Tried:
    """Replay what was recorded since then under both.

    Raises:
        UsageError: there is no database, or nothing was recorded since then.
        StorageError: the database refuses.
    """
    with reader_of(present) as reader:
        there = first_and_last(reader)
        if there is None or there.until_us <= since_us:
            raise UsageError("nothing has been recorded since then", hint="a longer `--since` reaches further back")
        span = Span(max(since_us, there.since_us), now_us)
        known = known_checks(reader)
        before, after = Side.of(present, known), Side.of(new, known)
        outcomes = _replayed(reader, span, (before, after))
    called = {name: after.names.get(name, name) for name in known}
    unknown = tuple(check.id for check in after.checks if check.id not in called.values())
    return Tried(span, *outcomes, unknown, missed(*outcomes, called))


def as_json(result: Tried) -> str:
    """For programs."""
    present, new = result.present, result.new
    return safe_json(
        {
            "since": iso(result.span.since_us),
            "until": iso(result.span.until_us),
            "messages": [_message(message) for message in new.messages],
            "new": _figures(new),
            "present": _figures(present),
            "missed": [_outage(incident) for incident in result.missed],
            "checks_without_history": list(result.unknown),
            "not_replayed": NOT_REPLAYED,
        },
        indent=2,
    )


def tell(result: Tried, names: tuple[str, str], zone: str) -> None:
    """For people: every message, and how both compare.

    Args:
        result: what came of it.
        names: what the present and the new configuration are called.
        zone: in whose time.
    """
    local = local_time(zone)
    columns = (
        Column("at", f"at ({zone})", local),
        Column("channel", "channel"),
        Column("event", "event"),
        Column("severity", "severity", styled=True),
        Column("title", "title", prose=True),
    )
    rows = [_message(message) for message in result.new.messages]
    write_table(Sheet(rows, (), columns, empty="no message would have been sent"), sys.stdout)
    span = f"{local(iso(result.span.since_us))} to {local(iso(result.span.until_us))} ({zone})"
    lines = ["", f"{span}, {result.new.results + result.new.skipped:,} results", *_compared(result, names)]
    lines += [f"  {_in_words(incident, local)}" for incident in result.missed[:MISSED_AT_MOST]]
    if len(result.missed) > MISSED_AT_MOST:
        lines.append(f"  and {len(result.missed) - MISSED_AT_MOST:,} more")
    if result.new.skipped:
        lines.append(f"skipped: {result.new.skipped:,} results of checks that {names[1]} does not have")
    if result.unknown:
        lines.append(f"without any history: {_some(result.unknown)}")
    sys.stdout.write("\n".join((*lines, NOT_REPLAYED, "")))


def _replayed(reader: Reader, span: Span, sides: tuple[Side, Side]) -> tuple[Outcome, Outcome]:
    start, told_from = _at(span.since_us - WARM_UP_US), _at(span.since_us)
    before, after = (Replay(side.checks, side.audience, start, told_from, side.names) for side in sides)
    with _shown(span) as seen:
        for number, result in enumerate(recorded(reader, Span(start.wall_us, span.until_us))):
            before.feed(result)
            after.feed(result)
            if number % SHOW_EVERY == 0:
                seen(result)
    return before.finish(_at(span.until_us)), after.finish(_at(span.until_us))


@contextmanager
def _shown(span: Span) -> Iterator[Any]:
    """How far it has come, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress  # noqa: PLC0415  only on a terminal

    with Progress(console=console_on(sys.stderr), transient=True) as progress:
        task = progress.add_task("replaying", total=span.until_us - span.since_us)

        def seen(result: Result) -> None:
            progress.update(task, completed=result.finished_at.wall_us - span.since_us)

        yield seen


def _compared(result: Tried, names: tuple[str, str]) -> Iterator[str]:
    width = max(map(len, names)) + 2
    for name, outcome in zip(names[::-1], (result.new, result.present), strict=True):
        yield f"{name + ':':<{width}}{_counted(outcome)}"
    count = len(result.missed)
    yield f"{_plural(count, 'outage')} of the present configuration missed{':' if count else ''}"


def _counted(outcome: Outcome) -> str:
    night = sum(message.night for message in outcome.messages)
    untold = f", {_plural(outcome.untold, 'incident')} told to nobody" if outcome.untold else ""
    told = _plural(_outages(outcome), "outage")
    return f"{_plural(len(outcome.messages), 'message')}, {night:,} at night (22-7), {told} told{untold}"


def _figures(outcome: Outcome) -> dict[str, int]:
    return {
        "messages": len(outcome.messages),
        "at_night": sum(message.night for message in outcome.messages),
        "outages": _outages(outcome),
        "untold": outcome.untold,
        "results": outcome.results,
        "skipped": outcome.skipped,
    }


def _outages(outcome: Outcome) -> int:
    heard = {message.incident for message in outcome.messages}
    return sum(one.kind is IncidentKind.OUTAGE and one.id in heard for one in outcome.incidents.values())


def _message(message: Message) -> dict[str, Any]:
    return {
        "at": iso(message.at_us),
        "channel": message.channel,
        "event": str(message.event),
        "severity": message.severity,
        "title": message.title,
        "incident": message.incident,
        "night": message.night,
    }


def _outage(incident: Incident) -> dict[str, Any]:
    resolved = incident.resolved_at
    return {
        "key": incident.key,
        "severity": str(incident.severity),
        "status": str(incident.cause.status),
        "checks": list(incident.checks),
        "started_at": iso(incident.started_at.wall_us),
        "resolved_at": None if resolved is None else iso(resolved.wall_us),
    }


def _in_words(incident: Incident, local: Any) -> str:
    resolved = incident.resolved_at
    lasted = "still open" if resolved is None else duration(incident.duration_s(resolved))
    about = f"{incident.key} {incident.cause.status}, {incident.severity}"
    return printable(f"{local(iso(incident.started_at.wall_us))} {about} ({lasted})")


def _some(checks: Sequence[str]) -> str:
    more = f" and {len(checks) - 3} more" if len(checks) > 3 else ""  # noqa: PLR2004  the first three
    return printable(", ".join(checks[:3])) + more


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _at(us: int) -> Moment:
    return Moment(us, us)
