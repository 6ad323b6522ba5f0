"""The commands as people use them: the demo, probing by hand, and asking with and without a daemon."""

import asyncio
import csv
import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.sinks import Answer

if TYPE_CHECKING:
    from tests.acceptance.conftest import Deployment, World

COMMAND = Path(sys.executable).with_name("relaywatch")
BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"


async def test_the_demo_tells_of_an_outage_and_of_its_end(world: "World") -> None:
    """Less than half a minute, nothing configured: `opened` and `resolved` appear once each, exit code 0."""
    daemon = world.deployment()
    ended = await daemon.command("demo", "--for", "22s", within_s=45)
    assert ended.code == 0, ended.stderr
    assert ended.stdout.count("[opened]") == 1
    assert ended.stdout.count("[resolved]") == 1
    assert ended.stdout.index("[opened]") < ended.stdout.index("[resolved]")
    assert "http://127.0.0.1:" in ended.stdout
    assert "works now" in ended.stdout
    assert "Traceback" not in ended.stderr
    assert list(daemon.folder.iterdir()) == [], "it leaves nothing behind"


async def test_check_probes_once_and_says_it_by_its_exit_code(world: "World") -> None:
    """0 if all is well, 1 if anything is not, 2 for a check that does not exist; no database is made."""
    gateway = await world.gateway(BROKEN, FINE)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE))
    assert (await daemon.command("check")).code == 0
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    table, rows, one, unknown, text = await asyncio.gather(
        daemon.command("check"),
        daemon.command("check", "--format", "json"),
        daemon.command("check", f"gw/chat/{FINE}", "--format", "json"),
        daemon.command("check", "gw/chat/openai/gpt-4"),
        daemon.command("check", "--format", "csv"),
    )
    assert [ended.code for ended in (table, rows, one, unknown, text)] == [1, 1, 0, 2, 1]
    assert {row["check"]: row["status"] for row in rows.json} == {
        "gw/models": "UP",
        CHECK: "OVERLOADED",
        f"gw/chat/{FINE}": "UP",
    }
    assert [row["check"] for row in one.json] == [f"gw/chat/{FINE}"]
    assert CHECK in unknown.stderr, "the nearest name"
    assert unknown.stdout == ""
    assert [row["status"] for row in csv.DictReader(io.StringIO(text.stdout))].count("UP") == 2
    assert "OVERLOADED" in table.stdout
    assert not daemon.database.exists()


async def test_asking_with_a_daemon_and_without(world: "World") -> None:
    """Before, during and after a run: what is believed, what was found, whether the daemon lives."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook))
    for command in ("status", "history", "incidents", "report"):
        before = await daemon.command(command)
        assert before.code == 2, before
        assert before.stderr.startswith("error: ")
    assert not daemon.database.exists(), "a read creates no database"

    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM states WHERE state = 1")) == 3, 10, "all UP")
    assert (await daemon.command("status")).code == 0
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    await hook.wait_for(lambda received: received.body["event"] == "opened", 5)
    status, alive = await asyncio.gather(
        daemon.command("status", "--format", "json"), daemon.command("status", "--daemon", "--format", "json")
    )
    assert status.code == 1
    assert {row["check"]: row["state"] for row in status.json}[CHECK] == "DOWN"
    assert alive.code == 0
    (row,) = alive.json
    assert (row["alive"], row["pid"], row["outbox_pending"], row["dead"]) == (True, daemon.pid, 0, 0)
    assert row["last_commit"].endswith("Z")

    await daemon.kill()
    status, dead = await asyncio.gather(
        daemon.command("status", "--format", "json"), daemon.command("status", "--daemon", "--format", "json")
    )
    assert status.code == 1
    assert {row["check"]: row["state"] for row in status.json}[CHECK] == "DOWN"
    assert "not running" in status.stderr
    assert (dead.code, dead.json[0]["alive"]) == (1, False)
    history = await daemon.command("history", "--check", CHECK, "--status", "OVERLOADED", "--format", "json")
    assert len(history.json) >= 3
    assert {row["http_status"] for row in history.json} == {503}
    (incident,) = (await daemon.command("incidents", "--format", "json")).json
    assert (incident["resolved_at"], incident["checks"]) == (None, [CHECK])
    shown = await daemon.command("incidents", "show", str(incident["id"]))
    assert "opened" in shown.stdout
    report = (await daemon.command("report", "--window", "24h", "--format", "json")).json
    assert {row["check"] for row in report} == {None, "gw/models", CHECK, f"gw/chat/{FINE}"}
    assert 0 < next(row for row in report if row["check"] == CHECK)["availability"] < 100


async def test_notify_test_says_what_the_other_side_answered(world: "World") -> None:
    """One channel takes it, one does not: both are told, exit code 1; Slack gets a message that it accepts."""
    hook, dead, slack = await world.hook(), await world.hook(), await world.slack()
    dead.answer(then=Answer(404, "no such hook"))
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint("http://127.0.0.1:9/v1", FINE),
        daemon.webhook(hook),
        daemon.webhook(dead, "dead"),
        daemon.slack(slack),
    )
    every, some = await asyncio.gather(daemon.command("notify", "test"), daemon.command("notify", "test", "hook"))
    assert (every.code, some.code) == (1, 0)
    assert "dead: FAILED" in every.stdout
    assert "no such hook" in every.stdout
    assert "hook: delivered" in every.stdout
    assert [received.body["event"] for received in hook.received] == ["test", "test"]
    assert len(slack.messages) == 1


async def test_started_without_standard_streams(world: "World") -> None:
    """As some supervisors start things: what it opens takes the place of none of them, and it ends as always."""
    gateway = await world.gateway(FINE)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, FINE))
    shell = asyncio.create_task(_in_a_shell(f"exec {COMMAND} run -c {daemon.path} <&- >&- 2>&-", daemon))
    assert await world.eventually(lambda: gateway.requests.total() > 3, 10)
    pid, _ = (daemon.folder / "relaywatch.db.lock").read_text().split()
    os.kill(int(pid), signal.SIGTERM)
    assert await shell == (0, b"", b"")
    assert daemon.rows("SELECT stop_reason FROM daemon_runs") == [("stopped",)]
    assert daemon.rows("PRAGMA integrity_check") == [("ok",)]
    assert (await _in_a_shell(f"{COMMAND} status -c /nowhere 2>&-", daemon))[0] == 2


async def test_a_pipe_that_closes_is_no_error(world: "World") -> None:
    """`relaywatch history | head -1` ends quietly."""
    gateway = await world.gateway(FINE)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, FINE), interval="100ms", models_interval="100ms")
    await daemon.start()
    await daemon.until(lambda: gateway.requests.total() > 50, 10, "some history")
    daemon.signal(signal.SIGINT)
    assert await daemon.ended() == 0
    line = f"{COMMAND} history -c {daemon.path} --limit 100000 --format csv | head -1"
    _, stdout, stderr = await _in_a_shell(line, daemon)
    assert stdout.startswith(b"check,endpoint,kind,model,status")
    assert stderr == b""


async def _in_a_shell(line: str, daemon: "Deployment") -> tuple[int | None, bytes, bytes]:
    """Exit code, standard output and error."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_shell(line, stdout=pipe, stderr=pipe, env=daemon.environ)
    async with asyncio.timeout(20):
        stdout, stderr = await process.communicate()
    return process.returncode, stdout, stderr
