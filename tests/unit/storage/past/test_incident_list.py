"""Incidents as a list: filtered, newest first, page after page."""

from typing import TYPE_CHECKING, Any

import pytest

from monitor.alerting.batch import Batch
from monitor.clock import US_PER_S
from monitor.domain.cursor import Position
from monitor.domain.incident import Cause
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.storage.past import incident_list
from monitor.storage.past.incident_list import IncidentList, IncidentSelection
from monitor.storage.reader import Reader

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

START_US = 1_795_200_000 * US_PER_S


async def three(world: "World") -> None:
    """One of a model that is over, one of a key that is over later, and one of two endpoints that is open."""
    checks = [world.check("acme/a"), world.check("b"), world.check("c", "two")]
    await world.journal.register(checks, world.start)
    a, b, c = (check.id for check in checks)
    later = world.start.plus_s(3600)
    keyed = Cause(Status.AUTH_ERROR, FaultDomain.KEY)
    incidents = [
        world.incident(1, a, resolved_s=60),
        world.incident(2, b, resolved_s=7200, cause=keyed, severity=Severity.WARNING),
        world.incident(3, b, checks=(b, c), started_at=later, detected_at=later.plus_s(10)),
    ]
    await world.journal.commit(Batch(incidents={incident.id: incident for incident in incidents}))


def listed(reader: Reader, world: "World", **wanted: Any) -> tuple[list[int], Position | None, bool]:
    """The ids of what is asked for, and how it ended."""
    found = IncidentList(reader, IncidentSelection(**wanted), world.start.plus_s(9000))
    ids = [row["id"] for row in found]
    assert 0.0 <= found.share() <= 1.0
    return ids, found.last, found.more


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, [3, 2, 1]),
        ({"state": "open"}, [3]),
        ({"state": "resolved"}, [2, 1]),
        ({"endpoint": "two"}, [3]),
        ({"endpoint": "gw"}, [3, 2, 1]),
        ({"check": "gw/chat/b"}, [3, 2]),
        ({"check": "two/chat/c"}, [3]),
        ({"provider": "two"}, [3]),
        ({"faults": (FaultDomain.KEY,)}, [2]),
        ({"faults": (FaultDomain.KEY, FaultDomain.ENDPOINT)}, [3, 2, 1]),
        ({"severities": (Severity.CRITICAL,)}, [3, 1]),
        ({"since_us": START_US + 60 * US_PER_S + 1}, [3, 2]),
        ({"since_us": START_US + 8000 * US_PER_S}, [3]),
        ({"until_us": START_US + 3600 * US_PER_S}, [2, 1]),
        ({"until_us": START_US}, []),
        ({"limit": 0}, []),
        ({"limit": None}, [3, 2, 1]),
        ({"after": Position(0, 3)}, [2, 1]),
    ],
)
async def test_incidents_are_those_asked_for(world: "World", wanted: dict[str, Any], ids: list[int]) -> None:
    """Newest first; since and until mean that it was going on then."""
    await three(world)
    assert (await world.ask(listed, world, **wanted))[0] == ids


async def test_pages_follow_each_other(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begins behind the last row of the one before; the last says that there is no more."""
    monkeypatch.setattr(incident_list, "PAGE", 1)
    await three(world)
    assert await world.ask(listed, world, limit=2) == ([3, 2], Position(0, 2), True)
    assert await world.ask(listed, world, limit=2, after=Position(0, 2)) == ([1], Position(0, 1), False)
    assert await world.ask(listed, world, limit=2, after=Position(0, 1)) == ([], Position(0, 1), False)
