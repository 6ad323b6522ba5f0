"""A PostgreSQL server that dies under the daemon, a daemon that dies with it away, and a daemon that was overtaken."""

import asyncio
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from monitor.simulator.faults import Fault, FaultKind
from tests.postgres_server import PostgresServer

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway
    from monitor.simulator.sinks import WebhookSink
    from tests.acceptance.conftest import Deployment, World

MODELS = tuple(f"openai/m{number}" for number in range(50))
BROKEN = MODELS[0]
AWAY_S = 2.5
DOWN = Fault(kind=FaultKind.STATUS, status=503)
RESULTS = 'SELECT c."check", r.started_at_us, r.status FROM results r JOIN checks c ON c.id = r.check_id'


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that is killed and started again; what it has acknowledged is on its disk."""
    with tempfile.TemporaryDirectory(prefix="relaywatch-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        made = PostgresServer(Path(folder), durable=True)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def database(server: PostgresServer) -> Iterator[str]:
    """An empty database of a role without privileges."""
    name = server.make_database()
    yield name
    server.drop_database(name)


class Asked:
    """What a database answers."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self._dsn = server.dsn(database)

    def __call__(self, query: str) -> list[tuple[Any, ...]]:
        """The rows."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def statuses(self) -> Counter[tuple[str, int]]:
        """How many results each check has of each status."""
        return Counter((check, status) for check, _, status in self(RESULTS))


def _configure(
    daemon: "Deployment", gateway: "Gateway", hook: "WebhookSink", url: str, *models: str, pace: str
) -> None:
    daemon.configure(
        daemon.endpoint(gateway, *models, more="concurrency = 60"),
        daemon.webhook(hook),
        f'[storage]\nurl = "{url}"\n',
        "[alerting]\nflapping = false\n",
        interval=pace,
        models_interval="1s",
        failure_ratio=False,
    )


async def test_a_server_killed_three_times_loses_nothing(world: "World", server: PostgresServer, database: str) -> None:
    """At a hundred probes a second: every result once, every message once, no verdict bent, and it is said once."""
    gateway, hook = await world.gateway(*MODELS), await world.hook()
    daemon, asked = world.deployment(), Asked(server, database)
    _configure(daemon, gateway, hook, server.url(database), *MODELS, pace="500ms")
    daemon.arguments = ["--log-level", "debug"]
    await daemon.start()
    await daemon.until(lambda: gateway.requests.total() > 150, 20, "probes")

    for fault in (DOWN, None, None):
        refused = len(daemon.events("database_refuses"))
        await asyncio.to_thread(server.kill)
        await daemon.until(lambda: len(daemon.events("database_refuses")) > refused, 10, "a refusal")  # noqa: B023  used at once
        gateway.set_fault(BROKEN, fault)
        assert "refuses" in await daemon.get("/readyz")
        assert "503" in await daemon.get("/api/v1/incidents")
        asked_before = gateway.requests.total()
        await asyncio.sleep(AWAY_S)
        assert gateway.requests.total() - asked_before > 40 * AWAY_S, "probing does not wait for a database"
        assert (daemon.folder / "relaywatch.spool").stat().st_size > 1_000
        await asyncio.to_thread(server.start)
        await daemon.until(
            lambda: len(daemon.events("database_accepts_again")) > refused,  # noqa: B023  used at once
            20,
            "the database to be used again",
        )
        if fault is not None:
            await hook.wait_for(lambda received: received.body["event"] == "opened", 15)
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 15)
    await daemon.until(lambda: not (daemon.folder / "relaywatch.spool").exists(), 10, "an empty spool")
    assert '"ready"' in await daemon.get("/readyz")
    assert await daemon.stop() == 0

    assert len(daemon.events("database_refuses")) == len(daemon.events("database_accepts_again")) == 3
    statuses = asked.statuses()
    assert statuses.total() == len(daemon.events("probe")) == gateway.requests.total()
    assert {check for check, status in statuses if status} == {f"gw/chat/{BROKEN}"}
    assert [received.body["event"] for received in hook.received] == ["opened", "resolved"]
    assert asked("SELECT state, count(*) FROM outbox GROUP BY state") == [("sent", 2)]
    assert asked("SELECT count(*), count(resolved_at_us) FROM incidents") == [(1, 1)]


async def test_a_daemon_killed_while_the_server_is_away_loses_nothing(
    world: "World", server: PostgresServer, database: str
) -> None:
    """What it had found out is told by the next run, once, and stands in the history as if nothing had happened."""
    gateway, hook = await world.gateway(BROKEN, MODELS[1]), await world.hook()
    daemon, asked = world.deployment(), Asked(server, database)
    _configure(daemon, gateway, hook, server.url(database), BROKEN, MODELS[1], pace="500ms")
    daemon.arguments = ["--log-level", "debug"]
    await daemon.start()
    await daemon.until(lambda: gateway.requests.total() > 6, 20, "probes")

    await asyncio.to_thread(server.kill)
    gateway.set_fault(BROKEN, DOWN)
    await daemon.wait_for("database_refuses", 10)
    opened_at = gateway.requests[BROKEN]
    await daemon.until(lambda: gateway.requests[BROKEN] > opened_at + 6, 20, "an outage")
    probed = [(line["check"], line["status"]) for line in daemon.events("probe")]
    await asyncio.sleep(1)  # they are on this machine's disk within a quarter of a second
    await daemon.kill()
    gateway.set_fault(BROKEN, None)
    await daemon.launch()
    assert await daemon.ended() == 2
    assert "database" in daemon.stderr.decode().splitlines()[-2]
    assert hook.received == []

    await asyncio.to_thread(server.start)
    await daemon.start()
    replayed = daemon.events("spool_replayed")
    assert len(replayed) == 1
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 20)
    assert await daemon.stop() == 0

    assert world.told(hook) == [("opened", f"gw/chat/{BROKEN}"), ("resolved", f"gw/chat/{BROKEN}")]
    assert len(hook.received) == 2
    recorded = Counter((check, status) for check, _, status in asked('SELECT "check", 0, status FROM v_results'))
    assert not Counter(probed) - recorded
    assert asked("SELECT count(*) - count(DISTINCT (check_id, started_at_us)) FROM results") == [(0,)]
    assert not (daemon.folder / "relaywatch.spool").exists()
    earlier, later = asked("SELECT heartbeat_us, started_at_us FROM daemon_runs ORDER BY id")
    newest = max(at_us for _, at_us, _ in asked(RESULTS) if at_us < later[1])
    assert newest <= earlier[0] <= later[1], "its life is known to have lasted as long as its results"


async def test_a_daemon_that_was_overtaken_writes_and_sends_nothing(
    world: "World", server: PostgresServer, database: str
) -> None:
    """Stopped beyond its lease and continued: another one leads by now, so it says so and ends by itself."""
    gateway, hook = await world.gateway(BROKEN, MODELS[1]), await world.hook()
    first, second, asked = world.deployment(), world.deployment(), Asked(server, database)
    for daemon in (first, second):
        _configure(daemon, gateway, hook, server.url(database), BROKEN, MODELS[1], pace="500ms")
    await first.start()
    await first.until(lambda: gateway.requests.total() > 6, 20, "probes")

    await second.launch()
    assert await second.ended(within_s=20) == 2
    message = second.stderr.decode().splitlines()[-2]
    assert f"in use by process {first.pid} on " in message
    assert ", since 20" in message

    first.signal(signal.SIGSTOP)
    await second.launch()
    await second.wait_for("daemon_started", 40)
    assert second.events("database_taken_over", pid=first.pid)
    before = asked("SELECT epoch, batch FROM leadership")
    gateway.set_fault(BROKEN, DOWN)
    await hook.wait_for(lambda received: received.body["event"] == "opened", 20)
    first.signal(signal.SIGCONT)
    assert await first.ended(within_s=20) == 70
    assert f"the daemon {second.pid} on " in first.stderr.decode()
    assert "has taken over the database" in first.stderr.decode()

    gateway.set_fault(BROKEN, None)
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 20)
    assert await second.stop() == 0
    assert [received.body["event"] for received in hook.received] == ["opened", "resolved"]
    assert before[0][0] == 2
    assert asked("SELECT epoch, released FROM leadership") == [(2, 1)]


async def test_a_server_that_stands_still_stops_nothing(world: "World", server: PostgresServer, database: str) -> None:
    """Its machine takes every packet and it answers none: it is given up, said, waited for, and used again."""
    gateway, hook = await world.gateway(BROKEN, MODELS[1]), await world.hook()
    daemon, asked = world.deployment(), Asked(server, database)
    _configure(daemon, gateway, hook, server.url(database), BROKEN, MODELS[1], pace="500ms")
    daemon.arguments = ["--log-level", "debug"]
    await daemon.start()
    await daemon.until(lambda: gateway.requests.total() > 6, 20, "probes")

    with server.standing_still():
        gateway.set_fault(BROKEN, DOWN)
        await daemon.until((daemon.folder / "relaywatch.spool").exists, 10, "a spool")
        await daemon.wait_for("database_refuses", 25)
        assert "refuses" in await daemon.get("/readyz")
        asked_before = gateway.requests.total()
        await daemon.until(lambda: gateway.requests.total() > asked_before + 6, 10, "more probes")
    await hook.wait_for(lambda received: received.body["event"] == "opened", 30)
    gateway.set_fault(BROKEN, None)
    await hook.wait_for(lambda received: received.body["event"] == "resolved", 20)
    await daemon.until(lambda: not (daemon.folder / "relaywatch.spool").exists(), 10, "an empty spool")
    assert await daemon.stop() == 0

    assert asked.statuses().total() == len(daemon.events("probe")) == gateway.requests.total()
    assert world.told(hook) == [("opened", f"gw/chat/{BROKEN}"), ("resolved", f"gw/chat/{BROKEN}")]
