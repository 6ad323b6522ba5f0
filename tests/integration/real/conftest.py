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
    """Where the server listens, what it accepts, and where it writes its own timings."""

    base_url: str
    key: str
    model: str
    log: Path


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the assembled weights are kept for the session."""
    return tmp_path_factory.mktemp("llama") / "weights.gguf"


@pytest.fixture(scope="session")
def llama(weights: Path) -> Iterator[Llama]:
    """The running server, its model loaded."""
    with _serving(weights) as (process, server):
        _wait_until_healthy(process, server)
        yield server


@pytest.fixture(scope="module")
def embedder(weights: Path) -> Iterator[Llama]:
    """The same model behind a server that only embeds."""
    with _serving(weights, "embeddings") as (process, server):
        _wait_until_healthy(process, server)
        yield server


@pytest.fixture
def starting_llama(weights: Path) -> Iterator[Llama]:
    """A server that has just been started: it neither listens nor has its model yet."""
    with _serving(weights) as (_, server):
        yield server


@contextmanager
def _serving(weights: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], Llama]]:
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, str(Path(__file__).with_name("serve_llama.py")), str(port), KEY, str(weights)]
    path = weights.with_name(f"{port}.log")
    with path.open("wb") as log:
        process = subprocess.Popen([*command, *options], stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            yield process, Llama(f"http://127.0.0.1:{port}/v1", KEY, MODEL, path)
        finally:
            process.kill()
            process.communicate()


def _wait_until_healthy(process: subprocess.Popen[bytes], server: Llama) -> None:
    url, log = f"{server.base_url.removesuffix('/v1')}/health", server.log
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urlopen(url, timeout=2):  # noqa: S310  loopback, ours
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"llama.cpp did not start within {STARTS_WITHIN_S} s: {log.read_text(errors='replace')[-2000:]}")
