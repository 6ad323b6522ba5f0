"""A commit without an answer: whatever was lost on the way, each transaction takes effect once, and everybody knows."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, NullPool, PoolProxiedConnection, create_engine, event, text

from monitor.errors import LeadershipError
from monitor.storage.faults import DatabaseFault
from monitor.storage.link import Link

FATES = ("arrives", "lost before", "lost after")
AWAY = sqlite3.OperationalError("the server is away")


@dataclass
class Marks:
    """A fence in a table of its own."""

    lost: bool = False

    def seal(self, connection: Connection) -> int | None:
        """Count one up."""
        self.verify(connection)
        connection.execute(text("UPDATE mark SET batch = batch + 1"))
        return int(connection.execute(text("SELECT batch FROM mark")).scalar_one())

    def has_committed(self, connection: Connection, number: int) -> bool:
        """As the mark says."""
        self.verify(connection)
        return bool(connection.execute(text("SELECT batch FROM mark")).scalar_one() >= number)

    def verify(self, connection: Connection) -> None:
        """Unless told otherwise."""
        del connection
        if self.lost:
            raise LeadershipError("another daemon has taken over")

    def is_sure(self) -> bool:
        """Never."""
        return False


@dataclass
class Server:
    """A database whose answers to commits can be lost, and which can be away."""

    path: Path
    away: int = 0
    then_away: int = 0
    fate: str = "arrives"
    now_s: float = 0.0
    marks: Marks = field(default_factory=Marks)

    def engine(self) -> Engine:
        """Connections to it."""
        engine = create_engine(f"sqlite:///{self.path}", poolclass=NullPool)

        @event.listens_for(engine, "do_connect")
        def _on_connect(*_: Any) -> None:
            if self.away:
                self.away -= 1
                raise AWAY

        @event.listens_for(engine, "begin")
        def _on_begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        self._lose_answers(engine)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS mark (batch INTEGER)"))
            connection.execute(text("CREATE TABLE IF NOT EXISTS done (work INTEGER)"))
            connection.execute(text("INSERT INTO mark SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM mark)"))
        return engine

    def _lose_answers(self, engine: Engine) -> None:
        commit = engine.dialect.do_commit

        def fated(dbapi_connection: PoolProxiedConnection) -> None:
            fate, self.fate = self.fate, "arrives"
            if fate != "lost before":
                commit(dbapi_connection)
            if fate != "arrives":
                self.away = self.then_away
                raise AWAY

        engine.dialect.do_commit = fated  # type: ignore[method-assign]

    def done(self) -> list[int]:
        """Which work took effect."""
        with sqlite3.connect(self.path) as connection:
            rows = connection.execute("SELECT work FROM done ORDER BY rowid").fetchall()
        connection.close()
        return [work for (work,) in rows]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A database of its own."""
    return Server(tmp_path / "db")


def _do(work: int) -> Callable[[Connection], int]:
    def doing(connection: Connection) -> int:
        connection.execute(text("INSERT INTO done VALUES (:work)"), {"work": work})
        return work

    return doing


@given(
    story=st.lists(st.tuples(st.sampled_from(FATES), st.integers(0, 3)), min_size=1, max_size=12),
)
def test_each_work_takes_effect_once(tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, int]]) -> None:
    """Whoever tries again until it is known to be in has it in once, in order."""
    server = Server(tmp_path_factory.mktemp("link") / "db")
    engine = server.engine()
    link = Link(engine, server.marks, lambda: server.now_s)
    known: set[int] = set()

    for number, (fate, away) in enumerate(story):
        server.fate, server.then_away = fate, away
        for _ in range(20):

            def settled(committed: bool, number: int = number) -> None:  # noqa: FBT001  the writer's callback
                known.add(number) if committed else None

            def attempt(connection: Connection, number: int = number) -> None:
                if number not in known:
                    _do(number)(connection)

            try:
                link.transact(attempt, settled)
            except DatabaseFault:
                server.now_s += 5
            else:
                break
        else:
            pytest.fail("it never got through")
    link.close()
    engine.dispose()
    assert server.done() == list(range(len(story)))


@pytest.mark.parametrize(("fate", "took_effect"), [("lost before", False), ("lost after", True)])
def test_a_lost_answer_is_found_out_at_once_where_the_server_lives(
    server: Server, fate: str, *, took_effect: bool
) -> None:
    """Who asked learns what happened, as if nothing had been lost."""
    link, told = Link(server.engine(), server.marks), list[bool]()
    server.fate = fate
    if took_effect:
        assert link.transact(_do(1), told.append) == 1
    else:
        with pytest.raises(DatabaseFault):
            link.transact(_do(1), told.append)
    assert told == [took_effect]
    assert server.done() == [1] * took_effect


def test_while_the_server_is_away_nobody_is_told_anything_false(server: Server) -> None:
    """The outcome is told before the next work begins."""
    link, told = Link(server.engine(), server.marks, lambda: server.now_s), list[bool]()
    link.transact(_do(0), told.append)
    server.fate, server.then_away = "lost after", 1
    with pytest.raises(DatabaseFault):
        link.transact(_do(1), told.append)
    assert told == [True]
    server.now_s += 1
    seen: list[list[bool]] = []
    link.transact(lambda _: seen.append(list(told)), lambda _: None)
    assert seen == [[True, True]]


def test_a_server_that_is_away_is_asked_again_after_a_pause_that_grows(server: Server) -> None:
    """Not with every piece of work of a busy daemon."""
    link = Link(server.engine(), server.marks, lambda: server.now_s)
    server.away = 1_000
    for _ in range(100):
        with pytest.raises(DatabaseFault):
            link.transact(_do(1), lambda _: None)
        server.now_s += 0.1
    assert 5 <= 1_000 - server.away <= 10
    server.away, server.now_s = 0, server.now_s + 2
    assert link.transact(_do(1), lambda _: None) == 1


def test_a_commit_that_a_file_refuses_leaves_a_connection_that_works(server: Server) -> None:
    """A disk that is full says so at the commit; without a fence there is no doubt."""
    link, told = Link(server.engine(), None), list[bool]()
    server.fate = "lost before"
    with pytest.raises(DatabaseFault):
        link.transact(_do(1), told.append)
    link.transact(_do(2), told.append)
    assert (told, server.done()) == ([False, True], [2])


def test_who_was_overtaken_writes_nothing(server: Server) -> None:
    """The seal is the last statement before the commit."""
    link, told = Link(server.engine(), server.marks), list[bool]()
    server.marks.lost = True
    with pytest.raises(LeadershipError):
        link.transact(_do(1), told.append)
    assert (told, server.done()) == ([False], [])
