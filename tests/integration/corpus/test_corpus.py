"""Every exchange of the corpus, played over a real socket to the real prober: the verdict is the one that is due."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind, check_id, provider_of
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Trigger
from monitor.probes.prober import Prober
from monitor.probes.target import EndpointTarget
from tests.exchanges import Exchange, corpus

KEY = "sk-test-0123456789abcdef"
LINGER_NOT = struct.pack("ii", 1, 0)
LEAST = 150


class Gateway:
    """Plays one exchange to whoever asks, and counts the requests."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer on one connection until the exchange ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(sum(lengths))
        self.requests += 1
        for pause_s, part in self._exchange.sent(self.requests - 1):
            await asyncio.sleep(pause_s)
            writer.write(part)
            await writer.drain()
        if self._exchange.then == "hang":
            await asyncio.Event().wait()
        if self._exchange.then == "reset":
            await asyncio.sleep(0.02)  # a reset overtakes what was sent, unless it has been received
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            writer.transport.abort()
        return self._exchange.then == "keep"

    async def close(self) -> None:
        """End what still hangs."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def check_of(exchange: Exchange) -> Check:
    """The check that gets this exchange as its answer."""
    kind = CheckKind.MODELS if exchange.asks == "list" else CheckKind.CHAT
    model = None if exchange.asks == "list" else exchange.model
    return Check(
        check_id("gw", kind, model),
        "gw",
        kind,
        model,
        provider_of(model, "gw"),
        timeout_s=exchange.timeout_s,
        slow_after_s=exchange.slow_after_s,
        max_tokens=exchange.max_tokens,
        protocol=exchange.protocol,
        stream=exchange.asks == "stream",
    )


def target_of(exchange: Exchange, port: int) -> EndpointTarget:
    """The endpoint that plays this exchange."""
    return EndpointTarget(
        name="gw",
        base_url=f"http://127.0.0.1:{port}/v1",
        protocol=exchange.protocol,
        api_key=Secret(KEY),
        headers={},
        proxy=None,
        ca_file=None,
        concurrency=10,
        models=exchange.configured,
        keepalive_s=60.0,
    )


async def played(exchange: Exchange) -> tuple[Result, int]:
    """What the prober makes of an exchange, and how many requests it took."""
    gateway = Gateway(exchange)
    listener = await asyncio.start_server(gateway.serve, "127.0.0.1", 0, limit=1 << 20)
    try:
        target = target_of(exchange, listener.sockets[0].getsockname()[1])
        prober = Prober({"gw": target}, concurrency=10, clock=SystemClock(), redactor=Redactor([KEY]))
        async with prober:
            return await prober.probe(check_of(exchange), Trigger.ON_PHASE), gateway.requests
    finally:
        listener.close()
        await gateway.close()
        await asyncio.sleep(0)


def seen(result: Result, requests: int) -> dict[str, Any]:
    """A result in the words of `due`; `reason` and `never` are compared in another way."""
    verdict, usage, stream = result.verdict, result.usage, result.stream
    return {
        "status": verdict.status.value,
        "fault": None if verdict.fault_domain is None else verdict.fault_domain.value,
        "action": None if verdict.action is None else verdict.action.value,
        "loading": verdict.loading,
        "retry_after_s": verdict.retry_after_s,
        "http_status": result.http_status,
        "requests": requests,
        "ttft": result.ttft_ms is not None,
        "pieces": None if stream is None else stream.pieces,
        "answered_by": result.answered_by,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cached_tokens": usage.cached_tokens,
    }


@pytest.mark.parametrize("exchange", corpus(), ids=lambda exchange: exchange.name)
async def test_the_verdict_is_the_one_that_is_due(exchange: Exchange) -> None:
    """Status, blame and whatever else the file says; the key is never told, and loading is never assumed."""
    result, requests = await played(exchange)
    due = dict(exchange.due)
    if due["status"] == "UP":
        due["fault"] = None
    due.setdefault("loading", False)
    reason, never = due.pop("reason", ""), due.pop("never", KEY)
    got = seen(result, requests)
    assert {name: got[name] for name in due} == due, result.verdict
    assert reason in (result.verdict.reason or "")
    assert never not in repr(result)


def test_the_corpus_is_large_and_told_apart() -> None:
    """Enough cases, each with a name of its own and a line on what it shows."""
    assert len(corpus()) >= LEAST
    assert all(exchange.about for exchange in corpus())
