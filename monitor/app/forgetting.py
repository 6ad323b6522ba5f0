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
from monitor.errors import StorageError
from monitor.ledger import Ledger
from monitor.storage.retention.retention import Fit, Pruned, Retention

LOOK_EVERY_S = 60.0
PRUNE_EVERY_S = 3600.0
LEAP_S = 86_400.0
WARY_S = 86_400.0
"""So long nothing is forgotten by a clock that has leapt ahead by more than `LEAP_S`, or is so far ahead at a start of
all that the database knows: it may be wrong."""

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
        self._offset_us: int | None = None
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
        """Whether the wall clock may be wrong: what is forgotten by such a one does not come back."""
        now = self._clock.now()
        leapt_us = await self._leapt_us(now)
        doubted_us = await self._retention.clock_doubted_since_us()
        if leapt_us > LEAP_S * US_PER_S:
            await self._retention.doubt_clock(now.wall_us)
            log.warning("retention_waits", seconds=round(leapt_us / US_PER_S), hours=round(WARY_S / 3600))
            return True
        if doubted_us and not 0 <= now.wall_us - doubted_us < WARY_S * US_PER_S:
            # It was right all day, or it came back.
            await self._retention.doubt_clock(0)
            return False
        return doubted_us > 0

    async def _leapt_us(self, now: Moment) -> int:
        """How far the wall clock is ahead of what was to be expected: at a start of what the database knows."""
        offset_us = now.wall_us - now.mono_us - self._asleep()
        before_us, self._offset_us = self._offset_us, offset_us
        if before_us is not None:
            return offset_us - before_us
        last_us = await self._retention.last_seen_us()
        return now.wall_us - last_us if last_us else 0

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
