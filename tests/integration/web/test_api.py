"""The API: rows with the fields of the interface, health questions, bounded parameters, a database that refuses."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.domain.availability import Recent
from monitor.domain.health import DownBecause, State
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status, Verdict
from monitor.domain.severity import Severity
from monitor.storage.outbox.outbox import Waiting
from monitor.web.rows import incident_row

if TYPE_CHECKING:
    from tests.integration.web.conftest import Room


async def get(room: "Room", path: str, status: int = 200) -> Any:
    """The JSON answer."""
    async with room.session.get(room.url + path) as answer:
        assert answer.status == status
        return await answer.json(content_type=None)


def outage(room: "Room", number: int) -> Incident:
    """An open incident that began a minute ago."""
    began, now = room.clock.moment.plus_s(-60), room.clock.moment
    return Incident(
        id=number,
        key="gw/chat/m",
        kind=IncidentKind.OUTAGE,
        endpoint="gw",
        checks=("gw/chat/m",),
        severity=Severity.CRITICAL,
        cause=Cause(Status.TIMEOUT, FaultDomain.ENDPOINT),
        because=DownBecause.FAILURES_IN_A_ROW,
        reason="no answer",
        action=None,
        started_at=began,
        detected_at=now,
    )


async def test_status_rows_have_the_fields_of_the_interface(room: "Room") -> None:
    """In configured order, times in UTC with milliseconds."""
    down = room.ledger.add("gw", "openai/gpt-4.1", State.DOWN, Verdict(Status.TIMEOUT))
    room.ledger.add("gw", None, State.PENDING)
    room.ledger.healths[down.id] = replace(
        room.ledger.healths[down.id],
        consecutive_failures=3,
        recent=Recent().add(room.clock.moment.wall_us, success=True).add(room.clock.moment.wall_us, success=False),
    )
    assert await get(room, "/api/v1/status") == [
        {
            "check": "gw/chat/openai/gpt-4.1",
            "endpoint": "gw",
            "model": "openai/gpt-4.1",
            "state": "DOWN",
            "since": "2026-11-21T12:00:00.000Z",
            "status": "TIMEOUT",
            "consecutive_failures": 3,
            "availability_24h": 50.0,
        },
        {
            "check": "gw/models",
            "endpoint": "gw",
            "model": None,
            "state": "PENDING",
            "since": "2026-11-21T12:00:00.000Z",
            "status": None,
            "consecutive_failures": 0,
            "availability_24h": None,
        },
    ]


async def test_thousands_of_checks_are_one_array(room: "Room") -> None:
    """However many turns it takes."""
    for number in range(1200):
        room.ledger.add("gw", f"m{number}")
    assert [row["model"] for row in await get(room, "/api/v1/status")] == [f"m{number}" for number in range(1200)]


async def test_hostile_names_are_plain_json(room: "Room") -> None:
    """JSON escapes what JSON must."""
    name = '</script>"\\\u202e'
    room.ledger.add("gw", name)
    assert (await get(room, "/api/v1/status"))[0]["model"] == name


async def test_open_incidents_come_from_memory(room: "Room") -> None:
    """They must be readable while the database refuses."""
    room.past.refuses = True
    room.ledger.open_incidents = (outage(room, 1), outage(room, 2))
    rows = await get(room, "/api/v1/incidents?state=open&limit=1")
    assert rows == [
        {
            "id": 2,
            "key": "gw/chat/m",
            "endpoint": "gw",
            "severity": "critical",
            "status": "TIMEOUT",
            "fault_domain": "endpoint",
            "checks": ["gw/chat/m"],
            "started_at": "2026-11-21T11:59:00.000Z",
            "detected_at": "2026-11-21T12:00:00.000Z",
            "resolved_at": None,
            "duration_s": 60.0,
            "acknowledged": False,
            "kind": "outage",
            "scope": "check",
            "acknowledged_by": None,
        }
    ]


async def test_past_incidents_come_from_the_database(room: "Room") -> None:
    """With the state and limit that were asked for."""
    row = incident_row(outage(room, 1), room.clock.moment)
    room.past.rows = [{**row, "of_no_interest": 7}]
    assert await get(room, "/api/v1/incidents") == [row]
    assert await get(room, "/api/v1/incidents?state=resolved&limit=7") == [row]
    assert room.past.asked == [("all", 100), ("resolved", 7)]


@pytest.mark.parametrize(
    "query",
    ["state=closed", "limit=0", "limit=-1", "limit=1001", "limit=1e3", "limit=", "limit=٣", "limit=99999999999"],
)
async def test_a_wrong_parameter_is_said_so(room: "Room", query: str) -> None:
    """One sentence that names what is allowed."""
    body = await get(room, f"/api/v1/incidents?{query}", status=400)
    assert body["title"] == "Bad Request"
    assert "must be" in body["detail"]


async def test_a_database_that_refuses_is_told_without_its_words(room: "Room") -> None:
    """Paths and statements are for the log."""
    room.past.refuses = True
    body = await get(room, "/api/v1/incidents", status=503)
    assert body["detail"] == "the database does not answer"
    assert "secret-place" not in str(body)


async def test_healthz_and_readyz(room: "Room") -> None:
    """Alive and working are two questions."""
    assert await get(room, "/readyz") == {"status": "ready"}
    room.troubles.append("the scheduler has not moved for 42 s")
    assert (await get(room, "/readyz", status=503))["reasons"] == ["the scheduler has not moved for 42 s"]
    assert await get(room, "/healthz") == {"status": "alive"}


async def test_what_the_daemon_says_of_itself(room: "Room") -> None:
    """The row of `status --daemon`."""
    room.past.waiting = {"ops": Waiting(2, 1), "hook": Waiting(1, 0)}
    room.ledger.last_commit = room.clock.moment
    nothing_counted: dict[str, Any] = {"spent_today": None, "spent_month": None, "caps_spent": []}
    assert await get(room, "/api/v1/daemon") == [
        {
            "alive": True,
            "pid": 4711,
            "last_commit": "2026-11-21T12:00:00.000Z",
            "outbox_pending": 3,
            "dead": 1,
            **nothing_counted,
        }
    ]
    room.past.refuses = True
    (row,) = await get(room, "/api/v1/daemon")
    assert (row["alive"], row["outbox_pending"], row["dead"]) == (True, None, None)


async def test_metrics_parse_and_survive_a_database_that_refuses(room: "Room") -> None:
    """The scrape is how people learn of it."""
    room.ledger.add("gw", "m")
    room.past.refuses = True
    async with room.session.get(f"{room.url}/metrics") as answer:
        assert answer.content_type == "text/plain"
        names = {family.name for family in text_string_to_metric_families(await answer.text())}
    assert "relaywatch_check_up" in names
    assert "relaywatch_outbox_pending" not in names
