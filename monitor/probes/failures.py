"""Which way an exchange failed, told from the exception that ended it.

A detail holds our own words or those of the operating system, never text of the other side: exceptions of the HTTP
library quote what the server sent.
"""

import errno
import os
import re
import socket
import ssl
from typing import NamedTuple

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from monitor.domain.outcome import NoAnswerKind
from monitor.probes.tls import failure_detail
from monitor.probes.trace import Trace


class Failure(NamedTuple):
    """How an exchange failed, and one line about it."""

    kind: NoAnswerKind
    detail: str


_KIND_OF_ERRNO = {
    errno.ECONNREFUSED: NoAnswerKind.REFUSED,
    errno.ECONNRESET: NoAnswerKind.RESET,
    errno.EPIPE: NoAnswerKind.RESET,
    errno.ECONNABORTED: NoAnswerKind.RESET,
    errno.ETIMEDOUT: NoAnswerKind.CONNECT_TIMEOUT,
    errno.ENETUNREACH: NoAnswerKind.NO_ROUTE,
    errno.EHOSTUNREACH: NoAnswerKind.NO_ROUTE,
    errno.ENETDOWN: NoAnswerKind.NO_ROUTE,
    errno.EHOSTDOWN: NoAnswerKind.NO_ROUTE,
    errno.EADDRNOTAVAIL: NoAnswerKind.NO_ROUTE,
    errno.EACCES: NoAnswerKind.NO_ROUTE,
    errno.EPERM: NoAnswerKind.NO_ROUTE,
    errno.EINVAL: NoAnswerKind.NO_ROUTE,  # what Linux says of a blackhole route
    errno.EMFILE: NoAnswerKind.INTERNAL,
    errno.ENFILE: NoAnswerKind.INTERNAL,
    errno.ENOMEM: NoAnswerKind.INTERNAL,
    errno.ENOBUFS: NoAnswerKind.INTERNAL,
}
_ERRNO_IN_TEXT = re.compile(r"\[Errno (\d+)\]")


def failure_of(error: Exception, trace: Trace, proxy_scheme: str | None) -> Failure | None:
    """How the exchange failed; None if this exception is none of the ways that are expected.

    Args:
        error: what ended the exchange.
        trace: how far the exchange had come.
        proxy_scheme: `http` or `https` when the endpoint is reached through a proxy.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Failure(NoAnswerKind.CONNECT_TIMEOUT, connect_timeout_detail(trace, proxy_scheme))
    handshake = _ssl_error(error)
    if handshake is not None:
        with_proxy = proxy_scheme == "https" and trace.handshakes < 2  # noqa: PLR2004  the first is with the proxy
        detail = failure_detail(handshake)
        return Failure(NoAnswerKind.PROXY, f"proxy: {detail}") if with_proxy else Failure(NoAnswerKind.TLS, detail)
    if proxy_scheme is not None and trace.sent_at is None:
        return _proxy_failure(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connect_failure(error)
    if trace.response is not None:
        return _body_failure(error)
    return _head_failure(error, trace)


def connect_timeout_detail(trace: Trace, proxy_scheme: str | None) -> str:
    """Which step of connecting did not end in time."""
    if trace.dns_started is not None and trace.dns_ended is None:
        return "name resolution took too long"
    if trace.tls_at is not None:
        return "the TLS handshake took too long"
    return "connecting took too long" if proxy_scheme is None else "connecting through the proxy took too long"


def _ssl_error(error: Exception) -> ssl.SSLError | None:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        inner: object = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorSSLError):
        inner = error.os_error
    else:
        inner = error.__cause__
    return inner if isinstance(inner, ssl.SSLError) else None


def _proxy_failure(error: Exception) -> Failure | None:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Failure(NoAnswerKind.PROXY, f"the proxy answered {error.status} to CONNECT")
    if isinstance(error, aiohttp.ClientConnectorError):
        found = _connect_failure(error)
        return found if found.kind is NoAnswerKind.INTERNAL else Failure(NoAnswerKind.PROXY, f"proxy: {found.detail}")
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(NoAnswerKind.PROXY, "the proxy's answer to CONNECT is not HTTP")
    if isinstance(error, (aiohttp.ClientError, OSError)):
        return Failure(NoAnswerKind.PROXY, "the proxy closed the connection")
    return None


def _connect_failure(error: aiohttp.ClientConnectorError) -> Failure:
    cause = error.os_error
    if isinstance(cause, socket.gaierror):
        return Failure(NoAnswerKind.DNS, f"cannot resolve {error.host}: {cause.strerror or 'no answer'}")
    return of_connect(cause)


def of_connect(error: OSError) -> Failure:
    """What a connect to an address, or to all addresses of a host, ran into."""
    number = _errno_of(error)
    # Without a number it is the loop's own word for a connection that ended while it was being set up.
    kind = NoAnswerKind.RESET if number is None else _KIND_OF_ERRNO.get(number, NoAnswerKind.INTERNAL)
    words = "the connection closed while it was being opened" if number is None else os.strerror(number)
    return Failure(kind, words)


def _errno_of(error: OSError) -> int | None:
    if error.errno is not None:
        return error.errno
    # Several addresses failed in different ways: then only the text names the errors. The host exists if one refused.
    numbers = [int(number) for number in _ERRNO_IN_TEXT.findall(str(error))]
    if errno.ECONNREFUSED in numbers:
        return errno.ECONNREFUSED
    return numbers[0] if numbers else None


def _body_failure(error: Exception) -> Failure | None:
    if isinstance(error, (aiohttp.ClientError, OSError, HttpProcessingError)):
        return Failure(NoAnswerKind.CUT_IN_BODY, "the connection ended, or lost its framing, within the body")
    return None


def _head_failure(error: Exception, trace: Trace) -> Failure | None:
    if isinstance(error, aiohttp.ClientResponseError):
        if _too_long(error):
            return Failure(NoAnswerKind.TOO_LARGE, "the response headers are too large")
        return Failure(NoAnswerKind.UNDECODABLE, "what came back is not HTTP")
    if trace.sent_at is None and not isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return None
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Failure(NoAnswerKind.RESET, "the connection was closed before the response headers")
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return Failure(NoAnswerKind.RESET, "the connection was reset before the response headers")
    return None


def _too_long(error: aiohttp.ClientResponseError) -> bool:
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, LineTooLong) or "Too many headers" in str(getattr(link, "message", "")):
            return True
        link = link.__cause__
    return False
