"""Whatever happens to a database, its roll-ups say what its results say, and figures what is defined of them."""

import shutil
import tempfile
from contextlib import suppress
from datetime import date, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from monitor.alerting.batch import Batch, DaemonRun, RhythmChange
from monitor.domain.ages import Ages
from monitor.domain.availability import Rhythm
from monitor.domain.check import Check, CheckKind
from monitor.domain.prices import Price, Prices, PriceTable
from monitor.domain.renaming import Renaming
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.domain.sketch import RELATIVE_ERROR
from monitor.domain.stretches import midnight_us
from monitor.domain.tally import Tally
from monitor.storage import tables
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.reader import Reader
from monitor.storage.reports.figures import Period, spans_of, tallies
from monitor.storage.retention.retention import Retention
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.closing import Closer
from monitor.storage.rollups.marks import marks
from monitor.storage.rollups.rebuild import rebuild
from monitor.storage.sqlite.database import SqliteDatabase
from tests.mortal import FragileWriter, HandClock, KilledError, finished
from tests.naive_rollups import OPEN_US, Everything

US = 1_000_000
HOUR_S, DAY_S = 3600, 86_400
BEGAN_US = 1_792_867_200_000_000
"""2026-10-24T18:40:00Z: clocks go back in Europe that night, and a week later in America."""
NAMES = {1: "gw/chat/acme/big", 2: "gw/chat/small", 3: "gw/models"}
MOST = {1: (17, 16), 2: (17, 7)}
"""What an answer without counts is taken to have used: nine characters and the frame, and `max_tokens`."""


STATUSES = st.sampled_from([Status.UP, Status.UP, Status.DEGRADED, Status.TIMEOUT, Status.SERVER_ERROR, Status.UNKNOWN])
TRIGGERS = st.sampled_from([Trigger.ON_PHASE, Trigger.ON_PHASE, Trigger.CONFIRM, Trigger.TRIAGE, Trigger.MAINTENANCE])
MILLISECONDS = st.one_of(st.none(), st.sampled_from([0.0, 0.1, 4.9, 250.0, 250.1, 7e5]), st.floats(1, 60_000))
TOKENS = st.one_of(st.none(), st.integers(0, 5000))
Found = tuple[int, float, Status, Trigger, float | None, int | None]
AGO_S = st.one_of(st.just(0.0), st.floats(0, 600), st.sampled_from([300.0, 4000.0, 1.2 * DAY_S, 5.0 * DAY_S]))
FOUND = st.lists(st.tuples(st.sampled_from([1, 2, 3]), AGO_S, STATUSES, TRIGGERS, MILLISECONDS, TOKENS), max_size=8)
KILLED = st.one_of(st.none(), st.none(), st.integers(0, 12))
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Seoul"]
)
COUNTS = ("due", "excused", "counted", "successes", "probes", "answered", "input_tokens", "output_tokens", "uncounted")
SHARES = (0.01, 0.5, 0.95, 1.0)
PRICES = st.sampled_from([None, Price(2.5, 10.0), Price(0.15, 0.6), Price(0.0, 0.0)])


class RollupMachine(RuleBasedStateMachine):
    """Lives of a daemon: probes, clocks, kills, retention, renames and prices, in any order."""

    empty: Path
    writer: FragileWriter
    journal: Journal
    closer: Closer

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = SqliteDatabase(self.folder / "relaywatch.db")
        shutil.copy(self.empty, self.database.path)
        self.engine = open_for_writing(self.database)
        self.clock = HandClock(BEGAN_US)
        self.all = Everything(uncounted=MOST)
        self.price: Price | None = None
        self.names = dict(NAMES)
        self.pruned_us = self.ahead_us = 0
        self.blurred_us = 0  # before it something came when nothing could be made again any more
        self.intervals = dict.fromkeys(NAMES, 1800.0)

    @initialize(price=PRICES)
    def _first_life(self, price: Price | None) -> None:
        self.price = price
        self._start()

    def teardown(self) -> None:
        """The last word: everything that can be closed is, and right."""
        self.clock.wall_us += 2 * HOUR_S * US
        self._beat()
        finished(self.closer.close())
        self.rollups_say_what_results_say()
        self.writer.close()
        self.engine.dispose()
        shutil.rmtree(self.folder)

    @rule(
        found=FOUND,
        former=st.booleans(),
        kill_at=st.sampled_from([None, None, None, 0, 1]),
    )
    def _results_come(
        self,
        found: list[Found],
        former: bool,  # noqa: FBT001  Hypothesis passes by name
        kill_at: int | None,
    ) -> None:
        """Some of them late, some at the very same time; perhaps the last thing before the daemon dies, or nearly."""
        self._write(found, former=former, kill_at=kill_at)
        if kill_at is not None:
            self._start()
        self.rollups_say_what_results_say()

    def _write(self, found: list[Found], *, former: bool = False, kill_at: int | None = None) -> None:
        batch, now = Batch(), self.clock.now()
        for check, ago_s, status, trigger, took_ms, tokens in found:
            fault = None if status.is_success else FaultDomain.NETWORK if tokens == 0 else FaultDomain.ENDPOINT
            code = {Status.UP: 200, Status.DEGRADED: 200, Status.SERVER_ERROR: 503}.get(status)
            name = self.born_as[check] if former else self.names[check]
            result = Result(
                name,
                now.plus_s(-ago_s),
                now,
                trigger,
                Verdict(status, fault, fault and "so"),
                code,
                took_ms,
                took_ms,
                usage=Usage(tokens, None if tokens == 1 else tokens) if check != 3 else Usage(None, None),
            )
            batch.results.append(result)
        self.writer.lives = kill_at
        with suppress(KilledError):
            finished(self.journal.commit(batch))
        if kill_at != 0:
            for result, (check, *_) in zip(batch.results, found, strict=True):
                self.all.record(check, result)
                self._happens_at(result.started_at.wall_us)
        self.writer.lives = None

    @rule(
        seconds=st.one_of(st.floats(0, 400), st.sampled_from([300.0, 1.0 * HOUR_S, 5000.0, 1.1 * DAY_S])),
        closes=st.booleans(),
    )
    def _time_passes(self, seconds: float, closes: bool) -> None:  # noqa: FBT001  Hypothesis passes by name
        """As nearly always, what is over is closed then."""
        self.clock.wall_us += round(seconds * US)
        self._beat()
        if closes:
            finished(self.closer.close())

    @rule(seconds=st.sampled_from([1.0, 90.0, 400.0, 4000.0, 1.5 * DAY_S]))
    def _clock_goes_back(self, seconds: float) -> None:
        """Whatever was planned goes on until the time that it was, and again from the time that it is now."""
        self._step(-round(seconds * US))

    @precondition(lambda self: not self.ahead_us)
    @rule(seconds=st.sampled_from([2.0, 3.0 * HOUR_S, 400.0 * DAY_S]))
    def _clock_leaps_ahead(self, seconds: float) -> None:
        """For a while it is wrong."""
        self.ahead_us = round(seconds * US)
        self._step(self.ahead_us)

    @precondition(lambda self: self.ahead_us)
    @rule(restarts=st.booleans())
    def _clock_is_right_again(self, restarts: bool) -> None:  # noqa: FBT001  Hypothesis passes by name
        """While a daemon runs, or between two."""
        step_us, self.ahead_us = -self.ahead_us, 0
        if not restarts:
            self._step(step_us)
            return
        self._stopped_and_started(step_us)

    @rule(check=st.sampled_from([1, 2, 3]), interval_s=st.sampled_from([None, 301.7, 7200.0]))
    def _interval_changes(self, check: int, interval_s: float | None) -> None:
        if interval_s is not None:
            self.intervals[check] = interval_s
        self._plan([check], rests=interval_s is None)

    @rule(kill_at=KILLED, slow=st.booleans())
    def _stretches_are_closed(self, kill_at: int | None, slow: bool) -> None:  # noqa: FBT001  Hypothesis passes by name
        """Perhaps slowly, so that bites are small; perhaps not to the end."""
        self.writer.lives = kill_at
        self.clock.step_us = 20_000 if slow else 0
        try:
            finished(self.closer.close())
        except KilledError:
            self._start()
        else:
            self.writer.lives = None
        self.rollups_say_what_results_say()

    @rule(
        after=st.sampled_from([0, 0, 1, 2, 3, 5]),
        share=st.sampled_from([0.0, 0.2, 0.8]),
        back_s=st.sampled_from([None, None, 100.0, 4000.0]),
        raw_s=st.sampled_from([None, None, 1.0 * HOUR_S]),
    )
    def _things_happen_while_stretches_are_closed(
        self, after: int, share: float, back_s: float | None, raw_s: float | None
    ) -> None:
        """Between two bites results come to where they just were, the clock is set back, rows are forgotten."""

        def act() -> None:
            self.clock.step_us = 0
            with self.engine.connect() as connection:
                mark = marks(connection)[Level.FIVE_MINUTES]
            at_us = (mark.until_us or 0) + round((mark.closing_us - (mark.until_us or 0)) * share)
            ago_s = (self.clock.wall_us - at_us) / US
            if mark.closing_us and ago_s < 10 * DAY_S:
                self._write([(check, ago_s, Status.UP, Trigger.ON_PHASE, 250.0, None) for check in NAMES])
            if back_s is not None:
                self._step(-round(back_s * US))
            if raw_s is not None:
                self._forget(Ages(raw_s, raw_s, raw_s))
            self.clock.step_us = 20_000

        self.clock.step_us, self.writer.meanwhile = 20_000, (after, act)
        finished(self.closer.close())
        self.clock.step_us, self.writer.meanwhile = 0, None
        self.rollups_say_what_results_say()

    @rule(
        raw_s=st.sampled_from([0.5 * HOUR_S, 2.0 * HOUR_S, 2.0 * DAY_S]),
        more=st.sampled_from([1, 3, 40]),
        kill_at=KILLED,
    )
    def _old_is_forgotten(self, raw_s: float, more: int, kill_at: int | None) -> None:
        self.clock.step_us, self.writer.lives = 0, kill_at
        try:
            self._forget(Ages(raw_s, raw_s * more, raw_s * more * more))
        except KilledError:
            self._start()
        self.writer.lives = None
        self._look_what_is_gone()

    def _forget(self, ages: Ages) -> None:
        finished(Retention(cast("Any", self.writer), self.clock).prune(ages))
        self._look_what_is_gone()

    def _look_what_is_gone(self) -> None:
        with self.engine.connect() as connection:
            known = marks(connection)
        self.pruned_us = known.pruned_us
        gone_us = (known.pruned_us, *(known[level].from_us for level in Level))
        for level, before_us in zip(Level, gone_us, strict=False):
            assert before_us <= (known[level].until_us or 0), f"{level} is not made of what is gone"

    @rule(seconds=st.sampled_from([0.0, 200.0, 2.0 * DAY_S]))
    def _stopped_and_started_later(self, seconds: float) -> None:
        self._stopped_and_started(round(seconds * US))

    def _stopped_and_started(self, step_us: int) -> None:
        self._stop()
        self.clock.wall_us += step_us
        self._start()

    @rule(after_s=st.floats(0, 10_000))
    def _killed_and_started(self, after_s: float) -> None:
        self.clock.wall_us += round(after_s * US)
        self._start()

    @rule(price=PRICES)
    def _price_changes(self, price: Price | None) -> None:
        self.price = price
        self._register(Renaming())

    @precondition(lambda self: self.names == NAMES)
    @rule()
    def _a_model_is_renamed(self) -> None:
        self.names[1] = "gw/chat/acme/bigger"
        self._register(Renaming(models={("gw", "acme/big"): "acme/bigger"}))

    @precondition(lambda self: not self.ahead_us)
    @rule()
    def _all_are_compared(self) -> None:
        """By the command that does so."""
        self._stop()
        compared = finished(rebuild(cast("Any", self.writer), only_compare=True))
        assert not any(compared.differing.values()), compared
        self._start()

    @rule(zone=ZONES, days_ago=st.integers(0, 4), days=st.integers(1, 3))
    def _somebody_asks_for_days(self, zone: str, days_ago: int, days: int) -> None:
        """As calendars there have them, however many hours they have."""
        there = ZoneInfo(zone)
        first: date = datetime.fromtimestamp(self.clock.wall_us / US, there).date() - timedelta(days_ago)
        self._figures_are_as_defined(midnight_us(first, there), midnight_us(first + timedelta(days), there))

    @rule(since_s=st.floats(0, 5 * DAY_S), length_s=st.one_of(st.floats(0.1, 2 * DAY_S), st.just(300.0)))
    def _somebody_asks(self, since_s: float, length_s: float) -> None:
        since_us = self.clock.wall_us - round(since_s * US)
        self._figures_are_as_defined(since_us, since_us + round(length_s * US))

    def _figures_are_as_defined(self, since_us: int, until_us: int) -> None:
        now = self.clock.now()
        with Reader(self.database) as reader:
            spans = spans_of(reader, Period("", since_us, until_us), now)
            found = tallies(reader, Period("", since_us, until_us), now)
        asked = since_us, min(until_us, now.wall_us)
        if not spans:
            assert asked[0] >= asked[1] or since_us < self.pruned_us
            return
        told = spans[0].since_us, spans[-1].until_us
        assert asked[0] <= told[0] < told[1] <= asked[1]
        assert told == asked or since_us < self.pruned_us
        for check in NAMES if told[0] >= self.blurred_us else ():
            self._as_defined(found.get(check, Tally()), self.all.period(check, *told), told[1])

    def _as_defined(self, tally: Tally, right: dict[str, Any], until_us: int) -> None:
        under_way = until_us > min(self.clock.wall_us - 60 * US, self.beat_us)
        seen = {name: getattr(tally, name) for name in COUNTS}
        seen |= {status.value.lower(): tally.by_status[status] for status in Status}
        seen |= {"availability": tally.availability, "coverage": tally.coverage}
        for name in ("latency", "ttft"):
            timing = getattr(tally, name)
            seen |= {f"{name}_count": timing.count, f"{name}_sum_100us": timing.total}
            seen |= {f"{name}_min_100us": timing.least, f"{name}_max_100us": timing.most}
        if under_way:
            assert seen["due"] <= right["due"]
            del seen["due"], seen["coverage"]
        assert seen == {name: right[name] for name in seen}
        for share, found_ms in zip(SHARES, tally.latency.percentiles_ms(SHARES), strict=True):
            exact = right["latencies"] and right["latencies"][ceil(share * len(right["latencies"])) - 1]
            assert (found_ms is None) == (not right["latencies"])
            assert found_ms is None or abs(found_ms - exact) <= RELATIVE_ERROR * exact + 0.05

    def rollups_say_what_results_say(self) -> None:
        """Every row that readers trust, and whose results are complete; and there is no other."""
        with self.engine.connect() as connection:
            known = marks(connection)
            for level in Level:
                mark, length_us = known[level], level.length_us
                since_us = -(-max(mark.from_us, self.pruned_us) // length_us) * length_us
                until_us = mark.until_us or 0
                assert until_us % length_us == 0
                rows = connection.execute(select(level.table)).mappings()
                stored = {(row["check_id"], row["started_at_us"]): dict(row) for row in rows}
                trusted = {cell: row for cell, row in stored.items() if since_us <= cell[1] < until_us}
                for row in trusted.values():
                    del row["check_id"], row["started_at_us"]
                expected = self.all.rows(length_us, since_us, until_us)
                assert trusted.keys() == expected.keys(), level
                for cell, row in expected.items():
                    differing = {
                        name: (trusted[cell][name], value)
                        for name, value in row.items()
                        if trusted[cell][name] != value
                    }
                    assert not differing, (level, cell)

    def _start(self) -> None:
        """A life of the daemon begins, in the order in which it does."""
        if hasattr(self, "writer"):
            self.writer.close()
        self.clock.step_us, self.born_as = 0, dict(self.names)  # a probe under way knows the name it began with
        self.writer = FragileWriter(self.engine)
        writer = cast("Any", self.writer)
        self.journal, self.closer = Journal(writer), Closer(writer, self.clock, pausing=False)
        self._register(Renaming())
        with self.engine.connect() as connection:
            run = tables.daemon_runs.c
            last = connection.execute(select(run.heartbeat_us).order_by(run.id.desc()).limit(1)).scalar()
        finished(self.journal.begin_run(DaemonRun("1", 1, "here", self.clock.now())))
        self.beat_us = self.clock.wall_us
        if last is not None:
            self.all.end_rhythms(last)
        self._plan(list(self.names))

    def _register(self, renaming: Renaming) -> None:
        prices = Prices({} if self.price is None else {"gw": PriceTable({"*": self.price})})
        checks = [_check(number, name) for number, name in self.names.items()]
        now_us = self.clock.wall_us
        finished(self.journal.register(checks, self.clock.now(), renaming, prices))
        for number in MOST:
            several = [one for one in self.all.prices.get(number, []) if one[0] <= now_us]
            if not several or several[-1][1] != self.price:
                several = [one for one in several if one[0] != now_us] + [(now_us if several else 0, self.price)]
            self.all.prices[number] = several

    def _stop(self) -> None:
        finished(self.journal.end_run(self.clock.now(), "stopped"))
        self.all.end_rhythms(self.clock.wall_us)

    def _happens_at(self, at_us: int) -> None:
        if at_us < self.pruned_us:
            self.blurred_us = max(self.blurred_us, self.pruned_us)

    def _beat(self) -> None:
        finished(self.journal.heartbeat(self.clock.now()))
        self.beat_us = self.clock.wall_us

    def _step(self, step_us: int) -> None:
        """As the scheduler does it."""
        before_us = self.clock.wall_us
        self.clock.wall_us += step_us
        self._plan(list(self.names), before_us)
        self._beat()
        self.rollups_say_what_results_say()

    def _plan(self, checks: list[int], before_us: int | None = None, *, rests: bool = False) -> None:
        """New rhythms from now on, or none; what there was ends at the same time, unless the clock was set."""
        batch, now_us = Batch(), self.clock.wall_us
        self._happens_at(now_us)
        end_us = now_us if before_us is None else before_us
        for check in checks:
            self.all.end_rhythms(end_us, check)
            interval_us = round(self.intervals[check] * US)
            rhythm = None if rests else Rhythm(now_us + 2 * US, now_us + 7 * US + interval_us, interval_us, OPEN_US)
            batch.rhythms.append(RhythmChange(self.names[check], end_us, rhythm))
            if rhythm is not None:
                self.all.begin_rhythm(check, rhythm)
        finished(self.journal.commit(batch))


def _check(number: int, name: str) -> Check:
    endpoint, _, rest = name.partition("/")
    kind, _, model = rest.partition("/")
    return Check(name, endpoint, CheckKind(kind), model or None, endpoint, max_tokens=7 if number == 2 else 16)


def test_rollups_say_what_results_say(tmp_path: Path) -> None:
    """Any sequence of results, late ones too, of kills, clocks, rhythms, prices, renames and retention runs."""
    empty = tmp_path / "empty.db"
    open_for_writing(SqliteDatabase(empty)).dispose()
    machine = type("Machine", (RollupMachine,), {"empty": empty})
    chosen = settings(
        max_examples=settings.default.max_examples // 4 if settings.default else 12,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)
