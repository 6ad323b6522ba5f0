"""What one run gives, which runs count, and in which order they go."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment
from monitor.domain.benchmark import Figure, Sample, Way, differ, order_of, sample_of, summaries
from monitor.domain.quantiles import quantile
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Phases, Result, Status, StreamTimes, Trigger, Verdict

COLD_STREAM = Way(cold=True, stream=True)
WARM_WHOLE = Way(cold=False, stream=False)
AT = Moment(1_000_000, 0)


def result(**changes: object) -> Result:
    """A whole answer over a kept connection, after 200 ms."""
    plain = Result("gw/chat/m", AT, AT, Trigger.MANUAL, Verdict(Status.UP), phases=Phases(total_ms=200.0))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_whole_answer_over_a_kept_connection() -> None:
    """All of its time is the answer's."""
    sample = sample_of(WARM_WHOLE, 1, result())
    assert dict(sample.figures) == {Figure.TOTAL: 200.0, Figure.E2E: 200.0}
    assert sample.counts


def test_a_whole_answer_over_a_new_connection() -> None:
    """Connecting is a figure of its own."""
    phases = Phases(dns_ms=5.0, connect_ms=10.0, tls_ms=15.0, total_ms=230.0)
    sample = sample_of(Way(cold=True, stream=False), 1, result(phases=phases))
    assert dict(sample.figures) == {Figure.CONNECT: 30.0, Figure.TOTAL: 230.0, Figure.E2E: 200.0}


def test_a_stream() -> None:
    """The definitions of TTFT, E2E, TPOT and tokens per second, on figures that can be checked in the head."""
    times = StreamTimes(first_event_ms=40.0, ttft_ms=50.0, last_token_ms=250.0, max_stall_ms=30.0, pieces=11)
    phases = Phases(connect_ms=10.0, total_ms=300.0)
    sample = sample_of(COLD_STREAM, 1, result(stream=times, phases=phases, usage=Usage(9, 11)))
    assert dict(sample.figures) == {
        Figure.CONNECT: 10.0,
        Figure.FIRST_EVENT: 40.0,
        Figure.TTFT: 50.0,
        Figure.E2E: 250.0,
        Figure.TOTAL: 300.0,
        Figure.TPOT: 20.0,
        Figure.TOKENS_PER_S: 55.0,
        Figure.MAX_STALL: 30.0,
    }


def test_a_warm_run_that_had_to_connect_counts_nowhere() -> None:
    """It would make kept connections look slow."""
    sample = sample_of(WARM_WHOLE, 1, result(phases=Phases(connect_ms=1.0, total_ms=2.0)))
    assert sample.reconnected
    assert not sample.counts


def test_warm_ups_and_failures_count_nowhere() -> None:
    """A failure has no figures at all."""
    failure = result(verdict=Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, "too slow"))
    assert not sample_of(WARM_WHOLE, 0, result()).counts
    assert dict(sample_of(WARM_WHOLE, 1, failure).figures) == {}
    assert summaries([sample_of(WARM_WHOLE, 1, failure)], [WARM_WHOLE]) == []


@given(st.integers(1, 4), st.integers(1, 30))
def test_every_way_begins_as_often_as_every_other(count: int, rounds: int) -> None:
    """So that what drifts hits all of them; each is asked once in a round."""
    ways = [WARM_WHOLE, COLD_STREAM, Way(cold=False, stream=True), Way(cold=True, stream=False)][:count]
    orders = [list(order_of(ways, number)) for number in range(1, rounds + 1)]
    assert all(sorted(order) == sorted(ways) for order in orders)
    begins = Counter(order[0] for order in orders)
    assert max(begins.values()) - min(begins.get(way, 0) for way in ways) <= 1


@given(st.lists(st.floats(0.0, 1e5), min_size=1, max_size=30))
def test_a_summary_holds_every_run_that_counts(values: list[float]) -> None:
    """In the order in which they came."""
    samples = [
        Sample(WARM_WHOLE, number, Status.UP, 0, figures={Figure.E2E: value})
        for number, value in enumerate(values, start=1)
    ]
    (summary,) = summaries(samples, [WARM_WHOLE, COLD_STREAM])
    assert summary.values == tuple(values)
    assert summary.median == quantile(values, 0.5)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([1.0] * 10, [2.0] * 10, True),
        ([1.0, 3.0] * 5, [2.0, 4.0] * 5, False),
        ([1.0] * 5, [2.0] * 10, None),
    ],
)
def test_when_two_medians_differ(one: list[float], other: list[float], apart: bool | None) -> None:  # noqa: FBT001  a row
    """Only if their intervals do not touch; without one nothing can be said."""
    assert differ(quantile(one, 0.5), quantile(other, 0.5)) is apart
