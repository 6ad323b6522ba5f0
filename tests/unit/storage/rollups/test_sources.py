"""How finer roll-ups become coarser ones."""

import pytest

from monitor.clock import US_PER_S
from monitor.domain.tally import Tally
from monitor.storage.rollup_tables import Level
from monitor.storage.rollups.sources import folded

FIVE_MINUTES_US = 300 * US_PER_S


@pytest.mark.parametrize(
    ("costs", "expected"),
    [((7, 5), 12), ((None, 5), None), ((7, None), 7), ((None, None), None), ((0, 0), 0), ((3, None, 5), None)],
)
def test_what_was_used_before_its_price_was_known_leaves_the_cost_of_the_whole_unknown(
    costs: tuple[int | None, ...], expected: int | None
) -> None:
    """Whoever reads it counts all of it at the price known then; a price that was taken away takes nothing with it."""
    parts = {
        (1, number * FIVE_MINUTES_US): Tally(answered=1, input_tokens=10, cost_nusd=cost)
        for number, cost in reversed(list(enumerate(costs)))
    }
    hour = folded(parts, Level.HOUR)[1, 0]
    assert (hour.cost_nusd, hour.input_tokens) == (expected, 10 * len(costs))


def test_where_nothing_was_used_nothing_is_unknown() -> None:
    """A model list, or five minutes of refused connections, have no cost."""
    parts = {(1, 0): Tally(due=3), (1, FIVE_MINUTES_US): Tally(uncounted=2, cost_nusd=4)}
    assert folded(parts, Level.HOUR)[1, 0].cost_nusd == 4
