"""Sums of what probes have used: prices that change, checks that are renamed, days that end."""

from monitor.app.accounts import Accounts
from monitor.clock import Moment
from monitor.domain.caps import US_PER_DAY, Spent
from monitor.domain.check import Check, CheckKind
from monitor.domain.prices import Price, Prices, PriceTable
from monitor.domain.renaming import Renaming
from monitor.domain.reply import Usage
from monitor.domain.result import Result, Status, Trigger, Verdict

TODAY = 20_778
CHEAP, DEAR = Prices(tables=(PriceTable({"m": Price(1, 1)}),)), Prices(tables=(PriceTable({"m": Price(3, 3)}),))
UNKNOWN = Prices()


def check(model: str = "m", endpoint: str = "gw") -> Check:
    """A chat check."""
    return Check(f"{endpoint}/chat/{model}", endpoint, CheckKind.CHAT, model, endpoint)


def result(of: Check, day: int = TODAY, second: int = 1, tokens: tuple[int, int] = (6, 4)) -> Result:
    """An answer with counts."""
    at = Moment(day * US_PER_DAY + second * 1_000_000, 0)
    return Result(of.id, at, at, Trigger.ON_PHASE, Verdict(Status.UP), 200, usage=Usage(*tokens))


def test_other_prices_make_the_open_days_worth_something_else() -> None:
    """The row of the day is written anew; what was without a price has one, and the other way round."""
    accounts = Accounts(UNKNOWN)
    accounts.note(check(), result(check()))
    assert accounts.spent("gw", TODAY) == Spent(0, 0)
    assert accounts.unpriced(TODAY) == 1
    assert [row.cost_nusd for row in accounts.unwritten()] == [None]
    accounts.reprice(DEAR)
    assert accounts.spent("gw", TODAY) == Spent(30_000, 30_000)
    assert accounts.unpriced(TODAY) == 0
    assert [row.cost_nusd for row in accounts.unwritten()] == [30_000]
    assert list(accounts.unwritten()) == []
    accounts.reprice(CHEAP)
    assert accounts.spent(None, TODAY).today_nusd == 10_000


def test_a_renamed_check_keeps_its_sums() -> None:
    """Its rows go on under the present name, and its endpoint's cap counts them."""
    accounts = Accounts(CHEAP)
    accounts.note(check(), result(check()))
    renaming = Renaming(endpoints={"gw": "relay"})
    accounts.rename(renaming)
    accounts.reprice(CHEAP)
    accounts.note(check(endpoint="relay"), result(check(endpoint="relay"), second=2))
    (row,) = accounts.unwritten()
    assert (row.check, row.probes, row.input_tokens) == ("relay/chat/m", 2, 12)
    assert accounts.spent("relay", TODAY).today_nusd == 20_000
    assert accounts.spent("gw", TODAY).today_nusd == 0


def test_a_day_that_is_over_stays_in_the_month_and_leaves_memory() -> None:
    """Two days later; only once it is written."""
    accounts = Accounts(CHEAP)
    for day in range(TODAY, TODAY + 3):
        accounts.note(check(), result(check(), day))
        accounts.close_days_before(day)
    assert accounts.spent(None, TODAY + 2) == Spent(10_000, 30_000)
    assert [row.day for row in accounts.unwritten()] == [TODAY, TODAY + 1, TODAY + 2]
    accounts.close_days_before(TODAY + 2)
    assert accounts.spent("gw", TODAY + 2) == Spent(10_000, 30_000)
    assert sorted(accounts._days) == [TODAY + 1, TODAY + 2]
    accounts.close_days_before(TODAY + 40)
    assert accounts.spent("gw", TODAY + 40) == Spent(0, 0)


def test_by_endpoint() -> None:
    """Each for itself."""
    accounts = Accounts(CHEAP)
    for endpoint in ("gw", "other", "gw"):
        accounts.note(check(endpoint=endpoint), result(check(endpoint=endpoint)))
    assert {name: spent.today_nusd for name, spent in accounts.by_endpoint(TODAY).items()} == {
        "gw": 20_000,
        "other": 10_000,
    }
