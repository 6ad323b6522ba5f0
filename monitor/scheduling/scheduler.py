"""The scheduler: every check on its fixed phase, confirm probes after a doubt, triage, rests after a rate limit.

At most one probe of a check is in flight. A turn that comes while one is, or during a rest, is put off, not dropped. A
slot's callback only spawns probes. Which turns there are is `phases`; APScheduler lives in `timer`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

import structlog

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Clock, Moment
from monitor.domain.check import Check
from monitor.domain.follow_up import FollowUp
from monitor.domain.result import Result, Trigger
from monitor.scheduling.phases import EARLY_US, Cycle, Slot, SlotTable, first_delays_s, rhythm_from
from monitor.scheduling.timer import SlotTimer

CLOCK_STEP_S = 1.0
WATCH_EVERY_S = 1.0
_NO_RESTS: Mapping[str, Moment] = MappingProxyType({})

Probe = Callable[[Check, Trigger, float], Awaitable[Result]]
Report = Callable[[Result], FollowUp]

log = structlog.get_logger("relaywatch.scheduler")


@dataclass(slots=True, eq=False)
class _Entry:
    """One check on the schedule.

    Attributes:
        settled_mono_us: phase turns before this are not its own; the first probe stands for them.
        rests_until_us: monotonic; no probe before.
        put_off_us: when the oldest turn that could not run was due; None without one.
        alarm: the one-shot timer of a first, confirm, or put-off probe.
        alarm_is_turn: it stands for a turn of the check, which must not be lost.
    """

    check: Check
    group: "_Group"
    settled_mono_us: int
    rests_until_us: int = 0
    put_off_us: int | None = None
    alarm: asyncio.TimerHandle | None = None
    alarm_is_turn: bool = False


@dataclass(slots=True, eq=False)
class _Group:
    """The checks of one slot, and the last turn that they had.

    Attributes:
        come: takes each turn of the slot.
    """

    slot: Slot
    cycle: Cycle
    last_turn: int
    come: Callable[["_Group"], None]
    entries: list[_Entry] = field(default_factory=list)

    def turn(self) -> None:
        """A turn has come: what the timer calls; a method, since a partial takes four times its memory."""
        self.come(self)


class Scheduler:
    """Starts probes when they are due and hands their results on.

    Args:
        probe: check, trigger and lag in milliseconds to a result; never raises.
        report: takes each result and says how to go on.
        plan_changed: told when a check was due from now on.
        timer: calls back at every slot's turn.
        clock: the daemon's clock.
    """

    def __init__(
        self, probe: Probe, report: Report, plan_changed: Callable[[RhythmChange], None], timer: SlotTimer, clock: Clock
    ) -> None:
        self._probe = probe
        self._report = report
        self._plan_changed = plan_changed
        self._clock = clock
        self._timer = timer
        self._slots = SlotTable()
        self._groups: dict[Slot, _Group] = {}
        self._entries: dict[str, _Entry] = {}
        self._flights: dict[str, asyncio.Task[None]] = {}  # by check; they outlive an entry that a reload replaces
        self._crashed: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Fire until cancelled; watches for steps of the wall clock. Raises what a report raised."""
        self._crashed = asyncio.get_running_loop().create_future()
        self._timer.start(self._fail)
        before = self._clock.now()
        while True:
            await asyncio.wait([self._crashed], timeout=WATCH_EVERY_S)
            if self._crashed.done():
                self._crashed.result()
            now = self._clock.now()
            step_s = (now.wall_us - before.wall_us - now.mono_us + before.mono_us) / US_PER_S
            if abs(step_s) > CLOCK_STEP_S:
                self._clock_stepped(step_s, now)
            before = now

    def apply(self, checks: Iterable[Check], rests: Mapping[str, Moment] = _NO_RESTS) -> None:
        """Put these checks on the schedule; one that stays as it is keeps its place, a new one is probed soon.

        Args:
            checks: all of them.
            rests: until when which must not be probed; those on the schedule already know more exactly.
        """
        wanted = {check.id: check for check in checks}
        now = self._clock.now()
        replaced = {e.check.id: e for e in self._entries.values() if wanted.get(e.check.id) != e.check}
        for entry in replaced.values():
            self._remove(entry, now)
        added = [check for check in wanted.values() if check.id not in self._entries]
        for check_id, delay_s in first_delays_s(added).items():
            self._add(wanted[check_id], delay_s, now)
            self._rest(check_id, replaced[check_id].rests_until_us if check_id in replaced else 0)
            if check_id in rests:
                self._rest(check_id, rests[check_id].mono_us)

    def stalled_s(self, now: Moment) -> float:
        """How long ago APScheduler last fired its own heartbeat, in seconds."""
        return (now.mono_us - self._timer.heartbeat_mono_us) / US_PER_S

    async def drain(self, within_s: float) -> None:
        """Start nothing more, let probes in flight end, and cancel those that do not within the bound."""
        self._timer.stop()
        now = self._clock.now()
        for entry in list(self._entries.values()):
            self._remove(entry, now)
        if self._flights:
            await asyncio.wait(self._flights.values(), timeout=within_s)
        late = list(self._flights.values())
        for flight in late:
            flight.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _add(self, check: Check, delay_s: float, now: Moment) -> None:
        slot = self._slots.take(check)
        group = self._groups.get(slot)
        if group is None:
            cycle = Cycle.of(slot, now)
            group = self._groups[slot] = _Group(slot, cycle, cycle.turn(now.mono_us), self._slot_turn)
            self._timer.add(slot, cycle, group.turn)
        first_due = now.plus_s(delay_s)
        rhythm = rhythm_from(group.cycle, first_due)
        entry = self._entries[check.id] = _Entry(check, group, now.mono_us + rhythm.phase_us - now.wall_us)
        group.entries.append(entry)
        self._ring(entry, Trigger.ON_PHASE, first_due.mono_us)
        self._plan_changed(RhythmChange(check.id, now.wall_us, rhythm))

    def _remove(self, entry: _Entry, now: Moment) -> None:
        del self._entries[entry.check.id]
        group = entry.group
        group.entries.remove(entry)
        self._slots.release(group.slot)
        if entry.alarm is not None:
            entry.alarm.cancel()
        if not group.entries:
            del self._groups[group.slot]
            self._timer.remove(group.slot)
        self._plan_changed(RhythmChange(entry.check.id, now.wall_us, None))

    def _slot_turn(self, group: _Group) -> None:
        now = self._clock.now()
        turn = group.cycle.turn(now.mono_us)
        if turn <= group.last_turn:
            return  # rung early by a wall clock that jumped ahead; the real turn is still to come
        group.last_turn = turn
        due_us = group.cycle.due_us(turn)
        for entry in group.entries:
            if due_us >= entry.settled_mono_us:
                self._turn(entry, Trigger.ON_PHASE, due_us, now)

    def _ring(self, entry: _Entry, trigger: Trigger, due_us: int) -> None:
        if entry.alarm is not None:
            entry.alarm.cancel()
        delay_s = max(0.0, (due_us - self._clock.now().mono_us) / US_PER_S)
        loop = asyncio.get_running_loop()
        entry.alarm = loop.call_later(delay_s, self._rung, entry, trigger, due_us)
        entry.alarm_is_turn = trigger is Trigger.ON_PHASE

    def _rung(self, entry: _Entry, trigger: Trigger, due_us: int) -> None:
        entry.alarm = None
        self._turn(entry, trigger, due_us, self._clock.now())

    def _turn(self, entry: _Entry, trigger: Trigger, due_us: int, now: Moment) -> None:
        if self._entries.get(entry.check.id) is not entry:
            return
        if entry.check.id in self._flights or entry.rests_until_us > now.mono_us + EARLY_US:
            if trigger is Trigger.ON_PHASE:
                self._put_off(entry, due_us)
            return
        if trigger is Trigger.ON_PHASE:
            entry.put_off_us = None
        if entry.alarm is not None and (trigger is Trigger.ON_PHASE or not entry.alarm_is_turn):
            entry.alarm.cancel()
            entry.alarm = None
        lag_ms = max(0, now.mono_us - max(due_us, entry.rests_until_us)) / 1000
        flight = asyncio.create_task(self._fly(entry.check, trigger, lag_ms), name=f"probe {entry.check.id}")
        self._flights[entry.check.id] = flight
        flight.add_done_callback(partial(self._landed, entry.check.id))

    def _put_off(self, entry: _Entry, due_us: int) -> None:
        if entry.put_off_us is None:
            entry.put_off_us = due_us
        if entry.check.id not in self._flights:
            self._ring(entry, Trigger.ON_PHASE, max(entry.rests_until_us, entry.put_off_us))

    async def _fly(self, check: Check, trigger: Trigger, lag_ms: float) -> None:
        result = await self._probe(check, trigger, lag_ms)
        follow_up = self._report(result)
        del self._flights[check.id]
        now = self._clock.now()
        entry = self._entries.get(check.id)
        if entry is not None:
            self._go_on(entry, follow_up, result, now)
        for other, until in follow_up.others_rest:
            self._rest(other, until.mono_us)
        for sibling in follow_up.triage:
            if sibling in self._entries:
                self._turn(self._entries[sibling], Trigger.TRIAGE, now.mono_us, now)

    def _go_on(self, entry: _Entry, follow_up: FollowUp, result: Result, now: Moment) -> None:
        if follow_up.rest_s is not None:
            self._rest(entry.check.id, now.plus_s(follow_up.rest_s).mono_us)
        if entry.put_off_us is not None:
            self._turn(entry, Trigger.ON_PHASE, entry.put_off_us, now)
        elif follow_up.confirm_after_s is not None and entry.alarm is None:  # else its first probe is about to come
            due = result.finished_at.plus_s(follow_up.confirm_after_s)
            self._ring(entry, Trigger.CONFIRM, max(due.mono_us, entry.rests_until_us))

    def _rest(self, check_id: str, until_us: int) -> None:
        """No probe before; a longer rest stays."""
        entry = self._entries.get(check_id)
        if entry is not None:
            entry.rests_until_us = max(entry.rests_until_us, until_us)

    def _landed(self, check_id: str, flight: asyncio.Task[None]) -> None:
        if self._flights.get(check_id) is flight:
            del self._flights[check_id]
        error = None if flight.cancelled() else flight.exception()
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self._crashed is not None and not self._crashed.done():
            self._crashed.set_exception(error)

    def _clock_stepped(self, step_s: float, now: Moment) -> None:
        log.warning("clock_stepped", seconds=round(step_s, 3))
        for group in list(self._groups.values()):
            self._slot_turn(group)  # a clock set back silenced the timer: a turn since then comes late, not never
        self._timer.replan()
        before_us = now.wall_us - round(step_s * US_PER_S)
        for group in self._groups.values():
            next_us = group.cycle.next_after(now.mono_us)
            first_due = now.plus_s((next_us - now.mono_us) / US_PER_S)
            for entry in group.entries:
                self._plan_changed(RhythmChange(entry.check.id, before_us, rhythm_from(group.cycle, first_due)))
