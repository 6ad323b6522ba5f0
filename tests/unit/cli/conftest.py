"""The command in this process: what it printed, how it ended, and a database with a past."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from monitor import logs
from monitor.alerting.batch import Batch, DaemonRun, Queued
from monitor.alerting.notification import Event, Notification
from monitor.cli.main import main
from monitor.clock import Moment, SystemClock
from monitor.config.checks import checks_of
from monitor.config.load import load
from monitor.domain.action import Action
from monitor.domain.check import Check
from monitor.domain.health import DownBecause, Health, State
from monitor.domain.incident import Cause, Incident, IncidentEvent, IncidentEventKind, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.domain.severity import Severity
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

CONFIG = """
timezone = "Asia/Seoul"
[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:9/v1"
models = ["openai/gpt-4.1", "=cmd()"]
[[channels]]
name = "ops"
type = "console"
"""
DOWN = Verdict(Status.OVERLOADED, FaultDomain.MODEL, "HTTP 503 [bold]no capacity[/bold]", Action.WAIT_OR_SWITCH)


@dataclass(frozen=True)
class Ended:
    """What became of one command."""

    code: int
    out: str
    err: str


Relaywatch = Callable[..., Ended]


@pytest.fixture
def relaywatch(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Relaywatch]:
    """Run one command in an empty folder; what it does to the logs is undone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELAYWATCH_CONFIG", raising=False)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        captured = capsys.readouterr()
        code = end.value.code
        return Ended(code if isinstance(code, int) else 0, captured.out, captured.err)

    yield run
    structlog.reset_defaults()
    logs.redact_with(lambda text: text)
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A folder with a configuration, without a database."""
    (tmp_path / "relaywatch.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def recorded(configured: Path) -> Path:
    """The same with a database: one check up, one down with an open incident, one never probed; no daemon."""
    checks = checks_of(load(configured / "relaywatch.toml").config)
    asyncio.run(_record(checks, Writer(open_for_writing(SqliteDatabase(configured / "relaywatch.db")))))
    return configured


async def _record(checks: tuple[Check, ...], writer: Writer) -> None:
    models, chat, _ = checks
    now = SystemClock().now()
    journal = Journal(writer)
    await journal.begin_run(DaemonRun("1.0", 42, "here", now.plus_s(-600)))
    await journal.register(checks, now.plus_s(-600))
    incident = _incident(chat.id, now.plus_s(-30))
    cause = incident.cause
    event = IncidentEvent(
        1, 1, IncidentEventKind.OPENED, now.plus_s(-10), cause, Severity.CRITICAL, DOWN.reason, Told.TOLD, 1
    )
    notification = Notification("n1", Event.OPENED, "critical", "gw", "gw is down", "gw is down")
    await journal.commit(
        Batch(
            results=[
                *(_result(models.id, now.plus_s(-10 * number), Verdict(Status.UP)) for number in range(1, 4)),
                *(_result(chat.id, now.plus_s(-10 * number), DOWN) for number in range(1, 4)),
            ],
            healths={
                models.id: Health(models.id, now.plus_s(-60), State.UP, Verdict(Status.UP)),
                chat.id: Health(chat.id, now.plus_s(-30), State.DOWN, DOWN, consecutive_failures=3),
            },
            incidents={1: incident},
            events=[event],
            outbox=[Queued("ops", notification, 1, 1, now)],
        )
    )
    await journal.end_run(now, "signal")
    await writer.stop()


def _result(check: str, at: Moment, verdict: Verdict) -> Result:
    return Result(check, at, at.plus_s(0.25), Trigger.ON_PHASE, verdict, http_status=200, latency_ms=250.0)


def _incident(check: str, began: Moment) -> Incident:
    return Incident(
        id=1,
        key=check,
        kind=IncidentKind.OUTAGE,
        endpoint="gw",
        checks=(check,),
        severity=Severity.CRITICAL,
        cause=Cause(Status.OVERLOADED, FaultDomain.MODEL),
        because=DownBecause.FAILURES_IN_A_ROW,
        reason=DOWN.reason,
        action=DOWN.action,
        started_at=began,
        detected_at=began.plus_s(20),
        failed_probes=3,
        sequence=1,
    )
