"""The steps `tcp` and `uplink`: which addresses take a connection, which refuse, which say nothing.

Owns what that means for a client, which tries one address after the other. Sends no byte over what it opens.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from monitor.config.urls import Address
from monitor.domain.diagnosis import Meaning, Step, StepName, doubted, failed, passed
from monitor.domain.outcome import NoAnswerKind
from monitor.probes.connectivity import TRY_S, Dial
from monitor.probes.dial import first_true
from monitor.probes.failures import Failure, of_connect

_MS_PER_S = 1000.0
_SILENT = Failure(NoAnswerKind.CONNECT_TIMEOUT, "no answer")
_MEANING_OF = {
    NoAnswerKind.REFUSED: Meaning.PORT_REFUSED,
    NoAnswerKind.RESET: Meaning.PORT_REFUSED,
    NoAnswerKind.CONNECT_TIMEOUT: Meaning.PORT_SILENT,
    NoAnswerKind.NO_ROUTE: Meaning.NO_ROUTE,
}
_WORST_FIRST = (Meaning.PORT_SILENT, Meaning.NO_ROUTE, Meaning.PORT_REFUSED)


@dataclass(frozen=True, slots=True)
class Knock:
    """What came of one connect.

    Attributes:
        failure: None if the connection was taken.
    """

    address: str
    took_ms: float
    failure: Failure | None = None


async def knock_on(addresses: Sequence[str], port: int, within_s: float) -> list[Knock]:
    """Connect to every address, all at once; in the order of `addresses`."""
    return list(await asyncio.gather(*(_knock(address, port, within_s) for address in addresses)))


async def _knock(address: str, port: int, within_s: float) -> Knock:
    begun, failure = monotonic(), None
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        async with asyncio.timeout(within_s):
            with socket.socket(family, socket.SOCK_STREAM) as opened:
                opened.setblocking(False)  # noqa: FBT003  a positional flag of the standard library
                await asyncio.get_running_loop().sock_connect(opened, _name(address, port))
    except TimeoutError:
        failure = _SILENT
    except OSError as error:
        failure = of_connect(error)
    return Knock(address, (monotonic() - begun) * _MS_PER_S, failure)


def _name(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    bare, _, scope = address.partition("%")
    if not scope:
        return address, port
    return bare, port, 0, int(scope) if scope.isdigit() else socket.if_nametoindex(scope)


def port_step(port: int, knocks: Sequence[Knock]) -> Step:
    """What the connects to all addresses of a host tell."""
    opened = [knock for knock in knocks if knock.failure is None]
    facts = {"port": port, "addresses": [_row(knock, port) for knock in knocks]}
    took_ms = max(knock.took_ms for knock in knocks)
    if not opened:
        return failed(StepName.TCP, _worst(knocks), _all_alike(knocks, port), took_ms, **facts)
    fastest_ms = min(knock.took_ms for knock in opened)
    if len(opened) == len(knocks):
        many = "the address takes" if len(knocks) == 1 else f"all {len(knocks)} addresses take"
        return passed(StepName.TCP, f"{many} connections on port {port}", fastest_ms, **facts)
    silent = any(knock.failure is not None and knock.failure.kind is not NoAnswerKind.REFUSED for knock in knocks)
    says = f"{len(opened)} of {len(knocks)} addresses take connections on port {port}"
    if knocks[0].failure is not None:
        says += "; the first one tried does not"
    return doubted(StepName.TCP, Meaning.SOME_SILENT if silent else Meaning.SOME_REFUSED, says, took_ms, **facts)


def _worst(knocks: Sequence[Knock]) -> Meaning:
    found = {_MEANING_OF.get(knock.failure.kind, Meaning.NO_ROUTE) for knock in knocks if knock.failure is not None}
    return next(meaning for meaning in _WORST_FIRST if meaning in found)


def _all_alike(knocks: Sequence[Knock], port: int) -> str:
    whole = "the address" if len(knocks) == 1 else f"none of {len(knocks)} addresses"
    details = list(dict.fromkeys(knock.failure.detail for knock in knocks if knock.failure is not None))
    words = ", ".join(detail.lower() for detail in details)
    return f"{whole} takes {'no ' if len(knocks) == 1 else ''}connection on port {port}: {words}"


def _row(knock: Knock, port: int) -> dict[str, str | float | None]:
    return {
        "address": str(Address(knock.address, port)),
        "family": "IPv6" if ":" in knock.address else "IPv4",
        "took_ms": round(knock.took_ms, 1),
        "failure": None if knock.failure is None else str(knock.failure.kind),
        "detail": None if knock.failure is None else knock.failure.detail,
    }


async def uplink_step(targets: Sequence[Address], dial: Dial) -> Step:
    """Whether this machine reaches anything outside; asked when it does not reach the endpoint."""
    begun = monotonic()
    is_open = await first_true((dial(target) for target in targets), within_s=TRY_S)
    took_ms = (monotonic() - begun) * _MS_PER_S
    names = [str(target) for target in targets]
    if is_open:
        says = "this machine reaches the outside: the fault is not its network as a whole"
        return passed(StepName.UPLINK, says, took_ms, targets=names)
    says = f"this machine does not reach {' nor '.join(names)} either"
    return failed(StepName.UPLINK, Meaning.NO_NETWORK, says, took_ms, targets=names)
