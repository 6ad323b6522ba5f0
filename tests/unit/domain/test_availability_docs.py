"""Each worked example of docs/availability.md, computed with the program's own code."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.clock import US_PER_S, from_iso, iso
from monitor.domain.availability import Rhythm
from monitor.domain.downtime import Observed, Outage, reliability
from monitor.domain.sketch import RELATIVE_ERROR
from monitor.domain.stretches import SINGLE, Kept, midnight_us, months, plan
from monitor.domain.tally import Tally, Timing

PAGE = Path(__file__).parents[3] / "docs" / "availability.md"
HOUR_US, MINUTE_US = 3600 * US_PER_S, 60 * US_PER_S


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    """Every box of the page."""
    return tomllib.loads("\n".join(re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)))


def test_every_example_is_held(examples: dict[str, Any]) -> None:
    """A new box needs a test here."""
    assert set(examples) == {
        *("availability", "coverage", "percentile", "downtime", "reliability", "month", "shrunk"),
    }


def test_availability(examples: dict[str, Any]) -> None:
    """Of counted on-phase results."""
    told = examples["availability"]
    successes = told["up"] + told["degraded"]
    counted = successes + told["timeout"] + told["server_error"]
    assert counted == told["counted"]
    assert Tally(counted=counted, successes=successes).availability == told["percent"]


def test_coverage(examples: dict[str, Any]) -> None:
    """Of what was due, maintenance left out."""
    told = examples["coverage"]
    step_us, end_us = told["interval_s"] * US_PER_S, told["hours"] * HOUR_US
    assert Rhythm(0, step_us, step_us, end_us).due(0, end_us) == told["due"]
    counted = told["due"] - told["maintenance"] - told["unknown"] - told["missed"]
    assert counted == told["counted"]
    assert Tally(due=told["due"], excused=told["maintenance"], counted=counted).coverage == told["percent"]


def test_percentiles(examples: dict[str, Any]) -> None:
    """By nearest rank, within the error that the page states."""
    told = examples["percentile"]
    ordered = sorted(told["latencies_ms"])
    assert ordered[told["rank_p50"] - 1] == told["exact_p50_ms"]
    assert told["largest_error"] == RELATIVE_ERROR
    found = Timing.of([round(10 * ms) for ms in ordered]).percentiles_ms((0.5, 0.95))
    assert found == pytest.approx((told["exact_p50_ms"], told["exact_p95_ms"]), rel=RELATIVE_ERROR)
    exact = Timing.of([1, 20, 48]).percentiles_ms((0.3, 0.6, 1.0))
    assert exact == (0.1, 2.0, 4.8)
    assert "Up to 4.8 ms values are exact" in PAGE.read_text(encoding="utf-8")


def test_downtime(examples: dict[str, Any]) -> None:
    """The part of outages in the period, each moment once."""
    told = examples["downtime"]
    outages = [
        Outage(number, round(since * HOUR_US), round(until * HOUR_US))
        for number, (since, until) in enumerate(told["outages_h"])
    ]
    found = reliability(outages, Observed(0, round(told["period_h"] * HOUR_US)))
    assert (found.incidents, found.downtime_us / HOUR_US) == (told["incidents"], told["downtime_h"])


def test_recovery_and_nines(examples: dict[str, Any]) -> None:
    """From three outages of a month."""
    told, outages, at_us = examples["reliability"], [], 0
    for number, minutes in enumerate(told["outages_min"]):
        length_us = round(minutes * MINUTE_US)
        outages.append(Outage(number, at_us, at_us + length_us, "model", length_us))
        at_us += 100 * HOUR_US
    found = reliability(outages, Observed(0, round(told["observed_h"] * HOUR_US)))
    assert found.mttr_us == told["mttr_min"] * MINUTE_US
    assert found.mtbf_us == told["mtbf_h"] * HOUR_US
    assert found.downtime_us == told["downtime_min"] * MINUTE_US
    assert found.nines == told["nines"]


def test_a_calendar_month(examples: dict[str, Any]) -> None:
    """In its time zone, with the hour that comes twice."""
    told = examples["month"]
    zone, (year, month) = ZoneInfo(told["timezone"]), map(int, told["name"].split("-"))
    ((name, first, following),) = months(date(year, month, 1), 1)
    since_us, until_us = midnight_us(first, zone), midnight_us(following, zone)
    assert (name, iso(since_us), iso(until_us)) == (told["name"], told["begins"], told["ends"])
    assert (until_us - since_us) / HOUR_US == told["hours"]


def test_a_period_that_shrinks(examples: dict[str, Any]) -> None:
    """To whole hours, where only those are left; to nothing less, while five minutes are."""
    told = examples["shrunk"]
    since_us, until_us = from_iso(told["since"]), from_iso(told["until"])
    far_us = until_us + 90 * 24 * HOUR_US
    days, hours = Kept(24 * HOUR_US, 0, far_us), Kept(HOUR_US, 0, far_us)
    spans = plan(since_us, until_us, [days, hours, Kept(5 * MINUTE_US, far_us, far_us), Kept(SINGLE, far_us)])
    assert iso(spans[0].since_us) == told["told_by_hours_since"]
    assert iso(spans[-1].until_us) == told["told_by_hours_until"]
    spans = plan(since_us, until_us, [days, hours, Kept(5 * MINUTE_US, 0, far_us), Kept(SINGLE, far_us)])
    assert (spans[0].since_us, spans[-1].until_us) == (since_us, until_us)
