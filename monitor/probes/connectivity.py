"""Is our own way out open? A TCP connect to hosts outside, of which one is enough.

Owns the tries, who may share one, and since when the way is closed. Whose failures are held against it is for
`own_fault` to say, who is told of it for the composition root.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from monitor.clock import Clock, Moment
from monitor.config.urls import Address
from monitor.probes.dial import Dialler, first_true

TRY_S = 2.0
FIRST_TRIES = 3
FIRST_TRIES_APART_S = 1.0
LOOK_AGAIN_S = 3.0
SETTLED_S = 5.0
"""Open again for so long, a closure is over; a way that flaps faster is one closure, told once."""

Dial = Callable[[Address], Awaitable[bool]]
Reopened = Callable[[Moment, Moment, int], None]
"""Since when the way was closed, until when, and how many results count as unknown for it."""

_log = structlog.get_logger("relaywatch.uplink")


class Connectivity:
    """Knows whether the way out is open; `run` must run for it to know anything.

    Args:
        targets: hosts outside; at least one.
        clock: the daemon's clock.
        reopened: told once of every closure that made results unknown, when it is over.
        dial: whether a target takes a connection; never raises.

    Attributes:
        is_off: the first tries all failed: this machine may not connect there, so nothing follows from a failed one.
    """

    def __init__(self, targets: Sequence[Address], clock: Clock, reopened: Reopened, dial: Dial | None = None) -> None:
        self.targets = tuple(targets)
        self.is_off = False
        self._clock = clock
        self._reopened = reopened
        self._dial = Dialler().dial if dial is None else dial
        self._decided = asyncio.Event()
        self._asked: asyncio.Future[bool] | None = None
        self._trying: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._look_now = asyncio.Event()
        self._closed_since: Moment | None = None
        self._closed_until: Moment | None = None
        self._untold_since: Moment | None = None
        self._unknown = 0
        self._reached: set[str] = set()

    @property
    def closed_since(self) -> Moment | None:
        """When the try began that found the way closed; None while it is open, or nothing is known."""
        return self._closed_since if self._decided.is_set() else None

    async def run(self) -> None:
        """Find out whether the self-check is any use; then, while the way is closed, look for its return."""
        if not await self._proven():
            self.is_off, self._closed_since = True, None
            _log.warning("uplink_check_off", targets=self._names(), tries=FIRST_TRIES)
        self._decided.set()
        while not self.is_off:
            await self._closed.wait()
            await self._over()
            self._tell()

    async def was_open(self, endpoint: str, begun: Moment) -> bool:
        """Whether a failure of `endpoint`, in an exchange that began at `begun`, may be held against it.

        True if a try that begins after this call succeeds and no try since `begun` has failed; also if the self-check
        is off, or the endpoint itself has answered since the way was found closed.
        """
        await self._decided.wait()
        if self.is_off or endpoint in self._reached:
            return True
        if not self._was_closed(begun) and await self._tried_anew() and not self._was_closed(begun):
            return True
        self._unknown += 1
        return False

    def answered(self, endpoint: str, begun: Moment) -> None:
        """An exchange that began at `begun` was answered: the way to this endpoint is open, whatever a try says."""
        if self._closed_since is None or begun.mono_us <= self._closed_since.mono_us or endpoint in self._reached:
            return
        self._reached.add(endpoint)
        self._look_now.set()  # it may be open altogether

    def _was_closed(self, begun: Moment) -> bool:
        """Whether the way was found closed at any time since `begun`."""
        if self._closed_since is not None:
            return True
        return self._closed_until is not None and begun.mono_us < self._closed_until.mono_us

    async def _proven(self) -> bool:
        """Whether one of the first tries succeeds."""
        loop = asyncio.get_running_loop()
        for left in reversed(range(FIRST_TRIES)):
            next_s = loop.time() + FIRST_TRIES_APART_S
            if await self._tried_anew():
                return True
            if left:
                await asyncio.sleep(max(0.0, next_s - loop.time()))
        return False

    async def _over(self) -> None:
        """Look again and again until the way is open and stays so."""
        while self._closed.is_set():
            while self._closed_since is not None:
                self._look_now.clear()
                await _wait_for(self._look_now, LOOK_AGAIN_S)
                await self._tried_anew()
            self._closed.clear()
            await _wait_for(self._closed, SETTLED_S)

    def _tell(self) -> None:
        since, until, unknown = self._untold_since, self._closed_until, self._unknown
        self._untold_since = None
        if since is not None and until is not None and unknown:
            self._reopened(since, until, unknown)

    async def _tried_anew(self) -> bool:
        """What came of a try that began after this call; all who ask before it begins share it."""
        if self._asked is None:
            self._asked = asyncio.get_running_loop().create_future()
        asked = self._asked
        if self._trying is None:
            self._trying = asyncio.create_task(self._serve(), name="self-check")
        return await asyncio.shield(asked)

    async def _serve(self) -> None:
        """One try after the other, for as long as somebody asks."""
        try:
            while (asked := self._asked) is not None:
                self._asked = None
                try:
                    asked.set_result(await self._try())
                except Exception as error:  # noqa: BLE001  whoever asked shall not wait for ever
                    asked.set_exception(error)
        finally:
            self._trying = None

    async def _try(self) -> bool:
        begun = self._clock.now()
        is_open = await first_true((self._dial(target) for target in self.targets), within_s=TRY_S)
        if is_open:
            self._found_open(begun)
        else:
            self._found_closed(begun)
        return is_open

    def _found_open(self, begun: Moment) -> None:
        if self._closed_since is None:
            return
        if self._decided.is_set():
            _log.info("uplink_open", seconds=round(begun.s_since(self._closed_since), 1), unknown=self._unknown)
        self._closed_since, self._closed_until = None, begun
        self._reached.clear()

    def _found_closed(self, begun: Moment) -> None:
        if self._closed_since is not None or self.is_off:
            return
        self._closed_since = begun
        if self._untold_since is None:
            self._untold_since, self._unknown = begun, 0
        self._closed.set()
        if self._decided.is_set():
            _log.warning("uplink_closed", targets=self._names())

    def _names(self) -> list[str]:
        return [str(target) for target in self.targets]


async def _wait_for(event: asyncio.Event, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()
