"""A bare connection to the endpoint, straight or through its proxy, and the step `proxy`.

Owns the CONNECT that a proxy is asked for. Nothing else is sent over what is opened here; the probes themselves have
their own way (`probes.exchange`).
"""

import asyncio
import base64
import ssl
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple
from urllib.parse import unquote

from yarl import URL

from monitor.config.urls import Address
from monitor.domain.diagnosis import Meaning, Step, StepName, failed, passed

_MS_PER_S = 1000.0
_MOST_HEAD = 8192
_AUTHENTICATION_REQUIRED = 407
_GOOD = range(200, 300)


class Opened(NamedTuple):
    """A connection over which nothing has been said yet."""

    reader: StreamReader
    writer: StreamWriter


@dataclass(frozen=True, slots=True)
class Closed:
    """Why there is no connection."""

    meaning: Meaning
    says: str


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to the endpoint.

    Attributes:
        address: numeric, of the proxy where there is one.
        port: of `address`.
        target: the endpoint's own host and port.
        tls: for the proxy's own TLS, where it is reached by https.
        proxy: may hold credentials, so it is never shown.
    """

    address: str
    port: int
    target: Address
    tls: ssl.SSLContext | None = None
    proxy: URL | None = field(default=None, repr=False)


async def open_way(way: Way, within_s: float) -> Opened | Closed:
    """A connection to the endpoint; `hang_up` ends it."""
    writer: StreamWriter | None = None
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(way.address, way.port, limit=_MOST_HEAD)
            closed = None if way.proxy is None else await _through(way, way.proxy, reader, writer)
    except TimeoutError:
        closed = Closed(Meaning.PROXY_FAILED if way.proxy else Meaning.PORT_SILENT, "no answer in time")
    except ssl.SSLError as error:
        closed = Closed(Meaning.PROXY_FAILED, f"TLS with the proxy failed: {(error.reason or 'unknown').lower()}")
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        closed = Closed(Meaning.PROXY_FAILED if way.proxy else Meaning.PORT_REFUSED, "the connection was closed")
    if closed is None and writer is not None:
        return Opened(reader, writer)
    if writer is not None:
        hang_up(writer)
    return closed or Closed(Meaning.PROXY_FAILED, "the connection was closed")


def hang_up(writer: StreamWriter) -> None:
    """End a connection at once, without waiting for the other side."""
    writer.transport.abort()


async def _through(way: Way, proxy: URL, reader: StreamReader, writer: StreamWriter) -> Closed | None:
    """Ask the proxy for a way to the endpoint; None once it is open."""
    if proxy.scheme == "https" and way.tls is not None:
        await writer.start_tls(way.tls, server_hostname=proxy.host)
    writer.write(_connect(way.target, proxy))
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    status = _status_of(head)
    if status in _GOOD:
        return None
    if status == _AUTHENTICATION_REQUIRED:
        return Closed(Meaning.PROXY_CREDENTIALS, "the proxy asks for other credentials (407)")
    says = "what it answers to CONNECT is not HTTP" if status is None else f"it answered {status} to CONNECT"
    return Closed(Meaning.PROXY_FAILED, says)


def _connect(target: Address, proxy: URL) -> bytes:
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.raw_user is not None:
        pair = f"{unquote(proxy.raw_user)}:{unquote(proxy.raw_password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return "\r\n".join((*lines, "", "")).encode("ascii", "replace")


def _status_of(head: bytes) -> int | None:
    words = head.split(maxsplit=2)
    is_http = len(words) > 1 and words[0].startswith(b"HTTP/1.") and words[1].isdigit()
    return int(words[1][:4]) if is_http else None


async def proxy_step(way: Way, within_s: float) -> Step:
    """Whether the proxy opens a way to the endpoint."""
    begun = monotonic()
    opened = await open_way(way, within_s)
    took_ms = (monotonic() - begun) * _MS_PER_S
    facts = {"proxy": _shown(way), "target": str(way.target)}
    if isinstance(opened, Closed):
        return failed(StepName.PROXY, opened.meaning, f"{_shown(way)}: {opened.says}", took_ms, **facts)
    hang_up(opened.writer)
    return passed(StepName.PROXY, f"{_shown(way)} opens a way to {way.target}", took_ms, **facts)


def _shown(way: Way) -> str:
    """The proxy without whatever is secret in its URL."""
    return "" if way.proxy is None else f"{way.proxy.scheme}://{Address(way.proxy.host or '', way.port)}"
