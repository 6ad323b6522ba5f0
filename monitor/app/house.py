"""The house of the daemon: every part, built in the order of the line and torn down in reverse.

    timer -> probe -> classify -> ledger -> [one transaction] -> outbox -> channel

Owns which part is given to which, and what a new configuration changes in each; no rule, no statement, no request.
What runs when is `daemon`.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack

import structlog

import monitor
from monitor.alerting.audience import Audience
from monitor.alerting.batch import DaemonRun, Restored
from monitor.app.catalogues import Catalogues
from monitor.app.changes import Changes, Fallback, log_renamed
from monitor.app.intake import Intake
from monitor.app.pacing import Pacer
from monitor.app.past import Past
from monitor.app.progress import Progress
from monitor.app.purse import Purse
from monitor.app.quota import Quota
from monitor.app.rules import RuleWatch
from monitor.app.self_watch import SelfWatch
from monitor.app.setup import Setup
from monitor.app.spooling import Spooling
from monitor.app.witness import Tally, Witness
from monitor.clock import Clock, Moment
from monitor.config.paths import control_path, spool_path
from monitor.delivery.deadman import DeadMan
from monitor.delivery.delivery import Delivery
from monitor.errors import StartError, StorageError
from monitor.ledger import Ledger
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.prober import Prober
from monitor.scheduling.scheduler import Scheduler
from monitor.scheduling.timer import SlotTimer
from monitor.storage.configured import database_of
from monitor.storage.database import Database, LogMover
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.outbox.outbox import Outbox
from monitor.storage.outbox.standing import SentMessages
from monitor.storage.upgrade import Advance
from monitor.storage.writer import Writer
from monitor.systemd import Notifier
from monitor.web.metrics import Metrics
from monitor.web.server import Server
from monitor.web.sources import Sources

STUCK_S = 0.5  # for what cannot end well while the database hangs
STOP_WITHIN_S = 9.0
MIGRATION_MAY_TAKE_S = 600.0

log = structlog.get_logger("relaywatch.daemon")


class House:
    """Every part of a daemon; `build` opens what must be open.

    Args:
        setup: a configuration made ready.
        environ: for systemd, the control socket, and keys that are read again.
        clock: the daemon's clock.
        fallback: why `setup` is not the present file's.

    Attributes:
        setup: what is in force.
        stop_by: when all must be over; None while nobody has asked to stop.
    """

    log_mover: LogMover | None
    writer: Writer
    journal: Journal
    catalogues: Catalogues
    prober: Prober
    intake: Intake
    ledger: Ledger
    quota: Quota
    delivery: Delivery
    purse: Purse
    pacer: Pacer
    scheduler: Scheduler
    progress: Progress
    rules: RuleWatch
    changes: Changes
    deadman: DeadMan
    server: Server
    spooling: Spooling | None = None

    def __init__(self, setup: Setup, environ: Mapping[str, str], clock: Clock, fallback: Fallback | None) -> None:
        self.setup = setup
        self.environ = environ
        self.clock = clock
        self.stop_by: Moment | None = None
        self.tally = Tally()
        self.metrics = Metrics()
        self.notifier = Notifier(environ)
        self.self_watch = SelfWatch(clock, self.metrics)
        self._fallback = fallback
        self._open = AsyncExitStack()

    @property
    def audience(self) -> Audience:
        """Who is told."""
        return self.setup.audience(self._instance)

    async def build(self) -> None:
        """Open the database, the ports and the connections, and tie everything together.

        Raises:
            StartError: something cannot be opened; everything opened before is closed again.
        """
        database = database_of(self.setup.loaded, self.environ)
        try:
            restored = await self._open_database(database)
            await self._build_line(restored)
            self._build_watches(database)
            await self._open_web(database)
        except StorageError as refusal:
            await self.close()
            raise StartError(f"cannot start: {refusal.message}", hint=refusal.hint) from refusal
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Tear everything down that was built, in reverse."""
        await self._open.aclose()

    def open_delivery(self) -> None:
        """Send through the channels that are in force."""
        sent, observer = SentMessages(self.writer), self.metrics.observe_delivery
        self.delivery = self.setup.delivery(self._outbox, sent, self.clock, observer)
        self.intake.delivery = self.delivery

    def put_in_force(self, setup: Setup, endpoints: Mapping[str, LiveEndpoint]) -> None:
        """A new configuration, part by part, apart from channels. Cannot fail."""
        self.setup = setup
        redactor = self.intake.put_in_force(setup)
        self.prober.update(endpoints, concurrency=setup.config.probes.concurrency, redactor=redactor)
        self.ledger.rename(setup.renaming)
        self.ledger.configure(setup.checks, self.audience, self.clock.now())
        self.self_watch.put_in_force(setup.config.connectivity.targets, self.audience)
        self.purse.put_in_force(setup, self.audience)
        self.catalogues.put_in_force()
        self.pacer.put_in_force(setup)
        self.scheduler.apply(setup.checks, self.ledger.rests())
        self.server.speak(setup.voice)
        self.deadman.put_in_force(setup.access.deadman)

    async def _open_database(self, database: Database) -> Restored:
        clock, now = self.clock, self.clock.now()
        held = await asyncio.to_thread(database.hold)
        self._open.push_async_callback(asyncio.to_thread, held.release)
        engine = open_for_writing(database, on_step=self._say_step)
        self._open.callback(engine.dispose)
        self.log_mover = database.log_mover()
        self.writer = Writer(engine, held.fence, self.metrics.observe_hold)
        self._open.push_async_callback(self._close_writer)
        self.journal = Journal(self.writer)
        self.catalogues = Catalogues(clock)
        setup = self.setup = await self.catalogues.begin(self.setup, self.writer)
        log_renamed(await self.journal.register(setup.checks, now, setup.renaming, setup.prices))
        restored = await self.journal.restore(setup.checks, now)
        if database.is_remote:
            self.spooling = Spooling(spool_path(setup.loaded, self.environ), restored.instance, clock)
            self.metrics.watch_spool(lambda: 0 if self.spooling is None else self.spooling.results)
            await self.journal.lived_until(await self.spooling.read())
        await self.journal.begin_run(DaemonRun(monitor.__version__, os.getpid(), socket.gethostname(), now))
        self._outbox = Outbox(self.writer)
        self._instance = restored.instance
        return restored

    async def _build_line(self, restored: Restored) -> None:
        setup, clock = self.setup, self.clock
        self.prober = await self._open.enter_async_context(setup.prober(clock, self.self_watch.own_fault))
        self.intake = Intake(Witness(self.metrics, self.tally), self.prober, setup, self.environ)
        self.ledger = Ledger(self.journal, clock, self.intake, self.audience, restored)
        self.ledger.configure(setup.checks, self.audience, clock.now())
        self.intake.begin(self.ledger, restored)
        self.quota = Quota(self.prober.balance, self.ledger, self.metrics, self.writer, clock)
        self.intake.watch(self.quota)
        self.catalogues.attend(self.ledger, self.intake)
        self.self_watch.begin(self.intake, setup.config.connectivity.targets, self.audience)
        self.open_delivery()
        self._open.push_async_callback(lambda: self.delivery.close())  # noqa: PLW0108  the present one
        if self.spooling is not None:
            await self.spooling.replay(self.ledger, self.journal, setup.renaming)
        self.purse = Purse(self.prober.probe, self.ledger, self.metrics, clock)
        await self.purse.begin(setup, self.audience, self.writer)
        self.pacer = Pacer(self.catalogues.report, self.ledger)
        report, changed = self.pacer.report, self.ledger.plan_changed
        self.scheduler = Scheduler(self.purse.probe, report, changed, SlotTimer(clock), clock)
        self.pacer.begin(setup, self.scheduler, self.prober)

    def _build_watches(self, database: Database) -> None:
        clock, ledger = self.clock, self.ledger
        self.progress = Progress(self.scheduler, ledger, lambda: self.delivery, self.self_watch.reasons, clock)
        self.rules = RuleWatch(ledger, database, self.metrics.certificate_days, clock)
        self.changes = Changes(self._fallback, self.environ, clock, self.metrics, ledger=ledger, notifier=self.notifier)
        self.deadman = DeadMan(self.progress.failing, self.metrics.observe_deadman, self.intake.clean)
        self.deadman.put_in_force(self.setup.access.deadman)
        self._open.push_async_callback(self.deadman.close)

    async def _open_web(self, database: Database) -> None:
        clock, setup, web = self.clock, self.setup, self.setup.config.web
        control = control_path(setup.loaded, self.environ)
        past = Past(database, clock, lambda: self.setup.config)
        sources = Sources(self.ledger, past, self.progress.unready, clock, setup.voice, os.getpid())
        self.server = Server(sources, self.metrics, listen=web.listen, control=control, public_url=web.public_url)
        await self.server.start()
        self._open.push_async_callback(self.server.stop)

    def _say_step(self, step: Advance) -> None:
        self.notifier.extend_timeout(MIGRATION_MAY_TAKE_S)
        if step.since is not None:
            self.notifier.status(f"upgrading the database to revision {step.step.revision}")
            log.info("database_upgrading", revision=step.revision, to=step.step.revision, brings=step.step.brings)

    async def _close_writer(self) -> None:
        left_s = STOP_WITHIN_S if self.stop_by is None else self.stop_by.s_since(self.clock.now())
        await self.writer.stop(max(STUCK_S, left_s))
