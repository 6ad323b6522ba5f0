"""From a decision to an answer on the wire: one function per kind of fault, in one table.

Owns how each fault looks to a client. Which fault strikes is decided in `faults`, what bodies say in `replies`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from monitor.simulator import replies, wire
from monitor.simulator.faults import Decision, Fault, FaultKind

OTHER_MODEL = "simulated/another-model"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that is to be answered.

    Attributes:
        request: as it came.
        healthy: the body it would get if nothing went wrong.
        decision: what it gets.
        number: which answer of this gateway it is.
        sleep: waits that many seconds.
    """

    request: web.Request
    healthy: dict[str, Any]
    decision: Decision
    number: int
    sleep: wire.Sleep

    @property
    def fault(self) -> Fault:
        """What goes wrong; only asked for where something does."""
        if self.decision.fault is None:
            raise ValueError("nothing goes wrong here")
        return self.decision.fault

    def json(
        self, body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> web.Response:
        """A JSON answer with the headers that every answer has, and the fault's own on top."""
        return self.text(json.dumps(body), "application/json", status, headers)

    def text(self, body: str, content_type: str, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
        """An answer of any type; a `Content-Type` among the fault's headers wins."""
        limits = self.decision.allowance.headers() if self.decision.allowance else {}
        sent = (
            {"Content-Type": content_type, "x-request-id": f"req_sim{self.number:08d}"} | limits | dict(headers or {})
        )
        own = self.decision.fault.headers if self.decision.fault else {}
        for name, value in own.items():
            sent = {other: old for other, old in sent.items() if other.lower() != name.lower()} | {name: value}
        return web.Response(body=body.encode(), status=status, headers=sent)


async def answer(exchange: Exchange) -> web.StreamResponse:
    """Waits the decided latency, then answers as decided; a dropped connection gives an `Answered`."""
    if exchange.decision.latency_s > 0:
        await exchange.sleep(exchange.decision.latency_s)
    if exchange.decision.fault is None:
        return exchange.json(exchange.healthy)
    return await STRIKES[exchange.fault.kind](exchange)


async def _status(exchange: Exchange) -> web.StreamResponse:
    status = exchange.fault.status or 503
    if exchange.fault.body is not None:
        return exchange.text(exchange.fault.body, "application/json", status)
    return exchange.json(replies.status_error(status), status)


async def _body(exchange: Exchange) -> web.StreamResponse:
    return exchange.text(exchange.fault.body or "", "application/json", exchange.fault.status or 200)


async def _html(exchange: Exchange) -> web.StreamResponse:
    return exchange.text(replies.HTML_PAGE, "text/html; charset=utf-8", exchange.fault.status or 200)


async def _hostile(exchange: Exchange) -> web.StreamResponse:
    return exchange.json(replies.hostile(sent_key(exchange.request)), exchange.fault.status or 500)


async def _rate_limit(exchange: Exchange) -> web.StreamResponse:
    after_s = exchange.fault.retry_after_s
    if after_s is None and exchange.decision.allowance is not None:
        after_s = float(exchange.decision.allowance.retry_after_s())
    headers = {"retry-after": f"{after_s:g}"} if after_s else {}
    return exchange.json(replies.status_error(429), 429, headers)


async def _healthy(exchange: Exchange) -> web.StreamResponse:
    return exchange.json(exchange.healthy)


async def _truncated(exchange: Exchange) -> web.StreamResponse:
    return wire.truncated(exchange.request, json.dumps(exchange.healthy).encode())


async def _hang(exchange: Exchange) -> web.StreamResponse:
    del exchange
    await wire.hang()


async def _reset(exchange: Exchange) -> web.StreamResponse:
    return wire.reset(exchange.request)


async def _close(exchange: Exchange) -> web.StreamResponse:
    return wire.close(exchange.request)


async def _garbage(exchange: Exchange) -> web.StreamResponse:
    return wire.close(exchange.request, wire.GARBAGE)


async def _slow_drip(exchange: Exchange) -> web.StreamResponse:
    body = json.dumps(exchange.healthy).encode()
    return await wire.drip(exchange.request, body, exchange.fault.every_s, exchange.sleep)


async def _huge_body(exchange: Exchange) -> web.StreamResponse:
    padded = exchange.healthy | {"padding": "x" * exchange.fault.body_bytes}
    return await wire.pour(exchange.request, json.dumps(padded).encode())


async def _gzip_bomb(exchange: Exchange) -> web.StreamResponse:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return web.Response(body=replies.gzip_bomb(exchange.fault.body_bytes), headers=headers)


async def _error_in_200(exchange: Exchange) -> web.StreamResponse:
    return exchange.json({"error": {"message": "Provider returned error", "code": 502}})


async def _empty_choices(exchange: Exchange) -> web.StreamResponse:
    return exchange.json(exchange.healthy | {"choices": []})


async def _empty_content(exchange: Exchange) -> web.StreamResponse:
    choice = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
    return exchange.json(exchange.healthy | {"choices": [choice]})


async def _other_model(exchange: Exchange) -> web.StreamResponse:
    return exchange.json(exchange.healthy | {"model": OTHER_MODEL})


STRIKES: dict[FaultKind, Callable[[Exchange], Awaitable[web.StreamResponse]]] = {
    FaultKind.STATUS: _status,
    FaultKind.BODY: _body,
    FaultKind.HTML: _html,
    FaultKind.HOSTILE: _hostile,
    FaultKind.TRUNCATED: _truncated,
    FaultKind.HANG: _hang,
    FaultKind.RESET: _reset,
    FaultKind.CLOSE_BEFORE_HEADERS: _close,
    FaultKind.GARBAGE: _garbage,
    FaultKind.SLOW: _healthy,
    FaultKind.SLOW_DRIP: _slow_drip,
    FaultKind.HUGE_BODY: _huge_body,
    FaultKind.GZIP_BOMB: _gzip_bomb,
    FaultKind.RATE_LIMIT: _rate_limit,
    FaultKind.ERROR_IN_200: _error_in_200,
    FaultKind.EMPTY_CHOICES: _empty_choices,
    FaultKind.EMPTY_CONTENT: _empty_content,
    FaultKind.OTHER_MODEL: _other_model,
}


def sent_key(request: web.Request) -> str:
    """The key a request came with, without its `Bearer`; empty without one."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
