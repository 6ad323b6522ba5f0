"""What the operating system says, told apart."""

import errno
import os
import socket
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from monitor.domain.outcome import NoAnswerKind
from monitor.probes.failures import failure_of
from monitor.probes.trace import Trace

KEY = ConnectionKey("gw.test", 443, True, True, None, None, None)  # noqa: FBT003  a tuple of aiohttp's


def connecting(error: OSError) -> aiohttp.ClientConnectorError:
    """The exception of the HTTP library around an error of the system."""
    return aiohttp.ClientConnectorError(KEY, error)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNREFUSED, NoAnswerKind.REFUSED),
        (errno.ECONNRESET, NoAnswerKind.RESET),
        (errno.ENETUNREACH, NoAnswerKind.NO_ROUTE),
        (errno.EHOSTUNREACH, NoAnswerKind.NO_ROUTE),
        (errno.EACCES, NoAnswerKind.NO_ROUTE),
        (errno.ETIMEDOUT, NoAnswerKind.CONNECT_TIMEOUT),
        (errno.EMFILE, NoAnswerKind.INTERNAL),
        (errno.EINVAL, NoAnswerKind.NO_ROUTE),
        (errno.EBADF, NoAnswerKind.INTERNAL),
    ],
)
def test_an_error_of_the_system_while_connecting(number: int, kind: NoAnswerKind) -> None:
    """Refused, no route, reset, or our own trouble: the system's number decides, its words are the detail."""
    failure = failure_of(connecting(OSError(number, os.strerror(number))), Trace(), None)
    assert failure == (kind, os.strerror(number))


def test_several_addresses_that_failed_in_different_ways() -> None:
    """A refusal among them says most: the host is there."""
    text = "Multiple exceptions: [Errno 101] Connect call failed ('::1', 1), [Errno 111] Connect call failed"
    assert failure_of(connecting(OSError(text)), Trace(), None) == (NoAnswerKind.REFUSED, "Connection refused")
    text = "Multiple exceptions: [Errno 101] Connect call failed, [Errno 113] Connect call failed"
    assert failure_of(connecting(OSError(text)), Trace(), None) == (NoAnswerKind.NO_ROUTE, "Network is unreachable")


def test_the_same_error_of_a_proxy_is_the_proxys() -> None:
    """But running out of files is still our own trouble."""
    refused = connecting(OSError(errno.ECONNREFUSED, "x"))
    assert failure_of(refused, Trace(), "http") == (NoAnswerKind.PROXY, "proxy: Connection refused")
    unresolved = aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    failure = failure_of(unresolved, Trace(), "http")
    assert failure == (NoAnswerKind.PROXY, "proxy: cannot resolve gw.test: Name or service not known")
    exhausted = failure_of(connecting(OSError(errno.EMFILE, "x")), Trace(), "http")
    assert exhausted is not None
    assert exhausted.kind is NoAnswerKind.INTERNAL


def test_tls_trouble_after_the_handshake() -> None:
    """A server that misses a client certificate says so only then."""
    trace = Trace()
    trace.sent_at = 1.0
    alert = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] (_ssl.c:2580)")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    error = aiohttp.ClientOSError(*alert.args)
    error.__cause__ = alert
    assert failure_of(error, trace, None) == (NoAnswerKind.TLS, "TLS: tlsv13 alert certificate required")


@pytest.mark.parametrize("error", [ValueError("bad header"), RuntimeError("Session is closed"), KeyError("x")])
def test_what_is_not_expected_is_left_to_the_caller(error: Exception) -> None:
    """A fault of our own is never taken for one of the endpoint."""
    assert failure_of(error, Trace(), None) is None
    assert failure_of(error, Trace(), "http") is None
