"""Protocols by name, also those that other distributions bring."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.config.load import loads
from monitor.errors import ConfigError, UsageError
from monitor.protocols.registry import BUILT_IN, protocol_named, protocol_names

MODULE = '''
"""A protocol of somebody else."""

from monitor.domain.ask import Ask
from monitor.domain.reading import Reading
from monitor.domain.reply import NOTHING_SAID, Piece, Reply
from monitor.protocols.wire import ApiRequest


class Echo:
    name = "echo"
    streams = False

    def key_headers(self, key):
        return {"x-echo-key": key}

    def model_list(self, base_url):
        return ApiRequest("GET", "/echoes")

    def question(self, base_url, ask: Ask):
        return ApiRequest("POST", f"/echoes/{ask.model}", body={"say": ask.prompt})

    def read(self, document):
        return Reply(Reading.ANSWER, text=document["said"])

    def piece(self, name, document) -> Piece:
        return NOTHING_SAID
'''
CONFIGURATION = """
[[endpoints]]
name = "gw"
base_url = "https://gw.example.test"
protocol = "echo"
models = ["m"]
"""
ASK_FOR_IT = """
import sys
from pathlib import Path
from monitor.config.load import loads
from monitor.config.access import resolve_access
from monitor.config.checks import checks_of
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.target import targets_of
config = loads(sys.stdin.read(), Path("/")).config
target = targets_of(config, resolve_access(loads(open(sys.argv[1]).read(), Path("/")), {}))["gw"]
endpoint = LiveEndpoint(target)
check = checks_of(config)[1]
print(endpoint.request(check, endpoint.questions.ask(check)).url)
"""


def distribution(folder: Path, entry: str) -> Path:
    """A tiny distribution, as an installer would have left it behind."""
    (folder / "echo_protocol.py").write_text(MODULE)
    metadata = folder / "echo_protocol-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: echo-protocol\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[relaywatch.protocols]\n{entry}\n")
    return folder


@pytest.fixture
def forgetful() -> Iterator[None]:
    """What is known of other distributions is looked up anew, before and after."""
    protocol_names.cache_clear()
    protocol_named.cache_clear()
    yield
    sys.modules.pop("echo_protocol", None)
    protocol_names.cache_clear()
    protocol_named.cache_clear()


@pytest.fixture(params=["echo = echo_protocol:Echo"])
def installed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgetful: None) -> None:
    """A distribution with this entry point can be imported."""
    del forgetful
    monkeypatch.syspath_prepend(distribution(tmp_path, request.param))


def test_the_built_in_ones_come_first() -> None:
    """In the order in which they are documented."""
    assert protocol_names()[: len(BUILT_IN)] == ("openai", "anthropic", "openai-responses", "openai-embeddings")


@pytest.mark.usefixtures("installed")
def test_another_distribution_brings_one() -> None:
    """It is known by the name of its entry point, and made once."""
    assert protocol_names() == (*BUILT_IN, "echo")
    echo = protocol_named("echo")
    assert echo.key_headers("k") == {"x-echo-key": "k"}
    assert protocol_named("echo") is echo


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("installed", ["openai = echo_protocol:Echo"], indirect=True)
def test_a_built_in_one_cannot_be_replaced() -> None:
    """Not even by a distribution that uses its name."""
    assert protocol_names() == tuple(BUILT_IN)
    assert protocol_named("openai") is BUILT_IN["openai"]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("installed", ["echo = echo_protocol:Gone", "echo = nowhere:Echo"], indirect=True)
def test_a_broken_distribution_is_told() -> None:
    """With its own error, and only to whoever wants it."""
    assert "echo" in protocol_names()
    with pytest.raises(UsageError, match=r"'echo' cannot be loaded: (AttributeError|ModuleNotFoundError)"):
        protocol_named("echo")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("installed", ["echo = nowhere:Echo"], indirect=True)
def test_a_configuration_that_uses_a_broken_one_is_refused() -> None:
    """Where it stands, so that it is seen before anything starts."""
    with pytest.raises(ConfigError) as told:
        loads(CONFIGURATION, Path("/"))
    assert [problem.path for problem in told.value.problems] == ["endpoints[0].protocol"]
    assert "ModuleNotFoundError: No module named 'nowhere'" in told.value.problems[0].message


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    """So that a typo is seen."""
    with pytest.raises(UsageError, match="unknown protocol 'opnai'") as told:
        protocol_named("opnai")
    assert "openai, anthropic" in (told.value.hint or "")


def test_a_configuration_uses_it(tmp_path: Path) -> None:
    """From the file to the request that would go out, in a process that finds the distribution by itself."""
    configuration = tmp_path / "relaywatch.toml"
    configuration.write_text(CONFIGURATION)
    (tmp_path / "site").mkdir()
    site = distribution(tmp_path / "site", "echo = echo_protocol:Echo")
    run = subprocess.run(
        [sys.executable, "-c", ASK_FOR_IT, str(configuration)],
        input=CONFIGURATION,
        env={"PYTHONPATH": f"{site}:{Path.cwd()}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "https://gw.example.test/echoes/m\n", run.stderr
