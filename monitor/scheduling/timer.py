"""APScheduler behind one class: a callback per slot and turn, whatever the wall clock does.

Why each setting stands as it does is measured on APScheduler 3.11: `misfire_grace_time=None` because its second of
grace drops runs after a stall; `coalesce` because a stall must not become a burst; the memory store because an error of
another store stops all firing; a trigger on the monotonic clock because a wall clock set back would blind it.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.clock import US_PER_S, Clock
from monitor.scheduling.phases import Cycle

if TYPE_CHECKING:
    from apscheduler.job import Job

HEARTBEAT_US = US_PER_S


class _Turns(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 is not typed
    """The turns of a cycle, told in the wall time that belongs to them right now."""

    __slots__ = ("_clock", "_cycle")

    def __init__(self, cycle: Cycle, clock: Clock) -> None:
        self._cycle = cycle
        self._clock = clock

    def get_next_fire_time(self, _previous: datetime | None, _now: datetime) -> datetime:
        now = self._clock.now()
        ahead_us = self._cycle.next_after(now.mono_us) - now.mono_us
        return datetime.fromtimestamp((now.wall_us + ahead_us) / US_PER_S, UTC)


class _OnLoop(AsyncIOScheduler):  # type: ignore[misc]  # APScheduler 3 is not typed
    """Wakes up in place, because everything here runs on the loop.

    APScheduler would go through the door for other threads: a turn of the loop and a system call for every slot.
    """

    def _start_timer(self, wait_seconds: float | None) -> None:
        self._stop_timer()
        if wait_seconds is not None:
            self._timeout = self._eventloop.call_later(wait_seconds, self._ring)

    def _ring(self) -> None:
        self._start_timer(self._process_jobs())


class _InPlace(BaseExecutor):  # type: ignore[misc]  # APScheduler 3 is not typed
    """Calls back at once, without the lock, the count of instances and the events of a job that may last.

    Args:
        failed: takes what a callback raised; APScheduler itself would only log it.
    """

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._failed = failed

    def submit_job(self, job: "Job", run_times: list[datetime]) -> None:
        """Call the job's callback."""
        self._do_submit_job(job, run_times)

    def _do_submit_job(self, job: "Job", _run_times: list[datetime]) -> None:
        try:
            job.func()
        except Exception as error:  # noqa: BLE001  whatever it is ends the daemon
            self._failed(error)


class SlotTimer:
    """Calls back at every turn of every cycle that it was given.

    Args:
        clock: the daemon's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = _OnLoop(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        # It logs a line per run below WARNING.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._jobs: dict[object, Job] = {}
        self.heartbeat_mono_us = clock.now().mono_us

    def start(self, failed: Callable[[BaseException], None]) -> None:
        """Begin to fire, and hand what a callback raised to `failed`; call once, from the running loop."""
        # The callbacks only spawn tasks: run them in place, not in a thread and not as a task each.
        self._scheduler.add_executor(_InPlace(failed), "default")
        now = self._clock.now()
        self.heartbeat_mono_us = now.mono_us
        self.add("heartbeat", Cycle(now.mono_us, HEARTBEAT_US), self._beat)
        self._scheduler.start()

    def stop(self) -> None:
        """Fire no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def add(self, key: object, cycle: Cycle, callback: Callable[[], Any]) -> None:
        """Call `callback` at every turn of `cycle`."""
        self._jobs[key] = self._scheduler.add_job(callback, _Turns(cycle, self._clock))

    def remove(self, key: object) -> None:
        """Call back for `key` no more."""
        self._jobs.pop(key).remove()

    def replan(self) -> None:
        """The wall clock was stepped: tell every coming turn in the new wall time."""
        for job in self._jobs.values():
            job.reschedule(job.trigger)

    def _beat(self) -> None:
        self.heartbeat_mono_us = self._clock.now().mono_us
