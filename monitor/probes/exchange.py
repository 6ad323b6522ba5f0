"""One bounded HTTP exchange: a request goes out, and what came of it is a value.

Owns the bounds in time, the choice between a kept and a fresh connection, and the one repetition that a kept
connection may need. Owns no meaning: whether an answer is good is for the classification to say.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp
import structlog
from yarl import URL

from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.domain.stream import StreamRecorder
from monitor.probes.body import BodyFault, read_body
from monitor.probes.connections import Connections, original
from monitor.probes.failures import Failure, connect_timeout_detail, failure_of
from monitor.probes.streaming import read_stream
from monitor.probes.trace import StaleConnectionError, Trace, begin_trace

if TYPE_CHECKING:
    from multidict import CIMultiDict

_SWITCHING_PROTOCOLS = 101
_GOOD = range(200, 300)
_MS_PER_S = 1000.0
_PROXY_AUTHENTICATION_REQUIRED = 407
STALLED_S = 0.5
"""A limit noticed so much too late tells of this process (stopped, starved, suspended), not of the peer."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Request:
    """What to send.

    Attributes:
        url: already encoded; it goes out as it stands; its query may hold a secret, so it is never shown either.
        headers: complete; holds the credentials, so it is never shown.
        body: None for GET.
    """

    method: str
    url: URL = field(repr=False)
    headers: "CIMultiDict[str]" = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach the endpoint, and within which time to connect.

    Attributes:
        connecting: bounds name resolution, TCP, proxy and TLS together.
        idle_s: how long the connection is kept for a next exchange; None for a fresh one each time.
        tls: None for plain HTTP.
        proxy: may hold credentials, so it is never shown.
    """

    connecting: aiohttp.ClientTimeout
    idle_s: float | None = None
    tls: ssl.SSLContext | None = None
    proxy: URL | None = field(default=None, repr=False)


def connecting_within(seconds: float) -> aiohttp.ClientTimeout:
    """A bound on connecting; without a threshold aiohttp would round longer ones up to whole seconds."""
    return aiohttp.ClientTimeout(total=None, connect=seconds, ceil_threshold=float("inf"))


async def exchange(
    connections: Connections,
    request: Request,
    route: Route,
    *,
    deadline: float,
    now_s: float,
    recorder: StreamRecorder | None = None,
) -> Outcome:
    """Send `request` once and wait for the whole answer; never raises.

    A kept connection that dies before the first byte of a response is replaced once by a fresh one, and the latency
    starts anew: servers close idle connections at any moment, and that is no fault.

    Args:
        connections: where connections come from.
        request: what to send.
        route: how to reach the endpoint.
        deadline: when to give up, in seconds of the loop's clock.
        now_s: wall time in seconds, against which the certificate's expiry is held.
        recorder: takes a good answer as it arrives; None where no stream was asked for.
    """
    attempt = _Attempt(connections, request, route, now_s, recorder)
    try:
        async with asyncio.timeout_at(deadline):
            outcome = None if route.idle_s is None else await attempt.over_kept(route.idle_s)
            return await attempt.over_fresh() if outcome is None else outcome
    except TimeoutError:
        return attempt.timed_out(asyncio.get_running_loop().time() - deadline)
    finally:
        attempt.clean_up()


class _Attempt:
    """The state of one exchange while it runs."""

    def __init__(
        self,
        connections: Connections,
        request: Request,
        route: Route,
        now_s: float,
        recorder: StreamRecorder | None,
    ) -> None:
        self._connections = connections
        self._request = request
        self._route = route
        self._now_s = now_s
        self._recorder = recorder
        self._proxy_scheme = None if route.proxy is None else route.proxy.scheme
        self._answered = False
        self._fresh = False
        self._trace: Trace

    async def over_kept(self, idle_s: float) -> Outcome | None:
        """Over a kept connection, if there is one; None when it turned out to be dead."""
        outcome = await self._once(self._connections.kept(idle_s))
        if isinstance(outcome, Exception):
            return None if _is_stale(outcome, self._trace) else self._failed(outcome)
        return outcome

    async def over_fresh(self) -> Outcome:
        """Over a connection of its own."""
        self._fresh = True
        outcome = await self._once(self._connections.fresh())
        return self._failed(outcome) if isinstance(outcome, Exception) else outcome

    def timed_out(self, late_s: float) -> Outcome:
        """The time was up `late_s` ago: what were we waiting for?"""
        if late_s > STALLED_S:
            return self._no_answer(_stalled(late_s))
        if self._trace.sent_at is None:
            detail = connect_timeout_detail(self._trace, self._proxy_scheme)
            return self._no_answer(Failure(NoAnswerKind.CONNECT_TIMEOUT, detail))
        return self._whole_stream() or self._no_answer(Failure(NoAnswerKind.READ_TIMEOUT, self._awaited()))

    def clean_up(self) -> None:
        """Leave no connection behind but one that can carry the next exchange."""
        if not self._answered and self._trace.response is not None:
            self._trace.response.close()
        if self._fresh or not self._answered:
            self._trace.abort_tls()

    async def _once(self, session: aiohttp.ClientSession) -> Outcome | Exception:
        self._trace = begin_trace()
        try:
            response = await self._send(session)
            encoding = response.headers.get("Content-Encoding", "")
            if self._recorder is not None and response.status in _GOOD:
                return await self._streamed(response, encoding, self._recorder)
            body = await read_body(response.content, encoding)
        except Exception as error:  # noqa: BLE001  whatever happens in an exchange is a value
            return original(error)
        if isinstance(body, BodyFault):
            return self._no_answer(Failure(body.kind, body.detail))
        self._answered = True
        return self._answer(response.status, body, monotonic())

    async def _streamed(self, response: aiohttp.ClientResponse, encoding: str, recorder: StreamRecorder) -> Outcome:
        body = await read_stream(response.content, encoding, recorder, sent=self._sent)
        if isinstance(body, BodyFault):
            return self._whole_stream() or self._no_answer(Failure(body.kind, body.detail))
        self._answered = body.at_end
        return self._answer(response.status, body.raw, body.ended)

    def _whole_stream(self) -> Outcome | None:
        """The answer that came before whatever went wrong after it; None if there was none."""
        recorder, response = self._recorder, self._trace.response
        if recorder is None or response is None or not recorder.whole:
            return None
        return self._answer(response.status, b"", self._sent + recorder.last_event_ms / _MS_PER_S)

    @property
    def _sent(self) -> float:
        return self._trace.sent_at or self._trace.started

    def _awaited(self) -> str:
        """What did not come in time."""
        if self._trace.headers_at is None:
            return "the headers did not come in time"
        if self._recorder is None or not self._recorder.is_stream:
            return "the end of the body did not come in time"
        pieces = self._recorder.pieces
        if self._recorder.is_coming((monotonic() - self._sent) * _MS_PER_S):
            return f"the stream was not finished in time, after {pieces} tokens"
        return f"the stream stalled after {pieces} tokens" if pieces else "the stream stalled before its first token"

    async def _send(self, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
        request, route = self._request, self._route
        return await session.request(
            request.method,
            request.url,
            data=request.body,
            headers=request.headers,
            allow_redirects=False,
            ssl=True if route.tls is None else route.tls,
            proxy=route.proxy,
            timeout=route.connecting,
        )

    def _answer(self, status: int, body: bytes, ended: float) -> Outcome:
        if status == _SWITCHING_PROTOCOLS:
            return self._no_answer(Failure(NoAnswerKind.UNDECODABLE, "the server left HTTP without being asked to"))
        if status == _PROXY_AUTHENTICATION_REQUIRED and self._proxy_scheme is not None:
            return self._no_answer(Failure(NoAnswerKind.PROXY, "the proxy asks for other credentials (407)"))
        return Answer(
            http_status=status,
            headers=_headers_of(self._trace),
            body=body,
            phases=self._trace.phases(ended),
            certificate_days=self._trace.certificate_days(self._now_s),
            stream=None if self._recorder is None else self._recorder.close(),
        )

    def _failed(self, error: Exception) -> Outcome:
        whole = self._whole_stream()
        if whole is not None:
            return whole
        failure = failure_of(error, self._trace, self._proxy_scheme)
        late_s = monotonic() - self._trace.started - (self._route.connecting.connect or float("inf"))
        if isinstance(error, aiohttp.ConnectionTimeoutError) and late_s > STALLED_S:
            failure = _stalled(late_s)
        if failure is None:
            _log.error("probe_crashed", where="exchange", error=type(error).__name__, exc_info=error)
            failure = Failure(NoAnswerKind.INTERNAL, f"unexpected {type(error).__name__}")
        return self._no_answer(failure)

    def _no_answer(self, failure: Failure) -> NoAnswer:
        response = self._trace.response
        return NoAnswer(
            kind=failure.kind,
            detail=failure.detail,
            http_status=None if response is None else response.status,
            headers=_headers_of(self._trace),
            phases=self._trace.phases(None),
            certificate_days=self._trace.certificate_days(self._now_s),
            peer=self._trace.peer,
            stream=None if self._recorder is None else self._recorder.close(),
        )


def _stalled(late_s: float) -> Failure:
    return Failure(NoAnswerKind.INTERNAL, f"this process stood still for {late_s:.1f} s")


def _headers_of(trace: Trace) -> Mapping[str, str]:
    if trace.response is None:
        return {}
    return {name.lower(): value for name, value in trace.response.headers.items()}


def _is_stale(error: Exception, trace: Trace) -> bool:
    """Whether a kept connection died before the first byte of a response."""
    if not trace.reused or trace.response is not None:
        return False
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # else it is the beginning of a response
    return isinstance(error, (aiohttp.ClientOSError, aiohttp.ClientConnectionResetError, StaleConnectionError))
