"""What page, metrics and the daemon's row say of money."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.alerting.texts import Voice
from monitor.domain.action import Language
from monitor.domain.caps import Cap, Caps, Reached, Span, SpendingNow, Spent
from monitor.web.metrics import Metrics
from monitor.web.money import caps_told, money_told
from monitor.web.rows import daemon_row

if TYPE_CHECKING:
    from tests.unit.web.conftest import FakeLedger

USD = 1_000_000_000
HELD = Reached("gw", Span.DAILY, USD, 20_779)
SPENDING = SpendingNow(
    Spent(USD, 3 * USD),
    {"gw": Spent(USD, 2 * USD), "other": Spent(0, USD)},
    Caps(Cap(None, 25 * USD), {"gw": Cap(USD)}),
    held=(HELD, Reached(None, Span.MONTHLY, 25 * USD, 20_788)),
)


@pytest.mark.parametrize("language", list(Language))
def test_the_page_has_a_line_and_says_which_cap_holds(voice: Callable[[Language], Voice], language: Language) -> None:
    """In both languages, with amounts and the time in the reader's zone."""
    line = money_told(SPENDING, voice(language))
    assert line is not None
    assert "$1.00" in line
    assert "$3.00" in line
    told = list(caps_told(SPENDING, voice(language)))
    assert [one.startswith("gw: ") for one in told] == [True, False]
    assert all("09:00" in one for one in told)  # midnight UTC in Seoul
    assert "$25.00" in told[1]


def test_the_line_is_honest(voice: Callable[[Language], Voice]) -> None:
    """What has no price makes it "at least"; where nothing was spent, nothing is said."""
    some = SpendingNow(Spent(USD, USD), {}, Caps(), unpriced=2)
    assert "at least $1.00" in (money_told(some, voice(Language.EN)) or "")
    assert money_told(SpendingNow(Spent(), {}, Caps()), voice(Language.EN)) is None
    assert list(caps_told(None, voice(Language.EN))) == []


def test_the_metrics(ledger: "FakeLedger") -> None:
    """Dollars by endpoint; a cap and whether it is spent, by endpoint and span."""
    metrics = Metrics()
    metrics.watch_spending(lambda: SPENDING)
    body, _ = metrics.render(metrics.sample(ledger, {}))
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert found["relaywatch_spending_today_usd", "gw"] == 1.0
    assert found["relaywatch_spending_month_usd", "other"] == 1.0
    assert found["relaywatch_cost_cap_usd", "", "monthly"] == 25.0
    assert found["relaywatch_cost_cap_usd", "daily", "gw"] == 1.0
    assert found["relaywatch_cost_cap_reached", "daily", "gw"] == 1.0
    assert found["relaywatch_cost_cap_reached", "", "monthly"] == 1.0
    assert found["relaywatch_spending_unpriced_checks",] == 0.0


def test_the_daemons_row(ledger: "FakeLedger") -> None:
    """Dollars, and why models are not asked."""
    row = daemon_row(1, ledger, {}, SPENDING)
    assert (row["spent_today"], row["spent_month"]) == (1.0, 3.0)
    assert row["caps_spent"][0] == (
        "not asked: the daily cap of this endpoint of $1.00 is spent; asked again at 00:00 UTC"
    )
