"""A check that others answer for is told so, not as slow: from its beginning to its end, in both languages."""

from typing import TYPE_CHECKING

import pytest

from monitor.domain.action import Action
from monitor.domain.result import FaultDomain, Status, Verdict

if TYPE_CHECKING:
    from monitor.domain.check import Check
    from tests.unit.alerting.conftest import Props, Said, Stage

UP = Verdict(Status.UP)
SLOW = Verdict(Status.DEGRADED, FaultDomain.MODEL, "slow: 7 s, limit 5 s", Action.WAIT_OR_SWITCH)
OTHER = Verdict(Status.DEGRADED, FaultDomain.MODEL, "answered by gpt-4o instead of openai/m000", Action.CHECK_ROUTING)
CACHED = Verdict(Status.DEGRADED, FaultDomain.ENDPOINT, "answered from a cache instead of by m", Action.CHECK_CACHE)


def stage_of(props: "Props", *story: tuple[float, Verdict]) -> "Stage":
    """One model that is found so from each second on."""

    def answer(check: "Check", at_s: float) -> Verdict:
        if check.model is None:
            return UP
        return [verdict for since_s, verdict in story if since_s <= at_s][-1]

    return props.stage(props.endpoint("gw", ("openai",), 1), answer, 1, props.audience("ops"))


def line(said: "Said", number: int) -> str:
    """One line of a message."""
    return said.queued.notification.message.split("\n")[number]


@pytest.mark.parametrize(
    ("verdict", "title", "end"),
    [
        (OTHER, "ANSWERED BY ANOTHER: ", "OWN ANSWERS AGAIN: "),
        (CACHED, "ANSWERED FROM A CACHE: ", "OWN ANSWERS AGAIN: "),
        (SLOW, "SLOW: ", "FAST AGAIN: "),
    ],
)
def test_who_answered_is_not_how_fast(props: "Props", verdict: Verdict, title: str, end: str) -> None:
    """Both are DEGRADED, and each has its own words at the beginning and at the end."""
    stage = stage_of(props, (0, UP), (300, verdict), (1200, UP)).run(2400)
    opened, resolved = stage.to("ops")
    assert (opened.event, resolved.event) == ("opened", "resolved")
    assert opened.queued.notification.title.startswith(title)
    assert resolved.queued.notification.title.startswith(end)
    assert opened.queued.notification.severity == "warning"
    if verdict is not SLOW:
        assert f"reason: {verdict.reason}" in opened.queued.notification.message
        assert "slow" not in opened.queued.notification.message.lower()
        assert "slow" not in resolved.queued.notification.message.lower()


def test_some_of_both_are_told_as_both(props: "Props") -> None:
    """The figures add up to what was seen."""
    stage = stage_of(props, (0, UP), (300, SLOW), (420, OTHER), (1200, UP)).run(900)
    (opened,) = stage.to("ops")
    assert " were slow, " in line(opened, 0)
    assert " not its own, since " in line(opened, 0)


def test_a_slow_check_that_others_begin_to_answer_for_is_news(props: "Props") -> None:
    """An incident about slowness does not hide that the model itself is gone."""
    stage = stage_of(props, (0, UP), (300, SLOW), (1200, OTHER), (2400, UP)).run(4000)
    assert stage.told() == ["opened", "updated", "resolved"]
    titles = [said.queued.notification.title.split(":")[0] for said in stage.to("ops")]
    assert titles == ["SLOW", "ANSWERED BY ANOTHER", "OWN ANSWERS AGAIN"]
