"""From a file to a configuration, or to every problem in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config import load as load_module
from monitor.config.load import Loaded, find_path, load
from monitor.errors import ConfigError, Problem, UsageError

BAD = Path(__file__).parents[2] / "config"
LoadText = Callable[[str], Loaded]
VALID = '[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\n'


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.toml")))
def test_each_bad_file_gives_its_message(name: str) -> None:
    """Every kind of mistake has a file, and beside it what a person is told."""
    with pytest.raises(ConfigError) as caught:
        load(BAD / f"{name}.toml")
    told = "".join(f"{problem}\n" for problem in caught.value.problems)
    assert told == (BAD / f"{name}.expected.txt").read_text(encoding="utf-8")


def test_no_bad_file_shows_a_secret() -> None:
    """The secrets that the bad files contain stand in none of the messages."""
    told = "".join(path.read_text(encoding="utf-8") for path in BAD.glob("*.expected.txt"))
    assert "hunter2" not in told
    assert "0123456789" not in told


def test_ten_mistakes_are_told_at_once() -> None:
    """Nobody has to correct one problem to learn of the next."""
    with pytest.raises(ConfigError) as caught:
        load(BAD / "ten_mistakes.toml")
    assert len(caught.value.problems) == 10
    assert caught.value.exit_code == 2


def test_the_path_and_value_of_a_problem(problems_of: Callable[[str], list[str]]) -> None:
    """A problem names the TOML path and the value as it stands in the file."""
    models = 'models = ["a", "b", { id = "c", timeout = 5 }]\n'
    assert problems_of(VALID + models) == [
        'endpoints[0].models[2].timeout: a bare number has no unit; write a duration such as "5s" (is 5)',
    ]


def test_a_file_that_is_absent_names_the_way_to_get_one(tmp_path: Path) -> None:
    """The commonest first mistake has a hint."""
    with pytest.raises(ConfigError, match="relaywatch init"):
        load(tmp_path / "relaywatch.toml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    """Whatever the system refuses is one message."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_bytes_that_are_not_utf_8_are_placed(tmp_path: Path) -> None:
    """An editor's old encoding is told with its line."""
    path = tmp_path / "relaywatch.toml"
    path.write_bytes(b'language = "en"\n# \xff\n')
    with pytest.raises(ConfigError, match="line 2: is not UTF-8"):
        load(path)


def test_deep_nesting_is_a_message(problems_of: Callable[[str], list[str]]) -> None:
    """A hostile file does not end in a traceback."""
    assert problems_of("a = " + "[" * 20_000) == ["the file: is nested too deeply"]


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """Windows editors write one."""
    path = tmp_path / "relaywatch.toml"
    path.write_bytes(b"\xef\xbb\xbf" + VALID.encode())
    assert load(path).config.endpoints[0].name == "gw"


def test_relative_paths_start_beside_the_file(tmp_path: Path) -> None:
    """Wherever the command is called from."""
    path = tmp_path / "relaywatch.toml"
    path.write_text(VALID + 'ca_file = "ca.pem"\n')
    loaded = load(path)
    assert loaded.base_dir == tmp_path
    assert loaded.config.endpoints[0].ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(("count", "expected"), [(0, "there are none"), (1, "there is only one"), (2, None)])
def test_too_few_channels_are_a_warning(load_text: LoadText, count: int, expected: str | None) -> None:
    """Somebody must be told, also while one channel fails."""
    channels = "".join(f'[[channels]]\nname = "c{number}"\ntype = "console"\n' for number in range(count))
    warnings = load_text(VALID + channels).warnings
    assert [expected in str(warning) for warning in warnings] == [True] * len(warnings) if expected else not warnings


def test_what_is_off_in_this_version_may_be_said(load_text: LoadText) -> None:
    """A value that means "off" is fine for an option that is not built."""
    off = """
    [defaults]
    stream = false
    public = false
    [connectivity]
    targets = []
    [alerting]
    group_wait = "0s"
    flapping = false
    reminder = "0s"
    """
    config = load_text(off + VALID + "tags = []\n").config
    assert not config.alerting.flapping
    assert config.alerting.group_wait_s == 0


def test_zero_switches_off_where_it_may(load_text: LoadText) -> None:
    """Slow answers and the grace for loading may be switched off."""
    defaults = load_text('[defaults]\nslow_after = "0s"\nloading_grace = "0s"\n' + VALID).config.defaults
    assert (defaults.slow_after_s, defaults.loading_grace_s) == (0, 0)


def test_a_value_beyond_a_default_timeout_is_a_warning(load_text: LoadText) -> None:
    """Only two values set against each other are an error."""
    warnings = load_text('[defaults]\nslow_after = "20s"\n' + VALID).warnings
    assert warnings[-1].path == "defaults.slow_after"
    assert "set timeout too" in warnings[-1].message


def test_a_model_has_no_model_list(load_text: LoadText) -> None:
    """An override without effect is told."""
    loaded = load_text(VALID + 'models = [{ id = "m", models_interval = "5s" }]\n')
    assert loaded.warnings[-1].path == "endpoints[0].models[0].models_interval"


def test_the_order_in_which_a_configuration_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option, the variable, the working folder, the system."""
    monkeypatch.chdir(tmp_path)
    system = tmp_path / "system.toml"
    monkeypatch.setattr(load_module, "SYSTEM_PATH", system)
    environ = {"RELAYWATCH_CONFIG": "named.toml"}
    assert find_path(Path("option.toml"), environ) == Path("option.toml")
    assert find_path(None, environ) == Path("named.toml")
    with pytest.raises(UsageError, match="no configuration") as caught:
        find_path(None, {})
    assert "relaywatch init" in str(caught.value.hint)
    system.touch()
    assert find_path(None, {"RELAYWATCH_CONFIG": ""}) == system
    (tmp_path / "relaywatch.toml").touch()
    assert find_path(None, {}) == Path("relaywatch.toml")


def test_a_problem_reads_well() -> None:
    """Path, message, value."""
    assert str(Problem("a[0].b", "is wrong", "5")) == "a[0].b: is wrong (is 5)"
