"""A real systemd in a container, with RelayWatch installed in it as docs/operations.md says.

The image (a small Debian) is made once and kept in the user's cache; the container writes to memory only. It has no
network but its own loopback: everything that is installed comes from a wheelhouse made outside.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv"
BOOTS_WITHIN_S = 60.0
LOOK_AGAIN_S = 0.1
KEY = "sk-simulated-0123456789abcdef"
UNIT = "/etc/systemd/system/relaywatch.service"
CONFIG = "/etc/relaywatch/relaywatch.toml"
CONFIGURATION = """
[defaults]
interval = "1s"
models_interval = "1s"

[connectivity]
targets = []

[storage]
url = "sqlite:////var/lib/relaywatch/relaywatch.db"

[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:8799/v1"
api_key = { credential = "gateway_api_key" }
models = ["sim/steady"]

[[channels]]
name = "journal"
type = "console"
"""
SCRIPT = '[[models]]\nid = "sim/steady"\n[[models]]\nid = "sim/second"\n'


class Machine:
    """A booted container.

    Attributes:
        leader: its first process, as the host counts.
        root: its file system, as the host sees it.
    """

    def __init__(self, leader: int) -> None:
        self.leader = leader
        self.root = Path(f"/proc/{leader}/root")

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root and with a clean environment."""
        enter = ["nsenter", "--target", str(self.leader), "--all", "--root", "--wdns=/"]
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        done = subprocess.run(
            [*enter, *command], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file inside."""
        inside = self.root / path.removeprefix("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_text(text)
        inside.chmod(mode)

    def property(self, name: str) -> str:
        """What systemd knows of the service."""
        return self.run("systemctl", "show", "--property", name, "--value", "relaywatch").stdout.strip()

    def journal(self) -> str:
        """All that the service and systemd have said about it."""
        return self.run("journalctl", "--unit=relaywatch", "--output=cat", "--no-pager").stdout

    def relaywatch(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The installed command, with the service's configuration."""
        return self.run("/opt/relaywatch/bin/relaywatch", *arguments, "--config", CONFIG, check=check)

    def eventually(self, holds: Callable[[], object], within_s: float = 20.0) -> None:
        """Wait until something holds; otherwise show the journal."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"not within {within_s} s:\n{self.journal()[-4000:]}"
            time.sleep(LOOK_AGAIN_S)


@pytest.fixture(scope="session")
def image() -> Iterator[Path]:
    """A Debian with systemd and Python; one session at a time uses it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relaywatch-tests"
    cache.mkdir(parents=True, exist_ok=True)
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")
    made = cache / f"{suite}-{PACKAGES.replace(',', '-')}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.is_dir():
            _debootstrap(suite, made)
        yield made


def _debootstrap(suite: str, made: Path) -> None:
    partial = made.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    query = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {suite}"]
    mirrors = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(partial), *mirrors[:1]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    partial.rename(made)


@pytest.fixture(scope="session")
def wheelhouse(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RelayWatch and all that it needs, for the image's Python, built from a copy of this checkout."""
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    shutil.copytree(ROOT / "monitor", source / "monitor", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "-qq"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(source)], check=True)
    ask = ["chroot", str(image), "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    version = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    fetch = [*pip, "download", "--only-binary=:all:", "--python-version", version, "--dest", str(wheels)]
    subprocess.run([*fetch, *(f"{wheel}[uvloop]" for wheel in wheels.glob("relaywatch-*.whl"))], check=True)
    return wheels


@contextmanager
def _booted(image: Path, wheelhouse: Path, log: Path) -> Iterator[Machine]:
    command = ["systemd-nspawn", "--quiet", "--boot", f"--directory={image}", "--volatile=overlay"]
    command += ["--private-network", "--register=no", "--keep-unit", "--console=pipe", f"--machine=rw-{os.getpid()}"]
    with log.open("w") as console:
        nspawn = subprocess.Popen(
            [*command, f"--bind-ro={wheelhouse}:/mnt/wheelhouse"],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
        )
        try:
            yield _leader_of(nspawn, log)
        finally:
            nspawn.terminate()  # an orderly power-off
            try:
                nspawn.wait(30)
            except subprocess.TimeoutExpired:
                nspawn.kill()
                nspawn.wait()


def _leader_of(nspawn: subprocess.Popen[bytes], log: Path) -> Machine:
    children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children")
    deadline = time.monotonic() + BOOTS_WITHIN_S
    while time.monotonic() < deadline:
        assert nspawn.poll() is None, log.read_text(errors="replace")
        for child in children.read_text().split():
            machine = Machine(int(child))
            if machine.run("systemctl", "is-system-running", check=False).stdout.strip() == "running":
                return machine
        time.sleep(LOOK_AGAIN_S)
    pytest.fail(f"the container did not boot: {log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def machine(image: Path, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The container with RelayWatch installed as docs/operations.md says, and a gateway that accepts one key."""
    with _booted(image, wheelhouse, tmp_path_factory.mktemp("machine") / "console") as machine:
        machine.run("python3", "-m", "venv", "/opt/relaywatch")
        pip = ["/opt/relaywatch/bin/pip", "install", "--no-index", "--find-links=/mnt/wheelhouse"]
        machine.run(*pip, "relaywatch[uvloop]")
        machine.write("/etc/sysusers.d/relaywatch.conf", (ROOT / "systemd/relaywatch.sysusers.conf").read_text())
        machine.run("systemd-sysusers")
        machine.write(UNIT, (ROOT / "systemd/relaywatch.service").read_text())
        machine.run("install", "-d", "-m750", "-g", "relaywatch", "/etc/relaywatch")
        machine.run("install", "-d", "-m700", "/etc/relaywatch/credentials")
        machine.write("/etc/relaywatch/credentials/gateway_api_key", KEY, mode=0o600)
        credential = "LoadCredential=gateway_api_key:/etc/relaywatch/credentials/gateway_api_key"
        machine.write(f"{UNIT}.d/credentials.conf", f"[Service]\n{credential}\n")
        machine.write("/srv/script.toml", SCRIPT)
        gateway = ["/opt/relaywatch/bin/relaywatch", "simulate", "--script", "/srv/script.toml", "--port", "8799"]
        machine.run("systemd-run", "--unit=gateway", f"--setenv=KEY={KEY}", *gateway, "--key-env", "KEY")
        machine.run("systemctl", "daemon-reload")
        yield machine


@pytest.fixture
def service(machine: Machine) -> Iterator[Machine]:
    """The container with the service freshly started on an empty database; stopped afterwards."""
    machine.write(CONFIG, CONFIGURATION)
    machine.run("systemctl", "start", "relaywatch")
    yield machine
    machine.run("systemctl", "stop", "relaywatch")
    machine.run("find", "/var/lib/relaywatch", "-mindepth", "1", "-delete")
