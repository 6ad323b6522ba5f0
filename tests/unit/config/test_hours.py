"""Times of the week as people write them."""

from collections.abc import Callable

import pytest

from monitor.alerting.audience import Hours
from monitor.config.effective import effective_table
from monitor.config.load import Loaded
from monitor.config.routing import routes_of

WithEndpoint = Callable[[str], Loaded]
CHANNEL = '[[channels]]\nname = "ops"\ntype = "console"\n'


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ('{ days = ["mon-fri"], from = "09:00", to = "18:00" }', Hours(frozenset(range(5)), 540, 1080)),
        ('{ days = "sat-mon" }', Hours(frozenset({5, 6, 0}), 0, 1440)),
        ('{ days = ["Sunday", "wed-wed"], to = "24:00" }', Hours(frozenset({6, 2}), 0, 1440)),
        ('[{ from = "22:00", to = "06:30" }]', Hours(frozenset(range(7)), 1320, 390)),
        ('{ days = "mon-sun", to = "00:00" }', Hours(frozenset(range(7)), 0, 0)),
    ],
)
def test_hours(with_endpoint: WithEndpoint, text: str, hours: Hours) -> None:
    """Ranges may run over Sunday, spans over midnight."""
    config = with_endpoint(f"{CHANNEL}hours = {text}\n").config
    assert routes_of(config)["ops"].hours == (hours,)


def test_hours_are_shown_as_they_would_be_written(with_endpoint: WithEndpoint) -> None:
    """Days by name, times with two digits."""
    config = with_endpoint(CHANNEL + 'hours = { days = "sat-mon", from = "09:05" }\n').config
    assert effective_table(config)["channels"][0]["hours"] == [
        {"days": ["mon", "sat", "sun"], "from": "09:05", "to": "24:00"}
    ]
