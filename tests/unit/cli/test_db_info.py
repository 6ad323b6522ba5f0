"""What `db info` shows people."""

import json
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch


@pytest.mark.usefixtures("recorded")
def test_times_are_those_of_people(relaywatch: "Relaywatch") -> None:
    """In the configured zone, and the heading names it; programs get UTC."""
    shown = relaywatch("db", "info").out
    (facts,) = json.loads(relaywatch("db", "info", "--format", "json").out)
    (results,) = [row for row in facts["tables"] if row["table"] == "results"]
    newest = datetime.fromisoformat(results["newest"])
    assert results["newest"].endswith("Z")
    assert "oldest (Asia/Seoul)" in shown
    (line,) = [line for line in shown.splitlines() if line.startswith("results ")]
    assert newest.astimezone(ZoneInfo("Asia/Seoul")).strftime("%Y-%m-%d %H:%M") in line
    assert line.split()[1] == "6"
