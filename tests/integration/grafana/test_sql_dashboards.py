"""Every question of the SQL dashboards is asked of a real database, and its answer is what the report would say."""

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest

from monitor.storage.rollup_tables import Level

if TYPE_CHECKING:
    from tests.integration.grafana.conftest import Dashboard, Recorded

MakeDashboard = Callable[[str], "Dashboard"]
ODD = 'gw/chat/it\'s "odd" $__from ${check}'
UP, FAILED, UNKNOWN = 0, 9, 12
HOURS = 26
_REALMS = {"results", *(level.value for level in Level)}
"""The tables that grow with time."""


@pytest.fixture
def dashboard(recorded: "Recorded", dashboard_of: MakeDashboard) -> "Dashboard":
    """The one for this engine."""
    return dashboard_of(recorded.source)


def value(recorded: "Recorded", dashboard: "Dashboard", title: str, **choice: Any) -> float:
    """What a panel with one figure shows."""
    ((figure,),) = [row.values() for row in recorded.ask(dashboard.sql(title, **choice))]
    return float(figure)


@pytest.mark.parametrize("resolution", [level.value for level in Level])
def test_every_panel_has_an_answer(recorded: "Recorded", dashboard: "Dashboard", resolution: str) -> None:
    """In every resolution, for all checks and for one whose name is made to break a query."""
    for title in dashboard.panels:
        for checks in (None, [ODD]):
            rows = recorded.ask(dashboard.sql(title, resolution, checks))
            assert rows, title
            assert any(figure is not None for row in rows for figure in row.values()), title


def test_series_have_a_time_and_come_in_order(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """Grafana refuses a series that goes back in time; SQLite's times are seconds, PostgreSQL's are times."""
    for title, panel in dashboard.panels.items():
        if panel["type"] != "timeseries":
            continue
        times = [row["time"] for row in recorded.ask(dashboard.sql(title))]
        assert times == sorted(times), title
        if recorded.source == "sqlite":
            assert {type(time) for time in times} == {int}
            assert min(times) >= 1_700_000_000
        else:
            assert all(time.tzinfo is not None for time in times)


def test_availability_and_coverage_are_those_of_the_report(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """UNKNOWN lowers coverage only."""
    due = len(recorded.results)
    counted = [row for row in recorded.results if row["status"] != UNKNOWN]
    up = sum(row["status"] == UP for row in counted)
    assert value(recorded, dashboard, "Availability") == pytest.approx(100 * up / len(counted))
    assert value(recorded, dashboard, "Coverage") == pytest.approx(100 * len(counted) / due)
    assert value(recorded, dashboard, "Probes") == due


def test_a_choice_of_checks_is_kept(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """Twelve failures of one check among its 311 that count."""
    assert value(recorded, dashboard, "Availability", checks=[ODD]) == pytest.approx(100 * 299 / 311)
    assert value(recorded, dashboard, "Availability", checks=["gw/models"]) == 100


@pytest.mark.parametrize("title", ["Availability over time", "Average latency over time"])
def test_lines_are_of_endpoints_or_of_the_chosen_checks(
    recorded: "Recorded", dashboard: "Dashboard", title: str
) -> None:
    """Hundreds of checks would be neither quick nor a picture."""
    assert {row["subject"] for row in recorded.ask(dashboard.sql(title))} == {"gw", "b"}
    assert {row["subject"] for row in recorded.ask(dashboard.sql(title, checks=[ODD, "gw/models"]))} == {
        ODD,
        "gw/models",
    }


def test_cost_is_that_of_the_tokens(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """Ten tokens at 2 dollars a million and five at 8."""
    answers = sum(row["input_tokens"] is not None for row in recorded.results)
    assert value(recorded, dashboard, "Cost") == pytest.approx(answers * (10 * 2 + 5 * 8) / 1e6)


def test_percentiles_are_by_nearest_rank(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """Exactly, in every hour of the range."""
    rows = recorded.ask(dashboard.sql("Latency percentiles", checks=[ODD]))
    hours: dict[int, list[int]] = {}
    for row in recorded.results:
        if row["check_id"] == 2 and row["status"] == UP:
            hours.setdefault(row["started_at_us"] // 3_600_000_000, []).append(row["latency_100us"])
    assert len(rows) == len(hours) == HOURS - 1
    for row, latencies in zip(rows, hours.values(), strict=True):
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            assert float(row[name]) == sorted(latencies)[ceil(share * len(latencies)) - 1] / 10


def test_failures_are_counted_by_status_and_by_fault(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """Twelve, in one hour, of the endpoint."""
    rows = recorded.ask(dashboard.sql("Failures by status"))
    assert [row["SERVER_ERROR"] for row in rows if row["SERVER_ERROR"]] == [12]
    assert recorded.ask(dashboard.sql("Failures by fault domain")) == [{"fault_domain": "endpoint", "failures": 12}]
    newest = recorded.ask(dashboard.sql("Newest failures"))
    assert [(row["check"], row["status"], row["reason"]) for row in newest] == [
        (ODD, "SERVER_ERROR", "HTTP 503 <b>")
    ] * 12


def test_incidents_and_messages_are_listed(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """One over, one open; one sent, one waiting, one given up."""
    assert value(recorded, dashboard, "Outages") == 2
    assert value(recorded, dashboard, "Open now") == 1
    incidents = recorded.ask(dashboard.sql("Incidents"))
    assert [(row["id"], row["resolved"] is None, row["checks"]) for row in incidents] == [(2, True, 1), (1, False, 1)]
    states = {row["state"]: row["notifications"] for row in recorded.ask(dashboard.sql("Notifications"))}
    assert states == {"dead": 1, "pending": 1, "sent": 1}
    (dead,) = recorded.ask(dashboard.sql("Notifications given up"))
    assert (dead["channel"], dead["error"]) == ("ops", "HTTP 500")


def test_the_variables_offer_what_is_there(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """One column each, as the SQLite plugin wants it."""
    found = {
        name: [tuple(row.values()) for row in recorded.ask(dashboard.filled(variable["query"]))]
        for name, variable in dashboard.variables.items()
        if variable["type"] == "query"
    }
    assert found == {"endpoint": [("b",), ("gw",)], "check": [("b/chat/m",), (ODD,), ("gw/models",)]}


@pytest.mark.parametrize("recorded", ["sqlite"], indirect=True)
def test_no_question_reads_a_whole_table_of_history(recorded: "Recorded", dashboard: "Dashboard") -> None:
    """Results and roll-ups (`r` in every question) are found by their keys: check and time."""
    for title in dashboard.panels:
        for resolution in (level.value for level in Level):
            plan = recorded.ask(f"EXPLAIN QUERY PLAN {dashboard.sql(title, resolution)}")
            details = [row["detail"] for row in plan]
            assert not [line for line in details if f"{line} ".startswith("SCAN r ")], title
            history = [line for line in details if line.startswith("SEARCH r ")]
            assert all("check_id=? AND started_at_us>? AND started_at_us<?" in line for line in history), title
            assert history or not _REALMS & set(dashboard.sql(title, resolution).split()), title
