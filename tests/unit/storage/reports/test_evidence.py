"""The failed probes of a period, for a vendor."""

from typing import TYPE_CHECKING, Any

from monitor.clock import iso
from monitor.domain.result import Status, Trigger, Verdict
from monitor.storage.reader import Reader
from monitor.storage.reports.evidence import FIELDS, failed_probes
from monitor.storage.reports.figures import Period

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World


def _all(reader: Reader, period: Period) -> list[dict[str, Any]]:
    return list(failed_probes(reader, period))


async def test_every_failed_probe_with_its_incident(world: "World") -> None:
    """Oldest first, whatever made it run; UNKNOWN is no evidence, a failure that led to nothing has no incident."""
    await world.commit(
        world.failure(0, request_id="r0"),
        world.failure(20, request_id="r20"),
        world.failure(25, trigger=Trigger.CONFIRM),
        world.result(30, Verdict(Status.UNKNOWN)),
        world.result(40, Verdict(Status.DEGRADED)),
        world.failure(30, check="gw/chat/other"),
        incidents={1: world.incident(1, started_at=world.start.plus_s(20), resolved_s=40)},
    )
    period = Period("", world.start.wall_us, world.start.plus_s(100).wall_us)
    found = await world.ask(_all, period)
    assert [(row["started_at"], row["check"], row["request_id"], row["incident"]) for row in found] == [
        (iso(world.start.wall_us), "gw/chat/m", "r0", None),
        (iso(world.start.plus_s(20).wall_us), "gw/chat/m", "r20", 1),
        (iso(world.start.plus_s(25).wall_us), "gw/chat/m", None, 1),
        (iso(world.start.plus_s(30).wall_us), "gw/chat/other", None, None),
    ]
    assert all(tuple(row) == FIELDS for row in found)
    shown = {name: found[2][name] for name in ("status", "fault_domain", "http_status", "trigger", "reason")}
    assert shown == {
        "status": "SERVER_ERROR",
        "fault_domain": "endpoint",
        "http_status": 503,
        "trigger": "confirm",
        "reason": "HTTP 503",
    }


async def test_the_period_cuts(world: "World") -> None:
    """Its first moment is in it, its last is not."""
    await world.commit(*(world.failure(at) for at in (0, 10, 20)))
    period = Period("", world.start.plus_s(10).wall_us, world.start.plus_s(20).wall_us)
    (row,) = await world.ask(_all, period)
    assert row["started_at"] == iso(world.start.plus_s(10).wall_us)
