"""Requests to one endpoint, ready to be sent: what the protocol wants, with the key and whatever the endpoint adds.

Owns headers and addresses; the body is the protocol's, apart from what is configured to be added to it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import orjson
from multidict import CIMultiDict
from yarl import URL

from monitor import __version__
from monitor.config.secrets import Secret
from monitor.probes.additions import Additions, path_of
from monitor.probes.exchange import Request
from monitor.probes.target import EndpointTarget
from monitor.protocols.wire import ApiRequest, WireProtocol

_USER_AGENT = f"relaywatch/{__version__}"


class _Way(NamedTuple):
    """What all requests of one kind share.

    Attributes:
        changes: what changes their bodies, the outermost level first.
    """

    url: URL
    headers: "CIMultiDict[str]"
    changes: tuple[Additions, ...]


class Requests:
    """Makes requests to one endpoint.

    Model lists are asked for compressed: they reach hundreds of kilobytes, twice a minute. Answers of models are a few
    hundred bytes, which no compression makes faster.

    Args:
        target: the endpoint; its headers override what the protocol would send.
    """

    def __init__(self, target: EndpointTarget) -> None:
        self._target = target
        self._each_its_own = bool(target.of_models) or target.added.path is not None
        self._ways: dict[tuple[str, str, bool, str | None], _Way] = {}

    def made(
        self, protocol: WireProtocol, wanted: ApiRequest, *, model: str | None = None, streamed: bool = False
    ) -> Request:
        """The request that goes out.

        Args:
            protocol: what is spoken.
            wanted: what the protocol asks.
            model: whom the question is for; None for the model list.
            streamed: whether the answer is to come in pieces.
        """
        key = (protocol.name, wanted.path, streamed, model if self._each_its_own else None)
        way = self._ways.get(key)
        if way is None:
            way = self._ways[key] = self._way(protocol, wanted, model, streamed=streamed)
        body = wanted.body
        if body is None:
            return Request(wanted.method, way.url, way.headers)
        for change in way.changes:
            body = change.on_body(body)
        return Request(wanted.method, way.url, way.headers, orjson.dumps(body))

    def _way(self, protocol: WireProtocol, wanted: ApiRequest, model: str | None, *, streamed: bool) -> _Way:
        target = self._target
        levels = [target.added] if model is None else [target.added, target.of_models.of(model)]
        path = wanted.path if model is None else path_of(levels, model, wanted.path)
        query = {name: value.reveal() for level in levels for name, value in level.query.items()}
        url = URL(f"{target.base_url}{path}")
        headers = self._headers(protocol, wanted, streamed=streamed)
        own = (target.headers, *(level.headers for level in levels))
        for name, secret in (header for level in own for header in level.items()):
            headers[name] = secret.reveal()
        changes = tuple(level for level in levels if level.changes_body)
        return _Way(url.update_query(query) if query else url, headers, changes)

    def _headers(self, protocol: WireProtocol, wanted: ApiRequest, *, streamed: bool) -> CIMultiDict[str]:
        target, asks = self._target, wanted.body is not None
        headers = CIMultiDict(
            {
                "Accept": "text/event-stream" if streamed else "application/json",
                "Accept-Encoding": "identity" if asks else "gzip, deflate",
                "User-Agent": _USER_AGENT,
            }
        )
        if asks:
            headers["Content-Type"] = "application/json"
        key = {} if target.api_key is None else key_headers(protocol, target.api_key, target.key_header)
        for name, value in (*wanted.headers.items(), *key.items()):
            headers[name] = value
        return headers


def key_headers(protocol: WireProtocol, key: Secret, key_header: str | None) -> Mapping[str, str]:
    """The headers that carry a key: the protocol's, or the configured one.

    A configured `Authorization` carries a bearer token, any other header the key as it is.
    """
    if key_header is None:
        return protocol.key_headers(key.reveal())
    is_bearer = key_header.lower() == "authorization"
    return {key_header: f"Bearer {key.reveal()}" if is_bearer else key.reveal()}
