"""Rate limits while the daemon runs: what answers tell of them, and when people are warned.

Owns which limits are known, written down and believed to be low; when one is low is `domain.headroom`, what becomes of
a finding is the ledger's.
"""

from collections.abc import Iterable, Iterator

import structlog

from monitor.alerting.rule_texts import stored_reason
from monitor.app.findings import FindingsLedger
from monitor.clock import Clock, Moment
from monitor.domain.check import Check, CheckKind, check_id
from monitor.domain.headroom import FORGOTTEN_AFTER_S, Trend, remembered
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.kept import Headroom
from monitor.domain.limits import LimitKind
from monitor.domain.quota import LimitNow
from monitor.domain.renaming import Renaming
from monitor.domain.result import Result
from monitor.domain.rules import Facts, Why
from monitor.domain.rules_judge import RuleFinding
from monitor.domain.severity import Severity

KIND = IncidentKind.HEADROOM

log = structlog.get_logger("relaywatch.quota")


class HeadroomWatch:
    """The rate limits of every check.

    Args:
        ledger: knows the checks, takes findings and facts.
        clock: the daemon's clock.
    """

    def __init__(self, ledger: FindingsLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._trends: dict[str, dict[LimitKind, Trend]] = {}
        self._news: set[str] = set()
        self._believed: dict[str, Moment] = {}  # checks told to be low, and since when this run knows

    def begin(self, facts: Iterable[Headroom]) -> None:
        """Go on from what the database remembers; what was told before is ended by this run."""
        now, believed = self._clock.now(), self._told_before()
        for fact in facts:
            kind = CheckKind.MODELS if fact.model is None else CheckKind.CHAT
            known = self._trends.setdefault(check_id(fact.endpoint, kind, fact.model), {})
            known.setdefault(fact.kind, remembered(fact, now))
        for check in believed:
            self._believed.setdefault(check, now)
            for trend in self._trends.get(check, {}).values():
                trend.low_at = trend.low_at or now

    def rename(self, renaming: Renaming) -> None:
        """Checks go on under other names."""
        self._trends = {renaming.check(check): known for check, known in self._trends.items()}
        self._believed = {renaming.check(check): since for check, since in self._believed.items()}
        self._news = {renaming.check(check) for check in self._news}

    def observed(self, check: Check, result: Result) -> None:
        """An answer tells of limits."""
        known, usage = self._trends.setdefault(check.id, {}), result.usage
        inputs, outputs = usage.input_tokens or 0, usage.output_tokens or 0
        own = {
            LimitKind.REQUESTS: 1.0,
            LimitKind.TOKENS: float(inputs + outputs),
            LimitKind.INPUT_TOKENS: float(inputs),
            LimitKind.OUTPUT_TOKENS: float(outputs),
        }
        for limit in result.limits:
            trend = known.get(limit.kind)
            if trend is None:
                trend = known[limit.kind] = Trend(limit, result.finished_at)
            trend.take(limit, own[limit.kind], result.finished_at)
        self._news.add(check.id)
        if check.headroom_rule and check.id not in self._believed:
            low = [trend for trend in known.values() if trend.low_at is result.finished_at]
            if low:
                self._believed[check.id] = result.finished_at
                self._hand_on(check, min(low, key=_share), Why.BEYOND_LIMIT, result.finished_at)

    def turn(self) -> None:
        """About once a minute: write down what was seen, and end what is over."""
        now, checks = self._clock.now(), self._ledger.checks
        for gone in self._trends.keys() - checks.keys():
            del self._trends[gone]
        self._believed = {check: since for check, since in self._believed.items() if check in checks}
        facts = [
            trend.fact(checks[name].endpoint, checks[name].model)
            for name in self._news
            if name in checks
            for trend in self._trends.get(name, {}).values()
        ]
        self._news.clear()
        if facts:
            self._ledger.keep(*facts)
        for name in tuple(self._believed):
            self._end(checks[name], now)

    def now(self) -> Iterator[LimitNow]:
        """Every limit of a check in force."""
        checks = self._ledger.checks
        for name, known in self._trends.items():
            check = checks.get(name)
            if check is None:
                continue
            for kind, trend in known.items():
                fact = trend.fact(check.endpoint, check.model)
                low = name in self._believed and trend.low_at is not None
                yield LimitNow(
                    check.endpoint,
                    name,
                    check.model,
                    kind,
                    fact.limit,
                    fact.remaining,
                    fact.reset_at_us,
                    fact.seen_at_us,
                    low,
                )

    def _end(self, check: Check, now: Moment) -> None:
        if not check.headroom_rule:
            self._hand_on(check, None, Why.RULE_REMOVED, now)
            return
        low = [trend for trend in self._trends.get(check.id, {}).values() if trend.low_at is not None]
        if not low and now.s_since(self._believed[check.id]) < FORGOTTEN_AFTER_S:
            return  # nothing was remembered: the next answers will tell
        if all(trend.is_over(now) for trend in low):
            for trend in low:
                trend.low_at = None
            worst = min(low, key=_share, default=None)
            self._hand_on(check, worst, Why.RECOVERED if worst else Why.TOO_FEW_SAMPLES, now)

    def _hand_on(self, check: Check, trend: Trend | None, why: Why, now: Moment) -> None:
        broken = why is Why.BEYOND_LIMIT
        if not broken:
            del self._believed[check.id]
        facts = None if why is Why.RULE_REMOVED else _facts(trend)
        severity = check.rules.severity or Severity.WARNING
        reason = stored_reason(KIND, facts)
        log.info("headroom_judged", check=check.id, low=broken, why=why, reason=reason)
        self._ledger.judged(RuleFinding(check.id, KIND, broken, severity, why, reason, facts, now))

    def _told_before(self) -> list[str]:
        incidents = [one for one in self._ledger.open_incidents if one.kind is KIND]
        return [check for incident in incidents for check in incident.checks if check in self._ledger.checks]


def _share(trend: Trend) -> float:
    limit = trend.limit
    return (limit.remaining or 0.0) / limit.limit if limit.limit else 0.0


def _facts(trend: Trend | None) -> Facts:
    if trend is None:
        return Facts(None, 0.0)
    limit = trend.limit
    return Facts(
        limit.remaining,
        limit.limit or 0.0,
        window_s=limit.reset_s or 0.0,
        samples=len(trend.samples),
        short_window_s=trend.used_up_s() or 0.0,
        name=str(limit.kind),
    )
