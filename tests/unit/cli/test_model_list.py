"""Reading an endpoint's model list for a person."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.cli.model_list import read_models
from monitor.config.secrets import Secret

KEY = "gateway-key-0123456789"


async def _models(request: web.Request) -> web.Response:
    if request.headers.get("authorization") != f"Bearer {KEY}":
        message = f"Incorrect API key provided: {request.headers.get('authorization')}"
        return web.json_response({"error": {"message": message, "code": "invalid_api_key"}}, status=401)
    ids = ["b/two", "a/one", "b/two", "bad\x1b[31m", " ", "x" * 300]
    return web.json_response({"object": "list", "data": [{"id": model} for model in ids]})


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    """A gateway with one key."""
    app = web.Application()
    app.router.add_get("/v1/models", _models)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


async def test_the_models_are_read(server: TestServer) -> None:
    """Sorted, each once, and only those that can be shown and configured."""
    listing = await asyncio.to_thread(read_models, str(server.make_url("/v1")), Secret(KEY))
    assert listing.models == ("a/one", "b/two")
    assert listing.problem is None


async def test_a_refused_key_says_so(server: TestServer) -> None:
    """With status and advice, and without the key that upstream echoes."""
    listing = await asyncio.to_thread(read_models, str(server.make_url("/v1")), Secret("wrong-key-9876543210"))
    assert listing.models == ()
    assert listing.problem is not None
    assert listing.problem.startswith("AUTH_ERROR: ")
    assert "9876543210" not in listing.problem
    assert not listing.is_absent


async def test_an_endpoint_without_a_list(server: TestServer) -> None:
    """404 is not a fault of the key."""
    listing = await asyncio.to_thread(read_models, str(server.make_url("/v2")), Secret(KEY))
    assert listing.is_absent


async def test_nobody_listens(server: TestServer) -> None:
    """An answer, not an exception."""
    url = str(server.make_url("/v1"))
    await server.close()
    listing = await asyncio.to_thread(read_models, url, None)
    assert listing.problem is not None
    assert listing.problem.startswith("CONNECTION_ERROR: ")
