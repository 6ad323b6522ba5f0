"""Probes that learn, probes of two turns, and answers that others gave, over real sockets."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from monitor.domain.action import Action
from monitor.domain.check import Check, CheckKind
from monitor.domain.expect import Expect
from monitor.domain.kept import Learned
from monitor.domain.outcome import Outcome
from monitor.domain.result import FaultDomain, Status, Trigger
from monitor.probes import asking
from monitor.probes.exchange import exchange

if TYPE_CHECKING:
    from tests.integration.probes.conftest import Peer, Serve, Start

CHAT = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", timeout_s=5.0)
Body = dict[str, Any]
Answers = Callable[[Body], tuple[str, Body]]
OK = "200 OK"


def body_of(request: bytes) -> Body:
    """The JSON of a request."""
    decoded: Body = orjson.loads(request.split(b"\r\n\r\n", 1)[1])
    return decoded


def completion(finish: str = "stop", **message: Any) -> Body:
    """A chat completion that counts 9 and 2 tokens."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "", **message}, "finish_reason": finish}
    return {"model": "m", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}


def speaking(answers: Answers) -> Callable[["Peer"], Any]:
    """A server that answers each request so."""

    async def serve(peer: "Peer") -> None:
        while request := await peer.request():
            status, body = answers(body_of(request))
            await peer.answer(orjson.dumps(body), status=status)

    return serve


def called(body: Body) -> Body:
    """The call that the prompt asks for."""
    town = body["messages"][0]["content"].split(" of ")[-1].split("?")[0]
    function = {"name": body["tools"][0]["function"]["name"], "arguments": f'{{"town": "{town}"}}'}
    return completion("tool_calls", tool_calls=[{"id": "c1", "type": "function", "function": function}])


async def test_a_tool_call_is_answered_and_the_answer_awaited(serve: "Serve", start: "Start") -> None:
    """Two exchanges, one result: the tokens of both, and the function's number in the answer."""

    def answers(body: Body) -> tuple[str, Body]:
        if body["messages"][-1]["role"] != "tool":
            return OK, called(body)
        found = orjson.loads(body["messages"][-1]["content"])["station_number"]
        assert body["messages"][-1]["tool_call_id"] == body["messages"][-2]["tool_calls"][0]["id"] == "c1"
        return OK, completion(content=f"It is {found}.")

    server = await serve(speaking(answers))
    check = replace(CHAT, expect=Expect(tool=True, challenge=True))
    result = await start(server.url).probe(check, Trigger.ON_PHASE)
    assert (result.status, result.verdict.reason) == (Status.UP, None)
    assert (result.input_tokens, result.output_tokens) == (18, 4)
    assert len(server.requests) == 2


async def test_a_model_that_never_calls_fails(serve: "Serve", start: "Start") -> None:
    """The model's fault, with the reason; nothing is asked twice."""
    server = await serve(speaking(lambda _: (OK, completion(content="I cannot."))))
    result = await start(server.url).probe(replace(CHAT, expect=Expect(tool=True)), Trigger.ON_PHASE)
    assert (result.status, result.verdict.fault_domain) == (Status.INVALID_RESPONSE, FaultDomain.MODEL)
    assert result.verdict.reason == "not as expected: did not call the function weather_station"
    assert len(server.requests) == 1


async def test_both_turns_stay_within_the_timeout(serve: "Serve", start: "Start") -> None:
    """The second has what the first has left."""

    async def silent_at_last(peer: "Peer") -> None:
        request = await peer.request()
        await peer.answer(orjson.dumps(called(body_of(request))))
        await peer.request()
        await peer.request()  # which does not come

    server = await serve(silent_at_last)
    check = replace(CHAT, expect=Expect(tool=True), timeout_s=0.5)
    result = await start(server.url).probe(check, Trigger.ON_PHASE)
    assert result.status is Status.TIMEOUT
    assert result.finished_at.s_since(result.started_at) < 2.0


async def test_a_first_turn_that_takes_all_the_time_is_not_the_networks_fault(
    serve: "Serve", start: "Start", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second connection had no time to open: the endpoint was slow, whatever the way there is like."""
    server = await serve(speaking(lambda body: (OK, called(body))))
    made = list[float]()

    async def slow_at_first(*args: Any, deadline: float, **options: Any) -> Outcome:
        outcome = await exchange(*args, deadline=deadline, **options)
        if not made:
            await asyncio.sleep(deadline - asyncio.get_running_loop().time())
        made.append(deadline)
        return outcome

    monkeypatch.setattr(asking, "exchange", slow_at_first)
    check = replace(CHAT, expect=Expect(tool=True), timeout_s=0.3)
    result = await start(server.url).probe(check, Trigger.CONFIRM)
    assert len(made) == 2
    assert (result.status, result.verdict.fault_domain) == (Status.TIMEOUT, FaultDomain.ENDPOINT)


async def test_the_wait_of_a_limit_on_the_second_turn_is_kept(serve: "Serve", start: "Start") -> None:
    """As if there had been one turn; the tokens of the first are counted."""

    async def limited_at_last(peer: "Peer") -> None:
        await peer.answer(orjson.dumps(called(body_of(await peer.request()))))
        await peer.request()
        body = b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'
        await peer.answer(body, status="429 Too Many Requests", headers="Retry-After: 7\r\n")

    server = await serve(limited_at_last)
    result = await start(server.url).probe(replace(CHAT, expect=Expect(tool=True)), Trigger.ON_PHASE)
    assert (result.status, result.verdict.fault_domain) == (Status.RATE_LIMITED, FaultDomain.QUOTA)
    assert (result.verdict.retry_after_s, result.input_tokens) == (7.0, 9)


async def test_a_reasoning_model_gets_what_it_needs(serve: "Serve", start: "Start") -> None:
    """Each probe is UP; the budget is raised in the next one, never within a probe, and then remembered."""

    def answers(body: Body) -> tuple[str, Body]:
        return OK, completion(content="OK") if body["max_tokens"] >= 64 else completion("length")

    server = await serve(speaking(answers))
    prober, kept = start(server.url), list[Learned]()
    prober.remember((), kept.append)
    results = [await prober.probe(CHAT, Trigger.ON_PHASE) for _ in range(4)]
    assert {result.status for result in results} == {Status.UP}
    assert [body_of(request)["max_tokens"] for request in server.requests] == [16, 32, 64, 64]
    assert kept == [Learned(CHAT.id, max_tokens=32), Learned(CHAT.id, max_tokens=64)]


async def test_a_refusal_of_how_we_asked_says_nothing_of_the_model(serve: "Serve", start: "Start") -> None:
    """UNKNOWN, once: the next probe asks otherwise. If that is refused too, it is our request's fault."""

    def answers(body: Body) -> tuple[str, Body]:
        if body["max_tokens"] < 16:
            message = "Invalid 'max_tokens': integer below minimum value. Expected a value >= 16, but got 5 instead."
            return "400 Bad Request", {"error": {"message": message, "code": "integer_below_min_value"}}
        return OK, completion(content="OK")

    server = await serve(speaking(answers))
    prober, check = start(server.url), replace(CHAT, max_tokens=5)
    first, second = await prober.probe(check, Trigger.ON_PHASE), await prober.probe(check, Trigger.CONFIRM)
    assert (first.status, first.verdict.action) == (Status.UNKNOWN, Action.ASK_ANEW)
    assert (first.verdict.reason or "").startswith("asked in a way that this API refuses")
    assert second.status is Status.UP
    assert [body_of(request)["max_tokens"] for request in server.requests] == [5, 16]


async def test_a_limit_that_we_raised_too_far_says_nothing_of_the_model(serve: "Serve", start: "Start") -> None:
    """UNKNOWN, once: then it is asked as before, and stays UP."""

    def answers(body: Body) -> tuple[str, Body]:
        if body["max_tokens"] > 150:
            return "400 Bad Request", {"error": {"message": "max_tokens is too large: this model supports at most 150"}}
        return OK, completion("length")

    server = await serve(speaking(answers))
    prober, check = start(server.url), replace(CHAT, max_tokens=64)
    results = [await prober.probe(check, Trigger.ON_PHASE) for _ in range(5)]
    unsure = [Status.UP, Status.UP, Status.UNKNOWN, Status.UP, Status.UP]
    assert [result.status for result in results] == unsure
    assert [body_of(request)["max_tokens"] for request in server.requests] == [64, 128, 256, 128, 128]


async def test_refused_counts_are_left_out_of_the_next_probe(serve: "Serve", start: "Start") -> None:
    """And if anything that names them is refused again, it is told."""
    refusal = {"error": {"message": "Extra inputs are not permitted: stream_options", "type": "invalid_request_error"}}
    server = await serve(speaking(lambda _: ("422 Unprocessable Entity", refusal)))
    prober, check = start(server.url), replace(CHAT, stream=True)
    results = [await prober.probe(check, Trigger.ON_PHASE) for _ in range(2)]
    assert [result.status for result in results] == [Status.UNKNOWN, Status.CLIENT_ERROR]
    assert ["stream_options" in body_of(request) for request in server.requests] == [True, False]


async def test_another_model_is_told_by_name(serve: "Serve", start: "Start") -> None:
    """DEGRADED, whoever rescued it."""
    server = await serve(speaking(lambda _: (OK, {**completion(content="OK"), "model": "gpt-4o-mini"})))
    check = replace(CHAT, model="gpt-4.1")
    result = await start(server.url).probe(check, Trigger.ON_PHASE)
    assert (result.status, result.answered_by) == (Status.DEGRADED, "gpt-4o-mini")
    assert result.verdict.reason == "answered by gpt-4o-mini instead of gpt-4.1"
