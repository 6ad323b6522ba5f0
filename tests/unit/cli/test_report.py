"""`report` beyond its first fields: groups, evidence, tables of every width."""

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from monitor.cli.render import Sheet, write_table
from monitor.cli.report_table import columns, in_cells, notes, shown
from monitor.storage.reports.evidence import FIELDS
from monitor.storage.reports.figures import Period

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

CHAT = "gw/chat/openai/gpt-4.1"
pytestmark = pytest.mark.usefixtures("recorded")


def row(**fields: Any) -> dict[str, Any]:
    """A row of a report with long figures."""
    return {
        "by": "check",
        "check": "gateway/chat/meta-llama/llama-4-maverick-17b-128e-instruct",
        "endpoint": "gateway",
        "model": "meta-llama/llama-4-maverick-17b-128e-instruct",
        "window": "30d",
        "availability": 99.987,
        "coverage": 99.876,
        "probes": 12_345_678,
        "by_status": {"UP": 12_345_000, "TIMEOUT": 678},
        **{f"latency_{part}_ms": 12_345.6 for part in ("p50", "p95", "p99", "avg", "max")},
        "ttft_p50_ms": 1234.5,
        "incidents": 123,
        "downtime_s": 123_456.0,
        "mttr_s": 12_345.0,
        "mtbf_s": 1_234_567.0,
        "tokens": 987_654_321,
        "cost": 12_345.67,
        "provider": "meta-llama",
        "tags": [],
        "since": "2026-11-01T00:00:00.000Z",
        "until": "2026-11-02T00:00:00.000Z",
        "observed_s": 86_400.0,
        "nines": 2.15,
        "downtime_by_fault": {},
        "trend": {"availability": -0.125, "cost": None},
        "worst_hours": [
            {"started_at": "2026-11-01T05:00:00.000Z", "availability": 50.0, "counted": 120, "failures": 60}
        ],
        **fields,
    }


class Terminal(io.StringIO):
    """A terminal as wide as COLUMNS says."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140, 200, 250])
def test_no_figure_is_broken_or_cut_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Columns that have no room are left out whole; from 80 columns on the usual figures are there."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    out, asked = Terminal(), columns(several=True)
    write_table(Sheet([shown(row())], (), asked), out)
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert max(map(len, text.splitlines())) <= width
    fitting = [column for column in asked if column.least_width <= width and not column.whole]
    for column in fitting:
        if column.name != "by_status":
            assert column.show(shown(row())[column.name]) in text
    if width >= 80:
        assert {"availability", "coverage", "latency_p50_ms", "latency_p95_ms", "incidents"} <= {
            column.name for column in fitting
        }


def test_rows_of_every_kind(relaywatch: "Relaywatch") -> None:
    """As asked for, each once."""
    found = json.loads(relaywatch("report", "--by", "provider, all,provider", "--format", "json").out)
    assert [(one["by"], one["provider"]) for one in found] == [
        ("provider", "gw"),
        ("provider", "openai"),
        ("all", None),
    ]
    text = relaywatch("report", "--by", "endpoint,provider,all").out
    assert "gw (all)" in text
    assert "openai (provider)" in text


@pytest.mark.parametrize("arguments", [("--by", "model"), ("--by", "")])
def test_a_kind_that_there_is_not(relaywatch: "Relaywatch", arguments: tuple[str, str]) -> None:
    """The known ones are named."""
    ended = relaywatch("report", *arguments)
    assert ended.code == 2
    assert "check, endpoint, provider, tag, all" in ended.err


def test_evidence_for_programs(relaywatch: "Relaywatch") -> None:
    """Every failed probe with what the vendor knows it by."""
    found = json.loads(relaywatch("report", "--evidence", "--format", "json").out)
    assert found
    assert all(tuple(one) == FIELDS and one["check"] == CHAT and one["status"] == "OVERLOADED" for one in found)
    assert {one["incident"] for one in found} == {1}
    lines = list(csv.reader(io.StringIO(relaywatch("report", "--evidence", "--format", "csv").out)))
    assert (tuple(lines[0]), len(lines)) == (FIELDS, 1 + len(found))


def test_evidence_for_people(relaywatch: "Relaywatch") -> None:
    """In the configured zone; nothing is a sentence."""
    assert "OVERLOADED" in relaywatch("report", "--evidence").out
    assert "no probe failed" in relaywatch("report", "--evidence", "--since", "30d", "--until", "29d").out
    assert relaywatch("report", "--evidence", "--format", "html").code == 2
    assert "--by has nothing to group" in relaywatch("report", "--evidence", "--by", "endpoint").err


def test_a_spreadsheet_gets_one_text_in_a_cell() -> None:
    """Changes that are known, and hours."""
    cells = in_cells(row())
    assert cells["trend"] == {"availability": -0.125}
    assert cells["worst_hours"] == ["2026-11-01T05:00:00.000Z 60/120"]
    assert in_cells(row(trend=None))["trend"] == {}


def test_a_change_of_nothing_has_no_minus() -> None:
    """A thousandth of a point less is no loss to look at."""
    changes = (-0.001, 0.0, 0.004, -0.006, None)
    said = [shown(row(trend=None if change is None else {"availability": change}))["changed"] for change in changes]
    assert said == ["+0.00", "+0.00", "+0.00", "-0.01", None]


def test_what_stands_below_the_table() -> None:
    """What is deleted, whose fault it was, the worst hours; nothing where there is nothing to say."""
    october = Period("30d", 1_790_899_200_000_000, 1_793_491_200_000_000)
    endpoint = row(by="endpoint", check=None, downtime_by_fault={"model": 120.0, "key": 60.0}, downtime_s=150.0)
    said = list(notes(october, [row(), endpoint], "Asia/Seoul"))
    assert said[0] == "30d: figures begin at 2026-11-01 09:00:00; what was before is deleted"
    assert said[1] == "gateway's checks: 2 min 30 s of downtime in 30d, by fault: model 2 min, key 1 min"
    assert said[2] == "worst hours in 30d (Asia/Seoul):"
    assert said[3].startswith("  2026-11-01 14:00  60 of 120 failed  gateway/chat/")
    assert list(notes(october, [], "UTC")) == []
