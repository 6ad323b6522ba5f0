"""Hours of the week, as clocks show them, and the order of a route's reasons."""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.audience import Hours, Route
from monitor.alerting.matching import Matcher
from monitor.alerting.policy import Step, opened
from monitor.domain.blame import Blame
from monitor.domain.health import Health
from monitor.domain.incident import Scope, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from tests.unit.alerting.conftest import Props

UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
WORK = Hours(frozenset(range(5)), 9 * 60, 18 * 60)
NIGHT = Hours(frozenset({4}), 22 * 60, 6 * 60)
WEEKEND = Hours(frozenset({5, 6}))
SATURDAY_FROM_NOON = Hours(frozenset({5}), 12 * 60, 0)
EARLY = Hours(frozenset({6}), 2 * 60, 3 * 60)


def at(text: str) -> int:
    """A wall time in microseconds."""
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("hours", "when", "zone", "expected"),
    [
        pytest.param(WORK, "2026-11-20T09:00:00Z", UTC, True, id="the first minute"),
        pytest.param(WORK, "2026-11-20T17:59:59Z", UTC, True, id="the last minute"),
        pytest.param(WORK, "2026-11-20T18:00:00Z", UTC, False, id="the end is not in it"),
        pytest.param(WORK, "2026-11-21T12:00:00Z", UTC, False, id="another day"),
        pytest.param(WORK, "2026-11-20T08:30:00Z", BERLIN, True, id="as clocks there show it"),
        pytest.param(WEEKEND, "2026-11-22T23:59:59Z", UTC, True, id="a whole day"),
        pytest.param(WEEKEND, "2026-11-23T00:00:00Z", UTC, False, id="and no more"),
        pytest.param(NIGHT, "2026-11-20T22:00:00Z", UTC, True, id="the evening before midnight"),
        pytest.param(NIGHT, "2026-11-21T05:59:00Z", UTC, True, id="the morning after it"),
        pytest.param(NIGHT, "2026-11-21T06:00:00Z", UTC, False, id="the end after midnight"),
        pytest.param(NIGHT, "2026-11-20T05:00:00Z", UTC, False, id="the morning of that day is another night"),
        pytest.param(NIGHT, "2026-11-21T22:30:00Z", UTC, False, id="the next evening"),
        pytest.param(SATURDAY_FROM_NOON, "2026-11-21T23:59:00Z", UTC, True, id="until midnight"),
        pytest.param(SATURDAY_FROM_NOON, "2026-11-22T00:00:00Z", UTC, False, id="midnight is the end"),
        pytest.param(EARLY, "2026-10-25T00:30:00Z", BERLIN, True, id="an hour that clocks show twice, first"),
        pytest.param(EARLY, "2026-10-25T01:30:00Z", BERLIN, True, id="an hour that clocks show twice, again"),
        pytest.param(EARLY, "2026-10-25T02:00:00Z", BERLIN, False, id="after it"),
        pytest.param(EARLY, "2026-03-29T00:59:00Z", BERLIN, False, id="before an hour that clocks skip"),
        pytest.param(EARLY, "2026-03-29T01:00:00Z", BERLIN, False, id="after an hour that clocks skip"),
        pytest.param(WORK, "2026-07-03T07:00:00Z", BERLIN, True, id="nine in summer"),
        pytest.param(WORK, "2026-11-20T07:00:00Z", BERLIN, False, id="is eight in winter"),
    ],
)
def test_hours(hours: Hours, when: str, zone: ZoneInfo, expected: bool) -> None:  # noqa: FBT001  a row of the table
    """Over midnight, the day is the one on which the span began."""
    assert hours.holds(at(when), zone) is expected


CRITICAL_ONLY = Matcher(severities=(Severity.CRITICAL,))


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        pytest.param(Route(), None, id="everything"),
        pytest.param(Route((Matcher(models=("o/*",)),)), None, id="these models"),
        pytest.param(Route((Matcher(models=("m/*",)),)), Told.NOT_MATCHED, id="other models"),
        pytest.param(Route((Matcher(models=("m/*",)), Matcher(tags=("paid",)))), None, id="any of several"),
        pytest.param(Route((CRITICAL_ONLY,)), Told.SEVERITY_NOT_ROUTED, id="another severity"),
        pytest.param(
            Route((Matcher(fault_domains=(FaultDomain.NETWORK,)),)), Told.NOT_MATCHED, id="another fault domain"
        ),
        pytest.param(
            Route((CRITICAL_ONLY, Matcher(statuses=(Status.RATE_LIMITED,)))), None, id="one of them wants the trouble"
        ),
        pytest.param(
            Route((Matcher(models=("m/*",)), CRITICAL_ONLY)), Told.SEVERITY_NOT_ROUTED, id="what fits wants it graver"
        ),
        pytest.param(Route(hours=(WORK,)), Told.OUTSIDE_HOURS, id="outside its hours"),
        pytest.param(
            Route(
                hours=(WORK, Hours(frozenset({4}), 18 * 60)),
            ),
            None,
            id="any of the hours",
        ),
        pytest.param(Route((CRITICAL_ONLY,), (WORK,)), Told.SEVERITY_NOT_ROUTED, id="hours are asked last"),
        pytest.param(
            Route((CRITICAL_ONLY,), (WORK,), escalations_only=True),
            Told.ESCALATIONS_ONLY,
            id="escalations are asked first",
        ),
    ],
)
def test_refusal(props: "Props", route: Route, expected: Told | None) -> None:
    """Why a channel is not told of a rate limit, on a Friday at 18:40."""
    check = props.chat("o/a", tags=("paid",))
    verdict = props.verdict(Status.RATE_LIMITED)
    step = Step(check, Health(check.id, since=props.start), None, verdict, props.start, props.start)
    incident = opened(1, IncidentKind.OUTAGE, Blame(Scope.ENDPOINT, FaultDomain.QUOTA), step)
    assert route.refusal(incident, (props.chat("x", "gx"), check), props.start.wall_us, UTC) is expected
