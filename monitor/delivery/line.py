"""One channel's own way out over HTTP: bounded in time, bytes and redirects, without cookies.

Owns the session and the words for what can go wrong on the way. What an answer means is decided in `retry`.
"""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from monitor.delivery.channel import SEND_TIMEOUT_S, Permanent, Receipt, Retry
from monitor.delivery.mask import Mask

MOST_BYTES = 64 * 1024
BODY_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the part of an HTTP client's response that channels and slack-sdk read.

    Attributes:
        headers: names in any case.
        body: at most 64 KiB; what had come when the other side cut the connection.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_type: str = "application/json"

    async def text(self) -> str:
        """The body as text; undecodable bytes replaced."""
        return self.body.decode(errors="replace")

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class Line:
    """The session of one channel, opened with the first request.

    Args:
        proxy: URL of an HTTP proxy; the environment's proxies are ignored, as everywhere in RelayWatch.
        ca_file: certificates to trust instead of the system's.
        secrets: never shown, whatever the other side echoes.
        timeout_s: bound of one request, connect to last byte.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        ca_file: Path | None = None,
        secrets: Iterable[str] = (),
        timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:
        self._proxy = proxy
        self._ssl: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca_file) if ca_file else True
        self._mask = Mask(secrets)
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    @property
    def closed(self) -> bool:
        """False: slack-sdk asks before it would open a session of its own."""
        return False

    @asynccontextmanager
    async def request(self, method: str, url: str, **options: Any) -> AsyncIterator[Answer]:
        """One exchange, shaped as slack-sdk calls it; proxy, TLS and redirects are ours to decide.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError, ValueError: no answer came; see `failure`.
        """
        options |= {"proxy": self._proxy, "ssl": self._ssl, "allow_redirects": False}
        async with asyncio.timeout(self._timeout_s), self._open().request(method, url, **options) as response:
            body = await _bounded(response)
            yield Answer(response.status, response.headers, body)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST, as `request`."""
        async with self.request("POST", url, data=body, headers=headers) as answer:
            return answer

    def said(self, status: int, body: str) -> str:
        """An answer on one line, safe to show: `HTTP 404: no_service`."""
        text = self._mask.shown(body)
        return f"HTTP {status}: {text}" if text else f"HTTP {status}"

    def failure(self, error: Exception) -> Receipt:
        """What an exchange without an answer means. The error's own text is not shown: it may hold the URL."""
        if isinstance(error, aiohttp.InvalidURL):
            return Permanent("the URL is not valid")
        return Retry(_words(error, self._timeout_s))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                headers={"Accept-Encoding": "identity"},
            )
        return self._session


FAILURES = (aiohttp.ClientError, OSError, TimeoutError, ValueError)
"""What `Line.request` raises where no answer came."""


_NAMED_FIRST = (aiohttp.ClientConnectorDNSError, aiohttp.ClientSSLError, aiohttp.ClientProxyConnectionError)
_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((aiohttp.ClientConnectorDNSError,), "the host name cannot be resolved"),
    ((aiohttp.ClientSSLError,), "TLS failed: check the certificate, or set ca_file"),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), "the proxy cannot be used"),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError), "the connection was cut"),
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), "the answer was not HTTP"),
)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The body, as much of it as came: the status alone says whether the message was taken."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MOST_BYTES:
                    response.close()
                    break
    except (aiohttp.ClientError, OSError):  # of which TimeoutError is one
        response.close()
    return bytes(body[:MOST_BYTES])


def _words(error: Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, _NAMED_FIRST):
        number = error.os_error.errno
        return f"cannot connect: {os.strerror(number)}" if number else "cannot connect"
    words = (words for kinds, words in _WORDS if isinstance(error, kinds))
    return next(words, f"the exchange failed ({type(error).__name__})")
