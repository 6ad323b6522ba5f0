"""Quota while the daemon runs: rate limits and balances, restored, watched and shown. Owns their one task."""

import asyncio
from typing import TYPE_CHECKING

import structlog

from monitor.app.balances import PAST_S, Ask, BalanceWatch
from monitor.app.findings import FindingsLedger
from monitor.app.headroom import HeadroomWatch
from monitor.clock import US_PER_S, Clock
from monitor.domain.check import Check
from monitor.domain.quota import QuotaNow
from monitor.domain.result import Result
from monitor.errors import StorageError
from monitor.web.metrics import Metrics

if TYPE_CHECKING:
    from monitor.app.setup import Setup
    from monitor.storage.writer import Writer

TURN_EVERY_S = 60.0
FIRST_TURN_S = 5.0

log = structlog.get_logger("relaywatch.quota")


class Quota:
    """Rate limits and accounts of every endpoint.

    Args:
        ask: asks an endpoint's account what is left.
        ledger: knows the checks, takes findings and facts.
        metrics: show what is known.
        writer: asked once what is remembered.
        clock: the daemon's clock.
    """

    def __init__(self, ask: Ask, ledger: FindingsLedger, metrics: Metrics, writer: "Writer", clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._headroom = HeadroomWatch(ledger, clock)
        self._balances = BalanceWatch(ask, ledger, clock)
        metrics.watch_quota(self.now)

    def put_in_force(self, setup: "Setup") -> None:
        """A configuration holds from now on."""
        self._headroom.rename(setup.renaming)
        self._balances.rename(setup.renaming)
        self._balances.put_in_force(setup.targets)

    def observed(self, check: Check, result: Result) -> None:
        """An answer tells of limits."""
        self._headroom.observed(check, result)

    async def run(self) -> None:
        """Go on from what the database remembers, and look once a minute, until cancelled."""
        await self._remember()
        pause_s = FIRST_TURN_S
        while True:
            await asyncio.sleep(pause_s)
            self._headroom.turn()
            await self._balances.turn()
            pause_s = TURN_EVERY_S

    def now(self) -> QuotaNow:
        """What is known."""
        return QuotaNow(tuple(self._headroom.now()), tuple(self._balances.now()))

    async def _remember(self) -> None:
        from monitor.storage.quota import balance_readings, headrooms  # noqa: PLC0415  at the start only

        since_us = self._clock.now().wall_us - round(PAST_S * US_PER_S)
        try:
            limits = await self._writer.run(headrooms)
            readings = await self._writer.run(lambda connection: balance_readings(connection, since_us))
        except StorageError as error:
            log.warning("quota_not_remembered", error=error.message)
            limits, readings = [], []
        self._headroom.begin(limits)
        self._balances.begin(readings)
