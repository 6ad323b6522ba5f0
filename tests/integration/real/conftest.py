"""A real language model behind llama.cpp's own server, for the whole session."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from urllib.error import URLError
from urllib.request import urlopen

import pytest

KEY = "sk-llama-0123456789abcdef"
MODEL = "gemma-3-270m"
STARTS_WITHIN_S = 120


@dataclass(frozen=True)
class Llama:
    """Where the server listens, and what it accepts."""

    base_url: str
    key: str
    model: str


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the assembled weights are kept for the session."""
    return tmp_path_factory.mktemp("llama") / "weights.gguf"


@pytest.fixture(scope="session")
def llama(weights: Path) -> Iterator[Llama]:
    """The running server, its model loaded."""
    with _serving(weights) as (process, port):
        _wait_until_healthy(process, f"http://127.0.0.1:{port}/health", weights.with_name(f"{port}.log"))
        yield Llama(f"http://127.0.0.1:{port}/v1", KEY, MODEL)


@pytest.fixture
def starting_llama(weights: Path) -> Iterator[Llama]:
    """A server that has just been started: it neither listens nor has its model yet."""
    with _serving(weights) as (_, port):
        yield Llama(f"http://127.0.0.1:{port}/v1", KEY, MODEL)


@contextmanager
def _serving(weights: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, str(Path(__file__).with_name("serve_llama.py")), str(port), KEY, str(weights)]
    with weights.with_name(f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            yield process, port
        finally:
            process.kill()
            process.communicate()


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urlopen(url, timeout=2):  # noqa: S310  loopback, ours
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"llama.cpp did not start within {STARTS_WITHIN_S} s: {log.read_text(errors='replace')[-2000:]}")
