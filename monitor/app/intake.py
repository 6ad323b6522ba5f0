"""Where results come in: from the scheduler to the ledger, and what the ledger says on to whom it concerns.

Owns no rule; ties the ledger to delivery and witness, and a refused key to the file that it came from.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from monitor import logs
from monitor.alerting.batch import Batch, Restored
from monitor.alerting.notification import Notification
from monitor.app.setup import Setup
from monitor.app.witness import Witness
from monitor.config.access import reread_key
from monitor.delivery.channel import Delivered
from monitor.delivery.delivery import Delivery
from monitor.domain.follow_up import AS_PLANNED, FollowUp
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Status
from monitor.errors import RelayWatchError
from monitor.probes.prober import Prober

if TYPE_CHECKING:
    from monitor.app.quota import Quota
    from monitor.ledger import Ledger

LONGEST_LOGGED = 2000
SEND_AGAIN_S = 30.0

log = structlog.get_logger("relaywatch.daemon")


class Intake:
    """Takes results; is told of commits.

    Attributes:
        ledger: takes each result; set once, by `begin`.
        delivery: has something to send after a commit; replaced when the channels change.
    """

    ledger: "Ledger"
    delivery: Delivery

    def __init__(self, witness: Witness, prober: Prober, setup: Setup, environ: Mapping[str, str]) -> None:
        self._witness = witness
        self._prober = prober
        self._environ = environ
        self._errands: set[asyncio.Task[None]] = set()
        self._rereading: set[str] = set()
        self._secrets: tuple[str, ...] = ()
        self._quota: Quota | None = None
        self.put_in_force(setup)

    def begin(self, ledger: "Ledger", restored: Restored) -> None:
        """Results go to this ledger from now on; what is learned of how models want to be asked is kept by it."""
        self.ledger = ledger
        self._prober.remember(restored.learned, ledger.keep)

    def put_in_force(self, setup: Setup) -> Redactor:
        """The configuration has changed: so have the secrets that must not be shown.

        Returns:
            Who knows them, and the former ones too: a probe in flight may still be answered with one.
        """
        self._setup = setup
        if self._quota is not None:
            self._quota.put_in_force(setup)
        self._keys = {name: target.api_key for name, target in setup.targets.items()}
        self._redactor = self._hide(*setup.access.secrets())
        logs.redact_with(self.clean)
        return self._redactor

    def watch(self, quota: "Quota") -> "Quota":
        """Who hears of rate limits, and of another configuration, from now on."""
        self._quota = quota
        quota.put_in_force(self._setup)
        return quota

    def clean(self, text: str) -> str:
        """The text without any secret."""
        return self._redactor.clean(text, LONGEST_LOGGED)

    def report(self, result: Result) -> FollowUp:
        """Hand one result on, and say how the check goes on."""
        check = self.ledger.checks.get(result.check)
        if check is None:
            return AS_PLANNED
        result = self.ledger.stamped(result)
        latest = self.ledger.healths[check.id].latest
        follow_up = self.ledger.record(result)
        if result.limits and self._quota is not None:
            self._quota.observed(check, result)
        self._witness.probed(check, None if latest is None else latest.status, result)
        if result.status is Status.AUTH_ERROR and check.endpoint not in self._rereading:
            self._run_errand(self._reread_key(check.endpoint))
        return follow_up

    def committed(self, batch: Batch, seconds: float) -> None:
        """A batch is on disk: what it queued may go."""
        self._witness.committed(batch, seconds)
        if batch.outbox:
            self.delivery.wake()

    def alarm(self, notification: Notification) -> None:
        """The database refuses: this one goes straight to a channel."""
        self._run_errand(self._send_now(notification))

    async def _send_now(self, notification: Notification) -> None:
        """Until a channel takes it, or there is no more reason to."""
        while self.ledger.refusing_since is not None:
            receipts = await self.delivery.send_now(notification)
            for channel, receipt in receipts.items():
                log.warning("notice_sent_directly", channel=channel, receipt=str(receipt), title=notification.title)
            if not receipts or any(isinstance(receipt, Delivered) for receipt in receipts.values()):
                return
            await asyncio.sleep(SEND_AGAIN_S)

    async def _reread_key(self, endpoint: str) -> None:
        """A file or credential may hold a new key by now: use it from the confirm probe on."""
        self._rereading.add(endpoint)
        setup = self._setup
        try:
            key = await asyncio.to_thread(reread_key, setup.loaded, endpoint, self._environ)
            if key is None or key == self._keys.get(endpoint) or setup is not self._setup:
                return  # or a reload has brought a newer one meanwhile
            self._redactor = self._hide(key.reveal())
            self._prober.replace_key(endpoint, key, redactor=self._redactor)
        except RelayWatchError as error:
            log.warning("key_unreadable", endpoint=endpoint, error=error.message)
        else:
            self._keys[endpoint] = key
            log.info("key_replaced", endpoint=endpoint)
        finally:
            self._rereading.discard(endpoint)

    def _hide(self, *secrets: str) -> Redactor:
        self._secrets = tuple(dict.fromkeys((*secrets, *self._secrets)))
        return Redactor(self._secrets)

    def _run_errand(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
