"""What is said of a change of the configuration."""

import pytest

from monitor.app.changes import Refusal
from monitor.errors import ConfigError, Problem, RelayWatchError, StorageError, UsageError


@pytest.mark.parametrize(
    ("error", "is_fault_of_database", "text"),
    [
        (ConfigError("f.toml", [Problem("web", "is wrong")]), False, "web: is wrong"),
        (
            ConfigError("f.toml", [Problem("web", "is wrong", "3"), Problem("a", "b"), Problem("c", "d")]),
            False,
            "web: is wrong (is 3) (and 2 more)",
        ),
        (ConfigError("f.toml", []), False, "f.toml: 0 problems"),
        (UsageError("the CA file is gone"), False, "the CA file is gone"),
        (StorageError("the disk is full", hint="free some"), True, "the disk is full"),
    ],
)
def test_a_refusal_in_one_line(error: RelayWatchError, text: str, *, is_fault_of_database: bool) -> None:
    """The first problem, how many more there are, and whose fault it is."""
    refusal = Refusal.of(error)
    assert (str(refusal), refusal.is_fault_of_database) == (text, is_fault_of_database)
