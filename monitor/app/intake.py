"""Where results come in: from the scheduler to the ledger, and what the ledger says on to whom it concerns.

Owns no rule; ties the ledger to delivery and witness, and a refused key to the file that it came from.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from monitor import logs
from monitor.alerting.batch import Batch
from monitor.alerting.notification import Notification
from monitor.app.setup import Setup
from monitor.app.witness import Witness
from monitor.config.access import reread_key
from monitor.delivery.delivery import Delivery
from monitor.domain.follow_up import AS_PLANNED, FollowUp
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Status
from monitor.errors import RelayWatchError
from monitor.probes.prober import Prober

if TYPE_CHECKING:
    from monitor.ledger import Ledger

LONGEST_LOGGED = 2000

log = structlog.get_logger("relaywatch.daemon")


class Intake:
    """Takes results; is told of commits.

    Attributes:
        ledger: takes each result; set once, right after it was built.
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
        self.put_in_force(setup)

    def put_in_force(self, setup: Setup) -> None:
        """The configuration has changed: so have the secrets that logs must not show."""
        self._setup = setup
        self._keys = {name: target.api_key for name, target in setup.targets.items()}
        self._secrets = setup.access.secrets()
        self._redactor = setup.redactor
        logs.redact_with(lambda text: self._redactor.clean(text, LONGEST_LOGGED))

    def report(self, result: Result) -> FollowUp:
        """Hand one result on, and say how the check goes on."""
        check = self.ledger.checks.get(result.check)
        if check is None:
            return AS_PLANNED
        latest = self.ledger.healths[check.id].latest
        follow_up = self.ledger.record(result)
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
        receipts = await self.delivery.send_now(notification)
        for channel, receipt in receipts.items():
            log.warning("notice_sent_directly", channel=channel, receipt=str(receipt), title=notification.title)

    async def _reread_key(self, endpoint: str) -> None:
        """A file or credential may hold a new key by now: use it from the confirm probe on."""
        self._rereading.add(endpoint)
        try:
            key = await asyncio.to_thread(reread_key, self._setup.loaded, endpoint, self._environ)
        except RelayWatchError as error:
            log.warning("key_unreadable", endpoint=endpoint, error=error.message)
            return
        finally:
            self._rereading.discard(endpoint)
        if key is not None and key != self._keys.get(endpoint):
            self._keys[endpoint] = key
            self._secrets = (*self._secrets, key.reveal())
            self._redactor = Redactor(self._secrets)
            self._prober.replace_key(endpoint, key, redactor=self._redactor)
            log.info("key_replaced", endpoint=endpoint)

    def _run_errand(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
