"""The dead-man switch: an outside service hears from RelayWatch while it works, and tells people when it does not.

Signals and their meaning are those of healthchecks.io ("Pinging API"): the address alone is "all is well", `/start`,
`/fail` with a reason, and `/log`, which changes nothing. Owns when which of them is sent; whether the work is done is
asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

import structlog

from monitor.config.deadman import DeadmanAccess
from monitor.delivery.channel import Delivered
from monitor.delivery.line import FAILURES, Line

FIRST_AFTER_S = 10.0
AGAIN_AFTER_S = 10.0
LAST_WORDS_WITHIN_S = 2.0
MOST_SAID = 1000

log = structlog.get_logger("relaywatch.deadman")

Troubles = Callable[[], Sequence[str]]
Observer = Callable[[str, bool], None]
Sleep = Callable[[float], Awaitable[None]]


class Signal(StrEnum):
    """What a ping says."""

    WELL = ""
    START = "start"
    FAIL = "fail"
    LOG = "log"


class DeadMan:
    """Pings one address, or none while none is configured.

    Args:
        troubles: why RelayWatch does not do its work; empty while it does.
        observer: told of each ping what it said (`well`, `start`, `fail`, `log`) and whether it arrived.
        clean: takes secrets out of a text.
        sleep: waits that many seconds.
    """

    def __init__(
        self, troubles: Troubles, observer: Observer, clean: Callable[[str], str], sleep: Sleep = asyncio.sleep
    ) -> None:
        self._troubles = troubles
        self._observer = observer
        self._clean = clean
        self._sleep = sleep
        self._access: DeadmanAccess | None = None
        self._line: Line | None = None
        self._replaced = asyncio.Event()
        self._unheard = False
        self._told: tuple[str, ...] = ()

    def put_in_force(self, access: DeadmanAccess | None) -> None:
        """Ping there from now on; an address that stays is not told of a start again."""
        if access != self._access:
            self._access = access
            self._replaced.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Ping until `stop`, which is told too: silence after it is meant. A ping that fails raises nothing."""
        while not stop.is_set():
            self._replaced.clear()
            await self._renew_line()
            watch = asyncio.create_task(self._watch(), name="dead-man pings")
            waits = [asyncio.create_task(event.wait(), name="wish") for event in (stop, self._replaced)]
            try:
                await asyncio.wait([watch, *waits], return_when=asyncio.FIRST_COMPLETED)
                if watch.done():
                    watch.result()  # it has no end of its own
            finally:
                for task in (watch, *waits):
                    task.cancel()
        await self._last_ping(Signal.LOG, "stopped in good order")

    async def crashed(self, why: str) -> None:
        """Say so before the process ends; takes 2 s at most."""
        await self._last_ping(Signal.FAIL, why)

    async def close(self) -> None:
        """Close the connections."""
        if self._line is not None:
            await self._line.close()

    async def _watch(self) -> None:
        if self._access is None:
            await asyncio.Event().wait()
            return
        interval_s = self._access.interval_s
        await self._ping(self._access, Signal.START)
        await self._sleep(min(interval_s, FIRST_AFTER_S))
        while True:
            troubles = tuple(self._troubles())
            self._note(troubles)
            arrived = await self._ping(self._access, Signal.FAIL if troubles else Signal.WELL, "\n".join(troubles))
            await self._sleep(interval_s if arrived else min(interval_s, AGAIN_AFTER_S))

    async def _ping(self, access: DeadmanAccess, signal: Signal, text: str = "") -> bool:
        """One exchange; True if it was taken."""
        if self._line is None:
            return False
        body = self._clean(text)[:MOST_SAID].encode()
        url = address(access.url.reveal(), signal)
        try:
            async with self._line.request("POST" if body else "GET", url, data=body or None) as answer:
                said = self._line.said(answer.status, await answer.text())
                error = None if 200 <= answer.status < 300 else said  # noqa: PLR2004  2xx
        except FAILURES as failure:
            receipt = self._line.failure(failure)
            error = receipt.answer if isinstance(receipt, Delivered) else receipt.reason
        self._observer(signal.name.lower(), error is None)
        self._tell(error)
        return error is None

    async def _last_ping(self, signal: Signal, text: str) -> None:
        if self._access is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_WITHIN_S):
                    await self._ping(self._access, signal, text)

    async def _renew_line(self) -> None:
        await self.close()
        access, self._line = self._access, None
        if access is not None:
            proxy = None if access.proxy is None else access.proxy.reveal()
            secrets = [access.url.reveal(), *urlsplit(access.url.reveal()).path.split("/")]
            self._line = Line(proxy=proxy, secrets=secrets, timeout_s=access.timeout_s)

    def _note(self, troubles: tuple[str, ...]) -> None:
        if bool(troubles) != bool(self._told):
            if troubles:
                log.error("deadman_told_of_trouble", troubles=list(troubles))
            else:
                log.info("deadman_told_all_is_well")
        self._told = troubles

    def _tell(self, error: str | None) -> None:
        if error is not None and not self._unheard:
            log.warning("deadman_unreachable", error=error)
        elif error is None and self._unheard:
            log.info("deadman_reached_again")
        self._unheard = error is not None


def address(url: str, signal: Signal) -> str:
    """Where a signal goes: below the path, before a query."""
    if signal is Signal.WELL:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{signal}"))
