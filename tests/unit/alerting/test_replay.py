"""The past under another policy: the same messages as the daemon would have sent, and what nobody would have heard."""

from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerting.audience import Audience, Escalation
from monitor.alerting.quiet import Quiet
from monitor.alerting.replay import Message, Outcome, Replay, judged_anew, missed
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, FlappingRule, HealthRules, check_id
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.domain.severity import Severity

START_US = 1_795_200_000 * US_PER_S  # 2026-11-20T18:40:00Z, 03:40 in Seoul
START = Moment(START_US, START_US)
SEOUL = Voice(Language.EN, ZoneInfo("Asia/Seoul"))
AUDIENCE = Audience(("ops",), SEOUL, "try", group_wait_s=10, reminder_s=3600)
RULES = HealthRules(failure_threshold=2, flapping=FlappingRule())
FAULTS = {Status.UP: None, Status.RATE_LIMITED: FaultDomain.QUOTA, Status.AUTH_ERROR: FaultDomain.KEY}


def check(model: str | None, endpoint: str = "gw", rules: HealthRules = RULES) -> Check:
    """A check of `openai` or of nobody."""
    kind = CheckKind.MODELS if model is None else CheckKind.CHAT
    return Check(check_id(endpoint, kind, model), endpoint, kind, model, "openai", rules=rules, host=endpoint)


CHECKS = (check(None), check("a"), check("b"), check("c", "other"), check("d", "other"))


def result(at_s: float, status: Status = Status.UP, name: str = "gw/chat/a", took_s: float = 0.2) -> Result:
    """One result on-phase."""
    at = START.plus_s(at_s)
    verdict = Verdict(status, FAULTS.get(status, FaultDomain.ENDPOINT), None if status is Status.UP else "no")
    return Result(name, at, at.plus_s(took_s), Trigger.ON_PHASE, verdict, 200, took_s * 1000)


def play(
    results: Iterable[Result], audience: Audience = AUDIENCE, *, told_s: float = 0, until_s: float = 9e4
) -> Outcome:
    """Replay some results."""
    one = Replay(CHECKS, audience, START, START.plus_s(told_s))
    for each in results:
        one.feed(each)
    return one.finish(START.plus_s(until_s))


def story(*downs: tuple[float, float], name: str = "gw/chat/a", until_s: float = 6000) -> list[Result]:
    """A probe a minute, down between these seconds."""
    times = range(0, round(until_s), 60)
    return [
        result(at_s, Status.SERVER_ERROR if any(a <= at_s < b for a, b in downs) else Status.UP, name) for at_s in times
    ]


def events(outcome: Outcome) -> list[tuple[float, str]]:
    """What would have been sent, and when, in minutes."""
    return [(round((one.at_us - START_US) / 60e6, 1), str(one.event)) for one in outcome.messages]


def test_an_outage_and_its_end() -> None:
    """With a reminder after an hour, since nobody acknowledges the past."""
    outcome = play(story((600, 4800)))
    assert events(outcome) == [(11.0, "opened"), (71.0, "reminder"), (81.0, "resolved")]
    assert outcome.messages[0].title == "DOWN: a on gw (SERVER_ERROR)"
    assert (outcome.results, outcome.skipped, outcome.untold) == (100, 0, 0)
    assert all(one.night for one in outcome.messages[:1]), "it was 03:51 in Seoul"


def test_time_passes_without_a_result() -> None:
    """An escalation that came due between two results is told when it came due."""
    audience = replace(AUDIENCE, channels=("ops", "boss"), escalations=(Escalation(90, ("boss",)),))
    outcome = play([result(0), *(result(60 * number, Status.TIMEOUT) for number in range(1, 20))], audience)
    escalated = [one for one in outcome.messages if one.event == "escalated"]
    opened_us = outcome.messages[0].at_us
    assert 90 <= (escalated[0].at_us - opened_us) / US_PER_S <= 151


def test_what_the_configuration_does_not_have_is_skipped() -> None:
    """And counted."""
    outcome = play([result(0, name="gone/chat/x"), result(1)])
    assert (outcome.results, outcome.skipped) == (1, 1)


def test_a_check_goes_on_under_its_new_name() -> None:
    """As a reload would do it."""
    one = Replay(CHECKS, AUDIENCE, START, START, {"old/chat/a": "gw/chat/a"})
    for each in story((600, 1200), name="old/chat/a", until_s=1800):
        one.feed(each)
    assert one.finish(START.plus_s(1800)).messages[0].title == "DOWN: a on gw (SERVER_ERROR)"


def test_what_was_going_on_before_is_learnt_and_not_counted() -> None:
    """Its end is told within the time that is asked for."""
    outcome = play(story((600, 4800)), told_s=3000)
    assert events(outcome) == [(71.0, "reminder"), (81.0, "resolved")]
    assert len(outcome.incidents) == 1


def test_an_incident_that_nobody_hears_of() -> None:
    """Nobody listens."""
    outcome = play(story((600, 1200)), replace(AUDIENCE, channels=()))
    assert (outcome.messages, outcome.incidents, outcome.untold) == ([], {}, 1)


@pytest.mark.parametrize(
    ("status", "took_s", "limit_s", "expected"),
    [
        (Status.UP, 0.2, 0.1, Status.DEGRADED),
        (Status.UP, 0.2, 0.3, Status.UP),
        (Status.DEGRADED, 6.0, 10.0, Status.UP),
        (Status.DEGRADED, 6.0, 5.0, Status.DEGRADED),
        (Status.DEGRADED, 6.0, None, Status.UP),
        (Status.SERVER_ERROR, 0.2, 0.1, Status.SERVER_ERROR),
    ],
)
def test_slowness_is_judged_by_the_new_limit(
    status: Status, took_s: float, limit_s: float | None, expected: Status
) -> None:
    """How long an answer took is known; nothing else of a verdict changes."""
    judged = judged_anew(replace(CHECKS[1], slow_after_s=limit_s), result(0, status, took_s=took_s))
    assert judged.status is expected
    if expected is Status.DEGRADED and status is Status.UP:
        assert (judged.verdict.fault_domain, judged.verdict.reason) == (FaultDomain.MODEL, "slow: 0.20 s")


def test_an_answer_without_a_latency_stays_what_it_was() -> None:
    """There is nothing to judge."""
    one = replace(result(0), latency_ms=None)
    assert judged_anew(CHECKS[1], one) is one


def outage(
    number: int, began_s: float, ended_s: float | None, *checks: str, kind: IncidentKind = IncidentKind.OUTAGE
) -> Incident:
    """An incident that people heard of."""
    cause = Cause(Status.TIMEOUT, FaultDomain.ENDPOINT)
    ended = None if ended_s is None else START.plus_s(ended_s)
    began = START.plus_s(began_s)
    return Incident(number, "k", kind, "gw", checks, Severity.CRITICAL, cause, None, None, None, began, began, ended)


@pytest.mark.parametrize(
    ("new", "heard"),
    [
        ((), False),
        ((outage(5, 0, 100, "a"),), True),
        ((outage(5, 0, 100, "b", "a"),), True),
        ((outage(5, 0, 100, "b"),), False),
        ((outage(5, 150, None, "a"),), True),
        ((outage(5, 300, None, "a"),), False),
        ((outage(5, -200, -100, "a"),), False),
        ((outage(5, 0, 100, "a", kind=IncidentKind.SLOW),), False),
    ],
)
def test_which_outages_are_missed(new: tuple[Incident, ...], heard: bool) -> None:  # noqa: FBT001  a column of the table
    """Those whose checks nobody hears of at the time."""
    told = Outcome(incidents={1: outage(1, 0, 100, "a")})
    other = Outcome(incidents={one.id: one for one in new})
    assert bool(missed(told, other)) is not heard


def test_a_renamed_check_is_not_missed() -> None:
    """It is called something else there."""
    told, new = Outcome(incidents={1: outage(1, 0, 9, "a")}), Outcome(incidents={1: outage(1, 0, 9, "b")})
    assert missed(told, new)
    assert not missed(told, new, {"a": "b"})


def test_what_is_no_outage_is_not_missed() -> None:
    """Slowness may well be told under other limits only."""
    assert not missed(Outcome(incidents={1: outage(1, 0, 9, "a", kind=IncidentKind.SLOW)}), Outcome())


class Forgetful(Quiet):
    """Puts nothing aside."""

    def keeps(self, check: Check, result: Result) -> bool:
        """Never."""
        del check, result
        return False


STATUSES = st.sampled_from(
    [Status.SERVER_ERROR, Status.TIMEOUT, Status.RATE_LIMITED, Status.AUTH_ERROR, Status.UNKNOWN]
)
TROUBLES = st.lists(
    st.tuples(
        st.sets(st.sampled_from([one.id for one in CHECKS]), min_size=1),
        st.integers(20, 160),
        st.integers(1, 40),
        STATUSES,
    ),
    max_size=6,
)


def history(troubles: list[tuple[set[str], int, int, Status]]) -> list[Result]:
    """A probe of every check each half minute, with some troubles; a check is confirmed after a failure."""
    found = []
    for turn in range(200):
        for place, one in enumerate(CHECKS):
            at_s, status = 30 * turn + 3 * place, Status.UP
            for hit, began, lasts, trouble in troubles:
                if one.id in hit and began <= turn < began + lasts:
                    status = trouble
            each = result(at_s, status, one.id, took_s=10.0 if status is Status.TIMEOUT else 0.2)
            found.append(each)
            if status.is_failure:
                later = each.finished_at.plus_s(5)
                found.append(replace(each, started_at=later, finished_at=later.plus_s(0.2), trigger=Trigger.CONFIRM))
    return sorted(found, key=lambda each: each.finished_at.mono_us)


@settings(max_examples=60, deadline=None)
@given(TROUBLES)
def test_what_is_put_aside_changes_no_message(troubles: list[tuple[set[str], int, int, Status]]) -> None:
    """A replay of everything says the same at the same time."""
    results = history(troubles)
    said: list[list[Message]] = []
    for quiet in (Quiet(), Forgetful()):
        one = Replay(CHECKS, AUDIENCE, START, START)
        one._quiet = quiet
        for each in results:
            one.feed(each)
        said.append(one.finish(START.plus_s(7000)).messages)
    assert said[0] == said[1]


class Counting(Quiet):
    """Counts what is put aside."""

    kept = 0

    def keeps(self, check: Check, result: Result) -> bool:
        """As it decides."""
        keeps = super().keeps(check, result)
        self.kept += keeps
        return keeps


def test_most_of_a_calm_day_is_put_aside() -> None:
    """That is what makes a month quick."""
    one, quiet = Replay(CHECKS, AUDIENCE, START, START), Counting()
    one._quiet = quiet
    results = history([({"gw/chat/a"}, 100, 3, Status.SERVER_ERROR)])
    for each in results:
        one.feed(each)
    assert quiet.kept > len(results) * 0.8
