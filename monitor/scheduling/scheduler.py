"""The scheduler: every check on its fixed phase, confirm probes after a doubt, triage, rests after a rate limit.

At most one probe of a check is in flight. A turn that comes while one is, or during a rest, is put off, not dropped. A
slot's callback only spawns probes. Which turns there are is `phases`; APScheduler lives in `timer`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType

import structlog

from monitor.alerting.batch import RhythmChange
from monitor.clock import US_PER_S, Clock, Moment
from monitor.domain.check import Check
from monitor.domain.follow_up import FollowUp
from monitor.domain.result import Result, Trigger
from monitor.scheduling.entries import Entry, Group
from monitor.scheduling.phases import EARLY_US, Cycle, Slot, SlotTable, first_delays_s, interval_of, rhythm_from
from monitor.scheduling.timer import SlotTimer

CLOCK_STEP_S = 1.0
WATCH_EVERY_S = 1.0
_NO_RESTS: Mapping[str, Moment] = MappingProxyType({})

Probe = Callable[[Check, Trigger, float], Awaitable[Result]]
Report = Callable[[Result], FollowUp]

log = structlog.get_logger("relaywatch.scheduler")


class Scheduler:
    """Starts probes when they are due and hands their results on.

    Args:
        probe: check, trigger and lag in milliseconds to a result; never raises.
        report: takes each result and says how to go on.
        plan_changed: told when a check was due from now on.
        timer: calls back at every slot's turn.
        clock: the daemon's clock.

    Attributes:
        is_waiting: whether the probe of a check in flight has not begun yet.
    """

    def __init__(
        self, probe: Probe, report: Report, plan_changed: Callable[[RhythmChange], None], timer: SlotTimer, clock: Clock
    ) -> None:
        self.is_waiting: Callable[[str], bool] = lambda _check: False
        self._probe = probe
        self._report = report
        self._plan_changed = plan_changed
        self._clock = clock
        self._timer = timer
        self._slots = SlotTable()
        self._groups: dict[Slot, Group] = {}
        self._entries: dict[str, Entry] = {}
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

    def pace(self, intervals: Mapping[str, float | None]) -> None:
        """Give checks another interval, in seconds; None is their own. The next turn of the new phase is their next.

        A slower check's probe that has not begun is taken back: an endpoint that hangs has a long queue.
        """
        now = self._clock.now()
        for check_id, interval_s in intervals.items():
            entry = self._entries.get(check_id)
            if entry is None:
                continue
            before_us, after_us = entry.group.slot.interval_us, interval_of(entry.check, interval_s)
            if after_us != before_us:
                self._move(entry, interval_s, now)
            if after_us > before_us:
                entry.put_off_us = None
                if check_id in self._flights and self.is_waiting(check_id):
                    self._flights[check_id].cancel()

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
        group = self._group_for(check, None, now)
        first_due = now.plus_s(delay_s)
        rhythm = rhythm_from(group.cycle, first_due)
        entry = self._entries[check.id] = Entry(check, group, now.mono_us + rhythm.phase_us - now.wall_us)
        group.entries.append(entry)
        self._ring(entry, Trigger.ON_PHASE, first_due.mono_us)
        self._plan_changed(RhythmChange(check.id, now.wall_us, rhythm))

    def _move(self, entry: Entry, interval_s: float | None, now: Moment) -> None:
        self._leave(entry)
        group = entry.group = self._group_for(entry.check, interval_s, now)
        group.entries.append(entry)
        entry.settled_mono_us = group.cycle.next_after(now.mono_us)
        first_due = now.plus_s((entry.settled_mono_us - now.mono_us) / US_PER_S)
        self._plan_changed(RhythmChange(entry.check.id, now.wall_us, rhythm_from(group.cycle, first_due)))

    def _group_for(self, check: Check, interval_s: float | None, now: Moment) -> Group:
        slot = self._slots.take(check, interval_s)
        group = self._groups.get(slot)
        if group is None:
            cycle = Cycle.of(slot, now)
            group = self._groups[slot] = Group(slot, cycle, cycle.turn(now.mono_us), self._slot_turn)
            self._timer.add(slot, cycle, group.turn)
        return group

    def _leave(self, entry: Entry) -> None:
        group = entry.group
        group.entries.remove(entry)
        self._slots.release(group.slot)
        if not group.entries:
            del self._groups[group.slot]
            self._timer.remove(group.slot)

    def _remove(self, entry: Entry, now: Moment) -> None:
        del self._entries[entry.check.id]
        if entry.alarm is not None:
            entry.alarm.cancel()
        self._leave(entry)
        self._plan_changed(RhythmChange(entry.check.id, now.wall_us, None))

    def _slot_turn(self, group: Group) -> None:
        now = self._clock.now()
        turn = group.cycle.turn(now.mono_us)
        if turn <= group.last_turn:
            return  # rung early by a wall clock that jumped ahead; the real turn is still to come
        group.last_turn = turn
        due_us = group.cycle.due_us(turn)
        for entry in group.entries:
            if due_us >= entry.settled_mono_us:
                self._turn(entry, Trigger.ON_PHASE, due_us, now)

    def _ring(self, entry: Entry, trigger: Trigger, due_us: int) -> None:
        if entry.alarm is not None:
            entry.alarm.cancel()
        delay_s = max(0.0, (due_us - self._clock.now().mono_us) / US_PER_S)
        loop = asyncio.get_running_loop()
        entry.alarm = loop.call_later(delay_s, self._rung, entry, trigger, due_us)
        entry.alarm_is_turn = trigger is Trigger.ON_PHASE

    def _rung(self, entry: Entry, trigger: Trigger, due_us: int) -> None:
        entry.alarm = None
        self._turn(entry, trigger, due_us, self._clock.now())

    def _turn(self, entry: Entry, trigger: Trigger, due_us: int, now: Moment) -> None:
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

    def _put_off(self, entry: Entry, due_us: int) -> None:
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

    def _go_on(self, entry: Entry, follow_up: FollowUp, result: Result, now: Moment) -> None:
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
