"""From tables to what alerting takes."""

from collections.abc import Callable

import pytest

from monitor.alerting.audience import Escalation, Route
from monitor.alerting.matching import Matcher
from monitor.config.load import Loaded
from monitor.config.routing import calendar_of, escalations_of, routes_of
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity

WithEndpoint = Callable[[str], Loaded]
TWO = '[[channels]]\nname = "one"\ntype = "console"\n[[channels]]\nname = "two"\ntype = "console"\n'


@pytest.mark.parametrize(
    ("only", "matchers"),
    [
        ('{ endpoints = "gw" }', (Matcher(endpoints=("gw",)),)),
        (
            '[{ models = ["a/*", "b?"], severities = "Critical" }, { tags = ["x"] }]',
            (Matcher(models=("a/*", "b?"), severities=(Severity.CRITICAL,)), Matcher(tags=("x",))),
        ),
        (
            '{ fault_domains = ["key", "quota"], statuses = ["timeout"], providers = "p", checks = "gw/*" }',
            (
                Matcher(
                    checks=("gw/*",),
                    providers=("p",),
                    fault_domains=(FaultDomain.KEY, FaultDomain.QUOTA),
                    statuses=(Status.TIMEOUT,),
                ),
            ),
        ),
        ("[]", ()),
    ],
)
def test_what_a_channel_wants(with_endpoint: WithEndpoint, only: str, matchers: tuple[Matcher, ...]) -> None:
    """One value or many, in any capitals where words are fixed."""
    routes = routes_of(with_endpoint(f"{TWO}only = {only}\n").config)
    assert routes == ({"two": Route(only=matchers)} if matchers else {})


def test_what_a_channel_does_not_say_is_everything(with_endpoint: WithEndpoint) -> None:
    """It has no route."""
    assert not routes_of(with_endpoint(TWO).config)
    assert routes_of(with_endpoint(TWO + "escalations_only = true\n").config) == {"two": Route(escalations_only=True)}


def test_escalations_come_by_time(with_endpoint: WithEndpoint) -> None:
    """Whatever their order in the file."""
    lines = """
[[alerting.escalations]]
after = "1h"
severity = "critical"
only = { severities = ["warning"] }
[[alerting.escalations]]
after = "5m"
channels = ["two"]
"""
    assert escalations_of(with_endpoint(TWO + lines).config) == (
        Escalation(300, ("two",)),
        Escalation(3600, (), Severity.CRITICAL, (Matcher(severities=(Severity.WARNING,)),)),
    )


def test_no_window_is_no_calendar(with_endpoint: WithEndpoint) -> None:
    """Which costs nothing to ask."""
    assert not calendar_of(with_endpoint("").config)


def test_the_defaults_of_alerting(with_endpoint: WithEndpoint) -> None:
    """Grouping, damping and reminding need no line."""
    alerting = with_endpoint("").config.alerting
    assert (alerting.group_wait_s, alerting.reminder_s, alerting.escalations) == (10, 3600, ())
    assert alerting.flapping
