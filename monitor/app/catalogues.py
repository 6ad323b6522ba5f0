"""Model lists while the daemon runs: each that is read is held against the last, and whoever follows it is woken.

Stands behind the prober's results. Owns when a model that is watched is told to have left, and which models patterns
stand for; what is believed of a list is `domain.catalogue`, what becomes of a finding is the ledger's.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from monitor.alerting.rule_texts import stored_reason
from monitor.app.findings import FindingsLedger
from monitor.clock import Clock, Moment
from monitor.domain.catalogue import Drift, Listing, fit, read
from monitor.domain.check import Check, CheckKind
from monitor.domain.follow_up import FollowUp
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.kept import Catalogue, CatalogueChange
from monitor.domain.model_list import nearest_ids, plain_id
from monitor.domain.result import Result
from monitor.domain.rules import Facts, Why
from monitor.domain.rules_judge import RuleFinding
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from monitor.app.setup import Setup
    from monitor.storage.writer import Writer

SETTLE_S = 60.0
"""What changed is put in force so long after it began to change, so that several changes are one."""
LOGGED = 20
NEAREST = 3
KIND = IncidentKind.CATALOGUE

log = structlog.get_logger("relaywatch.catalogue")


class ListIntake(Protocol):
    """What is needed of the intake."""

    def report(self, result: Result) -> FollowUp:
        """Take a result, and say how the check goes on."""
        ...

    def clean(self, text: str) -> str:
        """The text without any secret; an id that holds one is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Read:
    """One list that told something."""

    endpoint: str
    listing: Listing
    drift: Drift
    at: Moment


class Catalogues:
    """The lists of all endpoints.

    Args:
        clock: the daemon's clock.

    Attributes:
        due: set when patterns stand for other models than before.
    """

    _ledger: FindingsLedger
    _intake: ListIntake

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listings: dict[str, Listing] = {}
        self._marks: dict[str, int] = {}
        self._missing: set[str] = set()
        self._following: frozenset[str] = frozenset()
        self._waking: asyncio.TimerHandle | None = None
        self.due = asyncio.Event()

    async def begin(self, setup: "Setup", writer: "Writer") -> "Setup":
        """Go on from what the database remembers; the setup with the models that patterns stand for.

        Raises:
            StorageError: it does not answer.
        """
        from monitor.storage.catalogues import remembered  # noqa: PLC0415  at the start only

        memory = await writer.run(lambda connection: remembered(connection, self._clock.now().wall_us))
        self._listings = {setup.renaming.endpoint(name): one for name, one in memory.listings.items()}
        probed = {setup.renaming.endpoint(name): models for name, models in memory.probed.items()}
        self._following = setup.following_endpoints
        return setup.followed(self._listings, probed)

    def attend(self, ledger: FindingsLedger, intake: ListIntake) -> None:
        """All is built, and checks are in force; incidents that were open when the daemon stopped go on."""
        self._ledger, self._intake = ledger, intake
        self._missing = set(self._members())
        self.put_in_force()

    def followed(self, setup: "Setup", before: "Setup") -> "Setup":
        """The setup with the models that its patterns stand for now; what `before` probes stays where a cap cuts."""
        self.due.clear()
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
        self._listings = {setup.renaming.endpoint(name): one for name, one in self._listings.items()}
        self._following = setup.following_endpoints
        probed: dict[str, set[str]] = {}
        for check in before.checks:
            if check.model is not None:
                probed.setdefault(setup.renaming.endpoint(check.endpoint), set()).add(check.model)
        return setup.followed(self._listings, probed)

    def put_in_force(self) -> None:
        """Other checks are in force: nothing more is said of those that are gone or want nothing said."""
        checks, now = self._ledger.checks, self._clock.now()
        open_ones = {name for name in self._members() if name in checks and not self._is_listed(checks[name])}
        self._missing = self._missing & checks.keys() | open_ones
        for check in [checks[name] for name in self._missing]:
            if not check.drift:
                self._tell(check, None, Why.RULE_REMOVED, now)
            elif self._is_listed(check):
                self._tell(check, Facts(0.0, 0.0), Why.RECOVERED, now)

    def wake(self) -> None:
        """Have what patterns stand for looked at again, in a while."""
        if self._waking is None and self._following:
            self._waking = asyncio.get_running_loop().call_later(SETTLE_S, self.due.set)

    def report(self, result: Result) -> FollowUp:
        """Hand a result on; look at the list that it brings."""
        following = self._intake.report(result)
        if result.listed is not None:
            self._taken(result, result.listed)
        return following

    def _taken(self, result: Result, listed: tuple[str, ...]) -> None:
        check = self._ledger.checks.get(result.check)
        if check is None or not result.trigger.is_turn or not result.status.is_success:
            return
        if not check.drift and check.endpoint not in self._following:
            return
        before = self._listings.get(check.endpoint, Listing())
        mark = hash((listed, result.kinds))
        if before.is_settled and self._marks.get(check.endpoint) == mark:
            return
        self._marks[check.endpoint] = mark
        ids = self._without_secrets(fit(listed), before)
        at = result.finished_at
        after, drift = read(before, ids, dict(result.kinds), at.wall_us)
        self._listings[check.endpoint] = after
        if drift:
            self._drifted(_Read(check.endpoint, after, drift, at))

    def _without_secrets(self, ids: frozenset[str], before: Listing) -> frozenset[str]:
        new = ids - before.followed - before.doubts.keys()
        return ids.difference([model for model in new if self._intake.clean(model) != model])

    def _drifted(self, one: _Read) -> None:
        self._write_down(one)
        for check in self._watched(one.endpoint):
            if check.id not in self._missing and _has_left(check, one):
                self._tell(check, _facts(check, one), Why.BEYOND_LIMIT, one.at)
            elif check.id in self._missing and self._is_listed(check):
                self._tell(check, Facts(0.0, 0.0), Why.RECOVERED, one.at)
        if one.endpoint in self._following:
            self.due.set() if one.drift.first else self.wake()

    def _write_down(self, one: _Read) -> None:
        drift, at_us = one.drift, one.at.wall_us
        if not (drift.first or drift.appeared or drift.vanished):
            return
        models = tuple(sorted(one.listing.models or ()))
        kinds = tuple((model, kind) for model, kind in one.listing.kinds.items() if model in (one.listing.models or ()))
        self._ledger.keep(
            Catalogue(one.endpoint, models, at_us, kinds),
            *(CatalogueChange(one.endpoint, model, appeared=True, at_us=at_us) for model in drift.appeared),
            *(CatalogueChange(one.endpoint, model, appeared=False, at_us=at_us) for model in drift.vanished),
        )
        log.info(
            "catalogue_read" if drift.first else "catalogue_changed",
            endpoint=one.endpoint,
            models=len(models),
            appeared=list(drift.appeared[:LOGGED]),
            vanished=list(drift.vanished[:LOGGED]),
            changes=len(drift.appeared) + len(drift.vanished),
        )

    def _watched(self, endpoint: str) -> Iterator[Check]:
        checks: Iterable[Check] = tuple(self._ledger.checks.values())
        return (one for one in checks if one.endpoint == endpoint and one.kind is CheckKind.CHAT and one.drift)

    def _members(self) -> Iterator[str]:
        return (check for one in self._ledger.open_incidents if one.kind is KIND for check in one.checks)

    def _is_listed(self, check: Check) -> bool:
        listing = self._listings.get(check.endpoint)
        models = frozenset[str]() if listing is None or listing.models is None else listing.models
        return check.model is not None and _holds(models, check.model)

    def _tell(self, check: Check, facts: Facts | None, why: Why, at: Moment) -> None:
        broken = why is Why.BEYOND_LIMIT
        self._missing = self._missing | {check.id} if broken else self._missing - {check.id}
        severity = check.rules.severity or Severity.WARNING
        reason = stored_reason(KIND, facts)
        log.info("model_vanished" if broken else "model_listed_again", check=check.id, why=why, reason=reason)
        self._ledger.judged(RuleFinding(check.id, KIND, broken, severity, why, reason, facts, at))


def _has_left(check: Check, one: _Read) -> bool:
    model = check.model or ""
    return _holds(one.drift.vanished, model) and not _holds(one.listing.models or (), model)


def _holds(models: Iterable[str], model: str) -> bool:
    plain = plain_id(model)
    return model in models or any(plain_id(other) == plain for other in models)


def _facts(check: Check, one: _Read) -> Facts:
    nearest = nearest_ids(check.model or "", sorted(one.listing.models or ()), NEAREST)
    return Facts(1.0, 0.0, samples=len(one.drift.vanished) - 1, name=", ".join(nearest))
