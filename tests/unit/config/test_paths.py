"""Where the daemon's own files lie."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config.load import Loaded
from monitor.config.paths import control_candidates, control_path, sqlite_path
from monitor.errors import ConfigError

LoadText = Callable[[str], Loaded]
ENDPOINT = '[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\n'


@pytest.mark.parametrize(
    ("url", "expected"),
    [("sqlite:///r.db", "/etc/x/r.db"), ("sqlite:///d/r.db", "/etc/x/d/r.db"), ("sqlite:////var/r.db", "/var/r.db")],
)
def test_the_database_file(load_text: LoadText, url: str, expected: str) -> None:
    """Three slashes are beside the configuration, four are absolute."""
    config = load_text(f'[storage]\nurl = "{url}"\n{ENDPOINT}').config
    assert sqlite_path(config, Path("/etc/x")) == Path(expected)


def test_the_control_socket(load_text: LoadText) -> None:
    """In the service's runtime folder, else beside the configuration; an absolute path is taken as it is."""
    loaded = replace(load_text(ENDPOINT), base_dir=Path("/etc/x"))
    assert control_path(loaded, {}) == Path("/etc/x/control.sock")
    assert control_path(loaded, {"RUNTIME_DIRECTORY": "/run/a:/run/b"}) == Path("/run/a/control.sock")
    absolute = load_text('[web]\ncontrol = "/tmp/c.sock"\n' + ENDPOINT)
    assert control_path(absolute, {"RUNTIME_DIRECTORY": "/run/a"}) == Path("/tmp/c.sock")  # noqa: S108  not opened


def test_commands_find_the_service_from_a_shell(load_text: LoadText) -> None:
    """A shell lacks the service's environment."""
    loaded = load_text(ENDPOINT)
    assert control_candidates(replace(loaded, base_dir=Path("/srv")), {}) == (Path("/srv/control.sock"),)
    assert control_candidates(replace(loaded, base_dir=Path("/etc/relaywatch")), {}) == (
        Path("/etc/relaywatch/control.sock"),
        Path("/run/relaywatch/control.sock"),
    )


def test_a_socket_path_that_is_too_long_is_told(load_text: LoadText) -> None:
    """The system would only say that it is invalid."""
    loaded = replace(load_text(ENDPOINT), base_dir=Path("/" + "d" * 100))
    with pytest.raises(ConfigError, match="at most 107"):
        control_path(loaded, {})
