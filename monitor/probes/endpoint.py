"""One endpoint while it is probed: its requests, its way there, and what was learned of it."""

import ssl
from dataclasses import replace

from yarl import URL

from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.errors import UsageError
from monitor.probes.exchange import Request, Route, connecting_within
from monitor.probes.protocols import PROTOCOLS
from monitor.probes.target import EndpointTarget
from monitor.probes.tls import private_context, system_context


class LiveEndpoint:
    """An endpoint that is being probed.

    Args:
        target: what the configuration says of it.

    Attributes:
        list_is_404: the last model list that was answered, was answered with 404.

    Raises:
        UsageError: the CA file, the proxy's URL or the protocol is no use.
    """

    def __init__(self, target: EndpointTarget) -> None:
        self.target = target
        self.list_is_404 = False
        self._completion_tokens: set[str] = set()
        self._routes: dict[tuple[float, bool], Route] = {}
        self._proxy = _proxy_of(target)
        self._tls = _tls_of(target, self._proxy)
        protocol = PROTOCOLS.get(target.protocol)
        if protocol is None:
            raise UsageError(f"endpoint {target.name}: unknown protocol {target.protocol}")
        self._protocol = protocol(target)

    def changed_to(self, target: EndpointTarget) -> "LiveEndpoint":
        """The endpoint as `target` describes it; this one stays as it is, for the probes that still use it.

        A CA file is read again even if nothing else changed. What was learned stays, unless the endpoint is another.
        """
        if target == self.target and target.ca_file is None:
            return self
        changed = LiveEndpoint(target)
        if (target.base_url, target.protocol) == (self.target.base_url, self.target.protocol):
            changed.list_is_404 = self.list_is_404
            changed._completion_tokens = self._completion_tokens
        return changed

    def with_key(self, key: Secret) -> "LiveEndpoint":
        """The endpoint with another API key."""
        return self.changed_to(replace(self.target, api_key=key))

    def request(self, check: Check) -> Request:
        """What to send for one probe of `check`."""
        if check.kind is CheckKind.MODELS:
            return self._protocol.model_list()
        return self._protocol.completion(check, completion_tokens=check.id in self._completion_tokens)

    def route(self, check: Check, *, fresh: bool) -> Route:
        """How to get there; the model list always takes a fresh connection, because connecting is what it measures."""
        fresh = fresh or check.kind is CheckKind.MODELS
        key = (check.connect_timeout_s, fresh)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = Route(
                connecting=connecting_within(check.connect_timeout_s),
                idle_s=None if fresh else self.target.keepalive_s,
                tls=self._tls,
                proxy=self._proxy,
            )
        return route

    def learn_token_parameter(self, check: Check) -> bool:
        """The API refused the name of the token limit; True if the other name is worth a try."""
        if check.id in self._completion_tokens:
            self._completion_tokens.discard(check.id)
            return False
        self._completion_tokens.add(check.id)
        return True

    def forget_token_parameter(self, check: Check) -> None:
        """The API refused the request although, or because, the other name was used: begin anew next time."""
        self._completion_tokens.discard(check.id)


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
