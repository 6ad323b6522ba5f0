"""The daemon: one straight line that builds it, runs it, and takes it down in reverse.

    timer -> probe -> classify -> ledger -> [one transaction] -> outbox -> channel

Owns which part is given to which, and in which order they stop; no rule, no statement, no request.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Self

import structlog

from monitor.app.catalogues import Catalogues
from monitor.app.changes import Changes, Fallback, log_renamed
from monitor.app.intake import Intake
from monitor.app.opening import Patience, open_memory
from monitor.app.pacing import Pacer
from monitor.app.past import Past
from monitor.app.progress import Progress
from monitor.app.purse import Purse
from monitor.app.quota import Quota
from monitor.app.rules import RuleWatch
from monitor.app.self_watch import SelfWatch
from monitor.app.setup import Setup, prepare
from monitor.app.tasks import Wishes, first_of, named, unless
from monitor.app.upkeep import beat, prune
from monitor.app.witness import Tally, Witness
from monitor.clock import Clock, Moment
from monitor.config.load import Loaded
from monitor.config.paths import control_path
from monitor.delivery.deadman import DeadMan
from monitor.domain.check import Check
from monitor.errors import RelayWatchError, StartError, StorageError
from monitor.ledger import Ledger
from monitor.probes.endpoint import LiveEndpoint
from monitor.scheduling.scheduler import Scheduler
from monitor.scheduling.timer import SlotTimer
from monitor.storage.outbox import Outbox
from monitor.storage.retention import Retention
from monitor.storage.standing import SentMessages
from monitor.systemd import Notifier, keep_alive, watchdog_interval_s
from monitor.web.metrics import Metrics
from monitor.web.server import Server
from monitor.web.sources import Sources

DRAIN_PROBES_S = 4.0
DRAIN_LEDGER_S = DRAIN_DELIVERY_S = 2.0
STUCK_S = 0.5  # for what cannot end well while the database hangs
STOP_WITHIN_S = 9.0
MIGRATION_MAY_TAKE_S = 600.0

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
        progress: whether the parts move.
    """

    def __init__(
        self,
        setup: Setup,
        environ: Mapping[str, str],
        reload: Callable[[], Loaded],
        clock: Clock,
        fallback: Fallback | None = None,
    ) -> None:
        self.setup = setup
        self._fallback = fallback
        self.tally = Tally()
        self._environ = environ
        self._reload = reload
        self._clock = clock
        self._house = AsyncExitStack()
        self._notifier = Notifier(environ)
        self._metrics = Metrics()
        self._self_watch = SelfWatch(clock, self._metrics)
        self._stop_by: Moment | None = None

    async def __aenter__(self) -> Self:
        """Open the database, the ports and the connections; each is torn down in reverse.

        Raises:
            StartError: something cannot be opened; everything opened before is closed again.
        """
        try:
            await self._build()
        except StorageError as refusal:
            await self._house.aclose()
            raise StartError(f"cannot start: {refusal.message}", hint=refusal.hint) from refusal
        except BaseException:
            await self._house.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            await self._deadman.crashed(str(error) or type(error).__name__)
        await self._house.aclose()

    @property
    def address(self) -> tuple[str, int] | None:
        """Where the page is served; None without a TCP port."""
        return self._server.address

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id."""
        return self._ledger.checks

    async def run(self, wishes: Wishes) -> None:
        """Probe, record, decide and tell until asked to stop.

        Raises:
            InternalError: a part died; the others were stopped.
        """
        try:
            async with asyncio.TaskGroup() as group:
                await self._run_parts(group, wishes)
        except* RelayWatchError as errors:
            raise errors.exceptions[0] from None

    async def _build(self) -> None:
        house, clock, now = self._house, self._clock, self._clock.now()
        control = control_path(self.setup.loaded, self._environ)
        self._catalogues = Catalogues(clock)
        patience = Patience(lambda: self._notifier.extend_timeout(MIGRATION_MAY_TAKE_S), self._left_s)
        memory = await open_memory(self.setup, self._catalogues, house, clock, patience)
        self._writer, self._journal, path = memory.writer, memory.journal, memory.path
        setup, restored = memory.setup, memory.restored
        self.setup = setup
        self._outbox = Outbox(self._writer)
        self._instance = restored.instance
        self._prober = await house.enter_async_context(setup.prober(clock, self._self_watch.own_fault))
        self._intake = Intake(Witness(self._metrics, self.tally), self._prober, setup, self._environ)
        self._ledger = Ledger(self._journal, clock, self._intake, setup.audience(self._instance), restored)
        self._ledger.configure(setup.checks, setup.audience(self._instance), now)
        self._intake.begin(self._ledger, restored)
        self._quota = self._intake.watch(Quota(self._prober.balance, self._ledger, self._metrics, self._writer, clock))
        self._catalogues.attend(self._ledger, self._intake)
        self._self_watch.begin(self._intake, setup.config.connectivity.targets, setup.audience(self._instance))
        self._open_delivery(setup)
        house.push_async_callback(lambda: self._delivery.close())  # noqa: PLW0108  the present one
        self._purse = Purse(self._prober.probe, self._ledger, self._metrics, clock)
        await self._purse.begin(setup, setup.audience(self._instance), self._writer)
        self._pacer = Pacer(self._catalogues.report, self._ledger)
        report, changed = self._pacer.report, self._ledger.plan_changed
        self._scheduler = Scheduler(self._purse.probe, report, changed, SlotTimer(clock), clock)
        self._pacer.begin(setup, self._scheduler, self._prober)
        self._build_around(setup, path)
        sources = Sources(self._ledger, Past(path, clock), self.progress.unready, clock, setup.voice, os.getpid())
        web = setup.config.web
        self._server = Server(sources, self._metrics, listen=web.listen, control=control, public_url=web.public_url)
        await self._server.start()
        house.push_async_callback(self._server.stop)

    def _build_around(self, setup: Setup, path: Path) -> None:
        """What looks at the work: progress, rules, words for operators, the dead-man switch."""
        clock = self._clock
        self.progress = Progress(self._scheduler, self._ledger, lambda: self._delivery, self._self_watch.reasons, clock)
        self._rules = RuleWatch(self._ledger, path, self._metrics.certificate_days, clock)
        self._changes = Changes(
            self._fallback, self._environ, clock, self._metrics, ledger=self._ledger, notifier=self._notifier
        )
        self._deadman = DeadMan(self.progress.failing, self._metrics.observe_deadman, self._intake.clean)
        self._deadman.put_in_force(setup.access.deadman)
        self._house.push_async_callback(self._deadman.close)

    def _left_s(self) -> float:
        return max(STUCK_S, STOP_WITHIN_S if self._stop_by is None else self._stop_by.s_since(self._clock.now()))

    def _open_delivery(self, setup: Setup) -> None:
        sent, observer = SentMessages(self._writer), self._metrics.observe_delivery
        self._delivery = setup.delivery(self._outbox, sent, self._clock, observer)
        self._intake.delivery = self._delivery

    async def _run_parts(self, group: asyncio.TaskGroup, wishes: Wishes) -> None:
        def start(name: str, part: Coroutine[Any, Any, Any], may_end: Callable[[], bool] = wishes.stop.is_set) -> Any:
            return group.create_task(named(name, part, may_end), name=name)

        ledger = start("ledger", self._ledger.run())
        self._start_delivery(start, wishes)
        aside = [
            start("scheduler", self._scheduler.run()),
            start("self-watch", self._self_watch.run()),
            start("rules", self._rules.run()),
            start("purse", self._purse.run()),
            start("quota", self._quota.run()),
            start("heartbeat", beat(self._journal, self.progress, self._clock, self._say_status)),
            start("retention", prune(Retention(self._writer, self._clock), lambda: self.setup.keep_s)),
        ]
        interval_s = watchdog_interval_s(self._environ)
        if interval_s is not None:
            aside.append(start("watchdog", keep_alive(self._notifier, interval_s, self.progress.stalled, log)))
        start("dead-man switch", self._deadman.run(wishes.stop))
        self._scheduler.apply(self.setup.checks, self._ledger.rests())
        self._changes.say_ready("daemon_started", self.setup, self.address)
        start("first copy", self._changes.started(self.setup, self.setup.audience(self._instance)), lambda: True)
        while not await first_of(wishes.stop, wishes.reload, self._catalogues.due):
            await self._renew(start, wishes)
        await self._stop(ledger, aside)

    def _start_delivery(self, start: Start, wishes: Wishes) -> None:
        delivery, is_idle = self._delivery, not self.setup.channels  # then it ends once it has taken over
        start("delivery", delivery.run(), lambda: is_idle or wishes.stop.is_set() or delivery is not self._delivery)

    async def _renew(self, start: Start, wishes: Wishes) -> None:
        """Put the file in force as it is now, and what patterns stand for; or change nothing and say so."""
        is_reload = wishes.reload.is_set()
        wishes.reload.clear()
        self._notifier.reloading() if is_reload else None
        try:
            ready = await unless(wishes.stop, self._made_ready(is_reload=is_reload))
        except RelayWatchError as error:
            self._changes.not_renewed(error, len(self.setup.checks), is_reload=is_reload)
            self._catalogues.wake()
            return
        if ready is None:
            return  # asked to stop meanwhile, or nothing has changed
        (setup, endpoints), before = ready, self.setup
        self.setup = setup
        redactor = self._intake.put_in_force(setup)
        self._prober.update(endpoints, concurrency=setup.config.probes.concurrency, redactor=redactor)
        self._ledger.rename(setup.renaming)
        self._ledger.configure(setup.checks, setup.audience(self._instance), self._clock.now())
        self._self_watch.put_in_force(setup.config.connectivity.targets, setup.audience(self._instance))
        self._purse.put_in_force(setup, setup.audience(self._instance))
        self._catalogues.put_in_force()
        self._pacer.put_in_force(setup)
        self._scheduler.apply(setup.checks, self._ledger.rests())
        self._server.speak(setup.voice)
        self._deadman.put_in_force(setup.access.deadman)
        if not setup.sends_like(before):
            replaced = self._delivery
            self._open_delivery(setup)
            await replaced.drain(DRAIN_DELIVERY_S)
            await replaced.close()
            self._start_delivery(start, wishes)
        self._changes.say_renewed(before, setup, self.address, is_reload=is_reload)
        if is_reload:
            start("new copy", self._changes.reloaded(setup, setup.audience(self._instance)), lambda: True)

    async def _made_ready(self, *, is_reload: bool) -> tuple[Setup, Mapping[str, LiveEndpoint]] | None:
        """All of it that can fail: first what changes nothing, in a thread, then the database; None if all is so."""

        def read() -> tuple[Setup, Mapping[str, LiveEndpoint]]:
            setup = prepare(self._reload(), self._environ, self._clock) if is_reload else self.setup
            return setup, self._prober.made_ready(setup.targets)

        setup, endpoints = await asyncio.to_thread(read)
        setup = self._catalogues.followed(setup, self.setup)
        if not is_reload and setup.checks == self.setup.checks:
            return None
        log_renamed(await self._journal.register(setup.checks, self._clock.now(), setup.renaming))
        return setup, endpoints

    async def _stop(self, ledger: asyncio.Task[None], aside: Sequence[asyncio.Task[None]]) -> None:
        self._stop_by = self._clock.now().plus_s(STOP_WITHIN_S)
        self._notifier.stopping("stopping: waiting for probes and messages in flight")
        for task in aside:
            task.cancel()
        await self._scheduler.drain(DRAIN_PROBES_S)
        self._purse.write_down()
        self._ledger.stop()
        await asyncio.wait([ledger], timeout=DRAIN_LEDGER_S)
        writable = ledger.done()
        if not writable:
            log.error("results_unwritten", results=self._ledger.pending)
            ledger.cancel()
        await self._delivery.drain(DRAIN_DELIVERY_S if writable else STUCK_S)
        with suppress(StorageError, TimeoutError):
            async with asyncio.timeout(STUCK_S):
                await self._journal.end_run(self._clock.now(), "stopped")
        log.info("daemon_stopped", pid=os.getpid())

    def _say_status(self) -> None:
        self._changes.say_status(self.setup)
