"""Questions about the past over HTTP: results page by page, reports, and what is refused."""

from typing import TYPE_CHECKING, Any

import pytest

from monitor.clock import US_PER_S
from monitor.domain.cursor import Listing, Position, cursor_of
from monitor.domain.result import Status
from monitor.storage.past.selection import Selection

if TYPE_CHECKING:
    from tests.integration.web.conftest import Room

CHECK = "gw/chat/openai/gpt-4.1"
NOON_US = 1_795_262_400 * US_PER_S  # 2026-11-21T12:00:00Z
CURSOR = cursor_of(Listing.RESULTS, Position(7, 1))


async def got(room: "Room", path: str) -> tuple[int, Any, str | None]:
    """Status, document and the link to the next page."""
    from yarl import URL  # noqa: PLC0415  to send the path as it stands

    async with room.session.get(URL(room.url + path, encoded=True)) as answer:
        assert answer.content_type == ("application/json" if answer.status == 200 else "application/problem+json")
        return answer.status, await answer.json(content_type=None), answer.headers.get("Link")


@pytest.mark.parametrize("path", [CHECK, "gw%2Fchat%2Fopenai%2Fgpt-4.1", "gw/chat/openai%2Fgpt-4.1"])
async def test_ids_in_paths_work_plain_and_encoded(room: "Room", path: str) -> None:
    """As people type them, and as programs do."""
    room.past.rows = [{"check": CHECK, "status": "UP"}]
    assert await got(room, f"/api/v1/checks/{path}/results") == (200, room.past.rows, None)
    assert room.past.selections == [Selection(check=CHECK)]


async def test_an_id_may_hold_anything(room: "Room") -> None:
    """What is encoded is decoded once."""
    for path, check in (("a%2520b/results", "a%20b"), ("gw/chat/x/results/results", "gw/chat/x/results")):
        status, document, _ = await got(room, f"/api/v1/checks/{path}{'' if 'results' in path else '/results'}")
        assert status == 404
        assert document["detail"] == f"there is no check {check}"


async def test_results_are_selected_by_the_query(room: "Room") -> None:
    """Times with an offset or by how long ago, statuses again and again."""
    query = f"limit=5&since=24h&until=2026-11-21T20:00:00+09:00&status=timeout&status=UNKNOWN&cursor={CURSOR}"
    assert (await got(room, f"/api/v1/checks/{CHECK}/results?{query}"))[0] == 200
    assert room.past.selections == [
        Selection(
            check=CHECK,
            statuses=(Status.TIMEOUT, Status.UNKNOWN),
            since_us=NOON_US - 86_400 * US_PER_S,
            until_us=NOON_US - 3600 * US_PER_S,
            limit=5,
            after=Position(7, 1),
        )
    ]


async def test_a_full_page_links_to_the_next(room: "Room") -> None:
    """With everything else that was asked for, relative to where it was asked."""
    room.past.rows = [{"number": number} for number in range(3)]
    url = f"{room.url}/api/v1/checks/{CHECK}/results?status=UP&limit=2"
    async with room.session.get(url) as answer:
        assert await answer.json() == room.past.rows[:2]
        following = answer.links["next"]["url"]
    assert str(following) == f"{room.url}/api/v1/checks/{CHECK}/results?status=UP&limit=2&cursor={CURSOR}"
    async with room.session.get(following) as answer:
        assert answer.status == 200
    assert [one.after for one in room.past.selections] == [None, Position(7, 1)]
    assert (await got(room, f"/api/v1/checks/{CHECK}/results?limit=4"))[2] is None


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=0", "limit must be a whole number from 1 to 10000"),
        ("limit=10001", "limit must be a whole number from 1 to 10000"),
        ("limit=-1", "limit must be a whole number from 1 to 10000"),
        ("status=FINE", "status must be one of UP, DEGRADED"),
        ("since=yesterday", "since must be a time such as"),
        ("until=2026-11-21T09:00:00", "until must be a time such as"),
        ("until=2026-11-21", "until must be a time such as"),
        ("since=1h&until=2h", "since must lie before until"),
        ("Status=UP", "there is no parameter 'Status'; there are status, since, until, limit, cursor"),
        ("cursor=abc", "cursor is no cursor, or only a part of one"),
        (f"cursor={CURSOR[:-1]}A", "cursor is damaged"),
    ],
)
async def test_a_wrong_query_is_refused(room: "Room", query: str, says: str) -> None:
    """With 400 and one clear sentence."""
    status, document, _ = await got(room, f"/api/v1/checks/{CHECK}/results?{query}")
    assert (status, document["status"]) == (400, 400)
    assert says in document["detail"]


async def test_a_report_is_of_windows_or_of_one_span(room: "Room") -> None:
    """By default of the last day, per check and per endpoint."""
    hour_us = 3600 * US_PER_S
    status, rows, _ = await got(room, "/api/v1/report")
    assert (status, rows) == (
        200,
        [{"window": "24h", "since": NOON_US - 24 * hour_us, "until": NOON_US, "by": "check,endpoint"}],
    )
    _, rows, _ = await got(room, "/api/v1/report?window=1h,2h&by=provider")
    assert [(row["window"], row["since"], row["by"]) for row in rows] == [
        ("1h", NOON_US - hour_us, "provider"),
        ("2h", NOON_US - 2 * hour_us, "provider"),
    ]
    _, (row,), _ = await got(room, "/api/v1/report?since=2026-11-21T10:00:00Z&until=1h")
    assert row["window"] == "2026-11-21T10:00:00.000Z/2026-11-21T11:00:00.000Z"
    assert (row["since"], row["until"]) == (NOON_US - 2 * hour_us, NOON_US - hour_us)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("window=0s", "must be longer than nothing"),
        ("window=soon", "window 'soon'"),
        ("window=1h&since=2h", "exclude each other"),
        ("until=2h", "until needs since"),
        ("since=1h&until=2h", "since must lie before until"),
        ("window=", "window ''"),
        ("month=2026-10", "there is no parameter 'month'; there are window, since, until, by"),
        ("by=nonsense", "by 'nonsense': there is no such kind of row; one or several of check, all"),
    ],
)
async def test_a_wrong_report_is_refused(room: "Room", query: str, says: str) -> None:
    """The same."""
    status, document, _ = await got(room, f"/api/v1/report?{query}")
    assert status == 400
    assert says in document["detail"]


async def test_what_is_longer_ago_than_anything_begins_in_1970(room: "Room") -> None:
    """No database counts further back."""
    for since in (f"{'9' * 30}d", "0001-01-01T00:00:00Z"):
        assert (await got(room, f"/api/v1/checks/{CHECK}/results?since={since}"))[0] == 200
        assert (await got(room, f"/api/v1/report?since={since}"))[1][0]["since"] == 0
    assert {one.since_us for one in room.past.selections} == {0}
    assert (await got(room, f"/api/v1/report?window={'9' * 30}d"))[1][0]["since"] == 0


@pytest.mark.parametrize("path", [f"/api/v1/checks/{CHECK}/results", "/api/v1/report"])
async def test_a_database_that_refuses_is_no_fault_of_the_question(room: "Room", path: str) -> None:
    """503, and nothing of the inside."""
    room.past.refuses = True
    status, document, _ = await got(room, path)
    assert (status, document["detail"]) == (503, "the database does not answer")
