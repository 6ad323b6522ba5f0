"""Is it us? A network that is really cut, a gateway that is really gone, a process that really stands still.

The daemon lives in a network namespace; gateway, self-check target and webhook are outside, at the other end of a cable
of its own.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import pytest

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Target

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway
    from monitor.simulator.sinks import Received, WebhookSink
    from tests.acceptance.conftest import Deployment, World

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
BROKEN_CHECK = f"gw/chat/{BROKEN}"
FROZEN_S = 20.0
Network = AsyncIterator["Island"]


class Island:
    """A network namespace with one cable to the outside.

    Attributes:
        outside: this end's address, where servers listen.
        nobody: an address to which packets go, and from which none come back.
    """

    def __init__(self) -> None:
        number = os.getpid() % 65536
        net = f"10.203.{number % 256}"
        self.name, self._cable = f"rw-{os.getpid()}", (f"rwo{number}", f"rwi{number}")
        self.outside, self._inside, self.nobody = f"{net}.1", f"{net}.2", f"{net}.77"

    async def __aenter__(self) -> Self:
        outer, inner = self._cable
        await _ip(f"netns add {self.name}")
        await _ip(f"link add {outer} type veth peer name {inner} netns {self.name}")
        await _ip(f"addr add {self.outside}/24 dev {outer}")
        await _ip(f"link set {outer} up")
        await self._within(f"addr add {self._inside}/24 dev {inner}")
        await self._within("link set lo up")
        await self._within(f"link set {inner} up")
        await self._within(f"neigh add {self.nobody} lladdr 02:00:00:00:00:77 dev {inner} nud permanent")
        return self

    async def __aexit__(self, *_: object) -> None:
        await _ip(f"link del {self._cable[0]}")
        await _ip(f"netns del {self.name}")

    @property
    def command(self) -> list[str]:
        """Runs a program inside."""
        return ["ip", "netns", "exec", self.name]

    async def cut(self, how: str) -> None:
        """No packet passes any more: `silent`, or with an error from the own network card."""
        await self._set(how, "down")

    async def mend(self, how: str) -> None:
        """All is as before."""
        await self._set(how, "up")

    async def _set(self, how: str, state: str) -> None:
        outer, inner = self._cable
        await (_ip(f"link set {outer} {state}") if how == "silent" else self._within(f"link set {inner} {state}"))

    async def _within(self, arguments: str) -> None:
        await _ip(f"-n {self.name} {arguments}")


async def _ip(arguments: str) -> None:
    process = await asyncio.create_subprocess_exec("ip", *arguments.split())
    assert await process.wait() == 0, arguments


@pytest.fixture
async def island() -> Network:
    """A namespace of its own."""
    async with Island() as made:
        yield made


@pytest.fixture
async def target(island: Island) -> AsyncIterator[str]:
    """Something outside that takes connections, for the self-check."""

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(take, island.outside, 0) as server:
        yield "{}:{}".format(*server.sockets[0].getsockname())


def on(island: Island, world: "World", *tables: str, target: str, **pace: Any) -> "Deployment":
    """A daemon on the island; not started."""
    daemon = world.deployment()
    daemon.inside = island.command
    daemon.arguments = ["--log-level", "debug"]
    daemon.configure(f'[connectivity]\ntargets = ["{target}"]\n', *tables, **pace)
    return daemon


async def ask(daemon: "Deployment", path: str) -> str:
    """An answer through the control socket: the daemon's TCP port is on the island."""
    connector = aiohttp.UnixConnector(path=str(daemon.folder / "control.sock"))
    async with aiohttp.ClientSession(connector=connector) as client, client.get(f"http://localhost{path}") as answer:
        return await answer.text()


def is_notice(received: "Received") -> bool:
    """Whether it is about RelayWatch itself."""
    return bool(received.body["event"] == "notice")


def counted(daemon: "Deployment", status: str) -> int:
    """How many results of the check with the fewest have this status."""
    counts = dict(daemon.rows('SELECT "check", count(*) FILTER (WHERE status = ?) FROM v_results GROUP BY 1', status))
    return min(counts.values()) if len(counts) == 3 else 0


@pytest.mark.root
@pytest.mark.needs("ip")
@pytest.mark.parametrize("how", ["silent", "with an error"])
async def test_a_cut_network_is_nobodys_outage(world: "World", island: Island, target: str, how: str) -> None:
    """Nothing is told but one notice, afterwards, from when to when; then a real outage is told as ever."""
    gateway, hook = await world.gateway(BROKEN, FINE, host=island.outside), await world.hook(host=island.outside)
    daemon = on(island, world, daemon_tables(world, gateway, hook), target=target, connect_timeout="2s")
    await daemon.start()
    await daemon.until(lambda: counted(daemon, "UP") >= 2, 15, "every check UP")
    assert await ask(daemon, "/readyz")
    assert "relaywatch_uplink_up 1.0" in await ask(daemon, "/metrics")

    await island.cut(how)
    await daemon.until(lambda: counted(daemon, "UNKNOWN") >= 4, 40, "more than a threshold of UNKNOWN")
    assert "this machine has no network" in await ask(daemon, "/readyz")
    assert "relaywatch_uplink_up 0.0" in await ask(daemon, "/metrics")
    assert hook.received == []

    await island.mend(how)
    notice = await hook.wait_for(is_notice, 30)
    assert "had no network from" in notice.body["message"]
    await daemon.until(lambda: counted(daemon, "UP") >= 5, 15, "UP again")
    assert "no network" not in await ask(daemon, "/readyz")
    assert daemon.rows("SELECT DISTINCT status FROM v_results ORDER BY 1") == [("UNKNOWN",), ("UP",)]
    assert daemon.rows("SELECT count(*) FROM v_incidents") == [(0,)]
    for row in (await daemon.command("report", "--format", "json")).json:
        assert row["availability"] == 100.0
        assert row["coverage"] < 85

    gateway.set_fault(BROKEN, Fault(kind=FaultKind.HANG))
    await hook.wait_for(lambda received: received.body["event"] == "opened", 25)
    gateway.set_fault(BROKEN, None)
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 15)
    assert world.told(hook) == [("opened", BROKEN_CHECK), ("resolved", BROKEN_CHECK)]
    assert len([received for received in hook.received if is_notice(received)]) == 1
    assert len(daemon.events("uplink_closed")) == 1
    assert await daemon.stop() == 0


def daemon_tables(world: "World", gateway: "Gateway | str", hook: "WebhookSink") -> str:
    """One endpoint and one channel."""
    nobody = world.deployment()
    return nobody.endpoint(gateway, BROKEN, FINE) + nobody.webhook(hook)


@pytest.mark.root
@pytest.mark.needs("ip")
@pytest.mark.parametrize("answers", [True, False], ids=["self-check answers", "self-check never could"])
async def test_a_gateway_out_of_reach_is_told(world: "World", island: Island, target: str, *, answers: bool) -> None:
    """While our own network is fine, or where the self-check has switched itself off because it is no use here."""
    hook = await world.hook(host=island.outside)
    tables = daemon_tables(world, f"http://{island.nobody}:8000/v1", hook)
    checked = target if answers else f"{island.nobody}:53"
    daemon = on(island, world, tables, target=checked, connect_timeout="1s")
    await daemon.start()
    opened = await hook.wait_for(lambda received: received.body["event"] == "opened", 30)
    assert opened.body["incident"]["status"] == "TIMEOUT"
    assert daemon.rows("SELECT count(*) FROM v_results WHERE status = 'UNKNOWN'") == [(0,)]
    assert [line["targets"] for line in daemon.events("uplink_check_off")] == ([] if answers else [[checked]])
    assert not daemon.events("uplink_closed")
    assert "no network" not in await ask(daemon, "/readyz")
    assert await daemon.stop() == 0


async def test_a_process_that_stood_still_tells_nothing(world: "World") -> None:
    """Stopped for 20 s with probes in flight, whether their time is up meanwhile or not: UNKNOWN at most, no alarm."""
    await asyncio.gather(*(_stand_still(world, timeout_s) for timeout_s in (3, 60)))


async def _stand_still(world: "World", timeout_s: int) -> None:
    gateway, hook = await world.gateway(BROKEN, FINE, latency="700ms"), await world.hook()
    daemon = world.deployment()
    daemon.configure(daemon_tables(world, gateway, hook), timeout=f"{timeout_s}s", slow_after="0s")
    await daemon.start()
    await daemon.until(lambda: counted(daemon, "UP") >= 2, 15, "every check UP")

    daemon.signal(signal.SIGSTOP)
    gateway.set_fault(Target.EVERYTHING, Fault(kind=FaultKind.RESET))
    await asyncio.sleep(FROZEN_S)  # what is tried here is time itself
    gateway.set_fault(Target.EVERYTHING, None)
    daemon.signal(signal.SIGCONT)

    frozen = await daemon.wait_for("loop_frozen", 10)
    assert FROZEN_S - 2 < frozen["seconds"] < FROZEN_S + 5
    before = counted(daemon, "UP")
    await daemon.until(lambda: counted(daemon, "UP") >= before + 3, 15, "UP again")
    wrong = daemon.rows("SELECT * FROM v_results WHERE status NOT IN ('UP', 'UNKNOWN')")
    assert wrong == []
    assert hook.received == []
    assert await daemon.stop() == 0
