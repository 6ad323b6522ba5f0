"""The step `dns`: which addresses a host has, of both families, and where they come from.

Owns telling apart a name that does not exist, a resolver that does not answer, and a line in /etc/hosts.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from monitor.config.urls import Address
from monitor.domain.diagnosis import Meaning, Step, StepName, doubted, failed, passed
from monitor.probes.dial import is_numeric
from monitor.probes.resolver import Lookup, SharedResolver

SLOW_MS = 1000.0
_MS_PER_S = 1000.0
_MOST_FILE = 1 << 20
_MEANING_OF = {
    socket.EAI_NONAME: Meaning.NAME_UNKNOWN,
    getattr(socket, "EAI_NODATA", -5): Meaning.NAME_WITHOUT_ADDRESS,
    getattr(socket, "EAI_ADDRFAMILY", -9): Meaning.NAME_WITHOUT_ADDRESS,
    socket.EAI_AGAIN: Meaning.RESOLVER_SILENT,
}
_WORDS = {
    Meaning.NAME_UNKNOWN: "there is no such name",
    Meaning.NAME_WITHOUT_ADDRESS: "the name has no address that can be used here",
    Meaning.RESOLVER_SILENT: "the resolver does not answer",
    Meaning.RESOLVER_FAILED: "the resolver failed",
}


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What is known of a name.

    Attributes:
        used: numeric addresses in the order in which connections try them.
        ipv4: all that the name has.
        ipv6: all that the name has, also where this machine has no IPv6.
        meaning: why there is none to use; None if there is.
        took_ms: of the look-up that a probe makes.
        from_file: /etc/hosts has a line for the name.
        resolvers: as /etc/resolv.conf names them.
    """

    used: tuple[str, ...]
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    meaning: Meaning | None
    took_ms: float
    from_file: bool = False
    resolvers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Files:
    """Where the system keeps what it knows of names."""

    hosts: Path = Path("/etc/hosts")
    resolvers: Path = Path("/etc/resolv.conf")


_OF_THE_SYSTEM = Files()


async def look_up(
    host: str, port: int, within_s: float, lookup: Lookup = socket.getaddrinfo, files: Files = _OF_THE_SYSTEM
) -> LookedUp:
    """Everything about a name; never raises, and takes `within_s` at most."""
    if is_numeric(host):
        alone: tuple[str, ...] = (host,)
        return LookedUp(alone, () if ":" in host else alone, alone if ":" in host else (), None, 0.0)
    begun = monotonic()
    used, meaning = await _resolved(SharedResolver(lookup), (host, port), socket.AF_UNSPEC, within_s)
    took_ms = (monotonic() - begun) * _MS_PER_S
    everything = SharedResolver(_whatever_this_machine_has(lookup))
    left_s = max(0.1, within_s - took_ms / _MS_PER_S)
    (ipv4, _), (ipv6, _) = await asyncio.gather(
        _resolved(everything, (host, port), socket.AF_INET, left_s),
        _resolved(everything, (host, port), socket.AF_INET6, left_s),
    )
    hosts, resolvers = await asyncio.gather(
        asyncio.to_thread(_text, files.hosts), asyncio.to_thread(_text, files.resolvers)
    )
    return LookedUp(used, ipv4, ipv6, meaning, took_ms, is_in_hosts(hosts, host), nameservers(resolvers))


def name_step(target: Address, found: LookedUp) -> Step:
    """What the look-up of a host tells."""
    facts: dict[str, Any] = {
        "host": target.host,
        "ipv4": list(found.ipv4),
        "ipv6": list(found.ipv6),
        "order": list(found.used),
        "source": "address" if is_numeric(target.host) else "/etc/hosts" if found.from_file else "resolver",
        "resolvers": list(found.resolvers),
    }
    if found.meaning is not None:
        asked = f" (asked: {', '.join(found.resolvers)})" if found.resolvers else ""
        asked = asked if found.meaning in {Meaning.RESOLVER_SILENT, Meaning.RESOLVER_FAILED} else ""
        says = f"{target.host}: {_WORDS[found.meaning]}{asked}"
        return failed(StepName.DNS, found.meaning, says, found.took_ms, **facts)
    if is_numeric(target.host):
        return passed(StepName.DNS, f"{target.host} is an address already", None, **facts)
    says = f"{target.host}: {_counted(found)}"
    if found.from_file and target.host != "localhost":
        return doubted(StepName.DNS, Meaning.NAME_FROM_FILE, f"{says}, from /etc/hosts", found.took_ms, **facts)
    if found.took_ms > SLOW_MS:
        return doubted(StepName.DNS, Meaning.NAME_SLOW, says, found.took_ms, **facts)
    return passed(StepName.DNS, says, found.took_ms, **facts)


def is_in_hosts(text: str, host: str) -> bool:
    """Whether a text in the form of /etc/hosts has a line for this name."""
    names = (name.lower() for line in text.splitlines() for name in line.partition("#")[0].split()[1:])
    return host.lower() in names


def nameservers(text: str) -> tuple[str, ...]:
    """The resolvers that a text in the form of /etc/resolv.conf names."""
    lines = (line.split() for line in text.splitlines())
    return tuple(words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")


def _counted(found: LookedUp) -> str:
    parts = [f"{len(of_one)} {name}" for name, of_one in (("IPv4", found.ipv4), ("IPv6", found.ipv6)) if of_one]
    count = len(found.ipv4) + len(found.ipv6)
    text = f"{' and '.join(parts)} address{'es' if count > 1 else ''}"
    unused = sorted({*found.ipv4, *found.ipv6} - set(found.used))
    if unused and all(":" in address for address in unused):
        text += "; this machine has no IPv6 of its own"
    return text


async def _resolved(
    resolver: SharedResolver, target: tuple[str, int], family: socket.AddressFamily, within_s: float
) -> tuple[tuple[str, ...], Meaning | None]:
    try:
        async with asyncio.timeout(within_s):
            found = await resolver.resolve(*target, family)
    except TimeoutError:
        return (), Meaning.RESOLVER_SILENT
    except socket.gaierror as error:
        return (), _MEANING_OF.get(error.errno or 0, Meaning.RESOLVER_FAILED)
    except OSError:
        return (), Meaning.RESOLVER_FAILED
    return _once_each([result["host"] for result in found]), None


def _whatever_this_machine_has(lookup: Lookup) -> Lookup:
    """Without the flag that hides the addresses of a family which this machine lacks."""

    def ask(host: str, port: int, **how: Any) -> list[tuple[Any, ...]]:
        return lookup(host, port, **(how | {"flags": 0}))

    return ask


def _once_each(addresses: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(addresses))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_FILE).decode("utf-8", "replace")
    except OSError:
        return ""
