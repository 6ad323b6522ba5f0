"""A day of probing costs what was said before, and a cap keeps it below what may be spent."""

import pytest

from monitor.domain.caps import day_of
from monitor.domain.estimate import DAYS, Estimate, estimate, total
from monitor.domain.prices import NUSD_PER_USD
from monitor.domain.result import Status, Trigger
from monitor.domain.tokens import Average
from tests.virtual_day import MIDNIGHT_US, Day, example
from tests.virtual_time import in_virtual_time

UNCAPPED = example().replace("daily = 1.0 ", "daily = 0.0 ").replace("monthly = 25.0 ", "monthly = 0.0 ")


def said_nusd(told: Estimate, *, at_most: bool = True) -> float:
    """A day of the month that was told."""
    amount = total(line.most if at_most else line.expected for line in told.lines)
    assert amount.nusd is not None
    return amount.nusd / DAYS


def lived(day: Day, seconds: float = 86_400) -> Day:
    """The same, after so long."""
    in_virtual_time(day.live(seconds))
    return day


def test_a_day_of_the_example_costs_what_the_dry_run_said() -> None:
    """Within five percent, and not more, where every answer uses all that it may."""
    day = Day(example(), tokens=10_000)
    said = said_nusd(estimate(day.checks, day.prices))
    lived(day)
    spent = day.ended.all.month_nusd
    assert 0.95 * said <= spent <= 1.001 * said
    assert day.ended.held == ()
    assert day.count(Status.UP) == pytest.approx(3 * 1440, abs=6)
    written = sum(fact.cost_nusd or 0 for fact in day.ledger.facts.values())
    assert spent <= written <= 1.001 * spent


def test_a_day_of_short_answers_costs_what_an_hour_let_expect() -> None:
    """Without history the dry run says at most, which holds; with an hour of it, what it expects is true within 5 %."""
    hour = lived(Day(example()), 3600)
    averages = {
        fact.check: Average(fact.probes, fact.input_tokens / fact.probes, fact.output_tokens / fact.probes)
        for fact in hour.ledger.facts.values()
    }
    day = Day(example())
    told = estimate(day.checks, day.prices, averages)
    lived(day)
    assert day.ended.all.month_nusd == pytest.approx(said_nusd(told, at_most=False), rel=0.05)
    assert day.ended.all.month_nusd < said_nusd(told) / 2
    assert all(line.measured for line in told.lines)


@pytest.mark.parametrize("by_time_out", [True, False], ids=["time-outs", "errors"])
def test_what_an_outage_does_to_the_cost(*, by_time_out: bool) -> None:
    """Half an hour of six without answers: refusals cost nothing, a time-out may have cost all it could."""
    day = Day(UNCAPPED, tokens=10_000, down=(7200, 9000, by_time_out))
    plain = said_nusd(estimate(day.checks, day.prices)) / 4
    lived(day, 6 * 3600)
    ratio = day.ended.all.month_nusd / plain
    assert day.count(Status.UP, Trigger.CONFIRM) >= 3
    estimated = sum(fact.estimated for fact in day.ledger.facts.values())
    if by_time_out:
        assert estimated == day.count(Status.TIMEOUT) >= 3 * 30
        assert 0.98 <= ratio <= 1.03
    else:
        assert estimated == 0
        assert ratio == pytest.approx(1 - 0.5 / 6, abs=0.02)


def test_a_cap_is_never_exceeded_and_says_what_it_does() -> None:
    """Two days under a cap of ten cents: models are asked until it is spent, told once, and again after midnight."""
    text = example().replace("daily = 1.0 ", "daily = 0.1 ")
    day = lived(Day(text, tokens=10_000), 1.5 * 86_400)
    today = day_of(MIDNIGHT_US)
    cap = NUSD_PER_USD // 10
    for number in (today, today + 1):
        spent = sum(fact.cost_nusd or 0 for (when, _), fact in day.ledger.facts.items() if when == number)
        assert 0.99 * cap <= spent <= cap
    refused = [one for one in day.results if one.status is Status.UNKNOWN]
    assert {one.verdict.reason for one in refused} == {
        "not asked: the daily cap of $0.10 is spent; asked again at 00:00 UTC"
    }
    assert {one.trigger for one in refused} == {Trigger.ON_PHASE}
    assert [notice.title for notice in day.ledger.notices] == [
        "RelayWatch asks no models: a cost cap is spent",
        "RelayWatch asks models again",
        "RelayWatch asks no models: a cost cap is spent",
    ]
    assert day.desk.open_incidents == ()
    assert day.sent["holysheep/models"] == pytest.approx(1.5 * 2880, abs=3)
