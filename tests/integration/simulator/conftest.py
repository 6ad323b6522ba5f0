"""A clock that is set by hand, a client, and a gateway that never waits."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from monitor.clock import US_PER_S, Moment
from monitor.simulator.gateway import Gateway
from monitor.simulator.script import parse_script

SCRIPT = """
[[models]]
id = "openai/gpt-4.1"
[[models]]
id = "openai/o4-mini"
refuses_max_tokens = true
[[models]]
id = "anthropic/claude-sonnet-4"
[[models.faults]]
from = "4s"
until = "14s"
kind = "status"
"""


@dataclass(slots=True)
class HandClock:
    """Stands still until it is moved."""

    second: float = 0.0

    def now(self) -> Moment:
        """The second it was set to, some time in 2026."""
        us = round(self.second * US_PER_S)
        return Moment(1_790_000_000 * US_PER_S + us, us)


@dataclass(slots=True)
class Sleeps:
    """Takes the place of waiting: remembers how long, and moves the clock."""

    clock: HandClock
    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        """Waits no time at all."""
        self.slept.append(seconds)
        self.clock.second += seconds


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client got; the headers under lower-case names."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> dict[str, Any]:
        """The body, parsed."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


Ask = Callable[..., Awaitable[Reply]]


async def read(response: aiohttp.ClientResponse) -> Reply:
    """A whole answer."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status, headers, await response.text())


@pytest.fixture
def clock() -> HandClock:
    """The gateway's clock."""
    return HandClock()


@pytest.fixture
def sleeps(clock: HandClock) -> Sleeps:
    """How long the gateway meant to wait."""
    return Sleeps(clock)


@pytest.fixture
async def gateway(clock: HandClock, sleeps: Sleeps) -> AsyncIterator[Gateway]:
    """Three models; the third fails between second 4 and second 14."""
    async with Gateway(parse_script(SCRIPT), clock=clock, sleep=sleeps) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """An ordinary client."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


@pytest.fixture
def complete(gateway: Gateway, client: aiohttp.ClientSession) -> Ask:
    """Asks a model for a completion."""

    async def ask(model: str = "openai/gpt-4.1", headers: dict[str, str] | None = None, **more: Any) -> Reply:
        body = {"model": model, "messages": [{"role": "user", "content": "Say OK. (1a2b3c4d)"}]} | more
        url = f"{gateway.base_url}/chat/completions"
        async with client.post(url, json=body, headers=headers) as response:
            return await read(response)

    return ask


@pytest.fixture
def list_models(gateway: Gateway, client: aiohttp.ClientSession) -> Ask:
    """Asks for the model list."""

    async def ask(headers: dict[str, str] | None = None) -> Reply:
        async with client.get(f"{gateway.base_url}/models", headers=headers) as response:
            return await read(response)

    return ask
