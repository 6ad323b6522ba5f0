"""A start with a broken file: with the last configuration that was valid, said loudly; without one, not at all."""

import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from monitor.simulator.sinks import Received
    from tests.acceptance.conftest import Deployment, World

STEADY, ADDED = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
KEY = "sk-simulated-0123456789abcdef"


@pytest.mark.parametrize("in_state_folder", [True, False], ids=["state folder", "beside the database"])
async def test_a_broken_file_starts_what_was_valid_last(world: "World", *, in_state_folder: bool) -> None:
    """People, log, metrics and page are told; a reload of the corrected file ends it, and people are told that too."""
    gateway, hook = await world.gateway(STEADY, ADDED, api_key=KEY), await world.hook()
    daemon = world.deployment()
    daemon.options = ["--last-good"]
    if in_state_folder:
        state = world.folder / "state"
        state.mkdir()
        daemon.environ["STATE_DIRECTORY"] = str(state)
    (daemon.folder / "key").write_text(KEY)
    key = 'api_key = { file = "key" }'
    daemon.configure(daemon.endpoint(gateway, STEADY, more=key), daemon.webhook(hook))
    right = daemon.path.read_text()
    await daemon.start()
    copies = partial(_copies, daemon)
    await daemon.until(lambda: len(copies()) == 1, 5, "the copy")
    assert await daemon.stop() == 0
    (copy,) = copies()
    assert (copy.parent.name == "state") is in_state_folder
    assert KEY not in copy.read_text()
    assert copy.stat().st_mode & 0o777 == 0o600

    daemon.path.write_text(right.replace("timeout", "timout").replace("confirm_interval", "confirm"))
    await daemon.start()
    said = (await daemon.wait_for("runs_on_last_good", 1))["error"]
    assert "timout" in said
    assert KEY not in said
    notice = await hook.wait_for(_is_notice, 10)
    assert notice.body["severity"] == "critical"
    assert "because the present file is invalid: defaults." in notice.body["message"]
    assert "(and 1 more)" in notice.body["message"]
    before = gateway.requests[STEADY]
    await daemon.until(lambda: gateway.requests[STEADY] >= before + 2, 5, "it probes")
    assert "relaywatch_config_valid 0.0" in await daemon.get("/metrics")
    assert "timout" in await daemon.get("/")

    daemon.path.write_text(right.replace(STEADY, f'{STEADY}", "{ADDED}'))
    daemon.signal(signal.SIGHUP)
    assert (await daemon.wait_for("config_reloaded", 5))["checks_added"] == [f"gw/chat/{ADDED}"]
    await hook.wait_for(lambda received: _is_notice(received) and received.body["id"] != notice.body["id"], 10)
    assert "relaywatch_config_valid 1.0" in await daemon.get("/metrics")
    await daemon.until(lambda: ADDED in copies()[0].read_text(), 5, "the new copy")
    assert await daemon.stop() == 0


async def test_without_a_copy_a_broken_file_is_refused(world: "World") -> None:
    """As without the option: one message, exit code 2."""
    daemon = world.deployment()
    daemon.options = ["--last-good"]
    daemon.configure('[[endpoints]]\nname = "gw"\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"')
    await daemon.launch()
    assert await daemon.ended() == 2
    assert daemon.stderr.decode().startswith("error: ")
    assert "models" in daemon.stderr.decode()


async def test_without_the_option_a_broken_file_is_refused(world: "World") -> None:
    """Who starts it by hand wants to know."""
    gateway = await world.gateway(STEADY)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, STEADY))
    await daemon.start()
    await daemon.until(lambda: bool(_copies(daemon)), 5, "the copy")
    assert await daemon.stop() == 0
    daemon.path.write_text("[[[")
    await daemon.launch()
    assert await daemon.ended() == 2


async def test_a_secret_that_is_gone_counts_as_invalid(world: "World") -> None:
    """The copy needs it too: there is nothing to start with, and the message is that of the present file."""
    gateway = await world.gateway(STEADY)
    daemon = world.deployment()
    daemon.options = ["--last-good"]
    daemon.environ["KEY"] = KEY
    daemon.configure(daemon.endpoint(gateway, STEADY, more='api_key = { env = "KEY" }'))
    await daemon.start()
    await daemon.until(lambda: bool(_copies(daemon)), 5, "the copy")
    assert await daemon.stop() == 0
    del daemon.environ["KEY"]
    await daemon.launch()
    assert await daemon.ended() == 2
    assert "KEY is not set" in daemon.stderr.decode()


async def test_a_renamed_endpoint_keeps_its_open_incident_over_a_start_and_a_reload(world: "World") -> None:
    """Told once, resolved once, under the name of the day."""
    gateway, hook = await world.gateway(STEADY), await world.hook()
    daemon = world.deployment()

    def configure(name: str, former: str = "") -> None:
        more = f'renamed_from = "{former}"' if former else ""
        daemon.configure(daemon.endpoint(gateway, STEADY, name=name, more=more), daemon.webhook(hook))

    configure("first")
    gateway.set_fault(STEADY, _broken())
    await daemon.start()
    opened = await hook.wait_for(lambda received: received.body["event"] == "opened", 10)
    configure("second", "first")
    daemon.signal(signal.SIGHUP)
    renamed = (await daemon.wait_for("config_reloaded", 5))["checks_renamed"]
    assert f"first/chat/{STEADY} to second/chat/{STEADY}" in renamed
    assert await daemon.stop() == 0
    configure("third", "second")
    await daemon.start()
    gateway.set_fault(STEADY, None)
    resolved = await hook.wait_for(lambda received: received.body["event"] == "resolved", 10)
    assert await daemon.stop() == 0
    assert resolved.body["incident"]["id"] == opened.body["incident"]["id"]
    assert resolved.body["incident"]["checks"] == [f"third/chat/{STEADY}"]
    assert [event for event, _ in world.told(hook)] == ["opened", "resolved"]
    assert daemon.rows("SELECT DISTINCT endpoint FROM checks") == [("third",)]
    (history,) = daemon.rows("SELECT COUNT(*) FROM v_results WHERE status <> 'UP'")
    assert history[0] >= 3


def _copies(daemon: "Deployment") -> list[Path]:
    folder = Path(daemon.environ.get("STATE_DIRECTORY", daemon.folder))
    return list(folder.glob("*.last-good.toml"))


def _is_notice(received: "Received") -> bool:
    return bool(received.body["event"] == "notice")


def _broken() -> Fault:
    return Fault(kind=FaultKind.STATUS, status=503)
