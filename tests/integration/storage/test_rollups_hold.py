"""Whatever happens to a database, its roll-ups say what its results say."""

import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, Engine, select

from monitor.alerting.batch import Batch, DaemonRun, RhythmChange
from monitor.clock import Moment
from monitor.domain.ages import Ages
from monitor.domain.availability import Rhythm
from monitor.domain.check import Check, CheckKind
from monitor.domain.prices import Price, Prices, PriceTable
from monitor.domain.renaming import Renaming
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.storage import tables
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.retention.retention import Retention
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.closing import Closer
from monitor.storage.rollups.marks import marks
from monitor.storage.sqlite.database import SqliteDatabase
from tests.naive_rollups import Everything

T = TypeVar("T")
US = 1_000_000
HOUR_S, DAY_S = 3600, 86_400
BEGAN_US = 1_795_200_000_000_000
FOREVER_US = 4_000_000_000_000_000
NAMES = {1: "gw/chat/acme/big", 2: "gw/chat/small", 3: "gw/models"}
MOST = {1: (17, 16), 2: (17, 7)}
"""What an answer without counts is taken to have used: nine characters and the frame, and `max_tokens`."""


class KilledError(Exception):
    """The process is gone."""


class FragileWriter:
    """A writer without a thread, which dies before or after a transaction of one's choice."""

    def __init__(self, engine: Engine) -> None:
        self.dialect = engine.dialect
        self._connection = engine.connect()
        self.lives: int | None = None
        self.done = 0

    async def run(
        self, work: Callable[[Connection], T], settled: Callable[[bool], None] = lambda _committed: None
    ) -> T:
        """As the real one does."""
        self._spend()
        with self._connection.begin():
            outcome = work(self._connection)
        self.done += 1
        self._spend()
        settled(True)  # noqa: FBT003  the writer's callback
        return outcome

    def _spend(self) -> None:
        if self.lives is not None:
            if self.lives == 0:
                raise KilledError
            self.lives -= 1

    def close(self) -> None:
        """Nothing is open any more."""
        self._connection.close()


class HandClock:
    """Goes as it is told; a bite takes as long as it is told, too."""

    def __init__(self) -> None:
        self.wall_us, self.mono_us, self.step_us = BEGAN_US, 0, 0

    def now(self) -> Moment:
        """The present moment; each look costs a step of monotonic time."""
        self.mono_us += self.step_us
        return Moment(self.wall_us, self.mono_us)


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that waits for nobody."""
    try:
        while True:
            work.send(None)
    except StopIteration as end:
        return cast("T", end.value)


STATUSES = st.sampled_from([Status.UP, Status.UP, Status.DEGRADED, Status.TIMEOUT, Status.SERVER_ERROR, Status.UNKNOWN])
TRIGGERS = st.sampled_from([Trigger.ON_PHASE, Trigger.ON_PHASE, Trigger.CONFIRM, Trigger.TRIAGE, Trigger.MAINTENANCE])
MILLISECONDS = st.one_of(st.none(), st.sampled_from([0.0, 0.1, 4.9, 250.0, 250.1, 7e5]), st.floats(1, 60_000))
TOKENS = st.one_of(st.none(), st.integers(0, 5000))
AGO_S = st.one_of(st.just(0.0), st.floats(0, 600), st.sampled_from([300.0, 4000.0, 1.2 * DAY_S, 5.0 * DAY_S]))
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
        path = self.folder / "relaywatch.db"
        shutil.copy(self.empty, path)
        self.engine = open_for_writing(SqliteDatabase(path))
        self.clock = HandClock()
        self.all = Everything(uncounted=MOST)
        self.price: Price | None = None
        self.names = dict(NAMES)
        self.pruned_us = 0
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
        found=st.lists(
            st.tuples(st.sampled_from([1, 2, 3]), AGO_S, STATUSES, TRIGGERS, MILLISECONDS, TOKENS), max_size=8
        ),
        former=st.booleans(),
    )
    def _results_come(
        self,
        found: list[tuple[int, float, Status, Trigger, float | None, int | None]],
        former: bool,  # noqa: FBT001  Hypothesis passes by name
    ) -> None:
        """Some of them late, some at the very same time."""
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
        finished(self.journal.commit(batch))
        for result, (check, *_) in zip(batch.results, found, strict=True):
            self.all.record(check, result)
        self.rollups_say_what_results_say()

    @rule(seconds=st.one_of(st.floats(0, 400), st.sampled_from([300.0, 1.0 * HOUR_S, 5000.0, 1.1 * DAY_S])))
    def _time_passes(self, seconds: float) -> None:
        self.clock.wall_us += round(seconds * US)
        self._beat()

    @rule(seconds=st.sampled_from([1.0, 90.0, 400.0, 4000.0, 1.5 * DAY_S]))
    def _clock_goes_back(self, seconds: float) -> None:
        """Whatever was planned is planned again, from the time that it is now."""
        self.clock.wall_us -= round(seconds * US)
        self._plan_all()
        self._beat()

    @rule(check=st.sampled_from([1, 2, 3]), interval_s=st.sampled_from([None, 301.7, 7200.0]))
    def _interval_changes(self, check: int, interval_s: float | None) -> None:
        if interval_s is not None:
            self.intervals[check] = interval_s
        self._plan([check], rests=interval_s is None)

    @rule(kill_at=st.one_of(st.none(), st.integers(0, 12)), slow=st.booleans())
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

    @rule(raw_s=st.sampled_from([0.5 * HOUR_S, 2.0 * HOUR_S, 2.0 * DAY_S]), more=st.sampled_from([1, 3, 40]))
    def _old_is_forgotten(self, raw_s: float, more: int) -> None:
        self.clock.step_us = 0
        ages = Ages(raw_s, raw_s * more, raw_s * more * more, None)
        finished(Retention(cast("Any", self.writer), self.clock).prune(ages))
        with self.engine.connect() as connection:
            self.pruned_us = marks(connection).pruned_us

    @rule()
    def _stopped_and_started(self) -> None:
        finished(self.journal.end_run(self.clock.now(), "stopped"))
        self.all.end_rhythms(self.clock.wall_us)
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
        if last is not None:
            self.all.end_rhythms(last)
        self._plan_all()

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

    def _beat(self) -> None:
        finished(self.journal.heartbeat(self.clock.now()))

    def _plan_all(self) -> None:
        self._plan(list(self.names), rests=False)

    def _plan(self, checks: list[int], *, rests: bool) -> None:
        """New rhythms from now on, or none."""
        batch, now_us = Batch(), self.clock.wall_us
        for check in checks:
            self.all.end_rhythms(now_us, check)
            interval_us = round(self.intervals[check] * US)
            rhythm = None if rests else Rhythm(now_us + 2 * US, now_us + 7 * US + interval_us, interval_us, FOREVER_US)
            batch.rhythms.append(RhythmChange(self.names[check], now_us, rhythm))
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
        max_examples=settings.default.max_examples // 5 if settings.default else 10,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)
