"""`bench`: what it prints, what it leaves unsaid, and how it ends."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.bench import ways_of
from monitor.cli.bench_text import spread
from monitor.clock import Moment
from monitor.domain.benchmark import Way
from monitor.domain.check import Check, CheckKind
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Phases, Result, Status, StreamTimes, Trigger, Verdict

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

CHECK = "gw/chat/openai/gpt-4.1"
UP = Verdict(Status.UP)
Answers = Callable[[int], Verdict]


@dataclass
class Api:
    """Answers in no time at all, but says that a whole answer took 400 ms and a stream's first token 100 ms."""

    cold: bool = False
    verdicts: Answers = field(default=lambda _: UP)
    counts: bool = True
    asked: int = 0

    async def probe(self, check: Check, trigger: Trigger) -> Result:
        """One answer; each is a little slower than the one before."""
        self.asked += 1
        more_ms, begun = float(self.asked % 7), Moment(1_000_000, 0)
        times = StreamTimes(90.0, 100.0 + more_ms, 420.0 + more_ms, 9.0, 40) if check.stream else None
        phases = Phases(connect_ms=12.0 if self.cold else None, total_ms=400.0 + more_ms)
        usage = Usage(20, 33) if self.counts or not check.stream else Usage()
        verdict = self.verdicts(self.asked)
        return Result(check.id, begun, begun, trigger, verdict, 200, phases=phases, usage=usage, stream=times)

    async def warm(self, check: Check) -> None:
        """It is always open."""

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.fixture
def answering(configured: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts an API in the place of both probers."""
    del configured

    def put(**how: object) -> None:
        apis = [Api(**how), Api(cold=True, **how)]  # type: ignore[arg-type]
        monkeypatch.setattr("monitor.probes.bench.prober_for", lambda *_: apis.pop(0))

    return put


def test_json_has_every_run(relaywatch: "Relaywatch", answering: Callable[..., None]) -> None:
    """Samples, summaries, and what it cost; JSON and nothing else."""
    answering()
    ended = relaywatch("bench", CHECK, "--runs", "10", "--format", "json")
    document = json.loads(ended.out)
    assert ended.code == 0
    assert list(document) == ["check", "runs", "max_tokens", "stopped", "samples", "summaries", "spent"]
    assert len(document["samples"]) == 4 * 11
    assert [sample["counts"] for sample in document["samples"][:5]] == [False] * 4 + [True]
    assert document["spent"]["output_tokens"] == 44 * 33
    ttft = next(row for row in document["summaries"] if row["figure"] == "ttft_ms" and row["connection"] == "warm")
    assert ttft["p50"]["low"] <= ttft["p50"]["value"] <= ttft["p50"]["high"]
    assert (ttft["p95"]["value"], ttft["p95"]["needs"]) == (None, 20)


def test_as_text(relaywatch: "Relaywatch", answering: Callable[..., None]) -> None:
    """A table, a plot, a conclusion that the runs carry, and no quantile that they do not."""
    answering()
    ended = relaywatch("bench", CHECK, "--runs", "10")
    assert "10 runs of each of 4 ways" in ended.out
    assert "at most 2816 tokens of output" in ended.out
    assert "Streaming (warm) shows its first token 3.9 times as soon as a whole answer comes." in ended.out
    assert "p99 takes 100 runs (299 to be sure of it)" in ended.out
    assert "A new connection costs 12 ms before anything is asked." in ended.out
    assert "Spent: 880 tokens of input, 1452 of output" in ended.out
    assert "  p95  " not in ended.out


def test_twenty_runs_have_a_p95(relaywatch: "Relaywatch", answering: Callable[..., None]) -> None:
    """Its column appears."""
    answering()
    assert "  p95  " in relaywatch("bench", CHECK, "--runs", "20", "--warm").out


def test_two_runs_conclude_nothing(relaywatch: "Relaywatch", answering: Callable[..., None]) -> None:
    """There is a median, but nobody knows how sure it is."""
    answering()
    ended = relaywatch("bench", CHECK, "--runs", "2", "--warm")
    assert "an interval of the median takes 6" in ended.out
    assert "Streaming (" not in ended.out


def test_rate_limited(relaywatch: "Relaywatch", answering: Callable[..., None]) -> None:
    """It stops, says why, shows what there is, and exits 1; hostile text does not act."""
    limited = Verdict(Status.RATE_LIMITED, FaultDomain.QUOTA, "HTTP 429: \x1b[31mslow", retry_after_s=20.0)
    answering(verdicts=lambda number: limited if number > 9 else UP)
    ended = relaywatch("bench", CHECK, "--warm")
    assert ended.code == 1
    assert "stopped early: RATE_LIMITED: HTTP 429: slow; it asks to wait 20 s" in ended.out
    assert "\x1b" not in ended.out


def test_a_failure_in_between(relaywatch: "Relaywatch", answering: Callable[..., None]) -> None:
    """It is counted and told; the rest goes on."""
    broken = Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, "HTTP 500")
    answering(verdicts=lambda number: broken if number == 5 else UP)
    ended = relaywatch("bench", CHECK, "--warm", "--runs", "8")
    assert ended.code == 1
    assert "1 of 8 runs failed, last SERVER_ERROR: HTTP 500" in ended.out
    assert "stopped early" not in ended.out


def test_streams_without_token_counts(relaywatch: "Relaywatch", answering: Callable[..., None]) -> None:
    """What needs them is not invented."""
    answering(counts=False)
    ended = relaywatch("bench", CHECK, "--warm")
    assert "the API counts no tokens in streams" in ended.out
    assert "\ntokens per second" not in ended.out


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("name", "told"), [("gw/models", "nothing to stream"), ("gw/chat/openai/gpt", "nearest: gw/")])
def test_wrong_usage(relaywatch: "Relaywatch", name: str, told: str) -> None:
    """Exit 2, nothing is asked."""
    ended = relaywatch("bench", name)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


@pytest.mark.parametrize(
    ("warm", "cold", "count"), [(False, False, 4), (True, True, 4), (True, False, 2), (False, True, 2)]
)
def test_which_ways(warm: bool, cold: bool, count: int) -> None:  # noqa: FBT001  a row of a table
    """Without a wish all of them."""
    ways = ways_of(Check(CHECK, "gw", CheckKind.CHAT, "m", "gw"), warm=warm, cold=cold)
    assert len(ways) == count
    assert {way.cold for way in ways} == ({False, True} if count == 4 else {cold})


def test_a_protocol_without_streams_has_whole_answers_only() -> None:
    """Embeddings."""
    check = Check(CHECK, "gw", CheckKind.CHAT, "m", "gw", protocol="openai-embeddings")
    assert ways_of(check, warm=True, cold=False) == [Way(cold=False, stream=False)]


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=60), st.integers(1, 60))
def test_every_run_is_seen_in_the_plot(values: list[float], width: int) -> None:
    """The fullest part is the highest, and no part with a run is empty."""
    levels = spread(values, (min(values), max(values)), width)
    assert len(levels) == width
    assert max(levels) == 8
    assert 1 <= sum(level > 0 for level in levels) <= len(values)
