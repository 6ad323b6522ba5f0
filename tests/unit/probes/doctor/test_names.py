"""What is told of a host name: whether it exists, whether the resolver answered, where its addresses come from."""

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from monitor.config.urls import Address
from monitor.domain.diagnosis import Meaning, Step, StepStatus
from monitor.probes.doctor.names import Files, LookedUp, is_in_hosts, look_up, name_step, nameservers

V4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))
V6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::7", 443, 0, 0))
TARGET = Address("api.test", 443)


class Resolver:
    """Knows some addresses, but hides those of a family that this machine lacks, as the system's flag asks it to."""

    def __init__(self, *known: tuple[Any, ...], lacks: socket.AddressFamily | None = None, error: int = 0) -> None:
        self._known = known
        self._lacks = lacks
        self._error = error

    def __call__(self, host: str, port: int, *, family: int, type: int, flags: int) -> list[tuple[Any, ...]]:  # noqa: A002  the name is the system's
        """The addresses of one family, or of both."""
        del host, port, type
        if self._error:
            raise socket.gaierror(self._error, "no")
        hidden = self._lacks if flags & socket.AI_ADDRCONFIG else None
        found = [info for info in self._known if family in (0, info[0]) and info[0] != hidden]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "none")
        return found


def looked_up(resolver: Resolver, folder: Path, hosts: str = "", resolvers: str = "") -> LookedUp:
    """What is known of the name."""
    files = Files(folder / "hosts", folder / "resolv.conf")
    files.hosts.write_text(hosts)
    files.resolvers.write_text(resolvers)
    return asyncio.run(look_up(*TARGET, 5.0, resolver, files))


def step_of(resolver: Resolver, folder: Path, hosts: str = "", resolvers: str = "") -> Step:
    """The step."""
    return name_step(TARGET, looked_up(resolver, folder, hosts, resolvers))


def test_both_families(tmp_path: Path) -> None:
    """All addresses, and the order in which connections try them."""
    step = step_of(Resolver(V6, V4), tmp_path)
    assert step.status is StepStatus.OK
    assert step.says == "api.test: 1 IPv4 and 1 IPv6 addresses"
    assert (step.facts["ipv4"], step.facts["ipv6"]) == (["192.0.2.7"], ["2001:db8::7"])
    assert step.facts["order"] == ["2001:db8::7", "192.0.2.7"]


def test_addresses_that_this_machine_cannot_use_are_shown_too(tmp_path: Path) -> None:
    """And it is said why they are not tried."""
    step = step_of(Resolver(V6, V4, lacks=socket.AF_INET6), tmp_path)
    assert step.facts["order"] == ["192.0.2.7"]
    assert step.facts["ipv6"] == ["2001:db8::7"]
    assert step.says.endswith("this machine has no IPv6 of its own")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (socket.EAI_NONAME, Meaning.NAME_UNKNOWN),
        (socket.EAI_AGAIN, Meaning.RESOLVER_SILENT),
        (socket.EAI_FAIL, Meaning.RESOLVER_FAILED),
        (-5, Meaning.NAME_WITHOUT_ADDRESS),
    ],
)
def test_ways_to_fail(tmp_path: Path, error: int, meaning: Meaning) -> None:
    """A name that does not exist is the endpoint's business, a silent resolver is ours."""
    step = step_of(Resolver(error=error), tmp_path, resolvers="nameserver 192.0.2.53\n")
    assert (step.status, step.meaning) == (StepStatus.FAILED, meaning)
    named = meaning in {Meaning.RESOLVER_SILENT, Meaning.RESOLVER_FAILED}
    assert ("192.0.2.53" in step.says) == named


def test_a_resolver_that_hangs(tmp_path: Path) -> None:
    """It is given up in time, and called silent."""
    release = threading.Event()

    def hang(*_args: object, **_more: object) -> list[tuple[Any, ...]]:
        release.wait(5)
        return []

    found = asyncio.run(look_up(*TARGET, 0.05, hang, Files(tmp_path / "none", tmp_path / "none")))
    release.set()
    assert found.meaning is Meaning.RESOLVER_SILENT


def test_a_line_in_the_hosts_file_is_a_doubt(tmp_path: Path) -> None:
    """The address will not follow when the endpoint moves."""
    step = step_of(Resolver(V4), tmp_path, hosts="192.0.2.7 other API.test # moved\n")
    assert (step.status, step.meaning) == (StepStatus.WARNING, Meaning.NAME_FROM_FILE)
    assert step.facts["source"] == "/etc/hosts"


def test_a_slow_look_up_is_a_doubt() -> None:
    """Every new connection waits for it."""
    step = name_step(TARGET, LookedUp(("192.0.2.7",), ("192.0.2.7",), (), None, 1500.0))
    assert (step.status, step.meaning) == (StepStatus.WARNING, Meaning.NAME_SLOW)


def test_an_address_is_not_looked_up() -> None:
    """Nobody is asked."""
    found = asyncio.run(look_up("2001:db8::7", 443, 5.0, Resolver(error=socket.EAI_FAIL)))
    assert (found.used, found.ipv6) == (("2001:db8::7",), ("2001:db8::7",))
    assert name_step(Address("2001:db8::7", 443), found).says.endswith("is an address already")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1 localhost", False),
        ("192.0.2.7\tapi.test", True),
        ("#192.0.2.7 api.test", False),
        ("api.test 192.0.2.7", False),
        ("192.0.2.7 api.test.example", False),
    ],
)
def test_lines_of_the_hosts_file(text: str, found: bool) -> None:  # noqa: FBT001  a row of a table
    """The first word is an address, comments are none."""
    assert is_in_hosts(text, "api.test") is found


def test_nameservers() -> None:
    """Every one, in order; whatever else stands there."""
    assert nameservers("# x\nsearch a\nnameserver 192.0.2.1\n nameserver  2001:db8::1 \nnameserver\n") == (
        "192.0.2.1",
        "2001:db8::1",
    )
