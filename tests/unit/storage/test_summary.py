"""What `db info` says."""

from typing import TYPE_CHECKING

from monitor.domain.ages import Ages
from monitor.storage.summary import summary

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


AGES = Ages(86_400, 86_400, 86_400)


async def test_it_counts_and_measures(world: "World") -> None:
    """Rows, bytes, and the time that is held."""
    await world.commit(world.result(0), world.failure(60, check="gw/chat/n"))
    facts = await world.ask(summary, AGES)
    assert facts["revision"] == "0004"
    assert (facts["rows"]["results"], facts["rows"]["checks"], facts["rows"]["reasons"]) == (2, 2, 1)
    assert facts["bytes"] > 0
    assert {row["table"]: row["bytes"] > 0 for row in facts["tables"] if row["rows"]} == {
        name: True for name in ("results", "result_details", "checks", "reasons") if facts["rows"][name]
    }
    assert facts["log_bytes"] >= 0
    assert (facts["oldest_result"], facts["newest_result"]) == ("2026-11-20T18:40:00.000Z", "2026-11-20T18:41:00.000Z")


async def test_an_empty_database_holds_no_time(world: "World") -> None:
    """Null, not nought."""
    facts = await world.ask(summary, AGES)
    assert (facts["oldest_result"], facts["newest_result"]) == (None, None)


async def test_each_level_says_how_long_it_is_kept(world: "World") -> None:
    """And until when it is made; what is never deleted for its age says neither."""
    await world.commit(world.result(0))
    facts = await world.ask(summary, AGES)
    rows = {row["table"]: row for row in facts["tables"]}
    assert rows["results"]["kept_s"] == rows["rollups_hourly"]["kept_s"] == 86_400
    assert rows["rollups_daily"]["kept_s"] is None
    assert rows["incidents"]["oldest"] is None
    assert facts["size_limit"] is None
