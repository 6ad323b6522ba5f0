"""Incidents as people ask for them."""

from typing import TYPE_CHECKING

from monitor.domain.incident import Acknowledgement, IncidentEvent, IncidentEventKind, Scope, Told
from monitor.storage.past import timeline

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


async def test_incidents_have_the_fields_of_the_interface(world: "World") -> None:
    """Newest first; an open one lasts until now."""
    await world.commit(
        incidents={
            1: world.incident(1, resolved_s=61.5),
            2: world.incident(2, checks=("gw/chat/m", "gw/chat/a"), started_at=world.start.plus_s(100)),
        },
    )
    now = world.start.plus_s(130)
    newest, older = await world.ask(timeline.incidents, now)
    assert older == {
        "id": 1,
        "key": "gw/chat/m",
        "endpoint": "gw",
        "severity": "critical",
        "status": "SERVER_ERROR",
        "fault_domain": "endpoint",
        "checks": ["gw/chat/m"],
        "started_at": "2026-11-20T18:40:00.000Z",
        "detected_at": "2026-11-20T18:40:10.000Z",
        "resolved_at": "2026-11-20T18:41:01.500Z",
        "duration_s": 61.5,
        "acknowledged": False,
        "kind": "outage",
        "scope": "check",
        "acknowledged_by": None,
    }
    assert (newest["id"], newest["checks"]) == (2, ["gw/chat/m", "gw/chat/a"])
    assert (newest["resolved_at"], newest["duration_s"]) == (None, 30.0)
    assert [row["id"] for row in await world.ask(timeline.incidents, now, "open")] == [2]
    assert [row["id"] for row in await world.ask(timeline.incidents, now, "resolved")] == [1]
    assert [row["id"] for row in await world.ask(timeline.incidents, now, "all", 1)] == [2]


async def test_no_incidents_is_an_empty_list(world: "World") -> None:
    """Not an error."""
    assert await world.ask(timeline.incidents, world.start) == []


async def test_one_incident_tells_its_timeline_and_deliveries(world: "World") -> None:
    """What happened, who was to be told, and what became of it."""
    incident = world.incident()
    event = IncidentEvent(
        1,
        1,
        IncidentEventKind.OPENED,
        world.start.plus_s(10),
        incident.cause,
        incident.severity,
        "x",
        Told.TOLD,
        1,
        (("ops", "told"), ("pager", "outside_hours")),
    )
    await world.begin()
    await world.commit(incidents={1: incident}, events=[event], outbox=[world.queued("n1", incident_id=1)])
    (row,) = await world.outbox.claim("ops", world.start, 20, 1)
    await world.outbox.settle_retry(row, world.start, world.start.plus_s(5), "HTTP 500")
    found = await world.ask(timeline.incident, 1, world.start.plus_s(60))
    assert found is not None
    assert (found["reason"], found["action"], found["because"], found["failed_probes"]) == (
        "HTTP 503",
        "wait_or_switch",
        "failures_in_a_row",
        0,
    )
    assert (found["provider"], found["acknowledgement"]) == (None, None)
    assert found["timeline"] == [
        {
            "sequence": 1,
            "event": "opened",
            "at": "2026-11-20T18:40:10.000Z",
            "status": "SERVER_ERROR",
            "fault_domain": "endpoint",
            "severity": "critical",
            "reason": "x",
            "decision": "told",
            "notifications": 1,
            "explanation": {"ops": "told", "pager": "outside_hours"},
        },
    ]
    assert found["deliveries"] == [
        {
            "notification_id": "n1",
            "sequence": 1,
            "channel": "ops",
            "event": "opened",
            "title": "gw is down",
            "state": "pending",
            "attempts": 1,
            "error": "HTTP 500",
            "created_at": "2026-11-20T18:40:00.000Z",
            "next_attempt": "2026-11-20T18:40:05.000Z",
            "settled_at": None,
            "fell_back_to": None,
        },
    ]


async def test_who_is_on_it_is_told(world: "World") -> None:
    """In the list by name, in the whole with when and what they said."""
    known = Acknowledgement("kim@ops", world.start.plus_s(20), "on it")
    await world.commit(incidents={1: world.incident(acknowledged=known, scope=Scope.PROVIDER, provider="openai")})
    (row,) = await world.ask(timeline.incidents, world.start.plus_s(60))
    assert (row["acknowledged"], row["acknowledged_by"], row["scope"]) == (True, "kim@ops", "provider")
    found = await world.ask(timeline.incident, 1, world.start.plus_s(60))
    assert found is not None
    assert found["acknowledgement"] == {"by": "kim@ops", "at": "2026-11-20T18:40:20.000Z", "note": "on it"}
    assert found["provider"] == "openai"


async def test_an_unknown_incident_is_none(world: "World") -> None:
    """Whoever asked says so to people."""
    assert await world.ask(timeline.incident, 99, world.start) is None


async def test_the_evidence_is_what_failed_while_it_lasted(world: "World") -> None:
    """Oldest first, of its own checks only, with the ids by which an upstream finds them."""
    await world.journal.register([world.check(), world.check("a"), world.check("other")], world.start)
    await world.commit(
        world.failure(-5),
        world.failure(0, request_id="req-1"),
        world.result(5),
        world.failure(10, check="gw/chat/a"),
        world.failure(11, check="gw/chat/other"),
        world.failure(20),
        world.failure(100),
        incidents={1: world.incident(checks=("gw/chat/m", "gw/chat/a"), resolved_s=60)},
    )
    rows, count = await world.ask(timeline.evidence, 1, world.start.plus_s(200), 2)
    assert count == 3
    assert [(row["check"], row["started_at"]) for row in rows] == [
        ("gw/chat/m", "2026-11-20T18:40:00.000Z"),
        ("gw/chat/a", "2026-11-20T18:40:10.000Z"),
    ]
    assert rows[0] == {
        "started_at": "2026-11-20T18:40:00.000Z",
        "check": "gw/chat/m",
        "status": "SERVER_ERROR",
        "http_status": 503,
        "latency_ms": 250.0,
        "request_id": "req-1",
        "reason": "HTTP 503",
    }


async def test_there_may_be_no_evidence_any_more(world: "World") -> None:
    """Results are kept for a while, incidents for ever."""
    await world.commit(incidents={1: world.incident()})
    assert await world.ask(timeline.evidence, 1, world.start.plus_s(200), 2) == ([], 0)
