"""The gateway as an ordinary client sees it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from monitor.errors import StartError, UsageError
from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Gateway, Target
from monitor.simulator.script import parse_script

Ask = Callable[..., Awaitable[Any]]
GPT, O4, CLAUDE = "openai/gpt-4.1", "openai/o4-mini", "anthropic/claude-sonnet-4"


def fault(kind: str, **options: Any) -> Fault:
    """A fault as it stands in a script."""
    return Fault.model_validate({"kind": kind} | options)


async def test_a_completion_has_openais_shape(complete: Ask) -> None:
    """Id, model, choice with finish reason, usage that adds up, a request id."""
    reply = await complete(max_tokens=1)
    body, usage = reply.json, reply.json["usage"]
    assert (reply.status, body["object"], body["model"]) == (200, "chat.completion", GPT)
    assert body["id"].startswith("chatcmpl-")
    assert body["choices"][0]["message"]["content"] == "OK"
    assert body["choices"][0]["finish_reason"] == "stop"
    assert usage["completion_tokens"] == 1
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert reply.headers["x-request-id"].startswith("req_")


async def test_the_model_list_names_all_models_and_their_owners(list_models: Ask) -> None:
    """In the order of the script."""
    data = (await list_models()).json["data"]
    assert [(model["id"], model["owned_by"]) for model in data] == [
        (GPT, "openai"),
        (O4, "openai"),
        (CLAUDE, "anthropic"),
    ]


async def test_what_cannot_be_answered_is_refused_in_openais_shape(
    gateway: Gateway, client: aiohttp.ClientSession, complete: Ask
) -> None:
    """An unknown model, a parameter this model does not take, an unknown path."""
    missing, refused = await complete("nobody/none"), await complete(O4, max_tokens=16)
    assert (missing.status, missing.json["error"]["code"]) == (404, "model_not_found")
    assert (refused.status, refused.json["error"]["param"]) == (400, "max_tokens")
    assert (await complete(O4, max_completion_tokens=16)).status == 200
    async with client.get(f"{gateway.base_url}/nowhere") as response:
        assert (response.status, (await response.json())["error"]["type"]) == (404, "invalid_request_error")


async def test_only_the_one_key_opens_a_gateway_that_has_one(clock: Any, client: aiohttp.ClientSession) -> None:
    """A wrong key is echoed in parts, as OpenAI's API does; none at all has no code."""
    async with Gateway(parse_script('models = [{ id = "m" }]'), clock=clock, api_key="sk-right") as gateway:
        codes = []
        for header in ({}, {"Authorization": "Bearer sk-wrong-000"}, {"Authorization": "Bearer sk-right"}):
            async with client.get(f"{gateway.base_url}/models", headers=header) as response:
                error = (await response.json()).get("error", {})
                codes.append((response.status, error.get("code"), "sk-wrong" in error.get("message", "")))
    assert codes == [(401, None, False), (401, "invalid_api_key", True), (200, None, False)]


async def test_the_script_strikes_and_recovers_at_its_seconds(complete: Ask, clock: Any) -> None:
    """One model fails from second 4 to second 14; its neighbour does not."""
    statuses = {}
    for second in (0, 3.9, 4, 13.9, 14):
        clock.second = second
        statuses[second] = ((await complete(CLAUDE)).status, (await complete(GPT)).status)
    assert statuses == {0: (200, 200), 3.9: (200, 200), 4: (503, 200), 13.9: (503, 200), 14: (200, 200)}


async def test_a_fault_set_by_hand_lasts_until_it_is_taken_back(gateway: Gateway, complete: Ask, clock: Any) -> None:
    """It goes before the script, and taking it back returns to the script."""
    gateway.set_fault(CLAUDE, fault("status", status=500))
    assert (await complete(CLAUDE)).status == 500
    clock.second = 5
    assert (await complete(CLAUDE)).status == 500
    gateway.set_fault(CLAUDE, None)
    assert (await complete(CLAUDE)).status == 503
    clock.second = 20
    assert (await complete(CLAUDE)).status == 200


async def test_everything_can_fail_and_one_model_otherwise(gateway: Gateway, complete: Ask, list_models: Ask) -> None:
    """The narrower fault goes before the wider."""
    gateway.set_fault(Target.EVERYTHING, fault("status", status=502))
    gateway.set_fault(GPT, fault("status", status=529))
    assert [(await complete(GPT)).status, (await complete(O4)).status, (await list_models()).status] == [529, 502, 502]
    gateway.set_fault(Target.EVERYTHING, fault("empty_choices"))
    assert ((await complete(O4)).json["choices"], (await list_models()).status) == ([], 200)


def test_a_fault_that_cannot_strike_is_refused(clock: Any) -> None:
    """A model that is not served, and a fault that has no meaning for the model list."""
    gateway = Gateway(parse_script('models = [{ id = "m" }]'), clock=clock)
    with pytest.raises(UsageError, match="does not serve"):
        gateway.set_fault("n", fault("hang"))
    with pytest.raises(UsageError, match="model list cannot"):
        gateway.set_fault(Target.MODEL_LIST, fault("empty_choices"))


async def test_a_rate_limit_counts_for_real(gateway: Gateway, complete: Ask, clock: Any) -> None:
    """Two of three pass, the third learns when to come back, and then it passes."""
    gateway.set_fault(GPT, fault("rate_limit", limit=2, window="10s"))
    clock.second = 3
    replies = [await complete(GPT) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["x-ratelimit-remaining-requests"] for reply in replies] == ["1", "0", "0"]
    assert (replies[2].headers["retry-after"], replies[2].headers["x-ratelimit-reset-requests"]) == ("7", "7s")
    assert replies[2].json["error"]["code"] == "rate_limit_exceeded"
    clock.second = 10
    assert (await complete(GPT)).status == 200


@pytest.mark.parametrize(("retry_after", "header"), [("2500ms", "2.5"), ("0s", None)])
async def test_retry_after_can_be_set_and_left_out(
    gateway: Gateway, complete: Ask, retry_after: str, header: str | None
) -> None:
    """As some gateways do."""
    gateway.set_fault(GPT, fault("rate_limit", retry_after=retry_after))
    assert (await complete(GPT)).headers.get("retry-after") == header


async def test_bodies_that_lie_are_sent_as_they_are(gateway: Gateway, complete: Ask) -> None:
    """Each answer is a 200 that is none."""
    lies = {}
    for kind in ("html", "error_in_200", "empty_choices", "empty_content", "other_model"):
        gateway.set_fault(GPT, fault(kind))
        lies[kind] = await complete(GPT)
    assert {reply.status for reply in lies.values()} == {200}
    assert lies["html"].headers["content-type"].startswith("text/html")
    assert "choices" not in lies["error_in_200"].json
    assert lies["empty_choices"].json["choices"] == []
    assert lies["empty_content"].json["choices"][0]["message"]["content"] == ""
    assert lies["other_model"].json["model"] != GPT


async def test_status_body_and_headers_are_the_scripts(gateway: Gateway, complete: Ask) -> None:
    """Verbatim, with a content type of its own."""
    gateway.set_fault(
        GPT, fault("status", status=401, body="no", headers={"content-type": "text/plain", "via": "edge"})
    )
    reply = await complete(GPT)
    assert (reply.status, reply.text, reply.headers["content-type"], reply.headers["via"]) == (
        401,
        "no",
        "text/plain",
        "edge",
    )
    gateway.set_fault(GPT, fault("body", body='{"detail":"x"}'))
    assert (await complete(GPT)).text == '{"detail":"x"}'


async def test_a_hostile_answer_echoes_the_key_and_carries_markup(gateway: Gateway, complete: Ask) -> None:
    """Whoever shows this unescaped is found out."""
    gateway.set_fault(GPT, fault("hostile"))
    message = (await complete(GPT, headers={"Authorization": "Bearer sk-secret"})).json["error"]["message"]
    assert all(part in message for part in ("sk-secret", "<script>", "<!channel>", "\x1b[31m", "\u202e"))


async def test_latency_is_waited_and_slow_replaces_it(clock: Any, sleeps: Any, client: aiohttp.ClientSession) -> None:
    """The waits asked for are those of the script."""
    script = parse_script("""
        [[models]]
        id = "m"
        latency = "20ms"
        [[models.faults]]
        kind = "slow"
        from = "5s"
        latency = "7s"
    """)
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    async with Gateway(script, clock=clock, sleep=sleeps) as gateway:
        for clock.second in (0, 5):
            async with client.post(f"{gateway.base_url}/chat/completions", json=body) as response:
                assert response.status == 200
    assert sleeps.slept == [0.02, 7.0]


async def test_requests_are_counted_and_remembered_without_credentials(
    gateway: Gateway, complete: Ask, list_models: Ask, clock: Any
) -> None:
    """Time, path, model, nonce, parameters, and whether a connection was used again; never a key."""
    secret = {"Authorization": "Bearer sk-secret", "Cookie": "session=sk-secret", "X-Trace": "7"}
    await list_models(secret)
    clock.second = 4
    await complete(CLAUDE, secret, max_tokens=16)
    await complete("nobody/none")
    listed, struck, unknown = gateway.seen
    assert dict(gateway.requests) == {Target.MODEL_LIST: 1, CLAUDE: 1, None: 1}
    assert (listed.path, listed.model, listed.nonce) == ("/v1/models", None, None)
    assert (struck.at_s, struck.model, struck.nonce, struck.struck) == (4.0, CLAUDE, "1a2b3c4d", FaultKind.STATUS)
    assert struck.parameters == {"model", "messages", "max_tokens"}
    assert (struck.headers["x-trace"], unknown.struck) == ("7", None)
    assert listed.peer_port == struck.peer_port == unknown.peer_port
    assert "sk-secret" not in json.dumps([dict(seen.headers) for seen in gateway.seen])


async def test_two_gateways_with_one_seed_draw_alike(clock: Any, sleeps: Any, client: aiohttp.ClientSession) -> None:
    """Per model, however the requests for the models interleave."""
    script = parse_script('seed = 3\nmodels = [{ id = "a", latency = { low = "1ms", high = "9ms" } }, { id = "b" }]')

    async def latencies(order: str) -> list[float]:
        sleeps.slept.clear()
        async with Gateway(script, clock=clock, sleep=sleeps) as gateway:
            for model in order:
                body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
                async with client.post(f"{gateway.base_url}/chat/completions", json=body):
                    pass
        return list(sleeps.slept)

    assert await latencies("aab") == await latencies("aba")


async def test_a_port_in_use_is_one_clear_error(gateway: Gateway, clock: Any) -> None:
    """Exit code 2, naming the address."""
    port = int(gateway.base_url.rpartition(":")[2].removesuffix("/v1"))
    with pytest.raises(StartError, match=f"127.0.0.1:{port}: it is in use") as caught:
        await Gateway(gateway.script, clock=clock, port=port).__aenter__()
    assert caught.value.exit_code == 2
