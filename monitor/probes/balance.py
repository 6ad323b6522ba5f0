"""One request for what is left of an account: a GET with the endpoint's key, and a pointer into the JSON that comes.

Owns the request and the words for what was wrong with its answer. It is no probe: a failure says nothing of the
endpoint.
"""

import asyncio

from multidict import CIMultiDict
from yarl import URL

from monitor import __version__
from monitor.domain.balance import amount_at
from monitor.domain.body import Shape, read_body
from monitor.domain.outcome import NoAnswer
from monitor.probes.connections import Connections
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.exchange import Request, exchange
from monitor.probes.requests import key_headers
from monitor.probes.target import BalanceSource, EndpointTarget
from monitor.protocols.registry import protocol_named

TIMEOUT_S = 20.0
CONNECT_S = 10.0
_OK = 200


async def ask_balance(
    connections: Connections, endpoint: LiveEndpoint, source: BalanceSource, now_s: float
) -> float | str:
    """The amount, or in a few words why there is none; never raises and follows no redirect.

    Args:
        connections: where connections come from.
        endpoint: whose key is sent.
        source: what to ask.
        now_s: wall time in seconds.
    """
    request = Request("GET", URL(source.url), _headers(endpoint.target, source))
    deadline = asyncio.get_running_loop().time() + TIMEOUT_S
    outcome = await exchange(connections, request, endpoint.way(CONNECT_S), deadline=deadline, now_s=now_s)
    if isinstance(outcome, NoAnswer):
        return outcome.detail
    if outcome.http_status != _OK:
        return f"HTTP {outcome.http_status}"
    body = read_body(outcome.body, outcome.headers.get("content-type", ""))
    if body.shape is not Shape.JSON:
        return "the answer is not JSON"
    amount = amount_at(body.document, source.pointer)
    return f"the answer has no number at {source.pointer}" if amount is None else amount


def _headers(target: EndpointTarget, source: BalanceSource) -> "CIMultiDict[str]":
    headers = CIMultiDict(
        {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"relaywatch/{__version__}",
        }
    )
    key = (
        {}
        if target.api_key is None
        else key_headers(protocol_named(target.protocol), target.api_key, target.key_header)
    )
    for name, value in key.items():
        headers[name] = value
    for name, secret in (*target.headers.items(), *source.headers.items()):
        headers[name] = secret.reveal()
    return headers
