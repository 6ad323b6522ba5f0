"""The checks in force, as alerting looks at them: by endpoint, which are in doubt, and which are being asked.

Owns indexes only; what is believed of a check is `domain.health`, whose fault it is `domain.blame`.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from monitor.clock import Moment
from monitor.domain.blame import Evidence, evidence, lost_on_the_way, neighbours, triage
from monitor.domain.check import Check
from monitor.domain.health import Health, State
from monitor.domain.incident import Family, family_of
from monitor.domain.result import Result

TRIAGE_LASTS_S = 30.0


class Roster:
    """Checks, what is believed of them, and which of them are in doubt."""

    def __init__(self) -> None:
        self.checks: dict[str, Check] = {}
        self.healths: dict[str, Health] = {}
        self._by_endpoint: dict[str, tuple[Check, ...]] = {}
        self._by_provider: dict[tuple[str, str], tuple[Check, ...]] = {}
        self._doubtful: defaultdict[str, set[str]] = defaultdict(set)
        self._asked: defaultdict[str, dict[str, Moment]] = defaultdict(dict)
        self._triaged_at: dict[str, Moment] = {}

    @property
    def endpoints(self) -> Mapping[str, tuple[Check, ...]]:
        """The checks of each endpoint, in the order of the configuration."""
        return MappingProxyType(self._by_endpoint)

    def put_in_force(self, checks: Mapping[str, Check], healths: dict[str, Health]) -> None:
        """Watch these from now on."""
        self.checks, self.healths = dict(checks), healths
        grouped: defaultdict[str, list[Check]] = defaultdict(list)
        for check in checks.values():
            grouped[check.endpoint].append(check)
        self._by_endpoint = {endpoint: tuple(members) for endpoint, members in grouped.items()}
        siblings: defaultdict[tuple[str, str], list[Check]] = defaultdict(list)
        for check in checks.values():
            siblings[check.endpoint, check.provider].append(check)
        self._by_provider = {provider: tuple(members) for provider, members in siblings.items()}
        self._doubtful.clear()
        self._asked.clear()
        for check in checks.values():
            self._doubt(check, healths[check.id])

    def known(self, ids: Iterable[str]) -> tuple[Check, ...]:
        """Those of the ids that are in force."""
        return tuple(self.checks[check] for check in ids if check in self.checks)

    def seen(self, check: Check, health: Health) -> None:
        """A result of the check has moved its health."""
        self.healths[check.id] = health
        self._doubt(check, health)

    def is_asked(self, check: Check) -> bool:
        """True while somebody waits for this check's answer to a triage."""
        asked = self._asked.get(check.endpoint)
        return asked is not None and check.id in asked

    def answered(self, check: Check) -> None:
        """Its answer has come."""
        asked = self._asked.get(check.endpoint)
        if asked is not None:
            asked.pop(check.id, None)
            if not asked:
                del self._asked[check.endpoint]

    def in_doubt(self, endpoint: str, members: Container[str], now: Moment) -> bool:
        """True while another check of the endpoint has an unconfirmed streak, or a sibling has not answered yet."""
        waiting = self._asked.get(endpoint, {})
        if any(now.s_since(since) < TRIAGE_LASTS_S for since in waiting.values()):
            return True
        return any(check not in members for check in self._doubtful.get(endpoint, ()))

    def lost_in_doubt(self, host: str) -> bool:
        """True while a check on another host has an unconfirmed streak that the network may have caused."""
        return any(
            lost_on_the_way(self.healths[check].latest)
            for endpoint, doubtful in self._doubtful.items()
            if self._by_endpoint[endpoint][0].host != host
            for check in doubtful
        )

    def ask(self, failing: Check, result: Result) -> tuple[str, ...]:
        """Whom to probe at once because this check has just begun to fail; nobody if that was asked a moment ago."""
        verdict = result.verdict
        if family_of(verdict.fault_domain) in (Family.KEY, Family.QUOTA) or verdict.loading:
            return ()
        before = self._triaged_at.get(failing.endpoint)
        if before is not None and result.finished_at.s_since(before) < failing.confirm_interval_s:
            return ()
        asked = triage(failing, self._by_endpoint[failing.endpoint], self.healths, result.started_at)
        for sibling in asked:
            self._asked[failing.endpoint][sibling] = result.finished_at
        self._triaged_at[failing.endpoint] = result.finished_at
        return (*asked, *neighbours(failing, self._by_endpoint)) if lost_on_the_way(verdict) else asked

    def proofs(self, failing: Check, family: Family, since: Moment) -> Iterator[tuple[Check, Evidence]]:
        """What every other check of the endpoint proves about an outage since then, those of its provider first."""
        group = self._by_provider.get((failing.endpoint, failing.provider), ())
        rest = (one for one in self._by_endpoint.get(failing.endpoint, ()) if one.provider != failing.provider)
        return (
            (check, evidence(self.healths[check.id], family, since))
            for check in chain(group, rest)
            if check.id != failing.id
        )

    def proofs_of_network(self, since: Moment) -> list[list[Evidence]]:
        """What the checks of each host prove; a failure that was heard from proves that the way is open."""
        hosts: defaultdict[str, list[Evidence]] = defaultdict(list)
        for endpoint, checks in self._by_endpoint.items():
            host = checks[0].host or endpoint
            hosts[host].extend(self._lost(self.healths[check.id], since) for check in checks)
        return list(hosts.values())

    @staticmethod
    def _lost(health: Health, since: Moment) -> Evidence:
        proof = evidence(health, Family.SERVICE, since)
        if proof is Evidence.FAILING and not lost_on_the_way(health.latest):
            return Evidence.FINE
        return proof

    def _doubt(self, check: Check, health: Health) -> None:
        if health.consecutive_failures and health.state is not State.DOWN:
            self._doubtful[check.endpoint].add(check.id)
        elif check.endpoint in self._doubtful:
            self._doubtful[check.endpoint].discard(check.id)
            if not self._doubtful[check.endpoint]:
                del self._doubtful[check.endpoint]
