"""Virtual time, an outbox in memory, and channels that do as they are told."""

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.batch import Queued
from monitor.alerting.lateness import Instead
from monitor.alerting.notification import Details, Event, IncidentFacts, Notification
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, Moment
from monitor.delivery.channel import Delivered, Receipt
from monitor.delivery.delivery import Delivery
from monitor.delivery.fallback import FallbackRule
from monitor.domain.action import Language
from monitor.errors import StorageError
from monitor.storage.detours import COPY_MARK, Choose, Look, Stuck, nobody
from monitor.storage.merging import next_of
from monitor.storage.outbox import Claimed

T = TypeVar("T")
EPOCH_US = 1_795_200_000 * US_PER_S
OK = Delivered("ok")


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: where nothing is ready, time jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits for ever"
            self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._jumping.now_s


class LoopClock:
    """The virtual loop's time as a `Clock`; `skew_s` sets the wall clock forth or back."""

    def __init__(self) -> None:
        self.skew_s = 0.0

    def now(self) -> Moment:
        """The present moment."""
        mono_us = round(asyncio.get_running_loop().time() * US_PER_S)
        return Moment(EPOCH_US + mono_us + round(self.skew_s * US_PER_S), mono_us)


@dataclass
class Kept:
    """One message in the fake outbox, with what only the outbox knows of it; times in us of the virtual clock."""

    claimed: Claimed
    due_us: int = 0
    state: str = "pending"
    error: str | None = None
    fell_back_to: str | None = None


class _Message:
    """A kept message as `next_of` looks at it; nothing is leased here but by its time."""

    def __init__(self, kept: Kept) -> None:
        self.id = kept.claimed.row_id
        self.event = str(kept.claimed.body.get("event"))
        self.state = kept.state
        self.created_at_us = kept.claimed.created_at_us


def _same_news(one: Kept, other: Kept) -> bool:
    """The same event of an incident, or the same notice; a copy's id begins as the original's."""
    first, second = one.claimed, other.claimed
    if first.incident_id is not None:
        return (first.incident_id, first.sequence) == (second.incident_id, second.sequence)
    first_id, second_id = (row.notification_id.partition(COPY_MARK)[0] for row in (first, second))
    return second.incident_id is None and first_id == second_id


def _about(kept: Kept) -> tuple[str, int | None]:
    return kept.claimed.channel, kept.claimed.incident_id


@dataclass
class FakeOutbox:
    """An outbox in memory that keeps the promises of `due.Outbox`, and refuses when told to."""

    rows: dict[int, Kept] = field(default_factory=dict)
    threads: dict[tuple[str, int | None], str] = field(default_factory=dict)
    refusals: int = 0

    def put(self, queued: Queued) -> None:
        """What the ledger's transaction does."""
        row_id, note, at_us = len(self.rows) + 1, queued.notification, queued.created_at.wall_us
        claimed = Claimed(row_id, note.id, queued.channel, note.body(), queued.incident_id, queued.sequence, 0, at_us)
        self.rows[row_id] = Kept(claimed)

    def states(self, channel: str) -> list[str]:
        """Of the channel's messages, oldest first."""
        return [kept.state for kept in self.rows.values() if kept.claimed.channel == channel]

    async def void_leases(self, now: Moment) -> None:
        """As promised."""
        self._refuse()
        for kept in self.rows.values():
            kept.due_us = min(kept.due_us, now.mono_us)

    async def give_up_absent(self, channels: Collection[str], now: Moment, choose: Choose = nobody) -> int:
        """As promised."""
        self._refuse()
        waiting = [kept for kept in self.rows.values() if kept.state == "pending"]
        absent = [kept for kept in waiting if kept.claimed.channel not in channels]
        for kept in absent:
            kept.state, kept.due_us = "dead", now.mono_us
            self._redirect(kept, Instead.REMOVED, choose)
        return len(absent)

    async def fall_back(self, after_s: Mapping[str, float], choose: Choose, now: Moment) -> Look:
        """As promised."""
        self._refuse()
        copies: list[Queued | None] = []
        left_s: list[float] = []
        for kept in [kept for kept in self.rows.values() if kept.state == "pending"]:
            row = kept.claimed
            if row.channel in after_s and not kept.fell_back_to and row.body.get("severity") == "critical":
                waited_s = now.s_since(now.anchor(row.created_at_us))
                if waited_s >= after_s[row.channel]:
                    copies.append(self._redirect(kept, Instead.NOT_TAKEN, choose, waited_s))
                else:
                    left_s.append(after_s[row.channel] - waited_s)
        copies.extend(self._ends(choose))
        return Look(tuple(copy for copy in copies if copy is not None), min(left_s, default=None))

    async def claim(self, channel: str, now: Moment, lease_s: float, limit: int) -> Sequence[Claimed]:
        """As promised."""
        self._refuse()
        heads = [kept for kept in self._heads(channel) if kept.due_us <= now.mono_us][:limit]
        due = sorted((self._in_turn_of(head) for head in heads), key=lambda kept: kept.claimed.row_id)
        claimed = [replace(kept.claimed, thread=self._thread(kept.claimed)) for kept in due]
        for kept in due:
            kept.due_us = now.plus_s(lease_s).mono_us
            kept.claimed = replace(kept.claimed, attempts=kept.claimed.attempts + 1)
        return claimed

    async def settle_sent(self, row: Claimed, now: Moment, thread: str | None = None) -> bool:
        """As promised."""
        settled = self._settle(row, now, "sent")
        if thread is not None and row.incident_id is not None:
            self.threads.setdefault((row.channel, row.incident_id), thread)
        return settled

    async def settle_retry(self, row: Claimed, now: Moment, at: Moment, error: str) -> bool:
        """As promised."""
        del now
        return self._settle(row, at, "pending", error)

    async def settle_dead(
        self, row: Claimed, now: Moment, error: str, *, also: Sequence[Queued] = (), choose: Choose = nobody
    ) -> bool:
        """As promised."""
        settled = self._settle(row, now, "dead", error)
        if settled:
            self._redirect(self.rows[row.row_id], Instead.GIVEN_UP, choose)
            for queued in also:
                self.put(queued)
        return settled

    async def next_due_s(self, channel: str, now: Moment) -> float | None:
        """As promised."""
        self._refuse()
        moments = [kept.due_us for kept in self._heads(channel)]
        return max(0, min(moments) - now.mono_us) / US_PER_S if moments else None

    async def enqueue_notice(self, queued: Queued) -> None:
        """As promised."""
        self._refuse()
        self.put(queued)

    def _heads(self, channel: str) -> list[Kept]:
        pending = [kept for kept in self.rows.values() if kept.claimed.channel == channel and kept.state == "pending"]
        first: dict[object, Kept] = {}
        for kept in sorted(pending, key=lambda kept: (kept.claimed.sequence, kept.claimed.row_id)):
            row = kept.claimed
            first.setdefault(("notice", row.row_id) if row.incident_id is None else row.incident_id, kept)
        return sorted(first.values(), key=lambda kept: kept.claimed.row_id)

    def _redirect(self, kept: Kept, why: Instead, choose: Choose, waited_s: float = 0.0) -> Queued | None:
        row = kept.claimed
        if kept.fell_back_to is not None or row.body.get("severity") != "critical":
            return None
        told = frozenset(other.claimed.channel for other in self.rows.values() if _same_news(other, kept))
        facts = (row.row_id, row.channel, row.body, row.incident_id, row.sequence)
        return self._copy(kept, choose(Stuck(*facts, why, told, waited_s, kept.error)))

    def _ends(self, choose: Choose) -> Iterator[Queued | None]:
        for copied in list(self.rows.values()):
            to, about = copied.fell_back_to, _about(copied)
            ends = [kept for kept in self.rows.values() if kept.claimed.body.get("event") == "resolved"]
            if to is None or copied in ends or any(_about(end) == (to, about[1]) for end in ends):
                continue
            for end in [end for end in ends if _about(end) == about]:
                row = end.claimed
                facts = (row.row_id, row.channel, row.body, row.incident_id, row.sequence)
                yield self._copy(end, choose(Stuck(*facts, Instead.ITS_END, frozenset(), to=to)))

    def _copy(self, kept: Kept, copy: Queued | None) -> Queued | None:
        if copy is not None:
            self.put(copy)
            kept.fell_back_to = copy.channel
        return copy

    def _in_turn_of(self, head: Kept) -> Kept:
        """What goes in the turn of this head; what it stands for is settled."""
        if head.claimed.incident_id is None:
            return head
        same = [kept for kept in self.rows.values() if _about(kept) == _about(head)]
        same.sort(key=lambda kept: (kept.claimed.sequence, kept.claimed.row_id))
        following = next_of([_Message(kept) for kept in same])
        for row_id in following.stands_for:
            self.rows[row_id].state = "merged"
        kept = self.rows[following.row_id]
        kept.claimed = replace(kept.claimed, merged_since_us=following.merged_since_us)
        return kept

    def _thread(self, row: Claimed) -> str | None:
        return self.threads.get((row.channel, row.incident_id))

    def _settle(self, row: Claimed, at: Moment, state: str, error: str | None = None) -> bool:
        self._refuse()
        kept = self.rows[row.row_id]
        if state != "sent" and kept.claimed.attempts != row.attempts + 1:
            return False
        kept.due_us, kept.state, kept.error = at.mono_us, state, error
        return True

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StorageError("disk full")


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
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
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

    async def settled(self, within_s: float = 100_000.0) -> None:
        """Let virtual time pass until nothing waits."""
        await self.until(lambda: all(kept.state != "pending" for kept in self.outbox.rows.values()), within_s, 1.0)


def queued(incident: int, sequence: int, channel: str, at: Moment, event: Event | None = None) -> Queued:
    """A message of an incident on its way: its beginning, then updates, unless told otherwise."""
    facts = IncidentFacts(incident, f"gw/chat/m{incident}", "t", "t", None, 0.0, "TIMEOUT", "endpoint", ())
    event = event or (Event.OPENED if sequence == 1 else Event.UPDATED)
    title = f"DOWN: m{incident} on gw (TIMEOUT)"
    note_id = f"{incident}-{sequence}-{channel}"
    note = Notification(note_id, event, "critical", "gw", title, "m is down", incident=facts, details=Details())
    return Queued(channel, note, incident, sequence, at)


def run(story: Coroutine[Any, Any, T]) -> T:
    """Live through a story in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)


Live = Callable[[Callable[[World], Coroutine[Any, Any, T]]], T]


@pytest.fixture
def voice() -> Voice:
    """English in Seoul."""
    return Voice(Language.EN, ZoneInfo("Asia/Seoul"))


@pytest.fixture
def live(voice: Voice) -> Live[Any]:
    """Lives through a story in a new world, and ends its daemon."""

    async def whole(story: Callable[[World], Coroutine[Any, Any, T]]) -> T:
        world = World(voice)
        try:
            return await story(world)
        finally:
            if hasattr(world, "delivery"):
                await world.delivery.drain(30.0)

    return lambda story: run(whole(story))


@pytest.fixture
def lost() -> Notification:
    """A message about an outage."""
    return queued(1, 1, "ops", Moment(EPOCH_US, 0)).notification


@pytest.fixture
def lost_notice(lost: Notification) -> Notification:
    """A message that belongs to no incident."""
    return replace(lost, event=Event.NOTICE, incident=None)


@pytest.fixture
def fake_outbox() -> FakeOutbox:
    """An empty one."""
    return FakeOutbox()
