"""When a silence is in force, and what it hides."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.matching import Matcher
from monitor.alerting.policy import Step, opened
from monitor.alerting.silences import Silence
from monitor.domain.blame import Blame
from monitor.domain.health import Health
from monitor.domain.incident import Scope
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from tests.unit.alerting.conftest import Props


def silence(props: "Props", matcher: Matcher, ends_s: float | None = 60) -> Silence:
    """One that begins ten seconds after the start."""
    ends_at = None if ends_s is None else props.start.plus_s(ends_s)
    return Silence(1, matcher, "kim", "known", props.start, props.start.plus_s(10), ends_at)


@pytest.mark.parametrize(
    ("ends_s", "at_s", "expected"),
    [(60, 9.9, False), (60, 10, True), (60, 59.9, True), (60, 60, False), (None, 9, False), (None, 1e9, True)],
)
def test_holds(props: "Props", ends_s: float | None, at_s: float, expected: bool) -> None:  # noqa: FBT001  a row
    """From its start to before its end."""
    one = silence(props, Matcher(), ends_s)
    assert one.holds(props.start.plus_s(at_s)) is expected
    assert not replace(one, expired_at=props.start.plus_s(11)).holds(props.start.plus_s(at_s))


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        pytest.param(Matcher(), True, id="everything"),
        pytest.param(Matcher(models=("o/*",)), True, id="all that fails"),
        pytest.param(Matcher(models=("o/a",)), False, id="one of two that fail"),
        pytest.param(Matcher(statuses=(Status.TIMEOUT,)), True, id="its trouble"),
        pytest.param(Matcher(statuses=(Status.MODEL_NOT_FOUND,)), False, id="another trouble"),
        pytest.param(Matcher(severities=(Severity.WARNING,)), False, id="while it is a warning only"),
        pytest.param(Matcher(fault_domains=(FaultDomain.PROVIDER,)), True, id="whose fault it is"),
    ],
)
def test_hides(props: "Props", matcher: Matcher, expected: bool) -> None:  # noqa: FBT001  a row of the table
    """Every failing check and the trouble must match, while it is in force."""
    failing = (props.chat("o/a"), props.chat("o/b"))
    health = Health(failing[0].id, since=props.start)
    step = Step(failing[0], health, None, props.verdict(Status.TIMEOUT), props.start, props.start)
    incident = opened(1, IncidentKind.OUTAGE, Blame(Scope.PROVIDER, FaultDomain.PROVIDER), step)
    one = silence(props, matcher)
    assert one.hides(incident, failing, props.start.plus_s(20)) is expected
    assert not one.hides(incident, failing, props.start.plus_s(5))
