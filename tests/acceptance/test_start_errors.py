"""What can be wrong at start: each is one clear message on stderr, no traceback, exit code 2."""

import asyncio
import os
import re
import socket
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Deployment, World

NOWHERE = "http://127.0.0.1:9/v1"
CONSOLES = '[[channels]]\nname = "a"\ntype = "console"\n[[channels]]\nname = "b"\ntype = "console"\n'
REFUSED_WITHIN_S = 15.0


def _configured(daemon: "Deployment", more: str = "", *tables: str) -> "Deployment":
    daemon.configure(daemon.endpoint(NOWHERE, "m", more=more), CONSOLES, *tables)
    return daemon


async def _refusal(daemon: "Deployment") -> str:
    """The one message of a daemon that must not start."""
    await daemon.launch()
    code = await daemon.ended(REFUSED_WITHIN_S)
    text = daemon.stderr.decode()
    assert code == 2, text
    assert "Traceback" not in text
    assert daemon.stdout == b""
    assert text.startswith("error: "), text
    assert text.count("error: ") == 1, text
    return text


async def test_an_address_that_is_taken(world: "World") -> None:
    """The port of the page is in use."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        daemon = _configured(world.deployment())
        daemon.path.write_text(daemon.path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        text = await _refusal(daemon)
    assert f"127.0.0.1:{port}" in text
    assert "in use" in text
    assert "hint:" in text


async def test_a_second_daemon_on_the_database(world: "World") -> None:
    """The second names the first, and the first goes on."""
    first = _configured(world.deployment())
    await first.start()
    second = _configured(world.deployment(), "", f'[storage]\nurl = "sqlite:///{first.database}"\n')
    assert f"process {first.pid}" in await _refusal(second)
    third = _configured(world.deployment(first.folder))
    assert f"process {first.pid}" in await _refusal(third)
    assert (await first.command("status", "--daemon")).code == 0
    assert await first.stop() == 0


async def test_a_read_only_place(world: "World") -> None:
    """A folder that takes no file, and a database file that takes no write."""
    folder, whole = world.deployment(), world.deployment()
    for daemon in (folder, whole):
        _configured(daemon)
    await whole.start()
    assert await whole.stop() == 0
    for daemon in (folder, whole):
        await world.make_read_only(daemon.folder)
    again = world.deployment(whole.folder)
    for text in await asyncio.gather(_refusal(folder), _refusal(again)):
        assert "read-only" in text or "permission denied" in text
        assert str(world.folder) in text


@pytest.mark.root
@pytest.mark.needs("mount")
async def test_a_full_disk(world: "World") -> None:
    """However little is left, it starts or it says that the disk is full; it never does anything else."""
    disk = await world.small_disk("1m")
    refused = []
    for number, left in enumerate((0, 1, 16, 40, 72, 104, 136)):
        with (disk / "ballast").open("wb") as ballast:
            _fill(ballast.fileno(), left * 1024, disk)
        folder = disk / f"d{number}"
        try:
            folder.mkdir()
        except OSError:
            folder = disk
        daemon = world.deployment(world.folder / f"c{number}")
        _configured(daemon, "", f'[storage]\nurl = "sqlite:///{folder}/rw.db"\n')
        await daemon.launch()
        assert await world.eventually(partial(_has_decided, daemon), REFUSED_WITHIN_S)
        if daemon.runs:
            await daemon.stop()
        else:
            refused.append(daemon)
        for file in folder.glob("rw.db*"):
            file.unlink()
    assert refused
    for daemon in refused:
        text = daemon.stderr.decode()
        assert await daemon.ended() == 2, text
        assert "Traceback" not in text
        assert text.startswith("error: "), text
        assert "full" in text or "no space" in text, text


async def test_one_mistake_each(world: "World") -> None:
    """Files, addresses, keys, syntax: every mistake has its message."""
    cases = _mistakes(world)
    for pair in (cases[at : at + 2] for at in range(0, len(cases), 2)):
        texts = await asyncio.gather(*(_refusal(daemon) for daemon, _ in pair))
        for text, (_, words) in zip(texts, pair, strict=True):
            assert all(word in text for word in words), (words, text)


async def test_ten_mistakes_at_once(world: "World") -> None:
    """A configuration with ten mistakes is told of all ten, each with its place."""
    daemon = world.deployment()
    daemon.path.write_text(TEN_MISTAKES)
    text = await _refusal(daemon)
    assert "10 problems" in text
    for place in TEN_PLACES:
        assert re.search(rf"^  {re.escape(place)}: \S", text, re.MULTILINE), (place, text)
    checked = await daemon.command("config", "check")
    assert checked.code == 2
    assert checked.stderr == text


TEN_MISTAKES = """
language = "fr"
timezone = "Asia/Soul"
[defaults]
interval = 60
timout = "10s"
failure_threshold = 0
[web]
listen = "0.0.0.0:8780"
[[endpoints]]
name = "Bad Name"
base_url = "api.example.com/v1"
api_key = "sk-live-1234567890abcdefghij"
models = ["m"]
[[channels]]
name = "c"
type = "pigeon"
"""
TEN_PLACES = (
    "language", "timezone", "defaults.interval", "defaults.timout", "defaults.failure_threshold", "web.listen",
    "endpoints[0].name", "endpoints[0].base_url", "endpoints[0].api_key", "channels[0].type",
)  # fmt: skip


def _mistakes(world: "World") -> list[tuple["Deployment", tuple[str, ...]]]:
    def made(more: str = "", *tables: str, **environ: str) -> "Deployment":
        daemon = _configured(world.deployment(), more, *tables)
        daemon.environ |= environ
        return daemon

    def database(url: str) -> "Deployment":
        return made("", f'[storage]\nurl = "{url}"\n')

    cases = [
        (made('api_key = { env = "KEY" }', KEY=""), ("KEY", "empty")),
        (made('api_key = { env = "KEY" }', KEY="  \n"), ("KEY", "empty")),
        (made('api_key = { env = "KEY" }'), ("KEY", "not set")),
        (made('api_key = { file = "key" }'), ("endpoints[0].api_key", "key")),
        (database("sqlite:///nowhere/at/all.db"), ("nowhere/at", "does not exist", "mkdir")),
        (database("sqlite:///."), ("folder",)),
        (database("sqlite:///relaywatch.toml"), ("not an SQLite database",)),
        (database("sqlite:///foreign.db"), ("another program",)),
    ]
    with closing(sqlite3.connect(cases[-1][0].folder / "foreign.db")) as foreign:
        foreign.execute("CREATE TABLE shopping (item TEXT)")
    malformed, syntax, missing, blocked = (made() for _ in range(4))
    malformed.path.write_text(malformed.path.read_text().replace(NOWHERE, "http://127.0.0.1:port/v1"))
    syntax.path.write_text("[defaults\n")
    missing.path.unlink()
    (blocked.folder / "control.sock").write_text("in the way")
    return [
        *cases,
        (malformed, ("endpoints[0].base_url",)),
        (syntax, ("not TOML", "line 1")),
        (missing, ("relaywatch.toml",)),
        (blocked, ("control.sock", "in the way")),
    ]


def _fill(descriptor: int, left: int, disk: Path) -> None:
    free = os.statvfs(disk)
    os.posix_fallocate(descriptor, 0, max(1, free.f_bavail * free.f_frsize - left))


def _has_decided(daemon: "Deployment") -> bool:
    return not daemon.runs or bool(daemon.events("daemon_started"))
