"""`[deadman]`, and the addresses behind it."""

from pathlib import Path

import pytest

from monitor.config.access import resolve_access
from monitor.config.effective import effective_table, to_toml
from monitor.config.load import Loaded, loads
from monitor.errors import ConfigError

ENDPOINT = '[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\n'
PING = "https://hc.example.com/ping/5f8d3b1e-0000"


def loaded(table: str) -> Loaded:
    """A configuration with this table."""
    return loads(f"[deadman]\n{table}\n{ENDPOINT}", Path("/nowhere"))


def test_without_the_table_there_is_no_switch() -> None:
    """The default."""
    config = loads(ENDPOINT, Path("/nowhere"))
    assert config.config.deadman is None
    assert resolve_access(config, {}).deadman is None


def test_the_address_may_be_a_secret() -> None:
    """Then it is hidden wherever it might be shown."""
    access = resolve_access(loaded('url = { env = "PING" }'), {"PING": PING})
    assert access.deadman is not None
    assert (access.deadman.url.reveal(), access.deadman.interval_s, access.deadman.timeout_s) == (PING, 60.0, 10.0)
    assert "5f8d3b1e-0000" in access.secrets()
    assert "5f8d3b1e" not in repr(access)


def test_a_secret_that_is_no_address_is_a_problem() -> None:
    """Found when secrets are read, since nobody could see it before."""
    with pytest.raises(ConfigError, match=r"deadman\.url: the secret must begin with http"):
        resolve_access(loaded('url = { env = "PING" }'), {"PING": "5f8d3b1e"})


def test_a_switch_on_a_watched_host_is_doubtful() -> None:
    """When that host goes, nobody is left to tell that RelayWatch went with it."""
    access = resolve_access(loaded('url = "https://gw.example.com/ping/1"'), {})
    assert [warning.path for warning in access.warnings] == ["deadman.url"]
    assert resolve_access(loaded(f'url = "{PING}"'), {}).warnings == ()


def test_what_is_shown_loads_alike() -> None:
    """`config show` writes what holds."""
    config = loaded(f'url = "{PING}"\ninterval = "5m"').config
    assert loads(to_toml(effective_table(config)), Path("/nowhere")).config.deadman == config.deadman
