"""The daemon: runs what `house` has built, puts new configurations in force, and stops in good order.

Owns which tasks run, and in which order they end; no rule, no statement, no request.
"""

import asyncio
import gc
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import structlog

from monitor.app.changes import Fallback, log_renamed
from monitor.app.forgetting import Forgetting
from monitor.app.house import STOP_WITHIN_S, STUCK_S, House
from monitor.app.progress import Progress
from monitor.app.setup import Setup, prepare
from monitor.app.tasks import Wishes, first_of, named, unless
from monitor.app.upkeep import beat, move_log, oldest_unwritten_us, roll_up
from monitor.app.witness import Tally
from monitor.clock import Clock
from monitor.config.load import Loaded
from monitor.domain.check import Check
from monitor.errors import RelayWatchError, StorageError
from monitor.probes.endpoint import LiveEndpoint
from monitor.storage.retention.retention import Retention
from monitor.storage.rollups.closing import Closer
from monitor.systemd import keep_alive, watchdog_interval_s

DRAIN_PROBES_S = 4.0
DRAIN_LEDGER_S = DRAIN_DELIVERY_S = 2.0
FULL_COLLECTION_AFTER = 50
"""Collections of the middle generation; five times what Python takes."""

log = structlog.get_logger("relaywatch.daemon")

Start = Callable[..., asyncio.Task[None]]


class Daemon:
    """Everything that runs, put together; enter it, then `run`.

    Args:
        setup: a configuration made ready.
        environ: for systemd, the control socket, and keys that are read again.
        reload: reads the configuration file again; raises what is wrong with it.
        clock: the daemon's clock.
        fallback: why `setup` is not the present file's.

    Attributes:
        house: every part.
    """

    def __init__(
        self,
        setup: Setup,
        environ: Mapping[str, str],
        reload: Callable[[], Loaded],
        clock: Clock,
        fallback: Fallback | None = None,
    ) -> None:
        self.house = House(setup, environ, clock, fallback)
        self._reload = reload

    async def __aenter__(self) -> Self:
        """Open the database, the ports and the connections; each is torn down in reverse.

        Raises:
            StartError: something cannot be opened; everything opened before is closed again.
        """
        await self.house.build()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            await self.house.deadman.crashed(str(error) or type(error).__name__)
        await self.house.close()

    @property
    def setup(self) -> Setup:
        """The configuration in force."""
        return self.house.setup

    @property
    def tally(self) -> Tally:
        """What was counted since the start."""
        return self.house.tally

    @property
    def progress(self) -> Progress:
        """Whether the parts move."""
        return self.house.progress

    @property
    def address(self) -> tuple[str, int] | None:
        """Where the page is served; None without a TCP port."""
        return self.house.server.address

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id."""
        return self.house.ledger.checks

    async def run(self, wishes: Wishes) -> None:
        """Probe, record, decide and tell until asked to stop.

        Raises:
            InternalError: a part died; the others were stopped.
        """
        # What was built lives as long as the process; to look through it for garbage stopped the loop for 0.15 s. What
        # ten thousand checks remember takes 0.1 s: when all of them fail, that came once a second, and finds little.
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], FULL_COLLECTION_AFTER)
        try:
            async with asyncio.TaskGroup() as group:
                await self._run_parts(group, wishes)
        except* RelayWatchError as errors:
            raise errors.exceptions[0] from None

    async def _run_parts(self, group: asyncio.TaskGroup, wishes: Wishes) -> None:
        house = self.house

        def start(name: str, part: Coroutine[Any, Any, Any], may_end: Callable[[], bool] = wishes.stop.is_set) -> Any:
            return group.create_task(named(name, part, may_end), name=name)

        ledger = start("ledger", house.ledger.run())
        self._start_delivery(start, wishes)
        aside = [
            start("scheduler", house.scheduler.run()),
            start("self-watch", house.self_watch.run()),
            start("rules", house.rules.run()),
            start("purse", house.purse.run()),
            start("quota", house.quota.run()),
            start("heartbeat", beat(house.journal, self.progress, house.clock, self._say_status)),
            start("retention", self._forgetting().run()),
        ]
        closer = Closer(house.writer, house.clock, lambda: oldest_unwritten_us(house.ledger))
        aside.append(start("roll-ups", roll_up(closer)))
        if house.log_mover is not None:
            aside.append(start("log", move_log(house.log_mover, house.writer)))
        if house.spooling is not None:
            aside.append(start("spool", house.spooling.run()))
        interval_s = watchdog_interval_s(house.environ)
        if interval_s is not None:
            aside.append(start("watchdog", keep_alive(house.notifier, interval_s, self.progress.stalled, log)))
        start("dead-man switch", house.deadman.run(wishes.stop))
        house.scheduler.apply(self.setup.checks, house.ledger.rests())
        house.changes.say_ready("daemon_started", self.setup, self.address)
        start("first copy", house.changes.started(self.setup, house.audience), lambda: True)
        while not await first_of(wishes.stop, wishes.reload, house.catalogues.due):
            await self._renew(start, wishes)
        await self._stop(ledger, aside)

    def _forgetting(self) -> Forgetting:
        house = self.house
        retention = Retention(house.writer, house.clock)
        return Forgetting(retention, lambda: house.setup.ages, lambda: house.audience, house.ledger, house.clock)

    def _start_delivery(self, start: Start, wishes: Wishes) -> None:
        delivery, is_idle = self.house.delivery, not self.setup.channels  # then it ends once it has taken over
        start(
            "delivery", delivery.run(), lambda: is_idle or wishes.stop.is_set() or delivery is not self.house.delivery
        )

    async def _renew(self, start: Start, wishes: Wishes) -> None:
        """Put the file in force as it is now, and what patterns stand for; or change nothing and say so."""
        is_reload = wishes.reload.is_set()
        wishes.reload.clear()
        self.house.notifier.reloading() if is_reload else None
        try:
            ready = await unless(wishes.stop, self._made_ready(is_reload=is_reload))
        except RelayWatchError as error:
            self.house.changes.not_renewed(error, len(self.setup.checks), is_reload=is_reload)
            self.house.catalogues.wake()
            return
        if ready is None:
            return  # asked to stop meanwhile, or nothing has changed
        before, house = self.setup, self.house
        house.put_in_force(*ready)
        if not house.setup.sends_like(before):
            replaced = house.delivery
            house.open_delivery()
            await replaced.drain(DRAIN_DELIVERY_S)
            await replaced.close()
            self._start_delivery(start, wishes)
        house.changes.say_renewed(before, house.setup, self.address, is_reload=is_reload)
        if is_reload:
            start("new copy", house.changes.reloaded(house.setup, house.audience), lambda: True)

    async def _made_ready(self, *, is_reload: bool) -> tuple[Setup, Mapping[str, LiveEndpoint]] | None:
        """All of it that can fail: first what changes nothing, in a thread, then the database; None if all is so."""
        house = self.house

        def read() -> tuple[Setup, Mapping[str, LiveEndpoint]]:
            setup = prepare(self._reload(), house.environ, house.clock) if is_reload else self.setup
            return setup, house.prober.made_ready(setup.targets)

        setup, endpoints = await asyncio.to_thread(read)
        setup = house.catalogues.followed(setup, self.setup)
        if not is_reload and setup.checks == self.setup.checks:
            return None
        renamed = await house.journal.register(setup.checks, house.clock.now(), setup.renaming, setup.prices)
        log_renamed(renamed)
        return setup, endpoints

    async def _stop(self, ledger: asyncio.Task[None], aside: Sequence[asyncio.Task[None]]) -> None:
        house = self.house
        house.stop_by = house.clock.now().plus_s(STOP_WITHIN_S)
        house.notifier.stopping("stopping: waiting for probes and messages in flight")
        for task in aside:
            task.cancel()
        await house.scheduler.drain(DRAIN_PROBES_S)
        house.purse.write_down()
        house.ledger.stop()
        await asyncio.wait([ledger], timeout=DRAIN_LEDGER_S)
        writable = ledger.done()
        if not writable:
            spooled = 0 if house.spooling is None else await house.spooling.look()
            log.error("results_unwritten", results=house.ledger.pending, spooled=spooled)
            ledger.cancel()
        await house.delivery.drain(DRAIN_DELIVERY_S if writable else STUCK_S)
        with suppress(StorageError, TimeoutError):
            async with asyncio.timeout(STUCK_S):
                await house.journal.end_run(house.clock.now(), "stopped")
        log.info("daemon_stopped", pid=os.getpid())

    def _say_status(self) -> None:
        self.house.changes.say_status(self.setup)
