"""Rows of a report beyond the figures of each check: groups, change, worst hours, whose fault it was."""

import random
from typing import TYPE_CHECKING, Any

from monitor.clock import Moment, SystemClock, iso
from monitor.domain.check import Check, CheckKind
from monitor.domain.incident import Cause
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Status
from monitor.storage.reports.report import Asked, Group, Period, report_rows
from monitor.storage.rollups.closing import Closer

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

HOUR_S = 3600


def hour(world: "World", number: int) -> Moment:
    """The beginning of an hour of UTC, counted from the first whole one after the world began."""
    after_s = -(world.start.wall_us // 1_000_000) % HOUR_S
    return world.start.plus_s(after_s + number * HOUR_S)


async def rows(world: "World", asked: Asked, since_h: int = 0, until_h: int = 4) -> list[dict[str, Any]]:
    """A report over some hours, asked at their end."""
    now = hour(world, until_h)
    return await world.ask(report_rows, Period("some", hour(world, since_h).wall_us, now.wall_us), now, asked)


def at(world: "World", number: int, seconds: float = 0) -> float:
    """A moment of an hour, in seconds since the world began."""
    return hour(world, number).s_since(world.start) + seconds


def of_provider(name: str, provider: str) -> Check:
    """A model of a provider behind the gateway."""
    return Check(f"gw/chat/{provider}/{name}", "gw", CheckKind.CHAT, f"{provider}/{name}", provider)


async def test_rows_of_every_kind(world: "World") -> None:
    """In the order in which they are asked for; each says what it is about."""
    await world.journal.register([of_provider("a", "x"), of_provider("b", "x"), of_provider("c", "y")], world.start)
    await world.commit(
        *(world.result(at(world, 1, number), check=f"gw/chat/x/{name}") for number, name in enumerate("ab")),
        world.failure(at(world, 1, 2), check="gw/chat/y/c"),
    )
    tags = {"gw/chat/x/a": ("prod",), "gw/chat/y/c": ("prod", "slow")}
    found = await rows(world, Asked((Group.ALL, Group.TAG, Group.PROVIDER, Group.ENDPOINT, Group.CHECK), tags))
    assert [(row["by"], row["check"], row["endpoint"], row["provider"], row["tags"]) for row in found] == [
        ("all", None, None, None, []),
        ("tag", None, None, None, ["prod"]),
        ("tag", None, None, None, ["slow"]),
        ("provider", None, None, "x", []),
        ("provider", None, None, "y", []),
        ("endpoint", None, "gw", None, []),
        ("check", "gw/chat/x/a", "gw", "x", ["prod"]),
        ("check", "gw/chat/x/b", "gw", "x", []),
        ("check", "gw/chat/y/c", "gw", "y", ["prod", "slow"]),
    ]
    assert [row["probes"] for row in found] == [3, 2, 1, 2, 1, 3, 1, 1, 1]
    assert [row["availability"] for row in found[1:5]] == [50.0, 0.0, 100.0, 0.0]


async def test_the_change_since_the_period_before(world: "World") -> None:
    """In percentage points and milliseconds; nothing where nothing was counted before."""
    await world.commit(
        *(world.result(at(world, 0, second), latency_ms=100.0) for second in range(4)),
        *(world.result(at(world, 2, second), latency_ms=200.0) for second in range(3)),
        world.failure(at(world, 2, 9)),
        world.result(at(world, 2, 10), check="gw/chat/new"),
    )
    old, new, endpoint = await rows(world, Asked(), since_h=2)
    assert old["trend"] == {
        "availability": -25.0,
        "latency_p50_ms": 100.0,
        "latency_p95_ms": 100.0,
        "ttft_p50_ms": None,
        "cost": None,
    }
    assert new["trend"] is None
    assert endpoint["trend"]["availability"] == -20.0
    assert [row["trend"] for row in await rows(world, Asked(trend=False), since_h=2)] == [None] * 3


async def test_a_month_is_compared_with_the_month_before(world: "World") -> None:
    """However long that was."""
    await world.commit(world.failure(at(world, 0)), world.result(at(world, 2)), world.result(at(world, 3)))
    now = hour(world, 4)
    period = Period("2026-11", hour(world, 3).wall_us, now.wall_us, hour(world, 0).wall_us)
    (row, _) = await world.ask(report_rows, period, now, Asked())
    assert row["trend"]["availability"] == 50.0


async def test_a_sum_is_not_compared_with_that_of_a_shorter_time(world: "World") -> None:
    """Who is watched since yesterday has not become dearer."""
    await world.commit(*(world.result(at(world, hours), usage=Usage(10, 5)) for hours in (0, 1, 2, 3)))
    now = hour(world, 4)
    asked = Asked(bill=lambda used: used.input_tokens)
    (alike, _) = await world.ask(report_rows, Period("2h", hour(world, 2).wall_us, now.wall_us), now, asked)
    assert alike["trend"]["cost"] == 0.0
    longer = Period("3h", hour(world, 1).wall_us, now.wall_us)
    (row, _) = await world.ask(report_rows, longer, now, asked)
    assert (row["trend"]["availability"], row["trend"]["cost"]) == (0.0, None)


async def test_the_worst_hours(world: "World") -> None:
    """Those with the most failures, at most three; of a group with all that its checks counted."""
    failures = {0: 1, 1: 3, 2: 2, 3: 1}
    await world.commit(
        *(world.failure(at(world, number, second)) for number, count in failures.items() for second in range(count)),
        *(world.result(at(world, number, 30)) for number in range(4)),
        *(world.result(at(world, number, 31), check="gw/chat/fine") for number in range(4)),
    )
    one, fine, endpoint = await rows(world, Asked())
    assert [(told["started_at"], told["failures"], told["counted"]) for told in one["worst_hours"]] == [
        (iso(hour(world, 1).wall_us), 3, 4),
        (iso(hour(world, 2).wall_us), 2, 3),
        (iso(hour(world, 3).wall_us), 1, 2),
    ]
    assert one["worst_hours"][0]["availability"] == 25.0
    assert fine["worst_hours"] == []
    assert [(told["failures"], told["counted"]) for told in endpoint["worst_hours"]] == [(3, 5), (2, 4), (1, 3)]


async def test_a_report_says_the_same_once_everything_is_closed(world: "World") -> None:
    """Rows with worst hours and change, from single results and from roll-ups of days and hours."""
    dice = random.Random(3)  # noqa: S311  the same past every time
    await world.commit(
        *(
            (world.failure if dice.random() < 0.1 else world.result)(
                at(world, number, dice.uniform(0, HOUR_S)), check=f"gw/chat/{dice.choice('ab')}"
            )
            for number in range(80)
            for _ in range(4)
        )
    )

    class Then(SystemClock):
        """Some days later."""

        def now(self) -> Moment:
            """On the wall; durations are real."""
            return Moment(hour(world, 81).wall_us, super().now().mono_us)

    before = await rows(world, Asked((*Group,)), since_h=20, until_h=80)
    await Closer(world.writer, Then(), pausing=False).close()
    assert await rows(world, Asked((*Group,)), since_h=20, until_h=80) == before
    assert all(len(row["worst_hours"]) == 3 and row["trend"]["availability"] for row in before)


async def test_whose_fault_the_downtime_was(world: "World") -> None:
    """By fault domain, from the incidents; an endpoint's moments count once for each domain."""
    await world.journal.register([world.check("a"), world.check("b")], hour(world, 0))
    faults = (("a", FaultDomain.MODEL, 0, 600), ("b", FaultDomain.MODEL, 300, 900), ("b", FaultDomain.KEY, 3000, 3600))
    await world.commit(
        incidents={
            number: world.incident(
                number,
                f"gw/chat/{name}",
                key=f"{number}",
                cause=Cause(Status.SERVER_ERROR, fault),
                started_at=hour(world, 0).plus_s(since),
                resolved_at=hour(world, 0).plus_s(until),
            )
            for number, (name, fault, since, until) in enumerate(faults, start=1)
        }
    )
    a, b, endpoint = await rows(world, Asked())
    assert a["downtime_by_fault"] == {"model": 600.0}
    assert b["downtime_by_fault"] == {"key": 600.0, "model": 600.0}
    assert endpoint["downtime_by_fault"] == {"model": 900.0, "key": 600.0}
    assert (endpoint["downtime_s"], endpoint["observed_s"], endpoint["nines"]) == (1500.0, 4.0 * HOUR_S, 0.98)


async def test_what_a_row_says_of_the_period_that_can_be_told(world: "World") -> None:
    """Its first and last moment; null where nothing of it is kept."""
    await world.commit(world.result(at(world, 1)))
    row, _ = await rows(world, Asked())
    assert (row["since"], row["until"]) == (iso(hour(world, 0).wall_us), iso(hour(world, 4).wall_us))
    ahead, _ = await world.ask(
        report_rows, Period("", hour(world, 5).wall_us, hour(world, 6).wall_us), hour(world, 4), Asked()
    )
    assert (ahead["since"], ahead["until"], ahead["availability"], ahead["downtime_s"]) == (None, None, None, 0.0)


async def test_a_removed_check_was_observed_until_it_was_removed(world: "World") -> None:
    """The time after it is no time up."""
    await world.commit(world.result(at(world, 0)))
    await world.journal.register([world.check("other")], hour(world, 1))
    removed, *_ = await rows(world, Asked())
    assert removed["check"] == "gw/chat/m"
    assert removed["observed_s"] == HOUR_S
