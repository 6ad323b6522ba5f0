"""People act on a real daemon: they acknowledge, they silence, and everybody hears what they should and no more."""

from typing import TYPE_CHECKING, Any

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"
DOWN = Fault(kind=FaultKind.STATUS, status=503)


async def test_an_acknowledgement_reaches_the_channels_the_database_and_the_page(world: "World") -> None:
    """Told as an update to whoever was told; kept over a kill; the same said twice is told once."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook))
    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM states WHERE state = 1")) == 3, 10, "all UP")
    gateway.set_fault(BROKEN, DOWN)
    await hook.wait_for(lambda received: received.body["event"] == "opened", 5)

    for _ in range(2):
        ended = await daemon.command("ack", "1", "--by", "kim", "--note", "ticket 4711")
        assert (ended.code, ended.stdout) == (0, "incident 1 is acknowledged by kim\n"), ended.stderr
    updated = await hook.wait_for(lambda received: received.body["event"] == "updated", 5)
    assert updated.body["incident"]["acknowledged_by"] == "kim"
    assert "ticket 4711" in updated.body["message"]
    unknown = await daemon.command("ack", "9")
    assert (unknown.code, "there is no open incident 9" in unknown.stderr) == (2, True)
    assert "kim" in await daemon.get("/")

    await daemon.kill()
    assert (await daemon.command("ack", "1")).code == 2
    await daemon.start()
    (row,) = (await daemon.command("incidents", "--format", "json")).json
    assert (row["acknowledged"], row["acknowledged_by"]) == (True, "kim")
    gateway.set_fault(BROKEN, None)
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 10)
    assert [event for event, _ in world.told(hook)] == ["opened", "updated", "resolved"]
    explained = (await daemon.command("incidents", "show", "1", "--explain")).stdout
    assert "    kim: ticket 4711\n" in explained
    assert explained.count("    hook: told at ") == 3
    draft = (await daemon.command("incidents", "show", "1", "--format", "md")).stdout
    assert draft.count(f"| {CHECK} | OVERLOADED 503 |") >= 3
    tried = await daemon.command("config", "try", str(daemon.path), "--since", "1h", "--format", "json")
    assert [(message["event"], message["channel"]) for message in tried.json["messages"]] == [
        ("opened", "hook"),
        ("resolved", "hook"),
    ]
    assert tried.json["missed"] == []


async def test_a_silence_holds_until_it_is_ended(world: "World") -> None:
    """Nobody is told of what it hides, not even after a kill; once it ends, what still fails is told."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook))
    await daemon.start()
    await daemon.until(lambda: len(daemon.rows("SELECT 1 FROM states WHERE state = 1")) == 3, 10, "all UP")

    async def silence(*arguments: str) -> Any:
        return await daemon.command("silence", *arguments)

    typo = await silence("add", "--model", "openai/gpt-4.2", "--for", "1h", "--reason", "move")
    assert typo.code == 2
    assert f'--model: "openai/gpt-4.2" matches nothing that is configured: did you mean "{BROKEN}"?' in typo.stderr
    added = await silence("add", "--model", "openai/*", "--for", "1h", "--by", "kim", "--reason", "move")
    assert added.code == 0, added.stderr
    assert "no open incident is hidden now" in added.stdout
    gateway.set_fault(BROKEN, DOWN)
    await daemon.until(lambda: bool(daemon.rows("SELECT 1 FROM incidents")), 10, "the incident")
    again = await silence("add", "--check", "gw/*", "--until-resolved", "--reason", "known")
    assert "open incidents that it hides now: 1" in again.stdout
    await daemon.kill()
    await daemon.start()
    rows = (await silence("list", "--format", "json")).json
    assert [(row["id"], row["state"], row["until"]) for row in rows] == [
        (1, "active", "time"),
        (2, "active", "resolved"),
    ]
    assert "kim" in await daemon.get("/")
    assert world.told(hook) == []

    assert (await silence("expire", "2")).code == 0
    assert (await silence("expire", "2")).code == 2
    assert (await silence("expire", "1")).code == 0
    opened = await hook.wait_for(lambda received: received.body["event"] == "opened", 5)
    assert opened.body["incident"]["id"] == 1
    assert await daemon.stop() == 0
    listed = (await silence("list", "--all", "--format", "json")).json
    assert [row["state"] for row in listed] == ["expired", "expired"]
