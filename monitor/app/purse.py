"""What probing costs: counted with every answer, written down about once a minute, and kept within the caps.

Stands between the scheduler and the prober: a question that a cap has no room for is not asked, and its result says so.
Owns which cap holds and who is told of it; sums are `accounts`, the rule is `domain.caps`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from monitor.alerting import notices
from monitor.alerting.audience import Audience
from monitor.app.accounts import Accounts
from monitor.clock import Clock, Moment
from monitor.domain.action import Action
from monitor.domain.caps import NO_CAP, Cap, Caps, Reached, SpendingNow, day_of, first_of_month, reached
from monitor.domain.check import Check
from monitor.domain.prices import Prices, dollars, usd
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.domain.tokens import most_of
from monitor.web.metrics import Metrics

if TYPE_CHECKING:
    from monitor.app.setup import Setup
    from monitor.ledger import Ledger
    from monitor.storage.writer import Writer

Probe = Callable[[Check, Trigger, float], Awaitable[Result]]

LOOK_EVERY_S = 5.0
WRITE_EVERY_S = 60.0
ROWS_AT_ONCE = 500
"""So many rows go into one transaction, which must not hold the writer up."""

log = structlog.get_logger("relaywatch.daemon")


class Purse:
    """Pays for probes.

    Args:
        probe: asks the question.
        ledger: keeps the sums, and tells people.
        metrics: show what is spent.
        clock: the daemon's clock.
    """

    _audience: Audience

    def __init__(self, probe: Probe, ledger: "Ledger", metrics: Metrics, clock: Clock) -> None:
        metrics.watch_spending(self.spending)
        self._probe = probe
        self._ledger = ledger
        self._clock = clock
        self._accounts = Accounts(Prices())
        self._caps = Caps()
        self._flying: Counter[str | None] = Counter()  # at most so much is being spent, by endpoint, and of all
        self._held: dict[str | None, Reached] = {}
        self._seen: dict[str, int] = {}  # the output of models that were allowed more than `max_tokens`

    async def begin(self, setup: "Setup", audience: Audience, writer: "Writer") -> None:
        """Go on from what the database remembers.

        Raises:
            StorageError: it does not answer.
        """
        from monitor.storage.spending import remembered  # noqa: PLC0415  at the start only

        now_us = self._clock.now().wall_us
        month_began = first_of_month(day_of(now_us))
        memory = await writer.run(lambda connection: remembered(connection, now_us, month_began))
        self._accounts = Accounts(setup.prices)
        self._accounts.go_on(memory, self._ledger.checks.get, now_us)
        self._caps, self._audience = setup.caps, audience

    def put_in_force(self, setup: "Setup", audience: Audience) -> None:
        """Other prices and caps hold from now on."""
        self._audience = audience
        self._accounts.rename(setup.renaming)
        self._accounts.reprice(setup.prices)
        self._caps = setup.caps
        now = self._clock.now()
        for held in tuple(self._held.values()):
            if self._cap_of(held.endpoint).limit_nusd(held.span) != held.limit_nusd:
                self._release(held, now)

    def spending(self) -> SpendingNow:
        """What has been spent until now."""
        today = day_of(self._clock.now().wall_us)
        accounts = self._accounts
        return SpendingNow(
            accounts.spent(None, today),
            accounts.by_endpoint(today),
            self._caps,
            accounts.unpriced(today),
            tuple(held for held in self._held.values() if held.until_day > today),
        )

    async def probe(self, check: Check, trigger: Trigger, lag_ms: float = 0.0) -> Result:
        """Probe a check, and count what that cost; or say that there is no money for it."""
        if check.model is None:
            return await self._probe(check, trigger, lag_ms)
        if not self._caps:
            result = await self._probe(check, trigger, lag_ms)
            self._accounts.note(check, result)
            return result
        price, most = self._accounts.price_of(check), most_of(check, self._seen.get(check.id, 0))
        wanted = None if price is None else price.nusd(most.input, most.output)
        reason = self._reason_against(check, wanted)
        if reason is not None:
            return _not_asked(check, trigger, lag_ms, reason, self._clock.now())
        paying = Counter({None: wanted or 0, check.endpoint: wanted or 0})
        self._flying.update(paying)
        try:
            result = await self._probe(check, trigger, lag_ms)
        finally:
            self._flying.subtract(paying)
        if (result.output_tokens or 0) > check.max_tokens:
            self._seen[check.id] = result.output_tokens or 0
        self._accounts.note(check, result)
        return result

    async def run(self) -> None:
        """Write sums down and end what is over, until cancelled."""
        written = self._clock.now()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = self._clock.now()
            self._turn_over(now)
            if now.s_since(written) >= WRITE_EVERY_S:
                written = now
                rows = self._accounts.unwritten()
                while some := tuple(islice(rows, ROWS_AT_ONCE)):
                    self._ledger.keep(*some)
                    await self._ledger.committed()
                self._accounts.close_days_before(day_of(now.wall_us))

    def write_down(self) -> None:
        """Hand everything that is not written yet to the ledger."""
        self._ledger.keep(*self._accounts.unwritten())

    def _reason_against(self, check: Check, wanted_nusd: int | None) -> str | None:
        """Why a question is not asked; None if it is. What has no price is not asked either while a cap is spent."""
        if wanted_nusd == 0:
            return None
        now = self._clock.now()
        today = day_of(now.wall_us)
        for endpoint in (None, check.endpoint):
            held = self._held.get(endpoint)
            if held is not None and held.until_day > today:
                return held.reason
            if wanted_nusd is None:
                continue
            found = self._reached(endpoint, wanted_nusd, today)
            if found is not None:
                self._hold(found, now)
                return found.reason
            found = self._reached(endpoint, wanted_nusd + self._flying[endpoint], today)
            if found is not None:
                return found.crowded
        return None

    def _reached(self, endpoint: str | None, wanted_nusd: int, today: int) -> Reached | None:
        cap = self._cap_of(endpoint)
        return reached(cap, self._accounts.spent(endpoint, today), wanted_nusd, today, endpoint) if cap else None

    def _cap_of(self, endpoint: str | None) -> Cap:
        return self._caps.all if endpoint is None else self._caps.endpoints.get(endpoint, NO_CAP)

    def _hold(self, found: Reached, now: Moment) -> None:
        former = self._held.get(found.endpoint)
        if former is not None:
            self._release(former, now)
        self._held[found.endpoint] = found
        log.warning("cost_cap_spent", endpoint=found.endpoint, cap=found.span, limit=dollars(usd(found.limit_nusd)))
        self._ledger.notify(notices.cap_spent(found, now, self._audience), self._audience.channels, now)

    def _release(self, held: Reached, now: Moment) -> None:
        del self._held[held.endpoint]
        log.info("cost_cap_over", endpoint=held.endpoint, cap=held.span)
        self._ledger.notify(notices.cap_over(held, now, self._audience), self._audience.channels, now)

    def _turn_over(self, now: Moment) -> None:
        today = day_of(now.wall_us)
        for held in tuple(self._held.values()):
            if held.until_day <= today:
                self._release(held, now)


def _not_asked(check: Check, trigger: Trigger, lag_ms: float, reason: str, now: Moment) -> Result:
    verdict = Verdict(Status.UNKNOWN, FaultDomain.MONITOR, reason, Action.RAISE_CAP)
    return Result(check.id, now, now, trigger, verdict, lag_ms=lag_ms)
