"""Which members of each open incident fail now, and with which status: counted on, result by result.

Pure. Owns this index, so that nothing has to walk ten thousand checks for each of ten thousand results.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Status

_NOBODY: Mapping[str, Status] = MappingProxyType({})


class Failing:
    """Failing members, by incident.

    Args:
        status_of: the newest status of a check that what the kind means is true of now; None where it is not.
    """

    def __init__(self, status_of: Callable[[IncidentKind, str], Status | None]) -> None:
        self._status_of = status_of
        self._members: defaultdict[int, dict[str, Status]] = defaultdict(dict)
        self._statuses: defaultdict[int, Counter[Status]] = defaultdict(Counter)

    def of(self, incident_id: int) -> Mapping[str, Status]:
        """The newest status of each member that fails, by its id, in no order."""
        return self._members.get(incident_id, _NOBODY)

    def share(self, incident_id: int, status: Status) -> float:
        """Which share of the failing members has this status, 0 to 1."""
        members = self.of(incident_id)
        return self._statuses[incident_id][status] / len(members) if members else 0.0

    def look(self, incident_id: int, kind: IncidentKind, checks: Iterable[str]) -> None:
        """Look at these members anew."""
        members, statuses = self._members[incident_id], self._statuses[incident_id]
        for check in checks:
            before, after = members.get(check), self._status_of(kind, check)
            if before is after:
                continue
            if before is not None:
                statuses[before] -= 1
                del members[check]
            if after is not None:
                statuses[after] += 1
                members[check] = after

    def forget(self, incident_id: int) -> None:
        """It is over, or about other checks."""
        self._members.pop(incident_id, None)
        self._statuses.pop(incident_id, None)
