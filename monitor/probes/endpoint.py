"""One endpoint while it is probed: its questions, its requests, its way there."""

import ssl
from dataclasses import replace

from yarl import URL

from monitor.config.secrets import Secret
from monitor.domain.ask import Ask
from monitor.domain.check import Check, CheckKind
from monitor.domain.reply import Usage
from monitor.domain.stream import StreamRecorder
from monitor.domain.tokens import most_of
from monitor.errors import UsageError
from monitor.probes.exchange import Request, Route, connecting_within
from monitor.probes.lessons import Lessons
from monitor.probes.questions import Questions
from monitor.probes.requests import Requests
from monitor.probes.target import EndpointTarget
from monitor.probes.tls import private_context, system_context
from monitor.protocols.registry import protocol_named
from monitor.protocols.wire import WireProtocol

_PIECES_PER_TOKEN = 4
_MORE_PIECES = 64
"""A server that goes on and on is heard out for so many pieces beyond what was allowed."""


class LiveEndpoint:
    """An endpoint that is being probed.

    Args:
        target: what the configuration says of it.
        lessons: what was learned of how models want to be asked; None for a memory of its own.

    Attributes:
        list_is_404: the last model list that was answered, was answered with 404.
        lessons: what was learned of how its models want to be asked.
        questions: what its models are asked.

    Raises:
        UsageError: the CA file, the proxy's URL or the protocol is no use.
    """

    def __init__(self, target: EndpointTarget, lessons: Lessons | None = None) -> None:
        _check_protocol(target)
        self.target = target
        self.list_is_404 = False
        self.lessons = Lessons() if lessons is None else lessons
        self.questions = Questions(self.lessons)
        self._routes: dict[tuple[float, bool], Route] = {}
        self._proxy = _proxy_of(target)
        self._tls = _tls_of(target, self._proxy)
        self._requests = Requests(target)
        self._used: dict[str, float] = {}  # tokens by check, at most; empty without a budget

    def changed_to(self, target: EndpointTarget) -> "LiveEndpoint":
        """The endpoint as `target` describes it; this one stays as it is, for the probes that still use it.

        A CA file is read again even if nothing else changed. What was learned stays, unless the endpoint is another.
        """
        if target == self.target and target.ca_file is None:
            return self
        is_another = (target.base_url, target.protocol) != (self.target.base_url, self.target.protocol)
        changed = LiveEndpoint(target, self.lessons.apart() if is_another else self.lessons)
        if not is_another:
            changed.list_is_404 = self.list_is_404
            changed.questions = self.questions
        return changed

    def with_key(self, key: Secret) -> "LiveEndpoint":
        """The endpoint with another API key."""
        return self.changed_to(replace(self.target, api_key=key))

    def protocol(self, check: Check) -> WireProtocol:
        """What is spoken in probes of `check`."""
        return protocol_named(self.target.protocol if check.model is None else check.protocol)

    def request(self, check: Check, ask: Ask | None) -> Request:
        """What to send for one probe of `check`; `ask` is None for the model list."""
        protocol, base_url = self.protocol(check), self.target.base_url
        wanted = protocol.model_list(base_url) if ask is None else protocol.question(base_url, ask)
        if ask is None:
            return self._requests.made(protocol, wanted)
        return self._requests.made(protocol, wanted, model=ask.model, streamed=ask.stream)

    def expected_tokens(self, check: Check) -> float:
        """What a probe of `check` is let in for, in tokens; 0 where nothing bounds them."""
        if check.model is None or self.target.budget.tokens_per_minute is None:
            return 0.0
        return self._used.get(check.id, 0.0) or _most_tokens(check)

    def used_tokens(self, check: Check, usage: Usage) -> float:
        """What it used; what was expected, where the answer does not say."""
        if usage.input_tokens is None and usage.output_tokens is None:
            return self.expected_tokens(check)
        used = float((usage.input_tokens or 0) + (usage.output_tokens or 0))
        most = most_of(check)
        self._used[check.id] = max(used, (usage.input_tokens or most.input) + most.output)
        return used

    def recorder(self, check: Check, ask: Ask | None) -> StreamRecorder | None:
        """What takes the stream in; None where none was asked for."""
        if ask is None or not ask.stream:
            return None
        return StreamRecorder(self.protocol(check), most_pieces=ask.max_tokens * _PIECES_PER_TOKEN + _MORE_PIECES)

    def route(self, check: Check, *, fresh: bool) -> Route:
        """How to get there; the model list always takes a fresh connection, because connecting is what it measures."""
        fresh = fresh or check.kind is CheckKind.MODELS
        key = (check.connect_timeout_s, fresh)
        route = self._routes.get(key)
        if route is None:
            idle_s = None if fresh else self.target.keepalive_s
            route = self._routes[key] = self.way(check.connect_timeout_s, idle_s)
        return route

    def way(self, connect_s: float, idle_s: float | None = None) -> Route:
        """Any way there; over a fresh connection unless one may be kept."""
        return Route(connecting=connecting_within(connect_s), idle_s=idle_s, tls=self._tls, proxy=self._proxy)


def _most_tokens(check: Check) -> float:
    most = most_of(check)
    return float(most.input + most.output)


def _check_protocol(target: EndpointTarget) -> None:
    try:
        for name in (target.protocol, *sorted(target.protocols)):
            protocol_named(name)
    except UsageError as error:
        raise UsageError(f"endpoint {target.name}: {error.message}", hint=error.hint) from error


def _proxy_of(target: EndpointTarget) -> URL | None:
    if target.proxy is None:
        return None
    hint = 'write it like "http://proxy.example.com:3128"'
    try:
        url = URL(target.proxy.reveal())
    except ValueError:
        raise UsageError(f"endpoint {target.name}: proxy is not a URL", hint=hint) from None
    if url.scheme not in {"http", "https"} or url.raw_host is None:
        raise UsageError(f"endpoint {target.name}: proxy must be an http:// or https:// URL", hint=hint)
    return url


def _tls_of(target: EndpointTarget, proxy: URL | None) -> ssl.SSLContext | None:
    if target.ca_file is not None:
        return private_context(target.ca_file, endpoint=target.name)
    encrypted = target.base_url.startswith("https:") or (proxy is not None and proxy.scheme == "https")
    return system_context() if encrypted else None
