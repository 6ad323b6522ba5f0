"""The gateway in each of its protocols, as an ordinary client sees it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from monitor.simulator.faults import Fault
from monitor.simulator.gateway import Gateway, Target
from monitor.simulator.script import parse_script

Run = Callable[..., Any]
KEY = "sk-right-0123456789"
VERSION = {"anthropic-version": "2023-06-01"}
MESSAGES = [{"role": "user", "content": "Say OK."}]
BODIES: dict[str, dict[str, Any]] = {
    "/chat/completions": {"messages": MESSAGES},
    "/messages": {"messages": MESSAGES, "max_tokens": 16},
    "/responses": {"input": "Say OK."},
    "/embeddings": {"input": "OK"},
}
Reply = tuple[int, dict[str, Any], dict[str, str]]
Post = Callable[..., Awaitable[Reply]]


@pytest.fixture
def run(clock: Any, sleeps: Any, client: aiohttp.ClientSession) -> Run:
    """Runs a script: the gateway, and a way to ask it."""

    @asynccontextmanager
    async def running(script: str, api_key: str | None = None) -> AsyncIterator[tuple[Gateway, Post]]:
        async with Gateway(parse_script(script), clock=clock, sleep=sleeps, api_key=api_key) as gateway:

            async def ask(path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Reply:
                body = BODIES.get(path)
                sent = None if body is None else {"model": "m"} | body | more
                url, heads = f"{gateway.base_url}{path}", VERSION if headers is None else headers
                async with client.request("GET" if sent is None else "POST", url, json=sent, headers=heads) as response:
                    lower = {name.lower(): value for name, value in response.headers.items()}
                    return response.status, await response.json(content_type=None), lower

            yield gateway, ask

    return running


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/chat/completions", "chat.completion"),
        ("/messages", "message"),
        ("/responses", "response"),
        ("/embeddings", "list"),
    ],
)
async def test_every_protocol_is_answered_in_its_own_shape(run: Run, path: str, kind: str) -> None:
    """And counted for the model that was asked."""
    async with run('models = [{ id = "m" }]') as (gateway, ask):
        status, body, headers = await ask(path)
        assert (status, body.get("object") or body["type"], body["model"]) == (200, kind, "m")
        assert ("request-id" if path == "/messages" else "x-request-id") in headers
        assert (gateway.requests["m"], gateway.seen[-1].path) == (1, f"/v1{path}")


async def test_anthropic_has_a_key_header_a_version_and_an_error_of_its_own(run: Run) -> None:
    """Either header carries the key; without the version there is no answer."""
    async with run('models = [{ id = "m" }]', KEY) as (_, ask):
        right = [{"x-api-key": KEY}, {"Authorization": f"Bearer {KEY}"}]
        assert [(await ask("/messages", headers=VERSION | key))[0] for key in right] == [200, 200]
        wrong = await ask("/messages", headers=VERSION | {"x-api-key": "sk-wrong"})
        unversioned = await ask("/messages", headers={"x-api-key": KEY})
    assert (wrong[0], wrong[1]["type"], wrong[1]["error"]["type"]) == (401, "error", "authentication_error")
    assert (unversioned[0], "anthropic-version" in unversioned[1]["error"]["message"]) == (400, True)


async def test_the_list_has_anthropics_shape_for_who_sends_its_version(run: Run) -> None:
    """Errors too."""
    async with run('models = [{ id = "m" }]') as (gateway, ask):
        plain, other = (await ask("/models", headers={}))[1], (await ask("/models"))[1]
        gateway.set_fault(Target.MODEL_LIST, Fault.model_validate({"kind": "status", "status": 500}))
        failed = (await ask("/models"))[1]
    assert plain["object"] == "list"
    assert (other["data"][0]["type"], other["has_more"]) == ("model", False)
    assert failed["error"]["type"] == "api_error"


async def test_quota_and_overload_are_told_as_each_vendor_tells_them(run: Run) -> None:
    """429 and 503 here, 402 and 529 there."""
    async with run('models = [{ id = "m" }]') as (gateway, ask):
        found = {}
        for kind in ("quota", "overloaded"):
            gateway.set_fault("m", Fault.model_validate({"kind": kind}))
            for path in ("/chat/completions", "/messages"):
                status, body, _ = await ask(path)
                found[kind, path] = (status, body["error"]["type"])
    assert found == {
        ("quota", "/chat/completions"): (429, "insufficient_quota"),
        ("quota", "/messages"): (402, "billing_error"),
        ("overloaded", "/chat/completions"): (503, "server_error"),
        ("overloaded", "/messages"): (529, "overloaded_error"),
    }


async def test_errors_come_as_an_array_and_as_plain_text(run: Run) -> None:
    """As Gemini and DeepSeek write them."""
    async with run('models = [{ id = "m" }]') as (gateway, ask):
        gateway.set_fault("m", Fault.model_validate({"kind": "error_array", "status": 400}))
        status, body, _ = await ask("/chat/completions")
        assert (status, body[0]["error"]["details"][0]["reason"]) == (400, "API_KEY_INVALID")
        gateway.set_fault("m", Fault.model_validate({"kind": "plain_text_error", "body": '"no"'}))
        status, body, headers = await ask("/chat/completions")
        assert (status, body, headers["content-type"]) == (401, "no", "text/plain; charset=utf-8")


async def test_rescues_are_told_in_headers(run: Run) -> None:
    """Another model's name and how often was tried; a cache's key and the old answer."""
    async with run('models = [{ id = "m" }]') as (gateway, ask):
        gateway.set_fault("m", Fault.model_validate({"kind": "fallback"}))
        _, body, headers = await ask("/chat/completions")
        assert (body["model"] == "m", headers["x-litellm-attempted-fallbacks"]) == (False, "1")
        gateway.set_fault("m", Fault.model_validate({"kind": "cached", "headers": {"age": "7"}}))
        (_, first, headers), (_, second, _) = [await ask("/chat/completions") for _ in range(2)]
        assert (first["id"], "x-litellm-cache-key" in headers, headers["age"]) == (second["id"], True, "7")


async def test_limits_count_down_in_the_headers_of_the_protocol(run: Run) -> None:
    """Long before they are exhausted; tokens as well as requests; and up again with the next window."""
    script = """
        [[models]]
        id = "m"
        faults = [{ kind = "rate_limit", limit = 10, limit_tokens = 1000, window = "60s" }]
    """
    async with run(script) as (gateway, ask):
        chat, talk = (await ask("/chat/completions"))[2], (await ask("/messages"))[2]
        left = [int(chat["x-ratelimit-remaining-tokens"]), int(talk["anthropic-ratelimit-tokens-remaining"])]
        assert chat["x-ratelimit-remaining-requests"] == "9"
        assert talk["anthropic-ratelimit-requests-remaining"] == "8"
        assert 1000 > left[0] > left[1] > 900
        limit = {"kind": "rate_limit", "limit": 10, "family": "plain"}
        gateway.set_fault("m", Fault.model_validate(limit))
        assert (await ask("/embeddings"))[2]["x-ratelimit-remaining"] == "9"


async def test_a_limit_of_tokens_turns_away_what_does_not_fit(run: Run) -> None:
    """With 429 and a time to come back."""
    async with run('models = [{ id = "m", faults = [{ kind = "rate_limit", limit_tokens = 1 }] }]') as (_, ask):
        status, _, headers = await ask("/responses")
        assert (status, headers["retry-after"]) == (429, "60")


async def test_a_balance_falls_and_an_empty_one_turns_away(run: Run) -> None:
    """As a number and as DeepSeek's text; the model list is free; whoever has no account is asked for no money."""
    async with run('balance = { amount = 0.02, price = 0.01 }\nmodels = [{ id = "m" }]', KEY) as (gateway, ask):
        key = VERSION | {"Authorization": f"Bearer {KEY}"}
        amounts = []
        for path in ("/models", "/chat/completions", "/messages"):
            await ask(path, headers=key)
            body = (await ask("/balance", headers=key))[1]
            amounts.append((body["balance"], body["balance_infos"][0]["total_balance"]))
        assert amounts == [(0.02, "0.02"), (0.01, "0.01"), (0.0, "0")]
        assert (await ask("/chat/completions", headers=key))[1]["error"]["code"] == "insufficient_quota"
        assert ((await ask("/balance"))[0], gateway.balance) == (401, 0.0)


async def test_models_load_appear_and_vanish(run: Run, clock: Any) -> None:
    """The list changes with the timeline; what is not listed is served all the same."""
    script = """
        [[models]]
        id = "m"
        loads_for = "5s"
        [[models]]
        id = "new"
        listed_from = "10s"
        [[models]]
        id = "old"
        listed_until = "10s"
    """
    async with run(script) as (_, ask):
        loading, listed = [], []
        for clock.second in (4, 10):
            loading.append((await ask("/chat/completions"))[:2])
            listed.append([entry["id"] for entry in (await ask("/models"))[1]["data"]])
        old = await ask("/chat/completions", model="old")
    assert [(status, body.get("error", {}).get("message")) for status, body in loading] == [
        (503, "Loading model"),
        (200, None),
    ]
    assert (listed, old[0]) == ([["m", "old"], ["m", "new"]], 200)


async def test_tokens_take_their_time(run: Run, sleeps: Any) -> None:
    """A whole answer waits for all of them, hidden reasoning included."""
    script = """
        [[models]]
        id = "m"
        latency = "20ms"
        first_token = "300ms"
        between_tokens = "10ms"
        tokens = 5
        reasoning_tokens = 4
    """
    async with run(script) as (_, ask):
        await ask("/chat/completions")
    assert sleeps.slept == [0.02, pytest.approx(0.3 + 8 * 0.01)]
