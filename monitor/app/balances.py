"""Accounts while the daemon runs: each is asked now and then what is left, and people are warned before it is empty.

Owns when which account is asked and what is believed of it; the forecast is `domain.balance`, the request
`probes.balance`. A request that fails is no outage: it is logged once, and the age of what is known is shown.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

import structlog

from monitor.alerting.rule_texts import stored_reason
from monitor.app.findings import FindingsLedger
from monitor.clock import Clock, Moment
from monitor.domain.balance import DAY_S, BalanceRule, Outlook, is_low, is_well, outlook
from monitor.domain.check import Check
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.kept import Balance
from monitor.domain.quota import BalanceNow
from monitor.domain.renaming import Renaming
from monitor.domain.rules import Facts, Why
from monitor.domain.rules_judge import RuleFinding
from monitor.domain.severity import Severity
from monitor.probes.target import BalanceSource, EndpointTarget

KIND = IncidentKind.BALANCE
PAST_S = 7 * DAY_S
"""So much of the past speaks of the future."""
_US_PER_S = 1_000_000

log = structlog.get_logger("relaywatch.quota")

Ask = Callable[[str], Awaitable[float | str]]


class BalanceWatch:
    """The accounts of every endpoint that has a `balance`.

    Args:
        ask: the name of an endpoint to its amount, or to why there is none.
        ledger: knows the checks, takes findings and facts.
        clock: the daemon's clock.
    """

    def __init__(self, ask: Ask, ledger: FindingsLedger, clock: Clock) -> None:
        self._ask = ask
        self._ledger = ledger
        self._clock = clock
        self._sources: dict[str, BalanceSource] = {}
        self._readings: defaultdict[str, list[Balance]] = defaultdict(list)
        self._asked: dict[str, Moment] = {}
        self._errors: dict[str, str] = {}
        self._told: dict[str, str] = {}  # endpoints told to be low, and the check that stands for each

    def put_in_force(self, targets: Mapping[str, EndpointTarget]) -> None:
        """These endpoints are watched from now on; one that is asked otherwise than before is asked at once."""
        sources = {name: target.balance for name, target in targets.items() if target.balance is not None}
        for name, source in self._sources.items():
            if sources.get(name) != source:
                self._asked.pop(name, None)
                self._errors.pop(name, None)
            if name in sources and (sources[name].url, sources[name].pointer) != (source.url, source.pointer):
                self._readings.pop(name, None)  # of another account, perhaps
        self._sources = sources

    def rename(self, renaming: Renaming) -> None:
        """Endpoints go on under other names; `put_in_force` follows."""
        former, self._readings = self._readings, defaultdict(list)
        self._readings.update({renaming.endpoint(name): readings for name, readings in former.items()})
        self._sources = {renaming.endpoint(name): source for name, source in self._sources.items()}
        self._asked = {renaming.endpoint(name): at for name, at in self._asked.items()}
        self._errors = {renaming.endpoint(name): error for name, error in self._errors.items()}
        self._told = {renaming.endpoint(name): renaming.check(check) for name, check in self._told.items()}

    def begin(self, readings: Iterable[Balance]) -> None:
        """Go on from what the database remembers; what was told before is ended by this run."""
        now = self._clock.now()
        for reading in readings:
            self._readings[reading.endpoint].append(reading)
            self._asked[reading.endpoint] = now.anchor(reading.seen_at_us)
        for incident in self._ledger.open_incidents:
            if incident.kind is KIND:
                self._told[incident.endpoint] = incident.checks[0]

    async def turn(self) -> None:
        """Ask who is due, judge everyone."""
        now = self._clock.now()
        due = [name for name, source in self._sources.items() if self._is_due(name, source, now)]
        await asyncio.gather(*(self._read(name) for name in due))
        for name in tuple(self._told):
            if name not in self._sources or self._speaker(name) is None:
                self._ended(name, None, Why.RULE_REMOVED)
        for name, source in self._sources.items():
            seen = outlook(self._readings[name])
            if seen is not None:
                self._judge(name, seen, source.rule)

    def now(self) -> Iterator[BalanceNow]:
        """Every account that is watched."""
        for name in self._sources:
            readings = self._readings[name]
            seen = outlook(readings)
            error, low = self._errors.get(name), name in self._told
            if seen is None:
                yield BalanceNow(name, None, None, None, low, error)
            else:
                yield BalanceNow(name, seen.amount, readings[-1].seen_at_us, seen.days_left, low, error)

    def _is_due(self, name: str, source: BalanceSource, now: Moment) -> bool:
        asked = self._asked.get(name)
        return asked is None or now.s_since(asked) >= source.interval_s

    async def _read(self, name: str) -> None:
        self._asked[name] = self._clock.now()
        found = await self._ask(name)
        now = self._clock.now()
        if isinstance(found, str):
            if name not in self._errors:
                log.warning("balance_unknown", endpoint=name, error=found)
            self._errors[name] = found
            return
        if self._errors.pop(name, None) is not None:
            log.info("balance_known_again", endpoint=name)
        reading = Balance(name, found, now.wall_us)
        since_us = now.wall_us - round(PAST_S * _US_PER_S)
        self._readings[name] = [one for one in self._readings[name] if one.seen_at_us >= since_us] + [reading]
        self._ledger.keep(reading)

    def _judge(self, name: str, seen: Outlook, rule: BalanceRule) -> None:
        if name in self._told:
            if is_well(seen, rule):
                self._ended(name, _facts(seen, rule), Why.RECOVERED)
            return
        check = self._speaker(name)
        if check is not None and is_low(seen, rule):
            self._told[name] = check.id
            self._hand_on(check, _facts(seen, rule), Why.BEYOND_LIMIT)

    def _ended(self, name: str, facts: Facts | None, why: Why) -> None:
        check = self._ledger.checks.get(self._told.pop(name))
        if check is not None:
            self._hand_on(check, facts, why)

    def _hand_on(self, check: Check, facts: Facts | None, why: Why) -> None:
        broken, reason = why is Why.BEYOND_LIMIT, stored_reason(KIND, facts)
        severity = check.rules.severity or Severity.WARNING
        log.info("balance_judged", endpoint=check.endpoint, low=broken, why=why, reason=reason)
        self._ledger.judged(RuleFinding(check.id, KIND, broken, severity, why, reason, facts, self._clock.now()))

    def _speaker(self, name: str) -> Check | None:
        """The check that stands for an account: the one that was told of, else the endpoint's first."""
        checks = self._ledger.checks
        told = checks.get(self._told.get(name, ""))
        return told or next((check for check in checks.values() if check.endpoint == name), None)


def _facts(seen: Outlook, rule: BalanceRule) -> Facts:
    return Facts(seen.amount, rule.below or 0.0, period_s=(seen.days_left or 0.0) * DAY_S)
