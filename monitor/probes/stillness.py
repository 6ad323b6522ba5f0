"""Whether this process stood still: stopped, starved, or asleep with its machine.

A look each second leaves a gap where nobody could look. What a probe saw across a gap tells of us, not of the endpoint.
"""

import asyncio
from collections.abc import Callable

import structlog

from monitor.clock import US_PER_S, Clock, Moment, asleep_us

LOOK_EVERY_S = 1.0
STILL_S = 5.0
TOLD_S = 60.0

_log = structlog.get_logger("relaywatch.loop")


class Stillness:
    """Remembers the last time when this process stood still.

    Args:
        clock: the daemon's clock.
        told: of every standstill longer than a minute, with its beginning and end.
        asleep: microseconds for which the machine has been suspended since it was started; the monotonic clock does
            not count them.
    """

    def __init__(
        self, clock: Clock, told: Callable[[Moment, Moment], None], asleep: Callable[[], int] = asleep_us
    ) -> None:
        self._clock = clock
        self._told = told
        self._asleep = asleep
        self._looked: Moment | None = None
        self._slept_us = 0
        self._ended: Moment | None = None

    async def watch(self) -> None:
        """Look each second, until cancelled."""
        self._looked, self._slept_us = self._clock.now(), self._asleep()
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                self._look()
        finally:
            self._looked = None

    def was_still(self, begun: Moment) -> bool:
        """Whether this process stood still at any time since `begun`."""
        self._look()  # what it interrupted may be asked about before the next round
        return self._ended is not None and begun.mono_us < self._ended.mono_us

    def _look(self) -> None:
        since, slept_us = self._looked, self._asleep()
        if since is None:
            return
        now = self._clock.now()
        gap_s = now.s_since(since) + (slept_us - self._slept_us) / US_PER_S
        self._looked, self._slept_us = now, slept_us
        if gap_s <= STILL_S:
            return
        self._ended = now
        _log.warning("loop_frozen", seconds=round(gap_s, 1))
        if gap_s > TOLD_S:
            self._told(since, now)
