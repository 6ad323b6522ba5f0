"""From a decision to an answer on the wire: one function per kind of fault, in one table.

Owns how each fault looks to a client. Which fault strikes is decided in `faults`, what is complained of is in
`complaints`, what is said in `apis`, how a stream is cut in `streams`.
"""

import gzip
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from monitor.simulator import complaints, deviations, wire
from monitor.simulator.complaints import Complaint, Family
from monitor.simulator.faults import Decision, Fault, Pace
from monitor.simulator.kinds import FaultKind
from monitor.simulator.requests import sent_key
from monitor.simulator.streams import DRIP_S, StreamEvent, plan

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Streaming:
    """An answer piece by piece.

    Attributes:
        events: all of them, in order.
        error_event: how an error within it looks.
    """

    events: tuple[StreamEvent, ...]
    error_event: Callable[[Complaint, str], StreamEvent]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that is to be answered.

    Attributes:
        request: as it came.
        family: in whose shape errors and limits are told.
        body: the whole answer, the fault's lies in it.
        decision: what it gets.
        number: which answer of this gateway it is.
        now_s: seconds since 1970.
        sleep: waits that many seconds.
        streaming: the same answer as a stream; None where none was asked for.
        tokens: how many tokens pass until the whole answer is there.
        hidden_tokens: how many of them before the first that is seen.
    """

    request: web.Request
    family: Family
    body: dict[str, Any]
    decision: Decision
    number: int
    now_s: float
    sleep: wire.Sleep
    streaming: Streaming | None = None
    tokens: int = 0
    hidden_tokens: int = 0

    @property
    def fault(self) -> Fault:
        """What goes wrong; only asked for where something does."""
        if self.decision.fault is None:
            raise ValueError("nothing goes wrong here")
        return self.decision.fault

    @property
    def request_id(self) -> str:
        """As the headers have it."""
        return f"req_sim{self.number:08d}"

    def json(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
        """A JSON answer with the headers that every answer has, and the fault's own on top."""
        return self.text(json.dumps(body), JSON, status, headers)

    def error(self, complaint: Complaint, headers: Mapping[str, str] | None = None) -> web.Response:
        """An error in the shape of this API."""
        return self.json(error_body(complaint, self.family, self.request_id), complaint.status, headers)

    def text(self, body: str, content_type: str, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
        """An answer of any type; a `Content-Type` among the fault's headers wins."""
        return web.Response(body=body.encode(), status=status, headers=self.headers(content_type, headers))

    def headers(self, content_type: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Type, id, what a rate limit says, what comes with the fault; the fault's own headers win."""
        decision, name = self.decision, "request-id" if self.family == "anthropic" else "x-request-id"
        sent = {"Content-Type": content_type, name: self.request_id}
        if decision.allowance is not None and decision.limit is not None:
            sent |= decision.allowance.headers(decision.limit.family or self.family, self.now_s)
        own = {} if decision.fault is None else deviations.telling_headers(decision.fault) | decision.fault.headers
        for name, value in {**(more or {}), **own}.items():
            sent = {other: old for other, old in sent.items() if other.lower() != name.lower()} | {name: value}
        return sent


def error_body(complaint: Complaint, family: Family, request_id: str) -> dict[str, Any]:
    """An error as this family of APIs writes it."""
    if family == "anthropic":
        return complaints.anthropic_error(complaint, request_id)
    return complaints.openai_error(complaint)


async def answer(exchange: Exchange) -> web.StreamResponse:
    """Waits the decided latency, then answers as decided; a dropped connection gives an `Answered`."""
    if exchange.decision.latency_s > 0:
        await exchange.sleep(exchange.decision.latency_s)
    if exchange.decision.fault is None:
        return await _said(exchange)
    return await STRIKES.get(exchange.fault.kind, _said)(exchange)


async def _said(exchange: Exchange) -> web.StreamResponse:
    """What the model says, lies and cuts included: whole, or as the stream that was asked for."""
    return await _whole(exchange) if exchange.streaming is None else await _streamed(exchange, exchange.streaming)


async def _whole(exchange: Exchange) -> web.StreamResponse:
    pace = exchange.decision.pace
    wait_s = pace.first_s + pace.between_s * max(0, exchange.tokens - 1)
    if wait_s > 0:
        await exchange.sleep(wait_s)
    return exchange.json(exchange.body)


async def _streamed(exchange: Exchange, streaming: Streaming) -> web.StreamResponse:
    pace, fault = exchange.decision.pace, exchange.decision.fault
    pace = Pace(pace.first_s + exchange.hidden_tokens * pace.between_s, pace.between_s)
    status = 503 if fault is None or fault.status is None else fault.status
    error = streaming.error_event(complaints.by_status(status), exchange.request_id)
    headers = exchange.headers(EVENTS, {"Cache-Control": "no-cache"})
    planned = plan(streaming.events, pace, fault, error)
    return await wire.stream(exchange.request, planned, headers, exchange.sleep)


async def _status(exchange: Exchange) -> web.StreamResponse:
    status = exchange.fault.status or 503
    if exchange.fault.body is not None:
        return exchange.text(exchange.fault.body, JSON, status)
    return exchange.error(complaints.by_status(status))


async def _body(exchange: Exchange) -> web.StreamResponse:
    return exchange.text(exchange.fault.body or "", JSON, exchange.fault.status or 200)


async def _html(exchange: Exchange) -> web.StreamResponse:
    return exchange.text(complaints.HTML_PAGE, "text/html; charset=utf-8", exchange.fault.status or 200)


async def _hostile(exchange: Exchange) -> web.StreamResponse:
    complaint = complaints.hostile(sent_key(exchange.request))
    body = error_body(complaint, exchange.family, exchange.request_id)
    return exchange.json(body, exchange.fault.status or complaint.status)


async def _rate_limit(exchange: Exchange) -> web.StreamResponse:
    after_s = exchange.fault.retry_after_s
    if after_s is None and exchange.decision.allowance is not None:
        after_s = float(exchange.decision.allowance.retry_after_s())
    return exchange.error(complaints.by_status(429), {"retry-after": f"{after_s:g}"} if after_s else {})


async def _quota(exchange: Exchange) -> web.StreamResponse:
    return exchange.error(complaints.out_of_money(exchange.family))


async def _overloaded(exchange: Exchange) -> web.StreamResponse:
    return exchange.error(complaints.overloaded(exchange.family))


async def _error_array(exchange: Exchange) -> web.StreamResponse:
    status = exchange.fault.status or 503
    return exchange.json(complaints.google_errors(status), status)


async def _plain_text(exchange: Exchange) -> web.StreamResponse:
    status = exchange.fault.status or 401
    body = complaints.plain_text(status) if exchange.fault.body is None else exchange.fault.body
    return exchange.text(body, "text/plain; charset=utf-8", status)


async def _error_in_200(exchange: Exchange) -> web.StreamResponse:
    return exchange.json(error_body(complaints.PROVIDER_FAILED, exchange.family, exchange.request_id))


async def _content_filter(exchange: Exchange) -> web.StreamResponse:
    if (exchange.fault.status or 200) < 400:  # noqa: PLR2004  the first code that is an error
        return await _said(exchange)
    return exchange.error(complaints.FILTERED)


async def _truncated(exchange: Exchange) -> web.StreamResponse:
    if exchange.streaming is not None:
        return await _said(exchange)
    return wire.truncated(exchange.request, json.dumps(exchange.body).encode())


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
    if exchange.streaming is not None:
        return await _said(exchange)
    body = json.dumps(exchange.body).encode()
    return await wire.drip(exchange.request, body, exchange.fault.every_s or DRIP_S, exchange.sleep)


async def _huge_body(exchange: Exchange) -> web.StreamResponse:
    if exchange.streaming is not None:
        return await _said(exchange)
    padded = exchange.body | {"padding": "x" * exchange.fault.body_bytes}
    return await wire.pour(exchange.request, json.dumps(padded).encode())


async def _gzip_bomb(exchange: Exchange) -> web.StreamResponse:
    content_type = JSON if exchange.streaming is None else EVENTS
    packed = gzip.compress(b" " * exchange.fault.body_bytes, compresslevel=9, mtime=0)
    return web.Response(body=packed, headers={"Content-Type": content_type, "Content-Encoding": "gzip"})


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
    FaultKind.SLOW_DRIP: _slow_drip,
    FaultKind.HUGE_BODY: _huge_body,
    FaultKind.GZIP_BOMB: _gzip_bomb,
    FaultKind.RATE_LIMIT: _rate_limit,
    FaultKind.QUOTA: _quota,
    FaultKind.OVERLOADED: _overloaded,
    FaultKind.ERROR_ARRAY: _error_array,
    FaultKind.PLAIN_TEXT_ERROR: _plain_text,
    FaultKind.ERROR_IN_200: _error_in_200,
    FaultKind.CONTENT_FILTER: _content_filter,
    FaultKind.NOT_STREAMED: _whole,
}
"""What is not here is said by the model, with `deviations` in it, or goes wrong within its stream."""
