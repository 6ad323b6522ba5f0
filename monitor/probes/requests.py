"""Requests to one endpoint, ready to be sent: what the protocol wants, with the key and whatever the endpoint adds.

Owns headers and addresses; the body is the protocol's.
"""

import orjson
from multidict import CIMultiDict
from yarl import URL

from monitor import __version__
from monitor.probes.exchange import Request
from monitor.probes.target import EndpointTarget
from monitor.protocols.wire import ApiRequest, WireProtocol

_USER_AGENT = f"relaywatch/{__version__}"


class Requests:
    """Makes requests to one endpoint.

    Model lists are asked for compressed: they reach hundreds of kilobytes, twice a minute. Answers of models are a few
    hundred bytes, which no compression makes faster.

    Args:
        target: the endpoint; its headers override what the protocol would send.
    """

    def __init__(self, target: EndpointTarget) -> None:
        self._target = target
        self._ways: dict[tuple[str, str, bool], tuple[URL, CIMultiDict[str]]] = {}

    def made(self, protocol: WireProtocol, wanted: ApiRequest, *, streamed: bool) -> Request:
        """The request that goes out."""
        key = (protocol.name, wanted.path, streamed)
        way = self._ways.get(key)
        if way is None:
            url = URL(f"{self._target.base_url}{wanted.path}")
            way = self._ways[key] = (url, self._headers(protocol, wanted, streamed=streamed))
        body = None if wanted.body is None else orjson.dumps(wanted.body)
        return Request(wanted.method, *way, body)

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
        more = {} if target.api_key is None else protocol.key_headers(target.api_key.reveal())
        for name, value in (*wanted.headers.items(), *more.items()):
            headers[name] = value
        for name, secret in target.headers.items():
            headers[name] = secret.reveal()
        return headers
