"""`relaywatch init`."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from monitor.cli.init import Options, begin, chosen, init
from monitor.cli.model_list import Listing
from monitor.config.draft import Draft, is_anthropic, name_for, text_of
from monitor.config.load import load, loads
from monitor.config.secrets import Secret
from monitor.errors import UsageError

URL = "https://api.holysheep.example/v1"
KEY = "gateway-key-0123456789"
MODELS = ("a/one", "a/two", "b/three")


class Upstream:
    """An endpoint that says `listing` and remembers how it was asked."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, base_url: str, key: Secret | None) -> Listing:
        """Answer."""
        self.asked.append((base_url, None if key is None else key.reveal()))
        return self.listing


@pytest.fixture
def upstream() -> Upstream:
    """An endpoint with three models."""
    return Upstream(Listing(MODELS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the configuration is written."""
    return tmp_path / "relaywatch.toml"


def _options(path: Path, **said: object) -> Options:
    usual = {"url": URL, "key_env": "GW_KEY", "models": ("a/one",), "name": None, "output": path}
    return Options(**{**usual, **said})  # type: ignore[arg-type]  # tests say what they mean


def _asked(upstream: Upstream, options: Options, answers: str, environ: dict[str, str]) -> str:
    """Run the questions with these answers; what stands on both streams."""
    app = typer.Typer()

    @app.command()
    def command() -> None:
        begin(options, environ, upstream)

    result = CliRunner().invoke(app, [], input=answers)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_everything_said_on_the_command_line(
    path: Path, upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    """No question; the file is valid, and the cost of a month is told in completions and tokens."""
    begin(_options(path, models=("a/one", "a/two")), {"GW_KEY": KEY}, upstream)
    endpoint = load(path).config.endpoints[0]
    assert (endpoint.name, endpoint.base_url) == ("holysheep", URL)
    assert [model.id for model in endpoint.models] == ["a/one", "a/two"]
    assert upstream.asked == [(URL, KEY)]
    said = capsys.readouterr()
    assert "86,400 completions, at most 1,382,400 output tokens" in said.out
    assert f"relaywatch check -c {path}" in said.out
    assert said.err == ""
    assert KEY not in path.read_text() + said.out


def test_everything_asked(path: Path, upstream: Upstream) -> None:
    """A wrong answer is asked for again; models are chosen by number or id."""
    options = _options(path, url=None, key_env=None, models=())
    said = _asked(upstream, options, f"htp://x\n{URL}/\n\n9\n2, b/three\n", {"HOLYSHEEP_API_KEY": KEY})
    assert "must begin with http" in said
    assert "the list has no '9'" in said
    assert "   3  b/three" in said
    endpoint = load(path).config.endpoints[0]
    assert str(endpoint.api_key) == '{ env = "HOLYSHEEP_API_KEY" }'
    assert [model.id for model in endpoint.models] == ["a/two", "b/three"]


def test_nobody_there_to_answer(path: Path, upstream: Upstream) -> None:
    """One message that names the options, instead of an abort."""
    with pytest.raises(UsageError, match="no answer") as caught:
        _asked(upstream, _options(path, models=()), "", {"GW_KEY": KEY})
    assert "--model" in str(caught.value.hint)
    assert not path.exists()


def test_a_list_that_cannot_be_read_is_no_obstacle(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The models named by hand are taken, and the reason is told."""
    begin(_options(path), {"GW_KEY": KEY}, Upstream(Listing(problem="AUTH_ERROR: refused")))
    assert "AUTH_ERROR: refused" in capsys.readouterr().err
    assert load(path).config.endpoints[0].check_models


def test_an_endpoint_without_a_list_is_not_asked_for_it(path: Path) -> None:
    """A 404 switches that check off; ids are asked for by hand."""
    upstream = Upstream(Listing(problem="CLIENT_ERROR: 404", is_absent=True))
    _asked(upstream, _options(path, models=()), "my-model\n", {"GW_KEY": KEY})
    endpoint = load(path).config.endpoints[0]
    assert not endpoint.check_models
    assert [model.id for model in endpoint.models] == ["my-model"]


def test_a_key_that_is_not_set_yet(path: Path, upstream: Upstream, capsys: pytest.CaptureFixture[str]) -> None:
    """The list is asked for without it, and the next step says to set it."""
    begin(_options(path), {}, upstream)
    said = capsys.readouterr()
    assert "GW_KEY is not set" in said.err
    assert "export GW_KEY=..." in said.out
    assert upstream.asked == [(URL, None)]


def test_a_doubtful_key_and_an_unknown_model_are_told(
    path: Path, upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before they cost an hour."""
    begin(_options(path, models=("a/own",)), {"GW_KEY": "Bearer " + KEY}, upstream)
    said = capsys.readouterr().err
    assert "Bearer" in said
    assert "does not have 'a/own'" in said


@pytest.mark.parametrize("key_env", ["", "none"])
def test_no_key(path: Path, upstream: Upstream, key_env: str) -> None:
    """An endpoint on this machine often has none."""
    begin(_options(path, key_env=key_env), {}, upstream)
    assert load(path).config.endpoints[0].api_key is None


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"url": "gw.example.com"}, "must begin with http"),
        ({"key_env": "my-key"}, "not the name of an environment variable"),
        ({"key_env": "gsk_0123456789abcdefghij"}, "looks like the secret itself"),
        ({"name": "My Gateway"}, "lower-case"),
    ],
)
def test_a_wrong_option_is_one_message(path: Path, upstream: Upstream, said: dict[str, str], message: str) -> None:
    """And nothing is written."""
    with pytest.raises(UsageError, match=message) as caught:
        begin(_options(path, **said), {}, upstream)
    assert caught.value.exit_code == 2
    assert "0123456789" not in str(caught.value)
    assert not path.exists()


def test_a_file_is_replaced_only_by_force(path: Path, upstream: Upstream) -> None:
    """Nor is anybody asked before that is clear."""
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        begin(_options(path), {}, upstream)
    assert path.read_text() == "mine"
    assert upstream.asked == []
    begin(_options(path, force=True), {"GW_KEY": KEY}, upstream)
    assert load(path).config.endpoints
    assert [file.name for file in path.parent.iterdir()] == ["relaywatch.toml"]


def test_a_folder_that_is_not_there(tmp_path: Path, upstream: Upstream) -> None:
    """One message."""
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        begin(_options(tmp_path / "no" / "x.toml"), {"GW_KEY": KEY}, upstream)


def test_the_command_itself(path: Path, monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> None:
    """Its options reach the questions."""
    monkeypatch.setattr("monitor.cli.model_list.read_models", upstream)
    app = typer.Typer()
    app.command()(init)
    arguments = ["--url", URL, "--key-env", "", "--model", "x", "--model", "y", "--name", "own", "-o", str(path)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    endpoint = load(path).config.endpoints[0]
    assert (endpoint.name, [model.id for model in endpoint.models]) == ("own", ["x", "y"])


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.holysheep.ai/v1", "holysheep"),
        ("http://localhost:8000", "local"),
        ("http://10.0.0.1/v1", "gateway"),
        ("http://[fd00::1]/v1", "gateway"),
        ("https://my_host.example", "myhost"),
        ("https://한국.example", "gateway"),
    ],
)
def test_a_name_from_the_url(url: str, name: str) -> None:
    """Short, telling, and valid."""
    assert name_for(url) == name
    draft = Draft(name, url, "", ('odd "id" \\ 모델',), check_models=True)
    assert loads(text_of(draft), Path("/")).config.endpoints[0].models[0].id == 'odd "id" \\ 모델'


def test_what_may_be_chosen() -> None:
    """Numbers of the list, ids, each once."""
    assert chosen("1, a/one ,3", MODELS) == ("a/one", "b/three")
    assert chosen("by-hand, other", ()) == ("by-hand", "other")
    for answer in ("0", "4", "a/four", " , "):
        with pytest.raises(UsageError):
            chosen(answer, MODELS)


def test_another_protocol_is_written_and_told(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the endpoint was seen to speak stands in the file."""
    upstream = Upstream(Listing(("claude-x",), protocol="anthropic"))
    begin(_options(path, url="https://api.anthropic.com", models=("claude-x",)), {"GW_KEY": KEY}, upstream)
    endpoint = load(path).config.endpoints[0]
    assert (endpoint.name, endpoint.protocol) == ("anthropic", "anthropic")
    assert 'protocol = "anthropic"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [
        ("https://api.anthropic.com", True),
        ("https://api.anthropic.com/v1", True),
        ("https://anthropic.com", True),
        ("https://api.notanthropic.com", False),
        ("https://anthropic.com.example.org", False),
    ],
)
def test_the_address_of_anthropic(url: str, is_theirs: bool) -> None:  # noqa: FBT001  a parameter of the test
    """Known without asking, and no other is taken for it."""
    assert is_anthropic(url) is is_theirs
