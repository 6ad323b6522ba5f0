"""The installed command as a process: one folder with a configuration, and the daemon that runs on it.

Every wait is for a condition and has a bound; a process that ends while somebody waits for it fails the wait and shows
its stderr.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from monitor.simulator.gateway import Gateway
from monitor.simulator.sinks import SlackSink, WebhookSink

COMMAND = Path(sys.executable).with_name("relaywatch")
START_WITHIN_S = 20.0
STOP_WITHIN_S = 12.0
COMMAND_WITHIN_S = 30.0
LOOK_AGAIN_S = 0.005
PACE = {
    "interval": "1s",
    "models_interval": "1s",
    "timeout": "3s",
    "confirm_interval": "250ms",
    "failure_threshold": 3,
    "recovery_threshold": 2,
}
Line = dict[str, Any]


async def eventually(condition: Callable[[], bool], within_s: float) -> bool:
    """Wait for a condition; False if it did not come to hold within the bound."""
    ends = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > ends:
            return False
        await asyncio.sleep(LOOK_AGAIN_S)  # what another process does wakes nobody here
    return True


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The standard output, which must be JSON and nothing else."""
        return json.loads(self.stdout)


class Deployment:
    """One folder with a configuration, and the daemon that runs on it, as often as it is started.

    Attributes:
        path: of the configuration file.
        database: the file.
        environ: of the daemon and of every command; nothing else is inherited.
        arguments: of the command, before its name.
        options: of `run`.
        inside: what the daemon is started through, such as `ip netns exec NAME`.
        logs: the log lines of the present run.
        stderr: all bytes of every run; `stdout` likewise.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "relaywatch.toml"
        self.database = folder / "relaywatch.db"
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        self.arguments: list[str] = []
        self.options: list[str] = []
        self.inside: list[str] = []
        self.logs: list[Line] = []
        self.stderr = bytearray()
        self.stdout = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    @staticmethod
    def endpoint(gateway: Gateway | str, *models: str, name: str = "gw", more: str = "") -> str:
        """An `[[endpoints]]` table."""
        url = gateway if isinstance(gateway, str) else gateway.base_url
        return f'[[endpoints]]\nname = "{name}"\nbase_url = "{url}"\nmodels = {json.dumps(list(models))}\n{more}\n'

    @staticmethod
    def webhook(sink: WebhookSink, name: str = "hook", more: str = "") -> str:
        """A `[[channels]]` table."""
        return f'[[channels]]\nname = "{name}"\ntype = "webhook"\nurl = "{sink.url}"\n{more}\n'

    def slack(self, sink: SlackSink, name: str = "slack") -> str:
        """A `[[channels]]` table; its secret comes from the environment."""
        variable = f"{name.upper()}_URL"
        self.environ[variable] = sink.webhook_url
        return f'[[channels]]\nname = "{name}"\ntype = "slack"\nwebhook_url = {{ env = "{variable}" }}\n'

    def configure(self, *tables: str, **defaults: Any) -> None:
        """Write the configuration: probes each second unless `defaults` say otherwise, a page on a free port."""
        pace = "".join(f"{name} = {json.dumps(value)}\n" for name, value in (PACE | defaults).items())
        texts = ["[defaults]", pace, '[web]\nlisten = "127.0.0.1:0"\n', *tables]
        if not any("[connectivity]" in table for table in tables):
            texts.insert(0, "[connectivity]\ntargets = []\n")  # nothing is asked outside
        self.path.write_text("\n".join(texts), encoding="utf-8")

    async def start(self) -> None:
        """Start the daemon and wait until it says so."""
        await self.launch()
        await self.wait_for("daemon_started", START_WITHIN_S)

    async def launch(self) -> None:
        """Start the daemon and do not wait."""
        self.logs = []
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self.inside,
            COMMAND,
            *self.arguments,
            "run",
            "-c",
            self.path,
            *self.options,
            stdout=pipe,
            stderr=pipe,
            env=self.environ,
        )
        self._readers = [
            asyncio.create_task(self._read(self._process.stderr, self.stderr, self.logs)),
            asyncio.create_task(self._read(self._process.stdout, self.stdout, None)),
        ]

    @property
    def pid(self) -> int:
        """Of the present run."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether the daemon lives."""
        return self._process is not None and self._process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the daemon."""
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self, within_s: float = STOP_WITHIN_S) -> int:
        """Wait until the daemon has ended; its exit code."""
        assert self._process is not None
        async with asyncio.timeout(within_s):
            code = await self._process.wait()
            await asyncio.gather(*self._readers)
        return code

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """SIGKILL."""
        if self.runs:
            self.signal(signal.SIGKILL)
        if self._process is not None:
            await self.ended()

    def events(self, event: str, **fields: Any) -> list[Line]:
        """The log lines of the present run with this event and these fields."""
        wanted = {"event": event, **fields}
        return [line for line in list(self.logs) if wanted.items() <= line.items()]

    async def wait_for(self, event: str, within_s: float, **fields: Any) -> Line:
        """The first log line of the present run, past or to come, with this event and these fields."""
        await self.until(lambda: bool(self.events(event, **fields)), within_s, f"{event} {fields}")
        return self.events(event, **fields)[0]

    async def until(self, condition: Callable[[], bool], within_s: float, what: str = "the condition") -> None:
        """Wait for a condition while the daemon runs."""
        came = await eventually(lambda: condition() or not self.runs, within_s)
        said = f"{what} within {within_s} s; stderr ends in\n{self.stderr.decode()[-4000:]}"
        assert came, f"missing: {said}"
        assert condition(), f"the daemon ended before {said}"

    async def command(self, *arguments: str, within_s: float = COMMAND_WITHIN_S) -> Ended:
        """Run another command of RelayWatch on the same configuration."""
        pipe = asyncio.subprocess.PIPE
        environ = self.environ | {"RELAYWATCH_CONFIG": str(self.path)}
        process = await asyncio.create_subprocess_exec(COMMAND, *arguments, stdout=pipe, stderr=pipe, env=environ)
        async with asyncio.timeout(within_s):
            stdout, stderr = await process.communicate()
        return Ended(process.returncode or 0, stdout.decode(), stderr.decode())

    async def get(self, path: str) -> str:
        """The daemon's answer on its TCP port."""
        page = self.events("daemon_started")[0]["page"]
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(page.rstrip("/") + path) as answer:
            return await answer.text()

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the database answers; it is opened read-only."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(query, parameters).fetchall()

    @staticmethod
    async def _read(stream: asyncio.StreamReader | None, into: bytearray, logs: list[Line] | None) -> None:
        assert stream is not None
        async for line in stream:
            into += line
            if logs is not None and line.startswith(b"{"):
                logs.append(json.loads(line))
