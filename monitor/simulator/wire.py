"""Misbehaviour on the connection itself: resets, cuts, silence, dripping, bytes that are no HTTP.

Owns the transport tricks that an HTTP server does not offer on its own. What is sent comes from the caller. Shared by
the gateway and the sinks.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from monitor.simulator.streams import Plan

GARBAGE = b"\x00\xff\x16\x03 this is not HTTP \x1b[31m\r\n\r\n"
_ABORT_ON_CLOSE = struct.pack("ii", 1, 0)
Sleep = Callable[[float], Awaitable[object]]


class Answered(web.StreamResponse):
    """Stands for an answer already given on the connection itself; the server adds nothing to it."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Sends nothing."""
        del request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Sends nothing."""


async def hang() -> NoReturn:
    """Never answers; ends by cancellation, when the client goes or the server stops."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def reset(request: web.Request) -> Answered:
    """Drops the connection with a TCP reset, nothing sent."""
    transport = _transport(request)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT_ON_CLOSE)
    transport.abort()
    return Answered()


def close(request: web.Request, first: bytes = b"") -> Answered:
    """Ends the connection in an orderly way after the bytes `first`, which need not be HTTP."""
    transport = _transport(request)
    if first:
        transport.write(first)
    transport.close()
    return Answered()


def truncated(request: web.Request, body: bytes) -> Answered:
    """Promises the whole JSON body, sends half of it, ends the connection."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return close(request, head.encode() + body[: len(body) // 2])


async def drip(request: web.Request, body: bytes, every_s: float, sleep: Sleep) -> web.StreamResponse:
    """Sends the headers at once and then the JSON body byte by byte, `every_s` seconds apart."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    for byte in body:
        await response.write(bytes([byte]))
        await sleep(every_s)
    await response.write_eof()
    return response


async def pour(request: web.Request, body: bytes) -> web.StreamResponse:
    """Sends a JSON body without saying beforehand how long it is."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(body)
    await response.write_eof()
    return response


async def stream(request: web.Request, plan: Plan, headers: Mapping[str, str], sleep: Sleep) -> web.StreamResponse:
    """Sends a streamed body as planned, chunk by chunk."""
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    for write in plan.writes:
        if write.wait_s > 0:
            await sleep(write.wait_s)
        await response.write(write.data)
    if plan.broken:
        return close(request)
    await response.write_eof()
    return response


def _transport(request: web.Request) -> asyncio.Transport:
    if request.transport is None:
        raise ConnectionResetError("the client has gone")
    return request.transport
