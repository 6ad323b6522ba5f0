"""What acceptance tests stand on: the installed command, in real time, against a gateway and sinks in the test's loop.

Loopback only.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

from monitor.clock import SystemClock
from monitor.simulator.gateway import Gateway
from monitor.simulator.script import parse_script
from monitor.simulator.sinks import SlackSink, WebhookSink
from tests.acceptance.deployment import COMMAND, Deployment, Ended, eventually
from tests.acceptance.play import Outcomes

__all__ = ["COMMAND", "Deployment", "Ended", "World", "world"]

HERE = Path(__file__).parent
T = TypeVar("T")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder starts the installed command."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker("acceptance")


class World:
    """What a test puts around the daemon; taken down at its end."""

    eventually = staticmethod(eventually)

    def __init__(self, folder: Path, house: AsyncExitStack) -> None:
        self.folder = folder
        self._house = house
        self._deployments: list[Deployment] = []

    async def gateway(self, *models: str, latency: str = "0s", **options: Any) -> Gateway:
        """A healthy gateway that serves these models."""
        served = "".join(f'[[models]]\nid = {json.dumps(model)}\nlatency = "{latency}"\n' for model in models)
        return await self._house.enter_async_context(Gateway(parse_script(served), clock=SystemClock(), **options))

    async def hook(self, **options: Any) -> WebhookSink:
        """A webhook receiver."""
        return await self._house.enter_async_context(WebhookSink(**options))

    async def slack(self) -> SlackSink:
        """A double of Slack."""
        return await self._house.enter_async_context(SlackSink())

    async def enter(self, thing: AbstractAsyncContextManager[T]) -> T:
        """Anything else that runs until the end."""
        return await self._house.enter_async_context(thing)

    def deployment(self, folder: Path | None = None) -> Deployment:
        """A daemon in a folder of its own; not started."""
        number = len(self._deployments)
        place = self.folder / f"d{number}" if folder is None else folder
        place.mkdir(exist_ok=True)
        made = Deployment(place)
        self._deployments.append(made)
        return made

    @staticmethod
    def told(sink: WebhookSink) -> list[tuple[str, str]]:
        """What a webhook was told of incidents: event and checks, in order, deliveries of one id counted once."""
        bodies: dict[str, Any] = {received.body["id"]: received.body for received in sink.accepted}
        told = [body for body in bodies.values() if body["incident"] is not None]
        return [(body["event"], " ".join(body["incident"]["checks"])) for body in told]

    async def small_disk(self, size: str, *options: str) -> Path:
        """A file system of its own, in memory; needs root."""
        folder = self.folder / f"disk{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        await run("mount", "-t", "tmpfs", "-o", ",".join((f"size={size}", *options)), "tmpfs", str(folder))
        self._house.push_async_callback(run, "umount", "--lazy", str(folder))
        return folder

    async def make_read_only(self, folder: Path) -> None:
        """Nothing can be written in a folder from now on; not even by root."""
        if os.geteuid():
            await run("chmod", "-R", "a-w", str(folder))
            return
        await run("mount", "--bind", str(folder), str(folder))
        self._house.push_async_callback(run, "umount", "--lazy", str(folder))
        await run("mount", "-o", "remount,bind,ro", str(folder))

    async def end(self) -> None:
        """Kill whatever still runs."""
        for deployment in self._deployments:
            await deployment.kill()


async def run(*command: str) -> None:
    """Run a program of the system that must succeed."""
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0, command


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Gateways, sinks and daemons."""
    async with AsyncExitStack() as house:
        made = World(tmp_path, house)
        house.push_async_callback(made.end)
        yield made


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How the scenes went of all tests that ask for one; they are performed together, when the first is asked for."""
    given = (getattr(item, "callspec", None) for item in request.session.items if item.path.parent == HERE)
    scenes = [callspec.params["scene"] for callspec in given if callspec is not None and "scene" in callspec.params]
    made = Outcomes()
    asyncio.run(made.perform(scenes, World, tmp_path_factory.mktemp("plays")))
    return made
