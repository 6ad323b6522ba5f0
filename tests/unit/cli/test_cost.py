"""What probing will cost, told before anything is sent; and what it cost."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.batch import Batch
from monitor.clock import SystemClock
from monitor.domain.caps import day_of
from monitor.domain.kept import Spending
from monitor.domain.reply import Usage
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

CONFIG = """
[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:9/v1"
api_key = { env = "NOT_SET" }
models = ["openai/gpt-4.1", "unheard-of"]
[[channels]]
name = "console"
type = "console"
[[channels]]
name = "mail"
type = "slack"
webhook_url = { env = "NOT_SET" }
"""
FIELDS = (
    "check endpoint model interval_s probes input_tokens output_tokens input_price output_price at_most expected "
    "measured"
)


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A folder with a configuration, without a database, and nobody who answers."""
    (tmp_path / "relaywatch.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def remember(folder: Path) -> None:
    """A day of answers of five tokens, and two of them among the results."""

    async def write() -> None:
        now = SystemClock().now()
        writer = Writer(await asyncio.to_thread(open_for_writing, SqliteDatabase(folder / "relaywatch.db")))
        check = "gw/chat/openai/gpt-4.1"
        day = Spending(day_of(now.wall_us) - 1, check, 1000, 0, 15_000, 5_000, 70_000_000, now.wall_us)
        at = now.plus_s(-60)
        up = Verdict(Status.UP)
        results = [
            Result(check, at, at, Trigger.ON_PHASE, up, 200, usage=Usage(500_000, 125_000)),
            Result("gw/chat/unheard-of", at, at, Trigger.ON_PHASE, up, 200, usage=Usage(10, 10)),
        ]
        await Journal(writer).commit(Batch(results=results, kept=[day]))
        await writer.stop()

    asyncio.run(write())


def test_a_dry_run_sends_nothing_and_reads_no_secret(relaywatch: "Relaywatch", configured: Path) -> None:
    """Each model, each endpoint, and all together; what has no price is null and named; no database appears."""
    ended = relaywatch("check", "--dry-run", "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    rows = json.loads(ended.out)
    assert [(row["check"], row["endpoint"]) for row in rows] == [
        ("gw/chat/openai/gpt-4.1", "gw"),
        ("gw/chat/unheard-of", "gw"),
        (None, "gw"),
        (None, None),
    ]
    assert " ".join(rows[0]) == FIELDS
    assert [row["at_most"] for row in rows] == [6.9984, None, 6.9984, 6.9984]
    assert [row["measured"] for row in rows] == [False] * 4
    table = relaywatch("check", "--dry-run").out
    assert "no price is known for gw/chat/unheard-of: set [prices]" in table
    assert "Nothing was sent." in table
    assert not (configured / "relaywatch.db").exists()


def test_a_dry_run_of_one_check(relaywatch: "Relaywatch", configured: Path) -> None:
    """Only what is named; a model list alone is free."""
    assert configured.exists()
    rows = json.loads(relaywatch("check", "--dry-run", "--format", "json", "gw/chat/unheard-of").out)
    assert [row["at_most"] for row in rows] == [None, None, None]
    assert "nothing costs" in relaywatch("check", "--dry-run", "gw/models").out


def test_with_a_database_a_dry_run_says_what_to_expect(relaywatch: "Relaywatch", configured: Path) -> None:
    """By what answers have used of late."""
    remember(configured)
    first, *_ = json.loads(relaywatch("check", "--dry-run", "--format", "json").out)
    assert first["measured"] is True
    assert first["expected"] == pytest.approx(43_200 * (15 * 2 + 5 * 8) / 1_000_000)


def test_config_check_tells_the_cost(relaywatch: "Relaywatch", configured: Path) -> None:
    """In one line, with what is not in it."""
    assert configured.exists()
    out = relaywatch("config", "check", "--skip-secrets").out
    assert "at most $7.00 a month by the known prices; no price is known for gw/chat/unheard-of: set [prices]" in out


def test_a_report_ends_with_what_monitoring_cost(relaywatch: "Relaywatch", configured: Path) -> None:
    """At the prices of the configuration; what has no price is said not to be in it."""
    remember(configured)
    ended = relaywatch("report", "--window", "1h")
    assert "monitoring cost $2.00 in 1h; no price is known for gw/chat/unheard-of: set [prices]" in ended.out
    rows = {row["check"]: row for row in json.loads(relaywatch("report", "--format", "json").out)}
    assert (rows["gw/chat/openai/gpt-4.1"]["cost"], rows["gw/chat/unheard-of"]["cost"]) == (2.0, None)
    assert rows[None]["cost"] == 2.0
