"""Silences as people ask for them."""

from typing import TYPE_CHECKING

from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence, Until
from monitor.domain.severity import Severity
from monitor.storage.past import silenced

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


async def test_silences_have_the_fields_of_the_interface(world: "World") -> None:
    """The matcher without what is empty."""
    at = world.start
    matcher = Matcher(checks=("gw/*",), severities=(Severity.WARNING,))
    await world.commit(silences={1: Silence(1, matcher, "kim", "move", at, at.plus_s(60), at.plus_s(120))})
    assert await world.ask(silenced.silences, at.plus_s(61)) == [
        {
            "id": 1,
            "state": "active",
            "by": "kim",
            "reason": "move",
            "matcher": {"checks": ["gw/*"], "severities": ["warning"]},
            "until": "time",
            "created_at": "2026-11-20T18:40:00.000Z",
            "starts_at": "2026-11-20T18:41:00.000Z",
            "ends_at": "2026-11-20T18:42:00.000Z",
            "expired_at": None,
        }
    ]


async def test_where_a_silence_stands(world: "World") -> None:
    """Still to come, in force, over: by its time, or because somebody ended it."""
    at = world.start
    later = Silence(1, Matcher(), "kim", "later", at, at.plus_s(60), at.plus_s(120))
    endless = Silence(2, Matcher(), "kim", "endless", at, at, None, Until.RESOLVED)
    ended = Silence(3, Matcher(), "kim", "ended", at, at, None, expired_at=at.plus_s(5))
    await world.commit(silences={one.id: one for one in (later, endless, ended)})
    expected = {10: ["pending", "active"], 60: ["active", "active"], 120: ["active"]}
    for after_s, states in expected.items():
        rows = await world.ask(silenced.silences, at.plus_s(after_s))
        assert [row["state"] for row in rows] == states
    rows = await world.ask(silenced.silences, at.plus_s(120), everything=True)
    assert [(row["id"], row["state"]) for row in rows] == [(1, "expired"), (2, "active"), (3, "expired")]


async def test_no_silences_is_an_empty_list(world: "World") -> None:
    """Not an error."""
    assert await world.ask(silenced.silences, world.start, everything=True) == []
