"""Times as people write them, and names that were perhaps meant."""

import pytest

from monitor.cli.options import moment_us, nearest_names
from monitor.errors import UsageError

NOON_US = 1_795_262_400_000_000  # 2026-11-21T12:00:00Z


@pytest.mark.parametrize(
    ("text", "before_noon_s"),
    [
        ("24h", 86_400),
        ("90s", 90),
        ("2026-11-21T12:00:00Z", 0),
        ("2026-11-21T11:59:59.500Z", 0.5),
        ("2026-11-21T21:00:00+09:00", 0),
        ("2026-11-21T20:59:00", 60),
        ("2026-11-21", 21 * 3600),
        (f"{'9' * 30}d", NOON_US / 1_000_000),
        ("0001-01-01", NOON_US / 1_000_000),
    ],
)
def test_a_time_as_people_write_it(text: str, before_noon_s: float) -> None:
    """ISO 8601, in the configured zone unless it says otherwise, or how long ago."""
    assert moment_us(text, "--since", NOON_US, "Asia/Seoul") == NOON_US - round(before_noon_s * 1_000_000)


@pytest.mark.parametrize("text", ["", "yesterday", "24", "2026-13-01", "-5m"])
def test_what_is_no_time_is_said_so(text: str) -> None:
    """With the option's name and an example."""
    with pytest.raises(UsageError, match="--since") as caught:
        moment_us(text, "--since", NOON_US, "UTC")
    assert caught.value.hint is not None


def test_the_nearest_names() -> None:
    """At most three; something even where nothing is near."""
    assert nearest_names("gw/chat/opus", ["gw/models", "gw/chat/opus-4", "x"]).startswith("nearest: gw/chat/opus-4")
    assert nearest_names("zzz", ["b", "a"]) == "nearest: a, b"
    assert nearest_names("zzz", []) == "none is known"
