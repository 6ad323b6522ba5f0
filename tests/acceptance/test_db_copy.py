"""Moving from a file to a server with a history, an open incident and a message that waits: the next daemon goes on."""

import asyncio
import os
import pty
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg

from monitor.simulator.faults import Fault, FaultKind
from tests.acceptance.deployment import COMMAND, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import World
    from tests.postgres_server import PostgresServer

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
ROWS = 150_000
NOBODY = "http://127.0.0.1:9/hook"


async def test_a_daemon_goes_on_where_it_was_moved_to(world: "World", postgres: "PostgresServer") -> None:
    """What was open is ended there, what was not delivered is delivered from there; a terminal shows a bar."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    daemon, name = world.deployment(), postgres.make_database()
    url = postgres.url(name)
    late = f'[[channels]]\nname = "late"\ntype = "webhook"\nurl = "{NOBODY}"\n'
    tables = daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook), late
    daemon.configure(*tables, "[alerting]\nflapping = false\n")
    await daemon.start()
    gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
    opened = await hook.wait_for(lambda received: received.body["event"] == "opened", 20)
    source = f"sqlite:///{daemon.database}"

    refused = await daemon.command("db", "copy", "--from", source, "--to", url)
    assert refused.code == 2
    assert f"in use by process {daemon.pid}" in refused.stderr
    assert await daemon.stop() == 0
    before = daemon.rows("SELECT count(*) FROM results")

    code, shown = await _on_a_terminal("db", "copy", "--from", source, "--to", url)
    assert code == 0, shown
    assert "each equal to its source" in shown
    assert "copy results" in shown
    again = await daemon.command("db", "copy", "--from", source, "--to", url)
    assert again.code == 2
    assert "not empty" in again.stderr

    daemon.configure(*tables, "[alerting]\nflapping = false\n", f'[storage]\nurl = "{url}"\n')
    daemon.path.write_text(daemon.path.read_text().replace(NOBODY, hook.url))
    await daemon.start()
    assert await eventually(lambda: [one.body["event"] for one in hook.accepted] == ["opened"] * 2, 30)
    gateway.set_fault(BROKEN, None)
    assert await eventually(lambda: [one.body["event"] for one in hook.accepted].count("resolved") == 2, 20)
    assert await daemon.stop() == 0
    assert sorted(one.body["event"] for one in hook.accepted) == ["opened", "opened", "resolved", "resolved"]
    assert {one.body["incident"]["id"] for one in hook.accepted} == {opened.body["incident"]["id"]}
    with psycopg.connect(postgres.dsn(name), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM incidents").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM results").fetchall() > before
    postgres.drop_database(name)


async def _on_a_terminal(*arguments: str) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, stdout=theirs, stderr=theirs, env={"PATH": os.environ["PATH"], "TERM": "xterm"}
    )
    os.close(theirs)
    shown = bytearray()

    def read() -> None:
        try:
            while data := os.read(ours, 65536):
                shown.extend(data)
        except OSError:  # the other side is closed
            os.close(ours)

    await asyncio.to_thread(read)
    return await process.wait(), shown.decode()


async def test_killed_twice_it_is_whole_in_the_end(world: "World", postgres: "PostgresServer") -> None:
    """SIGKILL amid the results: what is copied stays, the same command goes on, and nobody has to wait for a lease."""
    daemon, name = world.deployment(), postgres.make_database()
    daemon.configure(daemon.endpoint("http://127.0.0.1:9/v1", FINE))
    assert (await daemon.command("db", "upgrade")).code == 0
    await asyncio.to_thread(_fill, daemon.database)
    arguments = "db", "copy", "--from", f"sqlite:///{daemon.database}", "--to", postgres.url(name)
    copied = [0]
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(COMMAND, *arguments)
        assert await eventually(lambda: _copied(postgres, name) > copied[-1], 30)
        process.kill()
        await process.wait()
        copied.append(_copied(postgres, name))
    assert 0 < copied[1] < copied[2] < ROWS
    ended = await daemon.command(*arguments, within_s=60)
    assert ended.code == 0, ended.stderr
    assert "error:" not in ended.stderr
    assert _copied(postgres, name) == ROWS
    postgres.drop_database(name)


def _fill(path: "Path") -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO checks VALUES (1, 'gw/chat/m', 'gw', 'chat', 'm', 'gw', 0, NULL)")
        rows = ((1, at * 1_000_000, 0, 0, 200, 300, None, 1, None, None, None) for at in range(ROWS))
        connection.executemany("INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _copied(postgres: "PostgresServer", name: str) -> int:
    with psycopg.connect(postgres.dsn(name), autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('results')").fetchall() == [(None,)]:
            return 0
        ((rows,),) = connection.execute("SELECT count(*) FROM results").fetchall()
        return int(rows)


async def test_a_password_in_an_argument_is_refused(world: "World") -> None:
    """Everybody on the machine can read arguments."""
    daemon = world.deployment()
    ended = await daemon.command("db", "copy", "--from", "sqlite:///a.db", "--to", "postgresql://a:geheim@127.0.0.1/b")
    assert ended.code == 2
    assert "PGPASSWORD" in ended.stderr
    assert "geheim" not in ended.stderr + ended.stdout
