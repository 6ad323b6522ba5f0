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


async def _claudes(request: web.Request) -> web.Response:
    if request.headers.get("x-api-key") != KEY or "anthropic-version" not in request.headers:
        error = {"type": "authentication_error", "message": "invalid x-api-key"}
        return web.json_response({"type": "error", "error": error}, status=401)
    data = [{"type": "model", "id": "claude-sonnet-4-5", "display_name": "Claude Sonnet 4.5"}]
    return web.json_response({"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[0]["id"]})


async def _any_version(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "m", "object": "model"}]})


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    """A gateway with one key."""
    app = web.Application()
    app.router.add_get("/v1/models", _models)
    app.router.add_get("/claude/v1/models", _claudes)
    app.router.add_get("/strict/models", _claudes)
    app.router.add_get("/strict/v1/models", _claudes)
    app.router.add_get("/without/v1/models", _any_version)
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


@pytest.mark.parametrize("path", ["/claude", "/claude/v1", "/strict"])
async def test_an_endpoint_that_speaks_as_anthropic_does(server: TestServer, path: str) -> None:
    """Whether its own path is unknown to others, or known and refused."""
    listing = await asyncio.to_thread(read_models, str(server.make_url(path)), Secret(KEY))
    assert (listing.models, listing.protocol, listing.problem) == (("claude-sonnet-4-5",), "anthropic", None)


async def test_a_refused_key_does_not_hide_who_speaks(server: TestServer) -> None:
    """The error is written as Anthropic writes it."""
    listing = await asyncio.to_thread(read_models, str(server.make_url("/claude")), Secret("wrong-key-9876543210"))
    assert listing.protocol == "anthropic"
    assert listing.problem is not None
    assert listing.problem.startswith("AUTH_ERROR: ")


async def test_a_forgotten_version_is_not_taken_for_anthropic(server: TestServer) -> None:
    """There is a list at Anthropic's path, but it is OpenAI's."""
    listing = await asyncio.to_thread(read_models, str(server.make_url("/without")), Secret(KEY))
    assert (listing.protocol, listing.is_absent) == ("openai", True)
