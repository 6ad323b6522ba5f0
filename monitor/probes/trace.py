"""When each part of one exchange happened, seen through hooks that aiohttp offers and without its costly tracing.

Owns the record and the hooks that fill it: the response class, the socket factory and the TLS context. What the
resolver sees it writes here too. Owns no decision about what the record means.

The record travels in a context variable: connecting may happen in tasks of aiohttp's own, which inherit it.
"""

import asyncio
import socket
import ssl
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any

import aiohttp

from monitor.domain.result import Phases

if TYPE_CHECKING:
    from aiohttp.connector import Connection

_CURRENT: ContextVar["Trace"] = ContextVar("trace")
_MS_PER_S = 1000.0
_IDLE_BEFORE_KEEPALIVE_S = 30
_KEEPALIVE_GAP_S = 10
_KEEPALIVE_TRIES = 3


class StaleConnectionError(aiohttp.ClientConnectionError):
    """The kept connection holds bytes that nobody asked for: it cannot carry another exchange."""


class Trace:
    """The moments of one attempt, as seconds of the monotonic clock; None for what has not happened.

    Attributes:
        socket_at: the first socket was made; stays None when a kept connection served.
        tls_at: the last TLS handshake began (with an HTTPS proxy there are two).
        sent_at: connected, and the request handed over.
        headers_at: the response headers were complete.
        certificate_expires_s: wall time in seconds; set only when the handshake was part of this attempt.
        tried: the numeric address for which the last socket was made.
    """

    dns_started: float | None = None
    dns_ended: float | None = None
    socket_at: float | None = None
    tls_at: float | None = None
    handshakes: int = 0
    sent_at: float | None = None
    headers_at: float | None = None
    response: aiohttp.ClientResponse | None = None
    transport: asyncio.Transport | None = None
    certificate_expires_s: float | None = None
    tried: str | None = None

    def __init__(self) -> None:
        self.started = monotonic()

    @property
    def reused(self) -> bool:
        """Whether a kept connection carried the request (nothing had to be resolved or opened)."""
        return self.socket_at is None and self.dns_started is None

    @property
    def peer(self) -> str | None:
        """The numeric address at the other end, or the last one that was tried; the proxy's where there is one."""
        name = None if self.transport is None else self.transport.get_extra_info("peername")
        return name[0] if name else self.tried

    def sending(self, connection: "Connection") -> None:
        """The request is on its way over `connection`."""
        self.sent_at = monotonic()
        self.transport = connection.transport
        if self.reused:
            protocol = connection.protocol
            # No turn of the loop has passed since the request was handed over, so whatever stands here came before it.
            if protocol is None or protocol.should_close:
                raise StaleConnectionError
        elif self.tls_at is not None and self.transport is not None:
            self.certificate_expires_s = _expiry_of(self.transport)

    def phases(self, ended: float | None) -> Phases:
        """The parts in milliseconds; the total only if the exchange `ended`."""
        return Phases(
            dns_ms=_span_ms(self.dns_started, self.dns_ended),
            connect_ms=_span_ms(self.socket_at, self.tls_at or self.sent_at),
            tls_ms=_span_ms(self.tls_at, self.sent_at),
            first_byte_ms=_span_ms(self.sent_at, self.headers_at),
            total_ms=_span_ms(self.started, ended),
        )

    def certificate_days(self, now_s: float) -> float | None:
        """Days from `now_s` (wall time in seconds) until the certificate seen in this attempt expires."""
        if self.certificate_expires_s is None:
            return None
        return (self.certificate_expires_s - now_s) / 86_400

    def abort_tls(self) -> None:
        """Drop a TLS connection at once: a polite close waits up to 30 s for a peer that may never answer."""
        transport = self.transport
        if transport is not None and transport.get_extra_info("sslcontext") is not None:
            transport.abort()


def begin_trace() -> Trace:
    """A new record, current for this task and the tasks it starts."""
    trace = Trace()
    _CURRENT.set(trace)
    return trace


def current_trace() -> Trace | None:
    """The record of the exchange under way."""
    return _CURRENT.get(None)


class TracedResponse(aiohttp.ClientResponse):
    """A response that notes when its request was sent and when its headers came."""

    async def start(self, connection: "Connection") -> aiohttp.ClientResponse:
        """Wait for the headers, noting the moments around the wait."""
        trace = _CURRENT.get()
        trace.sending(connection)
        await super().start(connection)
        trace.headers_at = monotonic()
        trace.response = self
        return self


class TracedContext(ssl.SSLContext):
    """A TLS context that notes when a handshake begins."""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a handshake, noting the moment."""
        trace = current_trace()
        if trace is not None:
            trace.tls_at = monotonic()
            trace.handshakes += 1
        return super().wrap_bio(*args, **kwargs)


def open_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for one address of a host; the first one of an attempt marks the start of connecting.

    The kernel probes the connection while it idles: middle boxes do not forget it, and one that died unseen is noticed
    before the next exchange needs it.
    """
    trace = current_trace()
    if trace is not None:
        trace.tried = address[4][0]
        if trace.socket_at is None:
            trace.socket_at = monotonic()
    family, kind, protocol = address[:3]
    opened = socket.socket(family=family, type=kind, proto=protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_BEFORE_KEEPALIVE_S)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_GAP_S)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_TRIES)
    return opened


def _span_ms(start: float | None, end: float | None) -> float | None:
    if start is None or end is None:
        return None
    return (end - start) * _MS_PER_S


def _expiry_of(transport: asyncio.Transport) -> float | None:
    connection = transport.get_extra_info("ssl_object")
    certificate = connection.getpeercert() if connection is not None else None
    if not certificate or "notAfter" not in certificate:
        return None
    return float(ssl.cert_time_to_seconds(certificate["notAfter"]))
