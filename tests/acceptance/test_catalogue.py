"""The installed daemon and what an endpoint lists: a model vanishes and comes back, a pattern picks up a new one."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway
    from monitor.simulator.sinks import Received
    from tests.acceptance.conftest import Deployment, World

HURRY = Path(__file__).with_name("daemon_in_a_hurry.py")
GPT, MINI, CLAUDE, EMBED = (
    "openai/gpt-4.1",
    "openai/gpt-4.1-mini",
    "anthropic/claude-sonnet-4",
    "openai/text-embedding-3",
)
QUICK = {"models_interval": "250ms", "interval": "500ms"}


def hide(gateway: "Gateway", *models: str) -> None:
    """Serve these on, without listing them."""
    shown = gateway.script.model_list.model_copy(update={"hidden": models})
    gateway.script = gateway.script.model_copy(update={"model_list": shown})


def about(event: str, check: str, received: "Received") -> bool:
    """A message of this event about this check."""
    body = received.body
    return body["event"] == event and body["incident"] is not None and check in body["incident"]["checks"]


async def changes(daemon: "Deployment") -> list[tuple[str, str]]:
    """What came and went, oldest first, as the command says it."""
    rows = (await daemon.command("catalogue", "gw", "--changes", "--format", "json")).json
    return [(row["model"], row["change"]) for row in reversed(rows)]


async def test_a_model_vanishes_over_a_restart_and_comes_back(world: "World") -> None:
    """Told once as a warning with the nearest name; a restart neither forgets nor tells again; ended when listed."""
    gateway, hook = await world.gateway(GPT, MINI, CLAUDE, EMBED), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, GPT), daemon.webhook(hook), **QUICK)
    await daemon.start()
    await daemon.wait_for("catalogue_read", 20)
    hide(gateway, GPT)
    opened = (await hook.wait_for(partial(about, "opened", f"gw/chat/{GPT}"), 20)).body
    assert opened["severity"] == "warning"
    assert f"nearest: {MINI}" in json.dumps(opened)
    assert opened["incident"]["key"] == f"catalogue:gw/chat/{GPT}"
    assert await daemon.stop() == 0

    await daemon.start()
    before = gateway.requests[GPT]
    await daemon.until(lambda: gateway.requests[GPT] >= before + 4, 20, "it is probed on, and works")
    assert [event for event, _ in world.told(hook)] == ["opened"]
    assert daemon.events("catalogue_changed") == []
    hide(gateway)
    await hook.wait_for(partial(about, "resolved", f"gw/chat/{GPT}"), 40)
    assert [event for event, _ in world.told(hook)] == ["opened", "resolved"]
    assert await changes(daemon) == [(GPT, "vanished"), (GPT, "appeared")]
    listed = json.loads(await daemon.get("/api/v1/catalogue/gw"))
    assert {row["model"]: row["check"] for row in listed}[GPT] == f"gw/chat/{GPT}"
    assert json.loads(await daemon.get("/api/v1/catalogue/gw/changes?limit=1"))[0]["change"] == "appeared"
    assert await daemon.stop() == 0
    assert b"Traceback" not in daemon.stderr


async def test_a_pattern_follows_the_list_over_a_restart(world: "World") -> None:
    """A new model is probed without a reload, an embedding model is not; what left is probed on for a while."""
    gateway = await world.gateway(GPT, MINI, CLAUDE, EMBED)
    hide(gateway, CLAUDE)
    daemon = world.deployment()
    daemon.inside = [sys.executable, str(HURRY)]
    daemon.configure(daemon.endpoint(gateway).replace("models = []", 'models = ["*", "!*-mini"]'), **QUICK)
    await daemon.start()
    await daemon.until(lambda: gateway.requests[GPT] >= 2, 20, "what is listed is probed")
    assert [line["checks_added"] for line in daemon.events("models_followed")] == [[f"gw/chat/{GPT}"]]
    assert await daemon.stop() == 0

    await daemon.start()
    assert daemon.events("daemon_started")[0]["checks"] == 2, "the list is remembered"
    hide(gateway)
    await daemon.until(lambda: gateway.requests[CLAUDE] >= 2, 20, "what is new is probed")
    status = (await daemon.command("status", "--format", "json")).json
    assert {row["model"] for row in status} == {None, GPT, CLAUDE}
    assert gateway.requests[MINI] == gateway.requests[EMBED] == 0
    hide(gateway, GPT)
    await daemon.wait_for("model_vanished", 20, check=f"gw/chat/{GPT}")
    gone = gateway.requests[GPT]
    await daemon.until(lambda: gateway.requests[GPT] > gone, 20, "it is probed on for a while")
    await daemon.wait_for("models_followed", 20, checks_removed=[f"gw/chat/{GPT}"])
    assert await changes(daemon) == [(CLAUDE, "appeared"), (GPT, "vanished")]
    assert await daemon.stop() == 0
    status = (await daemon.command("status", "--format", "json")).json
    assert {row["model"] for row in status} == {None, CLAUDE}
    assert b"Traceback" not in daemon.stderr
