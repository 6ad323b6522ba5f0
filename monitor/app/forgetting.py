"""Forgetting, as the daemon does it: when the ages are applied, and who is told when a limit of size shortens them.

Owns the schedule, which survives restarts; what goes is the business of `storage.retention`.
"""

import asyncio
from collections.abc import Callable

import structlog

from monitor.alerting import notices
from monitor.alerting.audience import Audience
from monitor.clock import US_PER_S, Clock, Moment, asleep_us, iso
from monitor.config.size import format_size
from monitor.domain.ages import Ages
from monitor.domain.clock_belief import WARY_US, Belief
from monitor.errors import StorageError
from monitor.ledger import Ledger
from monitor.storage.retention.retention import Fit, Pruned, Retention

LOOK_EVERY_S = 60.0
PRUNE_EVERY_S = 3600.0

log = structlog.get_logger("relaywatch.daemon")


class Forgetting:
    """Deletes what is too old, once an hour, and within a minute when the ages or the size ask for it.

    Args:
        retention: does it.
        ages: what is in force.
        audience: who is told.
        ledger: takes notices.
        clock: says when an hour is over.
        asleep: for how long the machine has been suspended, in microseconds: then its clock leaps and is right.
    """

    def __init__(
        self,
        retention: Retention,
        ages: Callable[[], Ages],
        audience: Callable[[], Audience],
        ledger: Ledger,
        clock: Clock,
        *,
        asleep: Callable[[], int] = asleep_us,
    ) -> None:
        self._retention = retention
        self._ages = ages
        self._audience = audience
        self._ledger = ledger
        self._clock = clock
        self._asleep = asleep
        self._asleep_us = asleep()
        self._belief: Belief | None = None
        self._doubts_since: Moment | None = None
        self._applied: Ages | None = None
        self._fit = Fit.FITS
        self._refusal = ""

    async def run(self) -> None:
        """Until cancelled, which may happen between any two bites."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except StorageError as error:
                if error.message != self._refusal:
                    log.warning("retention_refused", error=error.message)
                self._refusal = error.message

    async def look(self) -> Pruned | None:
        """Prune if it is time for it; what was done, None if it was not.

        Raises:
            StorageError: the database refused; the next look tries again.
        """
        ages = self._ages()
        if await self._is_wary() or not await self._is_due(ages):
            return None
        pruned = await self._retention.prune(ages)
        self._applied, self._fit, self._refusal = ages, pruned.fit, ""
        longest_s = round(self._retention.longest_bite_s, 4)
        log.debug(
            "retention_done", rows=dict(pruned.rows), pages=pruned.pages, size=pruned.fit, longest_bite_s=longest_s
        )
        if pruned.fit in (Fit.SHORTENED, Fit.OUT_OF_REACH) and await self._retention.is_news(ages, pruned.fit):
            await self._tell(ages, pruned.fit)
        return pruned

    async def _is_wary(self) -> bool:
        """Whether the wall clock may be wrong. What was learned counts once it is written down."""
        now, asleep_us = self._clock.now(), self._asleep()
        before = self._belief
        if before is None:
            before = Belief(await self._retention.ran_at_us(), await self._retention.clock_doubted_since_us())
        watched_us = None if self._doubts_since is None else now.mono_us - self._doubts_since.mono_us
        belief = before.at(now.wall_us, slept_us=asleep_us - self._asleep_us, watched_us=watched_us)
        if belief.doubted_us != before.doubted_us:
            await self._retention.doubt_clock(belief.doubted_us)
            self._doubts_since = now if belief.doubted_us else None
            if belief.doubted_us:
                ahead_s = (now.wall_us - (before.seen_us or before.right_us)) / US_PER_S
                log.warning("retention_waits", seconds=round(ahead_s), hours=round(WARY_US / US_PER_S / 3600))
        self._belief, self._asleep_us = belief, asleep_us
        return belief.doubted_us > 0

    async def _is_due(self, ages: Ages) -> bool:
        since_us = self._clock.now().wall_us - await self._retention.ran_at_us()
        if not 0 <= since_us < PRUNE_EVERY_S * US_PER_S or self._applied not in (None, ages):
            return True
        # What is out of reach stays so for the hour; trying every minute would change nothing.
        return self._fit is not Fit.OUT_OF_REACH and await self._retention.is_too_large(ages.size_limit)

    async def _tell(self, ages: Ages, fit: Fit) -> None:
        now, limit = self._clock.now(), format_size(ages.size_limit or 0)
        kept_since = now.anchor(await self._retention.kept_since_us())
        log.warning("history_shortened", size_limit=limit, kept_since=iso(kept_since.wall_us), size=str(fit))
        audience = self._audience()
        if fit is Fit.OUT_OF_REACH:
            notice = notices.size_limit_out_of_reach(limit, now, audience)
        else:
            notice = notices.history_shortened(limit, kept_since, now, audience)
        self._ledger.notify(notice, audience.channels, now)
