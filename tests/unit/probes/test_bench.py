"""The order of a benchmark, and when it stops."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from monitor.clock import Moment
from monitor.domain.ask import Ask
from monitor.domain.benchmark import Sample, Way
from monitor.domain.check import Check, CheckKind
from monitor.domain.result import FaultDomain, Phases, Result, Status, Trigger, Verdict
from monitor.probes.bench import Bench, Ended, LongQuestions, measured_check

CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw")
WAYS = [Way(cold=cold, stream=stream) for cold in (False, True) for stream in (False, True)]
UP = Verdict(Status.UP)
BUSY = Verdict(Status.OVERLOADED, FaultDomain.MODEL, "busy", retry_after_s=2.0)


@dataclass
class Api:
    """Answers as it is told, and remembers what it was asked; the log is shared with the other connection's."""

    name: str
    log: list[str]
    verdicts: list[Verdict] = field(default_factory=list)

    async def probe(self, check: Check, trigger: Trigger) -> Result:
        """One answer."""
        self.log.append(f"{self.name} {'stream' if check.stream else 'whole'}")
        verdict = self.verdicts.pop(0) if self.verdicts else UP
        phases = Phases(connect_ms=1.0 if self.name == "cold" else None, total_ms=5.0)
        return Result(check.id, Moment(0, 0), Moment(1, 1), trigger, verdict, phases=phases)

    async def warm(self, check: Check) -> None:
        """The connection is open."""
        assert check is CHECK
        self.log.append(f"{self.name} opened")

    async def aclose(self) -> None:
        """The connection is closed."""
        self.log.append(f"{self.name} closed")


def run(
    *, runs: int = 1, warm_ups: int = 0, ways: Sequence[Way] = WAYS, verdicts: Sequence[Verdict] = ()
) -> tuple[Ended, list[str], list[float]]:
    """What comes of a benchmark, what was asked, and for how long it waited."""
    log: list[str] = []
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    told: list[Sample] = []
    warm, cold = Api("warm", log, list(verdicts)), Api("cold", log)
    ended = asyncio.run(Bench(CHECK, warm, cold, told.append, sleep).run(ways, runs, warm_ups))
    assert tuple(told) == ended.samples
    return ended, log, waits


def test_ways_take_turns_and_a_cold_run_has_a_new_connection() -> None:
    """One after the other; before each cold run what was open is closed, before each warm one a way is open."""
    _, log, _ = run(runs=2)
    assert log == [
        "warm opened", "warm stream", "cold closed", "cold whole", "cold closed", "cold stream",
        "warm opened", "warm whole",
        "cold closed", "cold whole", "cold closed", "cold stream", "warm opened", "warm whole",
        "warm opened", "warm stream",
    ]  # fmt: skip


def test_warm_ups_come_first_and_are_numbered_0() -> None:
    """They are told like every run, because they cost like every run."""
    ended, _, _ = run(runs=3, warm_ups=2, ways=WAYS[:1])
    assert [sample.run for sample in ended.samples] == [0, 0, 1, 2, 3]
    assert ended.stopped is None


@pytest.mark.parametrize(
    "status", [Status.RATE_LIMITED, Status.QUOTA_EXCEEDED, Status.AUTH_ERROR, Status.MODEL_NOT_FOUND]
)
def test_it_stops_at_once_where_asking_on_is_wrong(status: Status) -> None:
    """Nothing is asked any more, and the wait that was asked for is told."""
    verdict = Verdict(status, FaultDomain.QUOTA, "no more", retry_after_s=7.0)
    ended, log, waits = run(runs=5, ways=WAYS[:1], verdicts=[UP, verdict])
    assert ended.stopped == f"{status}: no more; it asks to wait 7 s"
    assert (log.count("warm whole"), waits) == (2, [])


def test_a_short_wait_is_waited_for() -> None:
    """Then it goes on."""
    ended, log, waits = run(runs=3, ways=WAYS[:1], verdicts=[BUSY, BUSY])
    assert (ended.stopped, log.count("warm whole"), waits) == (None, 3, [2.0, 2.0])


def test_a_long_wait_ends_it() -> None:
    """Nobody sits before a terminal for a minute."""
    ended, _, waits = run(runs=3, ways=WAYS[:1], verdicts=[replace(BUSY, retry_after_s=60.0)])
    assert ended.stopped == "OVERLOADED: busy; it asks to wait 60 s"
    assert waits == []


def test_three_failures_in_a_row_end_it() -> None:
    """A success between them starts the count anew."""
    failure = Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, "boom")
    verdicts = [failure, failure, UP, failure, failure, failure]
    ended, log, _ = run(runs=9, ways=WAYS[:1], verdicts=verdicts)
    assert ended.stopped == "3 failures in a row, the last one SERVER_ERROR: boom"
    assert log.count("warm whole") == 6


def test_the_question_never_repeats_and_has_no_short_answer() -> None:
    """It begins with what differs, so that no cache of prefixes helps."""
    questions = LongQuestions()
    asked = [questions.ask(replace(CHECK, stream=True, max_tokens=64)) for _ in range(50)]
    assert all(isinstance(one, Ask) and one.stream and one.max_tokens == 64 for one in asked)
    assert len({one.prompt[:10] for one in asked if one is not None}) == 50


def test_nothing_of_the_check_makes_runs_differ() -> None:
    """Neither expectations nor turns nor a short timeout; a model that is slow is not DEGRADED here."""
    measured = measured_check(replace(CHECK, full_every=5, timeout_s=3.0), 99)
    assert (measured.full_every, measured.expect, measured.slow_after_s) == (1, None, None)
    assert (measured.timeout_s, measured.max_tokens) == (60.0, 99)


def test_no_model_is_no_question() -> None:
    """A model list is not asked at length."""
    assert LongQuestions().ask(replace(CHECK, kind=CheckKind.MODELS, model=None)) is None
