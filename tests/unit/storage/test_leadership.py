"""Who leads, on a real server: one at a time, the silent one is overtaken and fenced off, a clean end frees at once."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, text

from monitor.clock import Moment
from monitor.config.postgres_url import parse
from monitor.errors import LeadershipError, StartError
from monitor.storage.database import Holder
from monitor.storage.engine import open_for_writing
from monitor.storage.postgresql import leadership
from monitor.storage.postgresql.database import PostgresDatabase
from monitor.storage.postgresql.leader_row import Identity, read
from monitor.storage.postgresql.leadership import LEASE_S, Leadership

ONE, TWO = Identity(101, "alpha", "boot a"), Identity(202, "beta", "boot b")
GONE = Identity(2**22 + 1, "alpha", "here")  # beyond the largest pid there is
MARK = text("INSERT INTO meta VALUES ('mark', 'x')")


@dataclass
class Watch:
    """A clock that stands until it is moved, and pauses that move it."""

    mono_s: float = 1_000.0
    pauses: list[float] = field(default_factory=list)
    during: object = None

    def now(self) -> Moment:
        """The present moment."""
        return Moment(1_795_200_000_000_000, round(self.mono_s * 1_000_000))

    def pause(self, seconds: float) -> None:
        """Time passes; whatever is to happen meanwhile happens."""
        self.mono_s += seconds
        self.pauses.append(seconds)
        if callable(self.during):
            self.during()


@pytest.fixture(autouse=True)
def _no_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those that a test gives."""
    monkeypatch.setattr(leadership, "BEAT_S", threading.TIMEOUT_MAX)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """Of a migrated database."""
    url = parse(postgres_url)
    made = PostgresDatabase(url, dict(url.parameters)).write_engine()
    yield made
    made.dispose()


def _lead(engine: Engine, who: Identity, watch: Watch | None = None) -> Leadership:
    clock = watch or Watch()
    return Leadership(engine, "db", who, clock=clock, pause=clock.pause)


def _beat(engine: Engine, leader: Leadership) -> bool:
    with engine.begin() as connection:
        return leader.beat(connection)


def test_each_taking_counts_the_epoch_up(engine: Engine) -> None:
    """Also that after a clean end, which frees the database at once."""
    watch = Watch()
    with _lead(engine, ONE) as first:
        assert first.epoch == 1
    with _lead(engine, TWO, watch) as second:
        assert second.epoch == 2
    assert watch.pauses == []


def test_one_that_lives_is_left_alone(engine: Engine) -> None:
    """The message names who it is and since when."""
    with _lead(engine, ONE) as first:
        watch = Watch(during=lambda: _beat(engine, first))
        with pytest.raises(StartError, match=r"in use by process 101 on alpha, since 20\d\d-"):
            _lead(engine, TWO, watch)
        assert sum(watch.pauses) < 1
        assert first.fence.is_sure()


def test_one_that_is_silent_for_the_lease_is_overtaken(engine: Engine) -> None:
    """Not a moment earlier."""
    _lead(engine, ONE)
    watch = Watch()
    second = _lead(engine, TWO, watch)
    assert (second.epoch, sum(watch.pauses)) == (2, LEASE_S)


def test_one_that_ends_while_it_is_watched_is_not_waited_for(engine: Engine) -> None:
    """A restart takes no longer than it must."""
    first = _lead(engine, ONE)
    watch = Watch(during=first.release)
    assert _lead(engine, TWO, watch).epoch == 2
    assert sum(watch.pauses) < 1


@pytest.mark.parametrize(
    ("who", "waits"),
    [(GONE, False), (GONE._replace(place="elsewhere"), True), (GONE._replace(place=""), True)],
    ids=["here and gone", "elsewhere", "nowhere known"],
)
def test_a_process_of_this_machine_that_is_gone_is_not_waited_for(
    engine: Engine, who: Identity, *, waits: bool
) -> None:
    """Its number says nothing on another machine, nor in another container."""
    _lead(engine, who)
    watch = Watch()
    _lead(engine, Identity(os.getpid(), "alpha", who.place and "here"), watch)
    assert bool(watch.pauses) == waits


def test_of_two_that_watch_the_same_silence_one_takes_over(engine: Engine) -> None:
    """The other finds that somebody lives."""
    _lead(engine, ONE)
    watch = Watch()

    def another() -> None:
        if sum(watch.pauses) >= LEASE_S:
            watch.during = None
            _lead(engine, TWO)

    watch.during = another
    with pytest.raises(StartError, match="process 202"):
        _lead(engine, Identity(303, "gamma", "boot c"), Watch(during=lambda: _at_the_end(watch)))
    with closing(engine.connect()) as connection:
        standing = read(connection)
    assert standing is not None
    assert (standing.who.pid, standing.epoch) == (202, 2)


def _at_the_end(watch: Watch) -> None:
    watch.pause(0.5)


def test_what_was_overtaken_is_rolled_back_with_all_it_wrote(engine: Engine) -> None:
    """The seal fails, and a message says who leads now."""
    first = _lead(engine, ONE)
    _lead(engine, TWO)
    with engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(MARK)
        with pytest.raises(LeadershipError, match="the daemon 202 on beta has taken over the database db"):
            first.seal(connection)
        transaction.rollback()
    assert not first.is_sure()
    assert not _beat(engine, first)


def test_a_transaction_that_only_read_is_no_number_and_no_write(engine: Engine) -> None:
    """Most looks at the outbox find nothing."""
    with _lead(engine, ONE) as first, engine.begin() as connection:
        connection.execute(text("SELECT * FROM meta"))
        assert first.seal(connection) is None
        assert connection.execute(text("SELECT pg_current_xact_id_if_assigned()")).scalar() is None


def test_the_mark_says_which_transactions_took_effect(engine: Engine) -> None:
    """By their numbers."""
    with _lead(engine, ONE) as first:
        with engine.begin() as connection:
            connection.execute(MARK)
            number = first.seal(connection)
        assert number is not None
        with engine.begin() as connection:
            assert first.has_committed(connection, number)
            assert not first.has_committed(connection, number + 1)


def test_a_commit_under_way_is_waited_for(engine: Engine) -> None:
    """Else it would be taken for one that failed, and done twice."""
    answers: list[bool] = []
    with _lead(engine, ONE) as first, engine.connect() as late:
        transaction = late.begin()
        late.execute(MARK)
        number = first.seal(late)
        assert number is not None

        def ask() -> None:
            with engine.begin() as connection:
                answers.append(first.has_committed(connection, number))

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(0.3)
        assert answers == []
        transaction.commit()
        asking.join(10)
    assert answers == [True]


def test_who_asked_lately_is_sure_for_less_than_the_lease(engine: Engine) -> None:
    """Nobody else can have waited for long enough."""
    watch = Watch()
    with _lead(engine, ONE, watch) as first:
        assert first.is_sure()
        watch.mono_s += LEASE_S - 1
        assert not first.is_sure()
        with engine.begin() as connection:
            first.verify(connection)
        assert first.is_sure()


def test_the_holder_is_who_gave_a_sign_of_life_lately(engine: Engine) -> None:
    """As the database's own clock says."""
    with engine.connect() as connection:
        assert leadership.holder(connection) is None
        connection.rollback()
        with _lead(engine, ONE):
            assert leadership.holder(connection) == Holder(101, "alpha")
            connection.rollback()
            with connection.begin():
                connection.execute(text("UPDATE leadership SET heartbeat_us = heartbeat_us - 16000000"))
            assert leadership.holder(connection) is None
        assert leadership.holder(connection) is None


def test_a_database_without_a_table_can_be_led(postgres: object) -> None:
    """Who leads is settled before the first migration, which finds the table there."""
    name = postgres.make_database()  # type: ignore[attr-defined]
    url = parse(postgres.url(name))  # type: ignore[attr-defined]
    database = PostgresDatabase(url, dict(url.parameters))
    assert database.holder() is None
    with database.hold() as first:
        assert first.epoch == 1
        open_for_writing(database).dispose()
    postgres.drop_database(name)  # type: ignore[attr-defined]


def test_a_row_that_was_removed_gives_nobody_the_lead_back(engine: Engine) -> None:
    """The count begins anew, so that two have led under the same number: the one of before is still fenced off."""
    first = _lead(engine, ONE)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM leadership"))
    second = _lead(engine, TWO)
    assert second.epoch == first.epoch == 1
    with engine.connect() as connection, pytest.raises(LeadershipError, match="the daemon 202 on beta"):
        _ = connection.execute(MARK), first.seal(connection)
    with engine.begin() as connection:
        connection.execute(MARK)
        assert second.seal(connection) == 1
    assert not _beat(engine, first)
    for leader in (first, second):
        leader.release()
