"""Results in the order of their times: the rows of the interface, any selection, page after page, however many."""

import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from monitor.clock import US_PER_S, iso
from monitor.domain.result import FaultDomain, Phases, Status, Trigger
from monitor.storage import dialect, tables
from monitor.storage.codes import STATUS_CODES, TRIGGER_CODES
from monitor.storage.copying.loading import load
from monitor.storage.past import result_list
from monitor.storage.past.result_list import ResultList, results
from monitor.storage.past.selection import Selection
from monitor.storage.reader import Reader
from monitor.storage.rollup_tables import STATUS_COLUMNS, Level

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

START_US = 1_795_200_000 * US_PER_S
DAY_US = 86_400 * US_PER_S
CHECKS = ("gw/chat/a", "gw/chat/b", "two/chat/a")
FAULTS = ("", "model", "endpoint")


async def test_a_row_has_the_fields_of_the_interface(world: "World") -> None:
    """In their order, absent values null."""
    await world.journal.register([world.check("acme/big")], world.start)
    failure = world.failure(
        1.5,
        check="gw/chat/acme/big",
        request_id="req-1",
        answered_by="gpt-4o-mini",
        latency_ms=1500.04,
        lag_ms=1.2,
        phases=Phases(total_ms=1500.0),
    )
    await world.commit(failure, world.result(2, check="gw/chat/acme/big", latency_ms=None))
    newest, older = await world.ask(results, Selection())
    assert older == {
        "check": "gw/chat/acme/big",
        "endpoint": "gw",
        "kind": "chat",
        "model": "acme/big",
        "status": "SERVER_ERROR",
        "fault_domain": "endpoint",
        "http_status": 503,
        "latency_ms": 1500.0,
        "ttft_ms": None,
        "lag_ms": 1.2,
        "reason": "HTTP 503",
        "action": "wait_or_switch",
        "request_id": "req-1",
        "started_at": "2026-11-20T18:40:01.500Z",
        "answered_by": "gpt-4o-mini",
    }
    assert list(newest) == list(older)
    nulls = {name for name, value in newest.items() if value is None}
    assert nulls == {"fault_domain", "latency_ms", "ttft_ms", "reason", "action", "request_id", "answered_by"}


Written = list[tuple[int, int, Status, Trigger]]

# Some close together, some days apart: slices must shrink, grow and jump.
moments_us = st.builds(
    lambda day, s, us: START_US + day * DAY_US + s * US_PER_S + us,
    st.sampled_from([0, 0, 1, 2, 40]),
    st.integers(0, 20),
    st.integers(0, 1),
)
written = st.lists(
    st.tuples(moments_us, st.integers(1, 3), st.sampled_from(Status), st.sampled_from(Trigger)),
    max_size=40,
    unique_by=lambda row: row[:2],
)
selections = st.builds(
    Selection,
    check=st.none() | st.just("gw/chat/a"),
    endpoint=st.none() | st.just("gw"),
    model=st.none() | st.just("a"),
    provider=st.none() | st.just("gw"),
    endpoints=st.none() | st.just(("two", "three")),
    statuses=st.lists(st.sampled_from(Status), max_size=3, unique=True).map(tuple),
    triggers=st.lists(st.sampled_from(Trigger), max_size=2, unique=True).map(tuple),
    faults=st.lists(st.sampled_from([FaultDomain.MODEL, FaultDomain.KEY]), max_size=2, unique=True).map(tuple),
    since_us=st.none() | moments_us,
    until_us=st.none() | moments_us,
    limit=st.none() | st.integers(0, 12),
    oldest_first=st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(rows=written, selection=selections, page=st.integers(1, 5), counted=st.booleans(), dense=st.booleans())
async def test_results_are_those_asked_for_in_their_order(
    *, world: "World", rows: Written, selection: Selection, page: int, counted: bool, dense: bool
) -> None:
    """As a plain filter over everything would give them, whether roll-ups tell where to look or not.

    Nor does it matter whether the first slice is as long as the latest results let expect.
    """
    await world.writer.run(lambda connection: _write(connection, rows, counted=counted))
    matching = [row for row in rows if _is_selected(row, selection)]
    wanted = sorted(((at, check) for at, check, _, _ in matching), reverse=not selection.oldest_first)

    def ask(reader: Reader) -> None:
        listed = ResultList(reader, selection)
        found = [(row["started_at"], row["check"]) for row in listed]
        assert found == [(iso(at), CHECKS[check - 1]) for at, check in wanted][: selection.limit]
        assert listed.last == (wanted[: selection.limit][-1] if found else None)
        assert listed.more or len(found) == len(wanted) or selection.limit == 0
        assert 0.0 <= listed.share() <= 1.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result_list, "PAGE", page)
        if dense:
            patch.setattr(result_list, "_LIVELIEST", 2)
            patch.setattr(result_list, "_LEAST_TOLD", 1)
        await world.ask(ask)


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("counted", [False, True])
async def test_the_last_page_of_failures_is_known_for_the_last(
    *, world: "World", counted: bool, oldest_first: bool
) -> None:
    """Nobody is sent to an empty one."""
    rows: Written = [(START_US + number * US_PER_S, 1, Status.TIMEOUT, Trigger.ON_PHASE) for number in range(3)]
    await world.writer.run(lambda connection: _write(connection, rows, counted=counted))
    last = Selection(statuses=(Status.TIMEOUT,), limit=3, oldest_first=oldest_first)
    assert len((await world.ask(_listed, last))[0]) == 3
    assert not (await world.ask(_listed, last))[2]
    assert (await world.ask(_listed, replace(last, limit=2)))[2]


async def test_of_busy_checks_a_short_slice_is_read_first(world: "World") -> None:
    """Beside as many that are long gone; nobody sorts minutes of twenty probes a second for ten rows."""
    rest = (0, 0, 200, 2500, 800, 3, None, 20, 16)
    gone = [(check, START_US - 3 * DAY_US + check, *rest) for check in range(1, 41)]
    busy = [(check, START_US + s * US_PER_S + check, *rest) for s in range(600) for check in range(21, 41)]

    def write(connection: Connection) -> None:
        _write(connection, [])
        load(connection, tables.checks, [(n, f"gw/chat/{n}", "gw", "chat", None, "gw", 0, None) for n in range(4, 41)])
        load(connection, tables.results, sorted([*gone, *busy]))

    def ask(reader: Reader) -> tuple[int, int, list[int]]:
        spans: list[int] = []
        listed = ResultList(reader, Selection(limit=10))
        rows = list(listed)
        spans.append(listed._slice_us)
        return len(rows), len({row["check"] for row in rows}), spans

    await world.writer.run(write)
    count, checks, (slice_us,) = await world.ask(ask)
    assert (count, checks) == (10, 10)
    assert slice_us < 5 * US_PER_S


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(rows=written, selection=selections, later=written, size=st.integers(1, 7))
async def test_pages_follow_each_other_whatever_comes_meanwhile(
    world: "World", rows: Written, selection: Selection, later: Written, size: int
) -> None:
    """No row is missed and none comes twice, while newer ones are recorded between two pages."""
    await world.writer.run(lambda connection: _write(connection, rows))
    end_us = max((row[0] for row in rows), default=START_US)
    later = [(end_us + 1 + number, check, status, trigger) for number, (_, check, status, trigger) in enumerate(later)]
    whole = [row["started_at"] for row in await world.ask(results, _page(selection, None, None))]
    seen: list[str] = []
    after = None
    for turn in range(len(rows) + len(later) + 1):
        found, after, more = await world.ask(_listed, _page(selection, after, size))
        seen += found
        if turn == 0:
            await world.writer.run(lambda connection: _insert(connection, later))
        if not more:
            break
    assert seen[: len(whole)] == whole
    assert selection.oldest_first or len(seen) == len(whole)


def _page(selection: Selection, after: Any, limit: int | None) -> Selection:
    fields = {name: getattr(selection, name) for name in selection.__slots__}
    return Selection(**{**fields, "after": after, "limit": limit})


def _listed(reader: Reader, selection: Selection) -> tuple[list[str], Any, bool]:
    listed = ResultList(reader, selection)
    rows = [row["started_at"] for row in listed]
    return rows, listed.last, listed.more


def _write(connection: Connection, rows: Written, *, counted: bool = False) -> None:
    for table in (*(level.table for level in Level), tables.results, tables.checks, tables.reasons):
        connection.execute(table.delete())
    _insert(connection, rows, with_names=True)
    newest_us = max((row[0] for row in rows), default=START_US)
    for level in Level:
        until_us = newest_us // level.length_us * level.length_us if counted else 0
        connection.exec_driver_sql(
            dialect.upsert_sql(connection.dialect, tables.meta), (level.until_key, str(until_us))
        )
        _roll_up(connection, [row for row in rows if row[0] < until_us], level)


def _insert(connection: Connection, rows: Written, *, with_names: bool = False) -> None:
    if with_names:
        names = [(number, name, *name.split("/")) for number, name in enumerate(CHECKS, start=1)]
        checks = [
            {"id": number, "check": name, "endpoint": endpoint, "kind": kind, "model": model, "provider": endpoint}
            for number, name, endpoint, kind, model in names
        ]
        connection.execute(tables.checks.insert().values(first_seen_us=0), checks)
        reasons = [{"id": n, "reason": f"r{n}", "fault_domain": fault} for n, fault in enumerate(FAULTS, start=1)]
        connection.execute(tables.reasons.insert().values(action=""), reasons)
    blank = dict.fromkeys(column.name for column in tables.results.columns)
    values = [
        {
            **blank,
            "check_id": check,
            "started_at_us": at_us,
            "status": STATUS_CODES[status],
            "trigger": TRIGGER_CODES[trigger],
            "lag_100us": 0,
            "reason_id": _reason(at_us, status) or None,
        }
        for at_us, check, status, trigger in rows
    ]
    if values:
        load(connection, tables.results, [tuple(value.values()) for value in values])


def _reason(at_us: int, status: Status) -> int:
    """Which reason a result has, 0 for none; UP is nobody's fault."""
    return 0 if status is Status.UP else at_us // US_PER_S % (len(FAULTS) + 1)


def _roll_up(connection: Connection, rows: Written, level: Level) -> None:
    """Only what is looked at: the counts by status."""
    stretches: dict[tuple[int, int], dict[str, int]] = {}
    for at_us, check, status, _ in rows:
        row = stretches.setdefault((check, at_us // level.length_us * level.length_us), {})
        row[STATUS_COLUMNS[status]] = row.get(STATUS_COLUMNS[status], 0) + 1
    zeros = {c.name: b"" if c.name.endswith("sketch") else 0 for c in level.table.columns if not c.nullable}
    for (check, began), counts in stretches.items():
        values = {**zeros, "check_id": check, "started_at_us": began, **counts}
        connection.execute(level.table.insert().values(**values))


def _is_selected(row: tuple[int, int, Status, Trigger], selection: Selection) -> bool:
    at_us, check, status, trigger = row
    name = CHECKS[check - 1]
    endpoint, _, model = name.split("/")
    reason = _reason(at_us, status)
    return (
        selection.check in {None, name}
        and selection.endpoint in {None, endpoint}
        and selection.model in {None, model}
        and selection.provider in {None, endpoint}
        and (selection.endpoints is None or endpoint in selection.endpoints)
        and (not selection.statuses or status in selection.statuses)
        and (not selection.triggers or trigger in selection.triggers)
        and (not selection.faults or (reason > 0 and FAULTS[reason - 1] in selection.faults))
        and (selection.since_us is None or at_us >= selection.since_us)
        and (selection.until_us is None or at_us < selection.until_us)
    )


def _many(connection: Connection, first: int, end: int) -> None:
    """Results of three checks, one a second."""
    rest = (0, 0, 200, 2500, 800, 3, None, 20, 16)
    rows = [(number % 3 + 1, START_US + number * US_PER_S, *rest) for number in range(first, end)]
    load(connection, tables.results, rows)


async def test_memory_does_not_grow_with_the_number_of_rows(world: "World") -> None:
    """Fifty thousand rows take no more than ten thousand did; kept, they would take thirty megabytes more."""

    def peak(reader: Reader) -> tuple[int, int]:
        tracemalloc.start()
        try:
            count = sum(map(len, ResultList(reader, Selection(limit=None)).pages()))
            return count, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await world.writer.run(lambda connection: _write(connection, []))
    await world.writer.run(lambda connection: _many(connection, 0, 10_000))
    few, little = await world.ask(peak)
    await world.writer.run(lambda connection: _many(connection, 10_000, 50_000))
    many, much = await world.ask(peak)
    assert (few, many) == (10_000, 50_000)
    assert much < little + 2_000_000


async def test_a_rare_status_is_not_looked_for_where_roll_ups_count_none(world: "World") -> None:
    """A month of nothing but UP costs a few statements, and one failure in it is found all the same."""
    rows: Written = [(START_US + day * DAY_US, 1, Status.UP, Trigger.ON_PHASE) for day in range(30)]
    failed_us = START_US + 12 * DAY_US + 5
    await world.writer.run(
        lambda connection: _write(connection, [*rows, (failed_us, 2, Status.TIMEOUT, Trigger.CONFIRM)], counted=True)
    )

    def asked(reader: Reader) -> tuple[list[str], int]:
        statements: list[str] = []
        event.listen(reader.connection, "before_cursor_execute", lambda *told: statements.append(told[2]))
        found = results(reader, Selection(statuses=(Status.TIMEOUT,)))
        return [row["started_at"] for row in found], len(statements)

    found, statements = await world.ask(asked)
    assert found == [iso(failed_us)]
    assert statements < 15
