"""From a database to the facts: bars made of whole points, evidence of outages, and the period that can be told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.cli.report_html.facts import Facts, Subject
from monitor.cli.report_html.figures import total
from monitor.cli.report_html.gather import gather, is_comparable
from monitor.clock import US_PER_S, Moment, SystemClock
from monitor.config.load import load
from monitor.storage.reader import Reader
from monitor.storage.reports.figures import Period
from monitor.storage.reports.report import Asked
from monitor.storage.sqlite.database import SqliteDatabase

CHAT = "gw/chat/openai/gpt-4.1"


@pytest.fixture
def now() -> Moment:
    """The present, at which the history ends."""
    return SystemClock().now()


@pytest.fixture
def reader(recorded: Path) -> Iterator[Reader]:
    """Of a database with ten minutes of history: one check up, one down, one never probed."""
    with Reader(SqliteDatabase(recorded / "relaywatch.db")) as opened:
        yield opened


def gathered(reader: Reader, recorded: Path, now: Moment, length_s: float = 3600) -> Facts:
    """The facts of the time until now."""
    period = Period("1h", now.wall_us - round(length_s * US_PER_S), now.wall_us)
    return gather(reader, period, load(recorded / "relaywatch.toml").config, Asked(), now)


def of(facts: Facts, check: str | None, endpoint: str = "gw") -> Subject:
    """One subject."""
    (found,) = [one for one in facts.subjects if (one.row["check"], one.endpoint) == (check, endpoint)]
    return found


def test_bars_and_curves_count_what_the_row_counts(reader: Reader, recorded: Path, now: Moment) -> None:
    """Of every check, of the endpoint and of everything; and they cover the period without a gap."""
    facts = gathered(reader, recorded, now)
    assert facts.overall is not None
    for subject in (*facts.subjects, facts.overall):
        assert total(subject.bars) == total(subject.curve)
        assert (subject.bars[0].since_us, subject.bars[-1].until_us) == (facts.since_us, facts.until_us)
        successes, counted, _ = total(subject.bars)
        assert subject.row["availability"] == (100 * successes / counted if counted else None)
    assert total(of(facts, CHAT).bars)[:2] == (0, 3)
    assert total(of(facts, "gw/models").bars)[:2] == (3, 3)
    assert total(facts.overall.bars)[:2] == (3, 6)


def test_latency_is_that_of_the_successes(reader: Reader, recorded: Path, now: Moment) -> None:
    """Points without an answer have none."""
    facts = gathered(reader, recorded, now)
    assert {point.p50_ms for point in of(facts, "gw/models").curve} == {None, 250.0}
    assert {point.p50_ms for point in of(facts, CHAT).curve} == {None}


def test_the_open_incident_is_there_with_whose_fault_it_is(reader: Reader, recorded: Path, now: Moment) -> None:
    """Downtime by fault, and the worst hours."""
    facts = gathered(reader, recorded, now)
    assert [(row["id"], row["resolved_at"]) for row in facts.incidents] == [(1, None)]
    (fault,) = facts.faults
    assert (fault["fault_domain"], fault["incidents"]) == ("model", 1)
    assert 30 <= fault["downtime_s"] <= 90
    assert {(hour["check"], hour["availability"]) for hour in facts.worst_hours} == {(CHAT, 0.0)}
    assert sum(hour["failures"] for hour in facts.worst_hours) == 3


def test_only_the_least_available_have_curves(
    reader: Reader, recorded: Path, now: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are very many; endpoints always have them."""
    monkeypatch.setattr("monitor.cli.report_html.gather.CURVES_AT_MOST", 1)
    facts = gathered(reader, recorded, now)
    assert {one.row["check"] for one in facts.subjects if one.curve} == {CHAT, None}


def test_a_period_to_come_is_empty(reader: Reader, recorded: Path, now: Moment) -> None:
    """Not a failure of ours."""
    period = Period("2027-01", now.wall_us + 3600 * US_PER_S, now.wall_us + 7200 * US_PER_S)
    facts = gather(reader, period, load(recorded / "relaywatch.toml").config, Asked(), now)
    assert facts.until_us == period.until_us
    assert not facts.incidents


def test_incidents_of_another_time_are_not_in_it(reader: Reader, recorded: Path, now: Moment) -> None:
    """A period that ended before the incident began."""
    facts = gathered(reader, recorded, Moment(now.wall_us - 3600 * US_PER_S, now.mono_us))
    assert (list(facts.incidents), list(facts.faults), list(facts.worst_hours)) == ([], [], [])


def test_without_a_period_before_there_is_no_comparison(reader: Reader, recorded: Path, now: Moment) -> None:
    """Nothing was counted then."""
    facts = gathered(reader, recorded, now)
    assert all(subject.before is None for subject in facts.subjects)


def test_a_period_that_lasts_ends_with_the_present(reader: Reader, recorded: Path, now: Moment) -> None:
    """A calendar month, say; what is to come is not shown as not measured."""
    month = Period("2026-11", now.wall_us - 3600 * US_PER_S, now.wall_us + 86_400 * US_PER_S)
    facts = gather(reader, month, load(recorded / "relaywatch.toml").config, replace(Asked()), now)
    assert facts.until_us == now.wall_us


@pytest.mark.parametrize(("observed_s", "is_compared"), [(3600.0, True), (600.0, False), (None, False)])
def test_a_period_hardly_watched_is_not_compared(observed_s: float | None, *, is_compared: bool) -> None:
    """Ten minutes of an hour have fewer incidents whatever happened."""
    row = {"availability": 100.0, "observed_s": 3600.0}
    assert is_comparable(row, {**row, "observed_s": observed_s}) is is_compared


def test_nothing_counted_before_is_not_compared() -> None:
    """Nor is a check that was not there."""
    row = {"availability": 100.0, "observed_s": 3600.0}
    assert not is_comparable(row, None)
    assert not is_comparable(row, {**row, "availability": None})
