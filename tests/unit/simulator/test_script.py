"""Reading scripts: what is right, and every problem of what is wrong."""

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.simulator.faults import FaultKind
from monitor.simulator.script import MAX_BYTES, load_script, parse_script

GOOD = """
seed = 7
[model_list]
latency = "20ms"
hidden = ["b"]
[[models]]
id = "a"
latency = { p50 = "100ms", p95 = "300ms" }
refuses_max_tokens = true
[[models.faults]]
from = "5s"
until = "1m"
kind = "rate_limit"
limit = 3
window = "10s"
headers = { via = "edge" }
[[models]]
id = "b"
"""


def problems(text: str) -> dict[str, str]:
    """Path and message of each problem in a script."""
    with pytest.raises(ConfigError) as caught:
        parse_script(text)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_a_script_is_read_whole() -> None:
    """Every option arrives where it belongs, durations in seconds."""
    script = parse_script(GOOD)
    fault = script.models[0].faults[0]
    assert (script.seed, script.model_list.hidden, script.models[0].refuses_max_tokens) == (7, ("b",), True)
    assert (fault.kind, fault.begin_s, fault.until_s, fault.limit, fault.window_s) == (
        FaultKind.RATE_LIMIT, 5.0, 60.0, 3, 10.0,
    )  # fmt: skip
    assert fault.headers == {"via": "edge"}


def test_every_problem_is_told_at_once_with_its_path() -> None:
    """Ten mistakes are ten problems."""
    found = problems(
        """
        bogus = 1
        repeat = "0s"
        [model_list]
        latency = "20"
        [[model_list.faults]]
        kind = "empty_choices"
        [[models]]
        id = "a"
        latncy = "1s"
        [[models.faults]]
        kind = "hang"
        status = 500
        [[models.faults]]
        kind = "statu"
        [[models.faults]]
        kind = "slow"
        from = "5s"
        until = "3s"
        [[models]]
        id = "a"
        """
    )
    assert found.keys() == {
        "bogus",
        "repeat",
        "model_list.latency",
        "model_list.faults",
        "models[0].latncy",
        "models[0].faults[0].status",
        "models[0].faults[1].kind",
        "models[0].faults[2].latency",
        "models[0].faults[2].until",
        "models[1].id",
    }
    assert "latency" in found["models[0].latncy"]
    assert '"status"' in found["models[0].faults[1].kind"]


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("models = []", "models", "at least one model"),
        ("", "models", "is required"),
        ("seed = ", "the file", "is not TOML"),
        ('[[models]]\nid = ""', "models[0].id", "printable"),
        ('[[models]]\nid = "a\\u0000"', "models[0].id", "printable"),
        ('[[models]]\nid = "a"\nfaults = [{ kind = "body" }]', "models[0].faults[0].body", "is required"),
        ('[[models]]\nid = "a"\nfaults = [{ kind = "status", status = 99 }]', "models[0].faults[0].status", "200"),
        ('[[models]]\nid = "a"\nlisted_from = "5s"\nlisted_until = "5s"', "models[0].listed_until", "after"),
        ('[[models]]\nid = "a"\nprotocols = ["grpc"]', "models[0].protocols[0]", "openai"),
        ('[[models]]\nid = "a"\ntokens = 0', "models[0].tokens", "0"),
        ('[[models]]\nid = "a"\n[balance]\namount = -1', "balance.amount", "0"),
        ('[[models]]\nid = "a"\nfaults = [{ kind = "stream_cut", after = -1 }]', "models[0].faults[0].after", "0"),
        ('[[models]]\nid = "a"\nfaults = [{ kind = "hang", after = 1 }]', "models[0].faults[0].after", "no meaning"),
        ('[[models]]\nid = "a"\nfaults = [{ kind = "hang", probability = 0 }]', "models[0].faults[0].probability", "0"),
    ],
)
def test_one_mistake_is_one_problem(text: str, path: str, message: str) -> None:
    """The message says what is wrong, the path where."""
    found = problems(text)
    assert found.keys() == {path}
    assert message in found[path]


def test_a_file_that_cannot_be_read_is_one_clear_problem(tmp_path: Path) -> None:
    """Missing, not text, too large: each says so and names the file."""
    binary, large = tmp_path / "binary", tmp_path / "large"
    binary.write_bytes(b"\xff\xfe")
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    for path, message in ((tmp_path / "none", "No such file"), (binary, "not UTF-8"), (large, "larger than")):
        with pytest.raises(ConfigError, match=message) as caught:
            load_script(path)
        assert caught.value.source == str(path)
        assert caught.value.exit_code == 2


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """A byte order mark is no obstacle."""
    path = tmp_path / "script.toml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_script(path) == parse_script(GOOD)
