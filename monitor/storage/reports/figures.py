"""Figures of checks over any period: roll-ups where they are complete, single results at the edges and since then.

The one place that reads them for reports, pages, rules and charts, so that all say the same. Owns which rows are read
and what was due among single results; the SQL is `sums`, the choice of lengths `domain.stretches`, what is made of it
`domain.tally`. Every answer is of one snapshot.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from monitor.clock import US_PER_S, Moment
from monitor.domain.availability import Rhythm
from monitor.domain.sketch import Sketch
from monitor.domain.stretches import SINGLE, Kept, Span, plan
from monitor.domain.tally import Tally, Timing
from monitor.storage import tables
from monitor.storage.reader import Reader, question
from monitor.storage.reports.sums import SUMMED, TIMINGS, Names, Sums, Timings, add_sums, durations, sketches
from monitor.storage.retention.retention import PRUNED_KEY
from monitor.storage.rollup_tables import STATUS_COLUMNS, Level

# A probe that is due may still be under way for as long; until then it is not missed.
UNDER_WAY_US = 30 * US_PER_S


@dataclass(frozen=True, slots=True)
class Period:
    """What figures are about.

    Attributes:
        name: as it was asked for: `24h`.
        since_us: its first moment, inclusive.
        until_us: its last, exclusive.
        before_us: when the period before it began, with which it is compared; None: one of the same length.
    """

    name: str
    since_us: int
    until_us: int
    before_us: int | None = None

    def before(self, now_us: int) -> "Period":
        """The period that ends where this one begins; as much of it as is over of this one."""
        since_us = 2 * self.since_us - self.until_us if self.before_us is None else self.before_us
        until_us = self.since_us
        if now_us < self.until_us:
            until_us = min(until_us, since_us + max(0, now_us - self.since_us))
        return Period(f"before {self.name}", since_us, until_us)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is asked for.

    Attributes:
        checks: their numbers in the database; None is every check.
        timings: of which percentiles are looked at: their sketches are most of what is read.
        sums: which are looked at besides how many answers were timed: all others stay 0.
        due: whether anybody looks at what was due.
        by_daemon: it is the daemon that asks, so it lives.
    """

    checks: Collection[int] | None = None
    timings: Timings = TIMINGS
    sums: Names = SUMMED
    due: bool = True
    by_daemon: bool = False

    @property
    def names(self) -> Names:
        """Of everything that is added up."""
        return tuple(dict.fromkeys((*self.sums, *(f"{timing}_count" for timing in self.timings))))


EVERYTHING = Wanted()


@dataclass(slots=True)
class Figures:
    """What was read of one check.

    Attributes:
        sums: of all rows.
        sketches: of each timing that was asked for, tenths of a millisecond.
    """

    sums: Sums = field(default_factory=Sums)
    sketches: dict[str, Sketch] = field(default_factory=lambda: defaultdict(Sketch))

    @property
    def unpriced(self) -> tuple[int, int, int]:
        """Input tokens, output tokens and uncounted answers of which no roll-up tells the cost."""
        return self.sums["unpriced_input_tokens"], self.sums["unpriced_output_tokens"], self.sums["unpriced_uncounted"]

    def tally(self) -> Tally:
        """The same, to be put together with others; its cost is that of roll-ups."""
        sums = self.sums
        by_status = {status: sums[column] for status, column in STATUS_COLUMNS.items()}
        return Tally(
            due=sums["due"],
            excused=sums["excused"],
            counted=sums["counted"],
            successes=sums["successes"],
            by_status=Counter({status: count for status, count in by_status.items() if count}),
            answered=sums["answered"],
            input_tokens=sums["input_tokens"],
            output_tokens=sums["output_tokens"],
            uncounted=sums["uncounted"],
            cost_nusd=sums["cost_nusd"] if sums["priced"] else None,
            latency=self.timing("latency"),
            ttft=self.timing("ttft"),
        )

    def timing(self, name: str) -> Timing:
        """One of `sums.TIMINGS`."""
        place, sums = TIMINGS.index(name), self.sums
        count, total = sums[f"{name}_count"], sums[f"{name}_sum_100us"]
        return Timing(count, total, sums.least[place], sums.most[place], self.sketches[name])


@question
def spans_of(reader: Reader, period: Period, now: Moment) -> tuple[Span, ...]:
    """What a period is read from; its first and last moment are those of the period as far as it can be told."""
    return plan(period.since_us, min(period.until_us, now.wall_us), _kept(reader.connection))


@question
def figures(reader: Reader, spans: Sequence[Span], now: Moment, wanted: Wanted = EVERYTHING) -> dict[int, Figures]:
    """By the check's number; a check of which nothing is recorded and nothing was due is missing."""
    connection, found, names = reader.connection, defaultdict[int, Figures](Figures), wanted.names
    sums = _SumsOf(found)
    for span in spans:
        add_sums(connection, span, wanted.checks, sums, names)
        if wanted.timings:
            add = _add_durations if span.length_us == SINGLE else _add_sketches
            add(connection, span, wanted, found)
    singles = [span for span in spans if span.length_us == SINGLE]
    if singles and wanted.due:
        _add_due(reader, singles, now, wanted, found)
    return dict(found)


@question
def tallies(reader: Reader, period: Period, now: Moment, wanted: Wanted = EVERYTHING) -> dict[int, Tally]:
    """What became of each check in a period, by its number in the database."""
    found = figures(reader, spans_of(reader, period, now), now, wanted)
    return {check: one.tally() for check, one in found.items()}


class _SumsOf(dict[int, Sums]):
    """The sums of figures that are made where they are missing."""

    def __init__(self, found: defaultdict[int, Figures]) -> None:
        super().__init__()
        self._found = found

    def __missing__(self, check: int) -> Sums:
        return self._found[check].sums


def _kept(connection: Connection) -> list[Kept]:
    meta, levels = tables.meta.c, sorted(Level, key=lambda level: -level.length_us)
    keys = [PRUNED_KEY, *(key for level in levels for key in (level.from_key, level.until_key))]
    found = connection.execute(select(meta.key, meta.value).where(meta.key.in_(keys)))
    values = {key: int(value) for key, value in found}
    return [
        *(Kept(one.length_us, values.get(one.from_key, 0), values.get(one.until_key, 0)) for one in levels),
        Kept(SINGLE, values.get(PRUNED_KEY, 0)),
    ]


def _add_sketches(connection: Connection, span: Span, wanted: Wanted, found: Mapping[int, Figures]) -> None:
    for check, several in sketches(connection, span, wanted.checks, wanted.timings):
        ours = found[check].sketches
        for timing, blobs in zip(wanted.timings, several, strict=True):
            ours[timing].add_all(blobs)


def _add_durations(connection: Connection, span: Span, wanted: Wanted, found: Mapping[int, Figures]) -> None:
    for check, *several in durations(connection, span, wanted.checks, wanted.timings):
        ours = found[check].sketches
        for timing, duration in zip(wanted.timings, several, strict=True):
            if duration is not None:
                ours[timing].add_values((duration,))


def _add_due(
    reader: Reader, singles: Sequence[Span], now: Moment, wanted: Wanted, found: defaultdict[int, Figures]
) -> None:
    ended_us = None if wanted.by_daemon else _daemon_ended_us(reader, now)
    chosen = None if wanted.checks is None else frozenset(wanted.checks)
    for check, rhythms in _rhythms(reader.connection, singles).items():
        if chosen is not None and check not in chosen:
            continue
        sums = found[check].sums
        # Of a daemon that has ended nothing is under way any more: what it did not record is missing.
        awaited_us = max(sums.newest_us + 1, now.wall_us - UNDER_WAY_US) if ended_us is None else ended_us
        for span in singles:
            until_us = min(span.until_us, now.wall_us, awaited_us)
            sums.add_due(sum(rhythm.due(span.since_us, until_us) for rhythm in rhythms))


def _daemon_ended_us(reader: Reader, now: Moment) -> int | None:
    """Nothing is due after the daemon has died, even if nobody has written that down yet; None if it lives."""
    if reader.database.holder() is not None:
        return None
    run = tables.daemon_runs
    query = select(func.coalesce(run.c.ended_at_us, run.c.heartbeat_us)).order_by(run.c.id.desc()).limit(1)
    return reader.connection.execute(query).scalar() or now.wall_us


def _rhythms(connection: Connection, singles: Sequence[Span]) -> defaultdict[int, list[Rhythm]]:
    """When each check was due, by its number: the rhythms in force at any time of the spans."""
    columns = tables.rhythms.c
    query = select(tables.rhythms).where(
        columns.until_us > singles[0].since_us, columns.first_due_us < singles[-1].until_us
    )
    found: defaultdict[int, list[Rhythm]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.check_id].append(Rhythm(row.first_due_us, row.phase_us, row.interval_us, row.until_us))
    return found
