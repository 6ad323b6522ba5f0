"""The daemon's look at itself: whether its way out is open, and whether it stood still; and who is told of it.

Owns no judgement (`probes.own_fault`); keeps the self-check that the configuration asks for, and turns what it finds
into notices.
"""

import asyncio
from collections.abc import Sequence

from monitor.alerting import notices
from monitor.alerting.audience import Audience
from monitor.alerting.notification import Notification
from monitor.app.intake import Intake
from monitor.clock import Clock, Moment
from monitor.config.urls import Address
from monitor.delivery.channel import Delivered
from monitor.probes.connectivity import Connectivity
from monitor.probes.own_fault import OwnFault
from monitor.probes.stillness import Stillness
from monitor.web.metrics import Metrics

LONG_CLOSED_S = 600.0
LOOK_EVERY_S = 30.0


class SelfWatch:
    """Watches the monitor itself.

    Args:
        clock: the daemon's clock.
        metrics: show whether the way out is open.

    Attributes:
        own_fault: what the prober asks about its failures.
    """

    _intake: Intake
    _audience: Audience

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        metrics.watch_uplink(lambda: self.is_uplink_up)
        self._clock = clock
        self._stillness = Stillness(clock, self._stood_still)
        self._replaced = asyncio.Event()
        self.own_fault = OwnFault(self._stillness)

    @property
    def is_uplink_up(self) -> bool:
        """False while the way out is known to be closed."""
        return self._closed_since() is None

    def begin(self, intake: Intake, targets: Sequence[Address], audience: Audience) -> None:
        """All is built: `intake` knows the ledger and the delivery."""
        self._intake = intake
        self.put_in_force(targets, audience)

    def put_in_force(self, targets: Sequence[Address], audience: Audience) -> None:
        """Look at these hosts from now on, and tell these people. A self-check whose targets stay goes on."""
        self._audience = audience
        present = self.own_fault.uplink
        if tuple(targets) == (() if present is None else present.targets):
            return
        self.own_fault.uplink = Connectivity(targets, self._clock, self._reopened) if targets else None
        self._replaced.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stillness.watch(), name="stillness")
            group.create_task(self._complain(), name="uplink closed for long")
            while True:
                self._replaced.clear()
                uplink = self.own_fault.uplink
                check = None if uplink is None else group.create_task(uplink.run(), name="uplink")
                await self._replaced.wait()
                if check is not None:
                    check.cancel()

    def reasons(self) -> list[str]:
        """Why the daemon cannot judge now; empty while it can."""
        return [] if self.is_uplink_up else ["this machine has no network: failures count as unknown"]

    def _closed_since(self) -> Moment | None:
        return None if self.own_fault.uplink is None else self.own_fault.uplink.closed_since

    async def _complain(self) -> None:
        """Tell of a way that is closed for long, in case it is only the targets that are."""
        told: Moment | None = None
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            since = self._closed_since()
            if since is None or since == told or self._clock.now().s_since(since) < LONG_CLOSED_S:
                continue
            receipts = await self._intake.delivery.send_now(notices.uplink_closed(since, self._audience))
            if any(isinstance(receipt, Delivered) for receipt in receipts.values()):
                told = since

    def _reopened(self, since: Moment, until: Moment, unknown_results: int) -> None:
        self._tell(notices.uplink(since, until, unknown_results, self._audience))

    def _stood_still(self, since: Moment, until: Moment) -> None:
        self._tell(notices.frozen(since, until, self._audience))

    def _tell(self, notice: Notification) -> None:
        self._intake.ledger.notify(notice, self._audience.channels, self._clock.now())
