"""Virtual time, the outbox in memory, and channels that do as they are told."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Row, create_engine, select

from monitor.alerting.batch import Queued
from monitor.alerting.notification import Details, Event, IncidentFacts, Notification
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, Moment
from monitor.delivery.channel import Delivered, Receipt
from monitor.delivery.delivery import Delivery
from monitor.delivery.fallback import FallbackRule
from monitor.domain.action import Language
from monitor.errors import StorageError
from monitor.storage import tables
from monitor.storage.outbox.outbox import Outbox
from monitor.storage.rows import outbox_row
from monitor.storage.writer import Writer
from tests.virtual_time import in_virtual_time

T = TypeVar("T")
EPOCH_US = 1_795_200_000 * US_PER_S
OK = Delivered("ok")


class LoopClock:
    """The virtual loop's time as a `Clock`; `skew_s` sets the wall clock forth or back."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.skew_s = 0.0

    def now(self) -> Moment:
        """The present moment."""
        mono_us = round(self._loop.time() * US_PER_S)
        return Moment(EPOCH_US + mono_us + round(self.skew_s * US_PER_S), mono_us)


class InlineWriter(Writer):
    """The writer without its thread: work is done where it is asked for, in memory, or refused when told to."""

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect
        self.connection = connection
        self.refusals = 0

    async def run(self, work: Callable[[Connection], T], settled: Callable[[bool], None] | None = None) -> T:
        """What `work` returns; time stands still meanwhile."""
        if self.refusals:
            self.refusals -= 1
            raise StorageError("disk full")
        outcome = self.at_once(work)
        if settled is not None:
            settled(True)  # noqa: FBT003  the writer's callback
        return outcome

    def at_once(self, work: Callable[[Connection], T]) -> T:
        """One transaction. There is no disk to wait for, so nothing guards the loop against it."""
        loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            with self.connection.begin():
                return work(self.connection)
        finally:
            asyncio._set_running_loop(loop)


class Box(Outbox):
    """The real outbox on a writer without a thread, with what only the ledger may do and only a test wants to know."""

    def __init__(self, connection: Connection) -> None:
        self.writer = InlineWriter(connection)
        self.writer.at_once(_emptied)
        self._cursor = self.writer.connection.connection.cursor()
        super().__init__(self.writer)

    def put(self, queued: Queued) -> None:
        """What the ledger's transaction does."""
        self.writer.at_once(lambda connection: connection.exec_driver_sql(self._insert, outbox_row(queued)))

    def spoil(self, row_id: int) -> None:
        """A row that nobody can read."""
        values = tables.outbox.update().where(tables.outbox.c.id == row_id).values(body="{}")
        self.writer.at_once(lambda connection: connection.execute(values))

    @property
    def rows(self) -> list[Row[Any]]:
        """Every message, oldest first."""
        query = select(tables.outbox).order_by(tables.outbox.c.id)
        return self.writer.at_once(lambda connection: list(connection.execute(query).all()))

    @property
    def is_settled(self) -> bool:
        """Nothing waits; asked each second of many a virtual hour, so past SQLAlchemy."""
        return self._cursor.execute("SELECT 1 FROM outbox WHERE settled_at_us IS NULL LIMIT 1").fetchone() is None

    def states(self, channel: str) -> list[str]:
        """Of the channel's messages, oldest first."""
        return [row.state for row in self.rows if row.channel == channel]


def _emptied(connection: Connection) -> None:
    for table in (tables.outbox, tables.threads):
        connection.execute(table.delete())


@dataclass
class FakeChannel:
    """Answers from a script, then with `then`; remembers what it was sent."""

    name: str
    script: deque[Receipt | Exception | float] = field(default_factory=deque)
    then: Receipt | float = OK
    attempts: list[tuple[float, str]] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    threads: list[str | None] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    sending: int = 0
    most_at_once: int = 0
    takes_s: float = 0.0

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """A float in the script hangs for so many seconds, and then fails to answer."""
        answer = self.script.popleft() if self.script else self.then
        self.attempts.append((asyncio.get_running_loop().time(), notification.id))
        self.sending += 1
        self.most_at_once = max(self.most_at_once, self.sending)
        try:
            await asyncio.sleep(answer if isinstance(answer, float) else self.takes_s)
        finally:
            self.sending -= 1
        if isinstance(answer, Exception):
            raise answer
        assert not isinstance(answer, float), "hung for longer than anybody waits"
        if isinstance(answer, Delivered):
            self.arrived.append(notification.id)
            self.threads.append(thread)
            self.texts.append(notification.message)
        return answer

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass
class World:
    """A delivery with its surroundings, in virtual time."""

    voice: Voice
    outbox: Box
    clock: LoopClock = field(default_factory=LoopClock)
    channels: dict[str, FakeChannel] = field(default_factory=dict)
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    fallbacks: dict[str, FallbackRule] = field(default_factory=dict)
    delivery: Delivery = field(init=False)

    def channel(
        self, name: str = "ops", *script: Receipt | Exception | float, then: Receipt | float = OK
    ) -> FakeChannel:
        """One more channel."""
        self.channels[name] = FakeChannel(name, deque(script), then)
        return self.channels[name]

    def start(self) -> "asyncio.Task[None]":
        """A daemon begins its life."""
        rng = random.Random(1)  # noqa: S311  repeatable

        def observer(channel: str, outcome: str) -> None:
            self.outcomes.append((channel, outcome))

        self.delivery = Delivery(
            self.channels, self.outbox, self.clock, self.voice, fallbacks=self.fallbacks, observer=observer, rng=rng
        )
        return asyncio.create_task(self.delivery.run())

    def commit(
        self, incident: int, *sequences: int, channels: Sequence[str] = ("ops",), event: Event | None = None
    ) -> None:
        """The ledger commits messages of one incident."""
        for sequence in sequences or (1,):
            for name in channels:
                self.outbox.put(queued(incident, sequence, name, self.clock.now(), event))
        if hasattr(self, "delivery"):
            self.delivery.wake()

    async def until(self, condition: Callable[[], bool], within_s: float = 10.0, step_s: float = 0.05) -> None:
        """Let virtual time pass until something is so."""
        for _ in range(round(within_s / step_s)):
            if condition():
                return
            await asyncio.sleep(step_s)
        raise AssertionError(f"not so within {within_s} s")

    async def settled(self, within_s: float = 100_000.0, step_s: float = 1.0) -> None:
        """Let virtual time pass until nothing waits."""
        await self.until(lambda: self.outbox.is_settled, within_s, step_s)


def queued(incident: int, sequence: int, channel: str, at: Moment, event: Event | None = None) -> Queued:
    """A message of an incident on its way: its beginning, then updates, unless told otherwise."""
    facts = IncidentFacts(incident, f"gw/chat/m{incident}", "t", "t", None, 0.0, "TIMEOUT", "endpoint", ())
    event = event or (Event.OPENED if sequence == 1 else Event.UPDATED)
    title = f"DOWN: m{incident} on gw (TIMEOUT)"
    note_id = f"{incident}-{sequence}-{channel}"
    note = Notification(note_id, event, "critical", "gw", title, "m is down", incident=facts, details=Details())
    return Queued(channel, note, incident, sequence, at)


Live = Callable[[Callable[[World], Coroutine[Any, Any, T]]], T]


@pytest.fixture(scope="session")
def database() -> Iterator[Connection]:
    """A database in memory, of which each world empties what it uses."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        tables.metadata.create_all(connection)
        connection.commit()
        yield connection
    engine.dispose()


@pytest.fixture
def voice() -> Voice:
    """English in Seoul."""
    return Voice(Language.EN, ZoneInfo("Asia/Seoul"))


@pytest.fixture
def live(voice: Voice, database: Connection) -> Live[Any]:
    """Lives through a story in a new world, and ends its daemon."""

    async def whole(story: Callable[[World], Coroutine[Any, Any, T]]) -> T:
        world = World(voice, Box(database))
        try:
            return await story(world)
        finally:
            if hasattr(world, "delivery"):
                await world.delivery.drain(30.0)

    return lambda story: in_virtual_time(whole(story))


@pytest.fixture
def lost() -> Notification:
    """A message about an outage."""
    return queued(1, 1, "ops", Moment(EPOCH_US, 0)).notification


@pytest.fixture
def lost_notice(lost: Notification) -> Notification:
    """A message that belongs to no incident."""
    return replace(lost, event=Event.NOTICE, incident=None)
