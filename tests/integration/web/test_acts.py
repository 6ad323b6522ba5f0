"""Acting over HTTP: only through the control socket, answered once it is on disk, every mistake told at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence
from monitor.domain.health import DownBecause, State
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status, Verdict
from monitor.domain.severity import Severity
from monitor.web import acts

if TYPE_CHECKING:
    from tests.integration.web.conftest import Room

BASE = "http://relaywatch"
SILENCE = {"by": "kim", "reason": "moving house", "matcher": {"checks": "gw/*"}, "for": "2h"}


@pytest.fixture
async def inside(room: "Room") -> AsyncIterator[aiohttp.ClientSession]:
    """Whoever may open the control socket."""
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(room.control))) as session:
        yield session


@pytest.fixture
def failing(room: "Room") -> Incident:
    """One check that is down, with its incident."""
    check = room.ledger.add("gw", "openai/gpt-4.1", State.DOWN, Verdict(Status.TIMEOUT))
    began = room.clock.moment.plus_s(-60)
    incident = Incident(
        id=7,
        key=check.id,
        kind=IncidentKind.OUTAGE,
        endpoint="gw",
        checks=(check.id,),
        severity=Severity.CRITICAL,
        cause=Cause(Status.TIMEOUT, FaultDomain.ENDPOINT),
        because=DownBecause.FAILURES_IN_A_ROW,
        reason="no answer",
        action=None,
        started_at=began,
        detected_at=began.plus_s(10),
    )
    room.ledger.open_incidents = (incident,)
    return incident


async def send(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of one answer."""
    async with session.request(method, BASE + path, json=body) as answer:
        assert answer.content_type in ("application/json", "application/problem+json")
        assert (answer.content_type == "application/problem+json") == (answer.status >= 400)
        return answer.status, await answer.json(content_type=None)


async def test_an_acknowledgement(room: "Room", inside: aiohttp.ClientSession, failing: Incident) -> None:
    """The incident's row, with who is on it."""
    status, row = await send(inside, "POST", f"/api/v1/incidents/{failing.id}/ack", {"by": "kim", "note": "on it"})
    assert (status, row["id"], row["acknowledged"], row["acknowledged_by"]) == (200, 7, True, "kim")
    assert room.ledger.open_incidents[0].acknowledged is not None
    assert room.ledger.open_incidents[0].acknowledged.note == "on it"


async def test_the_same_said_twice_is_one_acknowledgement(
    room: "Room", inside: aiohttp.ClientSession, failing: Incident
) -> None:
    """Whoever repeats a request tells nobody anything new; somebody else takes over."""
    path = f"/api/v1/incidents/{failing.id}/ack"
    for by in ("kim", "kim", "lee"):
        status, row = await send(inside, "POST", path, {"by": by})
        assert (status, row["acknowledged_by"]) == (200, by)
    assert room.ledger.acts == ["ack 7", "ack 7"]


@pytest.mark.parametrize(
    ("number", "detail"),
    [
        ("8", "there is no open incident 8"),
        ("seven", "an incident's id is a whole number"),
        ("-7", "an incident's id is a whole number"),
        ("9" * 25, "an incident's id is a whole number"),
    ],
)
async def test_an_incident_that_is_not_open(inside: aiohttp.ClientSession, number: str, detail: str) -> None:
    """Nothing to acknowledge."""
    status, problem = await send(inside, "POST", f"/api/v1/incidents/{number}/ack", {"by": "kim"})
    assert (status, problem["detail"]) == (404, detail)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, ["by: is required"]),
        ({"by": " \n"}, ["by: must say something"]),
        ({"by": 7}, ["by: must be text in quotes"]),
        ({"by": "x" * 101}, ["by: "]),
        ({"by": "kim", "notes": "x"}, ['notes: unknown key: did you mean "note"?']),
        ({"by": "kim", "note": "x" * 501}, ["note: "]),
        ([], ["the body must be a JSON object"]),
    ],
)
async def test_a_wrong_body(
    room: "Room", inside: aiohttp.ClientSession, failing: Incident, body: Any, told: list[str]
) -> None:
    """Says what is wrong, and does nothing."""
    status, problem = await send(inside, "POST", f"/api/v1/incidents/{failing.id}/ack", body)
    assert status == 400
    assert all(text in problem["detail"] for text in told)
    assert room.ledger.acts == []


async def test_what_is_not_json(room: "Room", inside: aiohttp.ClientSession, failing: Incident) -> None:
    """Neither by its type nor by its text; nor is there more of it than anybody needs."""
    path = f"{BASE}/api/v1/incidents/{failing.id}/ack"
    async with inside.post(path, data={"by": "kim"}) as answer:
        assert answer.status == 415
    json = {"Content-Type": "application/json"}
    async with inside.post(path, data=b'{"by": ', headers=json) as answer:
        assert (answer.status, (await answer.json())["detail"]) == (400, "the body is not JSON")
    async with inside.post(path, data=b'{"by": "' + b"x" * 20_000 + b'"}', headers=json) as answer:
        assert answer.status == 413
    assert room.ledger.acts == []


async def test_a_silence(inside: aiohttp.ClientSession, failing: Incident) -> None:
    """From now on, for as long as was asked; which open incidents it hides is told at once."""
    status, row = await send(inside, "POST", "/api/v1/silences", SILENCE)
    assert status == 201
    assert row == {
        "id": 1,
        "state": "active",
        "by": "kim",
        "reason": "moving house",
        "matcher": {"checks": ["gw/*"]},
        "until": "time",
        "created_at": "2026-11-21T12:00:00.000Z",
        "starts_at": "2026-11-21T12:00:00.000Z",
        "ends_at": "2026-11-21T14:00:00.000Z",
        "expired_at": None,
        "hides": [failing.id],
    }
    assert await send(inside, "GET", "/api/v1/silences") == (200, [{k: v for k, v in row.items() if k != "hides"}])


async def test_a_silence_of_other_trouble_hides_nothing(inside: aiohttp.ClientSession, failing: Incident) -> None:
    """The matcher is about trouble too."""
    assert failing.severity is Severity.CRITICAL
    body = {**SILENCE, "matcher": {"severities": ["warning"]}, "starts_at": "2026-11-21T22:00:00+09:00"}
    status, row = await send(inside, "POST", "/api/v1/silences", body)
    assert (status, row["state"], row["hides"]) == (201, "pending", [])
    assert (row["starts_at"], row["ends_at"]) == ("2026-11-21T13:00:00.000Z", "2026-11-21T15:00:00.000Z")


async def test_until_resolved(room: "Room", inside: aiohttp.ClientSession, failing: Incident) -> None:
    """Needs something that can be resolved: else it would be over before anybody has read the answer."""
    body = {"by": "kim", "reason": "known", "all_checks": True, "until": "resolved"}
    status, row = await send(inside, "POST", "/api/v1/silences", body)
    assert (status, row["ends_at"], row["matcher"], row["hides"]) == (201, None, {}, [failing.id])
    room.ledger.open_incidents = ()
    status, problem = await send(inside, "POST", "/api/v1/silences", body)
    assert (status, "it would end at once" in problem["detail"]) == (409, True)


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"matcher": None}, 'say what it is about: either "matcher", or "all_checks": true'),
        ({"all_checks": True}, 'say what it is about: either "matcher", or "all_checks": true'),
        ({"matcher": {}}, "say what it is about"),
        ({"matcher": {"model": "x"}}, 'matcher.model: unknown key: did you mean "models"?'),
        ({"matcher": {"checks": "gv/*"}}, 'matcher.checks: "gv/*" matches nothing that is configured: '),
        (
            {"matcher": {"models": ["openai/gpt-4.2"]}},
            '"openai/gpt-4.2" matches nothing that is configured: did you mean "openai/gpt-4.1"?',
        ),
        ({"matcher": {"tags": ["prod"]}}, 'matcher.tags: "prod" matches nothing that is configured: there is none'),
        ({"matcher": {"severities": ["grave"]}}, "matcher.severities[0]: unknown word"),
        ({"reason": ""}, "reason: must say something"),
        ({"for": None}, 'say when it ends: "for", "ends_at", or "until": "resolved"'),
        ({"for": 2}, "for: a bare number has no unit"),
        ({"for": "0s"}, "for: must be longer than nothing"),
        ({"for": "400d"}, "for: must be longer than nothing and at most 366d"),
        ({"for": None, "ends_at": "tomorrow"}, "ends_at: must be a time such as"),
        ({"for": None, "ends_at": "2026-11-21T13:00:00"}, "ends_at: has no offset from UTC"),
        ({"for": None, "ends_at": "2026-11-21T11:00:00Z"}, "ends_at: is over already"),
        ({"for": None, "ends_at": "2028-11-21T11:00:00Z"}, "ends_at: is more than 366d after the start"),
        ({"starts_at": "2028-11-21T11:00:00Z"}, "starts_at: is more than a year ahead"),
        (
            {"for": None, "ends_at": "2026-11-21T13:00:00Z", "starts_at": "2026-11-21T13:00:00Z"},
            "ends_at: is not after the start",
        ),
        ({"ends_at": "2026-11-21T13:00:00Z"}, 'for: says when it ends, and so does "ends_at"'),
        ({"until": "reconfigured"}, 'until: must be "time" or "resolved"'),
    ],
)
async def test_a_wrong_silence(room: "Room", inside: aiohttp.ClientSession, change: dict[str, Any], told: str) -> None:
    """Says what is wrong, names the nearest, and does nothing."""
    body = {name: value for name, value in {**SILENCE, **change}.items() if value is not None}
    status, problem = await send(inside, "POST", "/api/v1/silences", body)
    assert status == 400
    assert told in problem["detail"]
    assert room.ledger.acts == []


async def test_a_matcher_whose_keys_never_meet(room: "Room", inside: aiohttp.ClientSession) -> None:
    """Each fits something, together they fit nothing."""
    room.ledger.add("gw", "a")
    room.ledger.add("other", "b")
    body = {**SILENCE, "matcher": {"endpoints": "gw", "models": "b"}}
    status, problem = await send(inside, "POST", "/api/v1/silences", body)
    assert (status, "no configured check fits all of it together" in problem["detail"]) == (400, True)


async def test_ending_a_silence(room: "Room", inside: aiohttp.ClientSession) -> None:
    """Once; after that there is none."""
    now = room.clock.moment
    room.ledger.silences = (Silence(1, Matcher(), "kim", "move", now, now, now.plus_s(60)),)
    status, row = await send(inside, "DELETE", "/api/v1/silences/1")
    assert (status, row["state"], row["expired_at"]) == (200, "expired", "2026-11-21T12:00:00.000Z")
    status, problem = await send(inside, "DELETE", "/api/v1/silences/1")
    assert (status, problem["detail"]) == (404, "there is no silence 1 in force or still to come")
    assert (await send(inside, "DELETE", "/api/v1/silences/one"))[0] == 404


async def test_which_silences_there_are(room: "Room", inside: aiohttp.ClientSession) -> None:
    """From memory those that are not over, from the database all."""
    now = room.clock.moment
    over = Silence(1, Matcher(), "kim", "a", now.plus_s(-99), now.plus_s(-99), now.plus_s(-1))
    room.ledger.silences = (over, replace(over, id=2, ends_at=None))
    room.past.rows = [{"id": 1}]
    status, rows = await send(inside, "GET", "/api/v1/silences?state=current")
    assert (status, [row["id"] for row in rows]) == (200, [2])
    assert await send(inside, "GET", "/api/v1/silences?state=all") == (200, [{"id": 1}])
    assert room.past.asked == [("silences", 1)]
    assert (await send(inside, "GET", "/api/v1/silences?state=old"))[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/incidents/7/ack"), ("POST", "/api/v1/silences"), ("DELETE", "/api/v1/silences/1")],
)
async def test_nobody_writes_over_tcp(room: "Room", failing: Incident, method: str, path: str) -> None:
    """A page of any site could; whoever may open the control socket may."""
    assert failing.is_open
    async with room.session.request(method, room.url + path, json={"by": "kim"}) as answer:
        assert (answer.status, answer.content_type) == (403, "application/problem+json")
        assert "on the control socket only" in (await answer.json())["detail"]
    foreign = {"Host": "evil.example"}
    async with room.session.request(method, room.url + path, json={"by": "kim"}, headers=foreign) as answer:
        assert answer.status == 421
    assert room.ledger.acts == []


async def test_silences_are_read_over_tcp(room: "Room") -> None:
    """Reading is open on loopback."""
    async with room.session.get(f"{room.url}/api/v1/silences") as answer:
        assert (answer.status, await answer.json()) == (200, [])


async def test_the_answer_comes_after_the_commit(
    room: "Room", inside: aiohttp.ClientSession, failing: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that refuses is told of, with what holds meanwhile."""
    monkeypatch.setattr(acts, "COMMITTED_WITHIN_S", 0.01)
    room.ledger.on_disk.clear()
    status, problem = await send(inside, "POST", f"/api/v1/incidents/{failing.id}/ack", {"by": "kim"})
    assert (status, problem["row"]["acknowledged"]) == (503, True)
    assert "the database refuses to record it" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("PUT", "/api/v1/silences", 405, "GET, HEAD, POST"),
        ("GET", "/api/v1/incidents/7/ack", 405, "POST"),
        ("POST", "/api/v1/nothing", 404, None),
    ],
)
async def test_other_methods(
    inside: aiohttp.ClientSession, method: str, path: str, status: int, allow: str | None
) -> None:
    """What a path understands stands in `Allow`."""
    async with inside.request(method, BASE + path) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        assert answer.headers.get("Allow") == allow
