"""Logs: one JSON object a line, redacted, neutralised, libraries included."""

import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import structlog

from monitor import logs


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


class Pipe:
    """A text stream over bytes, as stderr is when it is no terminal."""

    def __init__(self) -> None:
        self.bytes = io.BytesIO()
        self.text = io.TextIOWrapper(self.bytes, encoding="utf-8", write_through=True)

    def lines(self) -> list[dict[str, object]]:
        """Every line so far, parsed."""
        return [orjson.loads(line) for line in self.bytes.getvalue().splitlines()]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A stream; whatever a test configures is undone after it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield Pipe()
    structlog.reset_defaults()
    logs.redact_with(lambda text: text)
    logging.captureWarnings(capture=False)
    root.handlers[:] = before
    root.setLevel(level)


def test_an_event_is_one_json_object_with_time_level_and_event_first(pipe: Pipe) -> None:
    """Machines read lines; people read the first three fields."""
    logs.configure(stream=pipe.text)
    structlog.get_logger().info("daemon_started", pid=7)
    (line,) = pipe.bytes.getvalue().splitlines()
    assert list(orjson.loads(line)) == ["time", "level", "event", "pid"]
    assert orjson.loads(line)["level"] == "info"
    assert orjson.loads(line)["time"].endswith("Z")


def test_the_level_decides_what_is_written(pipe: Pipe) -> None:
    """A healthy probe is a debug event and costs nothing at info."""
    logs.configure(stream=pipe.text)
    structlog.get_logger().debug("probe")
    assert pipe.lines() == []
    logs.configure(logs.Level.DEBUG, stream=pipe.text)
    structlog.get_logger().debug("probe")
    assert [line["event"] for line in pipe.lines()] == ["probe"]


def test_a_logger_made_before_configuring_obeys_it(pipe: Pipe) -> None:
    """Modules make their loggers at import, long before the level is known."""
    early = structlog.get_logger("relaywatch.ledger")
    logs.configure(logs.Level.ERROR, stream=pipe.text)
    early.warning("clock_stepped")
    early.error("database_refuses")
    assert [line["event"] for line in pipe.lines()] == ["database_refuses"]


def test_every_text_is_redacted_wherever_it_stands(pipe: Pipe) -> None:
    """A key must not leave through a value, a nested value, an exception or a library."""
    logs.configure(stream=pipe.text)
    logs.redact_with(lambda text: text.replace("sk-secret", "***"))
    log = structlog.get_logger()
    log.info(
        "probe", reason="bad sk-secret", nested={"sk-secret": ["sk-secret", ("sk-secret",)]}, odd=Path("sk-secret")
    )
    try:
        raise ValueError("sk-secret")  # noqa: TRY301  the traceback is what is under test
    except ValueError:
        log.exception("daemon_stopped")
    logging.getLogger("some.library").error("failed with sk-secret")
    assert b"sk-secret" not in pipe.bytes.getvalue()
    assert len(pipe.lines()) == 3


def test_terminal_escapes_and_reordering_marks_are_shown_not_obeyed(pipe: Pipe) -> None:
    """Text from an upstream may try to repaint the terminal of whoever reads the log."""
    logs.configure(stream=pipe.text)
    structlog.get_logger().info("probe", reason="\x1b[2J\x9b1m\u202eevil\r\nsecond line")
    assert pipe.lines()[0]["reason"] == "\\x1b[2J\\x9b1m\\u202eevil\\r\\nsecond line"


def test_a_lone_surrogate_does_not_break_the_log(pipe: Pipe) -> None:
    """JSON from an upstream may carry half a character."""
    logs.configure(stream=pipe.text)
    structlog.get_logger().info("probe", reason="half \ud83d")
    assert pipe.lines()[0]["reason"] == "half \\ud83d"


def test_on_a_terminal_lines_are_readable_and_hostile_text_is_tame(monkeypatch: pytest.MonkeyPatch, pipe: Pipe) -> None:
    """A person reads no JSON, and NO_COLOR is honoured."""
    del pipe
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    logs.configure(stream=terminal)
    logs.redact_with(lambda text: text.replace("sk-secret", "***"))
    structlog.get_logger().warning("probe", check="gw/chat/m", reason="\x1b[31msk-secret")
    line = terminal.getvalue()
    assert "probe" in line
    assert "check=gw/chat/m" in line
    assert "\x1b" not in line
    assert "\\x1b[31m***" in line


def test_a_traceback_on_a_terminal_keeps_its_lines(monkeypatch: pytest.MonkeyPatch, pipe: Pipe) -> None:
    """An exception is for reading, and a redactor that folds white space must not fold its lines."""
    del pipe
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    logs.configure(stream=terminal)
    logs.redact_with(lambda text: " ".join(text.split()))
    try:
        raise ValueError("broken")  # noqa: TRY301  the traceback is what is under test
    except ValueError:
        structlog.get_logger().exception("daemon_stopped")
    lines = terminal.getvalue().splitlines()
    assert any(line.startswith("    raise ValueError") for line in lines)
    assert "ValueError: broken" in lines[-1]


def test_libraries_join_the_stream_and_the_chatty_ones_are_quiet(pipe: Pipe) -> None:
    """APScheduler logs INFO per run; aiohttp's access log would log every scrape."""
    logs.configure(logs.Level.DEBUG, stream=pipe.text)
    logging.getLogger("apscheduler.executors.default").info("Running job")
    logging.getLogger("aiohttp.access").error("GET /metrics")
    logging.getLogger("slack_sdk.web").warning("slow")
    (line,) = pipe.lines()
    assert (line["event"], line["logger"], line["message"], line["level"]) == (
        "library_message",
        "slack_sdk.web",
        "slow",
        "warning",
    )


def test_configuring_twice_writes_each_library_message_once(pipe: Pipe) -> None:
    """`--log-level` after the command configures a second time."""
    logs.configure(stream=pipe.text)
    logs.configure(stream=pipe.text)
    logging.getLogger("some.library").warning("once")
    assert len(pipe.lines()) == 1


def test_a_line_for_the_journal_carries_its_priority(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pipe: Pipe
) -> None:
    """`journalctl -p err` finds what is an error."""
    del pipe
    target = tmp_path / "journal"
    with target.open("w", encoding="utf-8") as stream:
        behind = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{behind.st_dev}:{behind.st_ino}")
        logs.configure(stream=stream)
        structlog.get_logger().error("notification_dead")
        structlog.get_logger().info("daemon_started")
    first, second = target.read_bytes().splitlines()
    assert first.startswith(b'<3>{"time":')
    assert second.startswith(b'<6>{"time":')


def test_journal_variable_of_another_stream_is_no_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell under systemd hands the variable on, though stderr may be redirected to a file."""
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        assert not logs.reaches_journal(stream)
