"""Every open incident, found by what it is about. Owns the indexes, no rule."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from monitor.alerting.failing import Failing
from monitor.domain.incident import Incident, Scope
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Status


class Cases:
    """Open incidents, by id, key, and member.

    Args:
        incidents: those that are open.
        status_of: see `Failing`.
    """

    def __init__(self, incidents: Iterable[Incident], status_of: Callable[[IncidentKind, str], Status | None]) -> None:
        self.failing = Failing(status_of)
        self._open: dict[int, Incident] = {}
        self._keys: dict[str, int] = {}
        self._members: dict[tuple[IncidentKind, str], int] = {}
        for incident in incidents:
            self.put(incident)

    def __bool__(self) -> bool:
        """True while any incident is open."""
        return bool(self._open)

    def __iter__(self) -> Iterator[Incident]:
        """Oldest first."""
        return iter(sorted(self._open.values(), key=lambda incident: incident.id))

    def __getitem__(self, incident_id: int) -> Incident:
        """The open incident of this id."""
        return self._open[incident_id]

    def get(self, incident_id: int) -> Incident | None:
        """The open incident of this id; None if it is not open."""
        return self._open.get(incident_id)

    def put(self, incident: Incident) -> None:
        """As it is now; one that is resolved is forgotten."""
        before = self._open.get(incident.id)
        same = before is not None and incident.is_open and before.key == incident.key
        if before is not None and same and before.checks is incident.checks:
            self._open[incident.id] = incident
            return
        if before is not None and same and before.checks == incident.checks[: len(before.checks)]:
            self._enlist(incident, incident.checks[len(before.checks) :])
            return
        if before is not None:
            del self._open[incident.id]
            self._keys.pop(before.key, None)
            self.failing.forget(before.id)
            for check in before.checks:
                self._members.pop((before.kind, check), None)
        if incident.is_open:
            self._keys[incident.key] = incident.id
            self._enlist(incident, incident.checks)

    def seen(self, check: str) -> None:
        """Something is news of the check: whether it fails, or with which status."""
        for kind in IncidentKind:
            found = self._members.get((kind, check))
            if found is not None:
                self.failing.look(found, kind, (check,))

    def recount(self) -> None:
        """Anything may have changed of what checks there are, and of what is believed of them."""
        for incident in self._open.values():
            self.failing.forget(incident.id)
            self.failing.look(incident.id, incident.kind, incident.checks)

    def of(self, check: str, kind: IncidentKind) -> Incident | None:
        """The open incident of this kind that the check is a member of."""
        found = self._members.get((kind, check))
        return None if found is None else self._open[found]

    def members(self, incident: Incident) -> Container[str]:
        """The checks of an incident, to ask whether one is among them; ten thousand need not be walked for that."""
        if incident.id not in self._open:
            return incident.checks
        return _Members(self._members, incident)

    def has_key(self, key: str) -> bool:
        """True if an open incident is about that."""
        return key in self._keys

    def on(self, endpoint: str, kind: IncidentKind) -> list[Incident]:
        """The open incidents of this kind that concern the endpoint, those of the network too; oldest first."""
        return [
            incident
            for incident in self._open.values()
            if incident.kind is kind and (incident.endpoint == endpoint or incident.scope is Scope.NETWORK)
        ]

    def _enlist(self, incident: Incident, checks: Iterable[str]) -> None:
        self._open[incident.id] = incident
        self._members.update(dict.fromkeys(((incident.kind, check) for check in checks), incident.id))
        self.failing.look(incident.id, incident.kind, checks)


class _Members(Container[str]):
    """The checks of one open incident, found in the index of all."""

    def __init__(self, incidents: Mapping[tuple[IncidentKind, str], int], incident: Incident) -> None:
        self._incidents = incidents
        self._incident = incident

    def __contains__(self, check: object) -> bool:
        return isinstance(check, str) and self._incidents.get((self._incident.kind, check)) == self._incident.id
