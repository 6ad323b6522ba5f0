"""Budgets that cannot hold what the intervals ask for are told of before a probe waits."""

from pathlib import Path

import pytest

from monitor.config.load import loads

PLAIN = 'base_url = "https://gw.example.com/v1"\nmodels = ["a", { id = "b", interval = "10s" }]\n'


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("requests_per_minute = 9", None),  # the list twice, a once, b six times
        ("requests_per_minute = 8", "endpoints[0].requests_per_minute: is less than the intervals here ask for (9)"),
        ("requests_per_minute = 8\ncheck_models = false", None),
        ("tokens_per_minute = 1000", None),
        ("tokens_per_minute = 100", "endpoints[0].tokens_per_minute: is less than the intervals here ask for (231)"),
        ("", None),
    ],
)
def test_what_the_intervals_ask_for(option: str, told: str | None) -> None:
    """Requests of the list and of every model; tokens at most."""
    loaded = loads(f'[[endpoints]]\nname = "gw"\n{PLAIN}{option}\n', Path())
    warnings = [str(one) for one in loaded.warnings if "per_minute" in one.path]
    assert [one.partition(": probes")[0] for one in warnings] == ([] if told is None else [told])
