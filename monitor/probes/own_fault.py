"""Is it us? A failure without an answer may be the monitor's own: its uplink, or its standing still.

Owns which failures are doubted, and what must be known before one counts. How the uplink is tried stands in
`connectivity`, how a standstill is seen in `stillness`.
"""

import socket
from typing import TYPE_CHECKING

from monitor.clock import Moment
from monitor.config import urls
from monitor.domain.outcome import Answer, NoAnswerKind, Outcome
from monitor.probes.dial import is_own_address
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.stillness import Stillness

if TYPE_CHECKING:
    from monitor.probes.connectivity import Connectivity

_PROVES_THE_WAY = frozenset({NoAnswerKind.REFUSED, NoAnswerKind.TLS})
"""Somebody at the other end has spoken: a refusal, a certificate."""

_TELLS_OF_ITSELF = frozenset({NoAnswerKind.INTERNAL, NoAnswerKind.TOO_LARGE, NoAnswerKind.UNDECODABLE})

UPLINK_DOUBTED = frozenset(NoAnswerKind) - _PROVES_THE_WAY - _TELLS_OF_ITSELF
STANDSTILL_DOUBTED = UPLINK_DOUBTED | {NoAnswerKind.TLS}


class OwnFault:
    """Says whether a failure is the monitor's own.

    Args:
        stillness: knows when this process stood still.

    Attributes:
        uplink: the self-check; None where it is switched off. Replaced when its targets change.
    """

    def __init__(self, stillness: Stillness) -> None:
        self.uplink: Connectivity | None = None
        self._stillness = stillness

    async def explains(self, outcome: Outcome, endpoint: LiveEndpoint, begun: Moment) -> str | None:
        """What of our own explains the outcome of an exchange that began at `begun`; None if nothing does.

        May wait for a try of the uplink, a few seconds at most.
        """
        uplink, name = self.uplink, endpoint.target.name
        if isinstance(outcome, Answer):
            if uplink is not None:
                uplink.answered(name, begun)
            return None
        if outcome.kind in STANDSTILL_DOUBTED and self._stillness.was_still(begun):
            return "this process stood still meanwhile"
        if uplink is None or outcome.kind not in UPLINK_DOUBTED or _needs_no_uplink(endpoint, outcome.peer):
            return None
        return None if await uplink.was_open(name, begun) else "this machine had no network of its own"


def _needs_no_uplink(endpoint: LiveEndpoint, peer: str | None) -> bool:
    """Whether the endpoint is on this machine. Behind a proxy it is not: whoever runs here still needs the uplink."""
    if endpoint.target.proxy is not None:
        return False
    if peer is not None:
        return is_own_address(peer)
    host = urls.host_of(endpoint.target.base_url)
    return urls.is_loopback(host) or host == socket.gethostname().lower()
