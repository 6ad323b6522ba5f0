"""Long lists: cursors, filters, a bar for those who wait, and readers that go away."""

import asyncio
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.app.past import Past
from monitor.cli import streaming
from monitor.clock import Moment, SystemClock
from monitor.config.load import load
from monitor.errors import UsageError
from monitor.storage.past.selection import Selection
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.web.sources import Span

if TYPE_CHECKING:
    from monitor.domain.cursor import Position
    from tests.unit.cli.conftest import Relaywatch

CURSOR = re.compile(r"--cursor ([\w-]{28})\n")


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("order", [(), ("--oldest-first",)])
def test_pages_make_up_the_whole(relaywatch: "Relaywatch", order: tuple[str, ...]) -> None:
    """Each names the cursor of the next on stderr, where no program takes it for a row."""
    whole = json.loads(relaywatch("history", "--all", *order, "--format", "json").out)
    seen: list[Any] = []
    cursor: tuple[str, ...] = ()
    for _ in range(3):
        ended = relaywatch("history", "--limit", "2", *order, *cursor, "--format", "json")
        assert ended.code == 0
        seen += json.loads(ended.out)
        found = CURSOR.search(ended.err)
        cursor = ("--cursor", found.group(1)) if found else cursor
    assert seen == whole
    assert len(whole) == 6
    assert bool(found) == bool(order)
    assert "what comes later" in ended.err if order else ended.err == ""
    assert json.loads(relaywatch("history", *order, *cursor, "--format", "json").out) == ([] if order else whole[4:])


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("history", "--cursor", "nonsense"), "is no cursor, or only a part of one"),
        (("history", "--cursor", "cgAAAAAAAAAAAAAAAAAAAAAAAAAA"), "is damaged"),
        (("incidents", "--cursor", "cgAAAAAAAAAAAAAAAAAAAAAAAAAA"), "is damaged"),
        (("history", "--all", "--limit", "3"), "--all and --limit exclude each other"),
        (("incidents", "--all", "--limit", "3"), "--all and --limit exclude each other"),
        (("history", "--trigger", "confrim"), "nearest: confirm"),
        (("history", "--fault", "endpiont"), "nearest: endpoint"),
        (("history", "--tag", "eu"), "no endpoint has the tag 'eu'"),
        (("incidents", "--severity", "critcal"), "nearest: critical"),
        (("incidents", "--check", "gw/chat/openai/gpt-4"), "nearest: gw/chat/openai/gpt-4.1"),
        (("incidents", "--since", "tomorrow"), "--since 'tomorrow' is no time"),
        (("history", "--since", "1h", "--until", "2h"), "--since must lie before --until"),
        (("incidents", "--since", "2026-11-02", "--until", "2026-11-01"), "--since must lie before --until"),
        (("history", "--endpoint", "gww"), "there is no endpoint 'gww'\n  hint: nearest: gw"),
        (("history", "--model", "openai/gpt-4"), "nearest: openai/gpt-4.1"),
        (("history", "--provider", "opneai"), "nearest: openai"),
        (("incidents", "--endpoint", "other"), "there is no endpoint 'other'"),
        (("incidents", "--provider", "other"), "there is no provider 'other'"),
        (("history", "--trigger", "x"), "hint: one of on_phase, confirm, manual, triage, maintenance"),
        (("incidents", "show", "2"), "there is no incident 2"),
        (("incidents", "show", "9" * 30), f"there is no incident {'9' * 30}"),
    ],
)
def test_what_means_nothing_is_refused(relaywatch: "Relaywatch", arguments: tuple[str, ...], says: str) -> None:
    """One clear message, exit 2."""
    ended = relaywatch(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--fault", "model"), 3),
        (("--fault", "key"), 0),
        (("--trigger", "ON_PHASE"), 6),
        (("--trigger", "manual"), 0),
        (("--provider", "openai"), 3),
        (("--provider", "gw"), 3),
        (("--since", f"{'9' * 30}d"), 6),
        (("--until", f"{'9' * 30}d"), 0),
        (("--since", "0001-01-01", "--until", "9999-12-31T23:59:59-14:00", "--limit", "9" * 30), 6),
    ],
)
def test_history_is_filtered_further(relaywatch: "Relaywatch", options: tuple[str, ...], count: int) -> None:
    """By whose fault it was, why it ran, and whose model it is."""
    assert len(json.loads(relaywatch("history", *options, "--format", "json").out)) == count


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--endpoint", "gw"), 1),
        (("--check", "gw/chat/openai/gpt-4.1"), 1),
        (("--check", "gw/models"), 0),
        (("--provider", "openai"), 1),
        (("--fault", "model", "--severity", "critical"), 1),
        (("--severity", "warning"), 0),
        (("--since", "1h"), 1),
        (("--until", "1h"), 0),
        (("--since", f"{'9' * 30}d"), 1),
        (("--until", f"{'9' * 30}d"), 0),
        (("--since", "0001-01-01", "--until", "9999-12-31T23:59:59-14:00"), 1),
        (("--all",), 1),
    ],
)
def test_incidents_are_filtered(relaywatch: "Relaywatch", options: tuple[str, ...], count: int) -> None:
    """By what they concern, whose fault, how urgent, and when they went on."""
    assert len(json.loads(relaywatch("incidents", *options, "--format", "json").out)) == count


def test_tags_are_those_of_the_configuration(relaywatch: "Relaywatch", recorded: Path) -> None:
    """An endpoint has them, and so have its checks."""
    file = recorded / "relaywatch.toml"
    text = file.read_text(encoding="utf-8").replace('name = "gw"', 'name = "gw"\ntags = ["eu"]')
    file.write_text(text, encoding="utf-8")
    assert len(json.loads(relaywatch("history", "--tag", "eu", "--format", "json").out)) == 6
    assert "nearest: eu" in relaywatch("history", "--tag", "us").err


COMMAND = (sys.executable, "-m", "monitor.cli.main")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_reader_that_has_seen_enough_is_no_error(recorded: Path, form: str) -> None:
    """`| head` ends quietly, as a program does that died of SIGPIPE."""
    read, write = os.pipe()
    os.close(read)
    line = (*COMMAND, "history", "--all", "--format", form)
    ran = subprocess.run(line, cwd=recorded, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (ran.returncode, ran.stderr) == (141, b"")


SLOW = """
import os, signal, sys
from monitor.cli.main import main
from monitor.storage.past.result_list import ResultList
def pages(self):
    yield []
    os.kill(os.getpid(), signal.SIGINT)
    yield []
ResultList.pages = pages
main(["history"])
"""


@pytest.mark.usefixtures("recorded")
async def test_an_interrupt_is_quiet(recorded: Path) -> None:
    """Ctrl-C exits with 130 and says nothing."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW, cwd=recorded, stdout=pipe, stderr=pipe, env={**os.environ}
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out, err.strip()) == (128 + signal.SIGINT, b"", b"")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


class Slow:
    """Ten pages in nine seconds; the last three have rows."""

    def __init__(self) -> None:
        self.last: Position | None = None
        self.more = False
        self.now_s = 0.0

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Time goes by."""
        for number in range(10):
            self.now_s += 0.9
            yield [{"number": number}] if number > 6 else []

    def share(self) -> float:
        """By time."""
        return self.now_s / 9

    def now(self) -> Moment:
        """For the bar."""
        return Moment(0, 0).plus_s(self.now_s)


def shown(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO) -> str:
    """What is written beside the rows of a slow list."""
    slow = Slow()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    assert [row["number"] for row in streaming.streamed(slow, slow)] == [7, 8, 9]
    return stderr.getvalue()


def test_who_waits_at_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From one second on; until the first row where rows are seen, to the end where they go to a file."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    seen = shown(monkeypatch, Terminal())
    assert "10%" not in seen
    assert "70%" in seen
    assert "80%" not in seen
    with (tmp_path / "rows").open("w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdout", file)
        assert "100%" in shown(monkeypatch, Terminal())


def test_no_bar_goes_into_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only to a terminal."""
    assert shown(monkeypatch, io.StringIO()) == ""


def test_a_long_table_keeps_its_columns(
    relaywatch: "Relaywatch", recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its title stands once, and each row on one line, however it is laid out."""
    monkeypatch.setattr("monitor.cli.table._PIECE", 2)
    lines = relaywatch("history", "--all").out.splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("started")
    assert sum("gw/chat/openai/gpt-4.1" in line for line in lines) == 3
    rows = list(csv.DictReader(io.StringIO(relaywatch("history", "--all", "--format", "csv").out)))
    assert [row["check"] for row in rows] == [line.split()[2] for line in lines[1:]]
    assert recorded.exists()


def test_the_api_has_the_rows_of_the_commands(relaywatch: "Relaywatch", recorded: Path) -> None:
    """Results and figures, from the same questions."""
    loaded = load(recorded / "relaywatch.toml")
    past = Past(SqliteDatabase(recorded / "relaywatch.db"), SystemClock(), lambda: loaded.config)
    check = "gw/chat/openai/gpt-4.1"
    whole = json.loads(relaywatch("history", "--check", check, "--format", "json").out)
    first = past.results(Selection(check=check, limit=2))
    assert first is not None
    rest = past.results(Selection(check=check, after=first.following))
    assert rest is not None
    assert [*first.rows, *rest.rows] == whole
    assert rest.following is None
    assert past.results(Selection(check="gw/chat/=cmd()")) == ([], None)
    assert past.results(Selection(check="gw/chat/never")) is None
    told = json.loads(relaywatch("report", "--window", "1h", "--format", "json").out)
    now_us = SystemClock().now().wall_us
    rows = past.report([Span("1h", now_us - 3_600_000_000, now_us)], "check,endpoint")
    assert [list(row) for row in rows] == [list(row) for row in told]
    same = ("check", "endpoint", "availability", "probes", "by_status", "latency_p95_ms", "incidents")
    assert [[row[name] for name in same] for row in rows] == [[row[name] for name in same] for row in told]
    with pytest.raises(UsageError, match="no such kind of row"):
        past.report([], "nonsense")
