"""`status`, `history`, `incidents`, `report` on a database, without a daemon: rows, exit codes, clear refusals."""

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

CHAT = "gw/chat/openai/gpt-4.1"
ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
FIELDS = {
    "status": "check endpoint model state since status consecutive_failures availability_24h",
    "history": (
        "check endpoint kind model status fault_domain http_status latency_ms ttft_ms lag_ms reason action request_id "
        "started_at answered_by"
    ),
    "incidents": (
        "id key endpoint severity status fault_domain checks started_at detected_at resolved_at duration_s "
        "acknowledged kind scope acknowledged_by"
    ),
    "report": (
        "check endpoint model window availability coverage probes by_status latency_p50_ms latency_p95_ms "
        "latency_p99_ms latency_avg_ms latency_max_ms ttft_p50_ms ttft_p95_ms ttft_p99_ms incidents downtime_s mttr_s "
        "mtbf_s tokens cost by provider tags since until observed_s nines downtime_by_fault trend worst_hours"
    ),
}
pytestmark = pytest.mark.usefixtures("recorded")


def rows(relaywatch: "Relaywatch", *arguments: str) -> list[dict[str, Any]]:
    """What a command prints as JSON, and nothing else."""
    ended = relaywatch(*arguments, "--format", "json")
    found = json.loads(ended.out)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("command", list(FIELDS))
def test_json_rows_have_exactly_the_fields_of_the_interface(relaywatch: "Relaywatch", command: str) -> None:
    """In its order."""
    found = rows(relaywatch, command)
    assert found
    assert all(list(row) == FIELDS[command].split() for row in found)


@pytest.mark.parametrize("command", list(FIELDS))
def test_csv_has_the_same_and_no_formula(relaywatch: "Relaywatch", command: str) -> None:
    """One of the models is called `=cmd()`."""
    lines = list(csv.reader(io.StringIO(relaywatch(command, "--format", "csv").out)))
    assert lines[0] == FIELDS[command].split()
    assert not any(cell.startswith(("=", "+", "@")) for line in lines for cell in line)


@pytest.mark.parametrize("command", list(FIELDS))
def test_a_table_is_in_the_configured_zone(relaywatch: "Relaywatch", command: str) -> None:
    """For people."""
    out = relaywatch(command).out
    assert CHAT in out
    assert "Asia/Seoul" in out


def test_status_without_a_daemon_is_what_was_believed_last(relaywatch: "Relaywatch") -> None:
    """Exit 1, and said on stderr so that stdout stays JSON."""
    ended = relaywatch("status", "--format", "json")
    states = {row["check"]: row["state"] for row in json.loads(ended.out)}
    assert states == {"gw/models": "UP", CHAT: "DOWN", "gw/chat/=cmd()": "PENDING"}
    assert ended.code == 1
    assert "the daemon is not running" in ended.err


def test_a_dead_daemon(relaywatch: "Relaywatch") -> None:
    """One row, exit 1."""
    ended = relaywatch("status", "--daemon", "--format", "json")
    (row,) = json.loads(ended.out)
    assert list(row) == [
        "alive",
        "pid",
        "last_commit",
        "outbox_pending",
        "dead",
        "spent_today",
        "spent_month",
        "caps_spent",
    ]
    assert (row["alive"], row["pid"], row["outbox_pending"], row["dead"]) == (False, None, 1, 0)
    assert ended.code == 1


def test_history_is_newest_first_and_bounded(relaywatch: "Relaywatch") -> None:
    """The last result of all."""
    found = rows(relaywatch, "history")
    assert [row["started_at"] for row in found] == sorted((row["started_at"] for row in found), reverse=True)
    assert all(ISO.fullmatch(row["started_at"]) for row in found)
    assert rows(relaywatch, "history", "--limit", "2") == found[:2]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--check", CHAT), 3),
        (("--endpoint", "gw"), 6),
        (("--model", "openai/gpt-4.1"), 3),
        (("--status", "overloaded"), 3),
        (("--status", "UP", "--status", "OVERLOADED"), 6),
        (("--status", "TIMEOUT"), 0),
        (("--since", "25s"), 4),
        (("--until", "25s"), 2),
        (("--since", "1h", "--until", "5s", "--check", "gw/models"), 3),
    ],
)
def test_history_is_filtered(relaywatch: "Relaywatch", options: tuple[str, ...], count: int) -> None:
    """Every filter narrows."""
    assert len(rows(relaywatch, "history", *options)) == count


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("history", "--check", "gw/chat/openai/gpt-4"), f"nearest: {CHAT}"),
        (("history", "--endpoint", "other"), "there is no endpoint 'other'"),
        (("history", "--status", "timeot"), "nearest: TIMEOUT"),
        (("history", "--since", "tomorrow"), "--since 'tomorrow' is no time"),
        (("report", "--window", "7"), "--window '7'"),
        (("report", "--window", "0s"), "--window '0s'"),
        (("report", "--window", "7d", "--since", "1d"), "exclude each other"),
        (("report", "--until", "1d"), "--until needs --since"),
        (("report", "--since", "1d", "--until", "2d"), "--since must lie before --until"),
        (("incidents", "show", "99"), "there is no incident 99"),
    ],
)
def test_a_question_that_makes_no_sense(relaywatch: "Relaywatch", arguments: tuple[str, ...], message: str) -> None:
    """Exit 2, one clear message, nothing on stdout."""
    ended = relaywatch(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_incidents(relaywatch: "Relaywatch") -> None:
    """Past and open, or only one kind."""
    (row,) = rows(relaywatch, "incidents")
    assert (row["id"], row["checks"], row["resolved_at"], row["severity"]) == (1, [CHAT], None, "critical")
    assert rows(relaywatch, "incidents", "--state", "resolved") == []
    assert len(rows(relaywatch, "incidents", "--state", "open")) == 1


def test_one_incident_for_people(relaywatch: "Relaywatch") -> None:
    """Facts, timeline, deliveries; markup in a reason is text."""
    ended = relaywatch("incidents", "show", "1")
    assert ended.code == 0
    for part in ("incident 1", "still open", "Switch traffic", "timeline", "opened", "told", "deliveries", "pending"):
        assert part in ended.out
    assert "[bold]no capacity[/bold]" in ended.out


def test_one_incident_for_programs(relaywatch: "Relaywatch") -> None:
    """One object with all that is known."""
    incident = json.loads(relaywatch("incidents", "show", "1", "--format", "json").out)
    assert incident["timeline"][0]["decision"] == "told"
    assert incident["deliveries"][0]["channel"] == "ops"


def test_a_report_of_several_windows(relaywatch: "Relaywatch") -> None:
    """A row per check and per endpoint for each."""
    found = rows(relaywatch, "report", "--window", "1h, 7d")
    assert [row["window"] for row in found] == ["1h"] * 4 + ["7d"] * 4
    down = next(row for row in found if row["check"] == CHAT)
    assert (down["availability"], down["by_status"]) == (0.0, {"OVERLOADED": 3})
    endpoint = found[3]
    assert (endpoint["check"], endpoint["endpoint"], endpoint["availability"]) == (None, "gw", 50.0)


def test_a_report_between_two_times(relaywatch: "Relaywatch") -> None:
    """The window's name tells which."""
    found = rows(relaywatch, "report", "--since", "25s", "--until", "15s")
    assert found[0]["probes"] == 1
    assert ISO.fullmatch(found[0]["window"].split("/")[0])


@pytest.mark.parametrize("command", list(FIELDS))
def test_reading_never_creates_a_database(relaywatch: "Relaywatch", recorded: Path, command: str) -> None:
    """One clear message instead."""
    for file in recorded.glob("relaywatch.db*"):
        file.unlink()
    before = sorted(recorded.iterdir())
    ended = relaywatch(command)
    assert (ended.code, ended.out) == (2, "")
    assert "there is no database" in ended.err
    assert sorted(recorded.iterdir()) == before


def test_why_people_were_told(relaywatch: "Relaywatch") -> None:
    """Event by event, in the configured zone."""
    out = relaywatch("incidents", "show", "1", "--explain").out
    told = out.partition("why people were told, or not (Asia/Seoul)\n")[2].splitlines()
    assert told[0].endswith("  opened  OVERLOADED, critical")
    assert told[1] == "    ops: on its way"
    incident = json.loads(relaywatch("incidents", "show", "1", "--explain", "--format", "json").out)
    assert incident["timeline"][0]["said"] == ["ops: on its way"]
    assert incident["said"] is None


def test_the_draft_of_a_post_mortem(relaywatch: "Relaywatch") -> None:
    """Markdown with the failed probes."""
    out = relaywatch("incidents", "show", "1", "--format", "md").out
    assert out.startswith(f"# {CHAT}: overloaded\n")
    assert out.count(f"| {CHAT} | OVERLOADED 200 | 250 ms |") == 3
    assert r"\[bold\]no capacity" in out
