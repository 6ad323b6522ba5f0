"""The desk's state under new names, and what it takes for maintenance."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Restored
from monitor.alerting.desk import Desk
from monitor.alerting.maintenance import Calendar, Window
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, HealthRules
from monitor.domain.health import State
from monitor.domain.incident import IncidentEventKind
from monitor.domain.renaming import Renaming
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict

NOW = Moment(1_763_690_000_000_000, 0)
AUDIENCE = Audience(("ops",), Voice(Language.EN, ZoneInfo("UTC")), "test")
RENAMING = Renaming({"gw": "relay"})
DOWN = Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, "HTTP 503")


def check(endpoint: str, model: str = "m") -> Check:
    """One that is down after two failures."""
    name = f"{endpoint}/chat/{model}"
    rules = HealthRules(failure_threshold=2, recovery_threshold=1)
    return Check(name, endpoint, CheckKind.CHAT, model, endpoint, rules=rules)


def result(name: str, at_s: float, verdict: Verdict = DOWN) -> Result:
    """One probe."""
    at = NOW.plus_s(at_s)
    return Result(name, at, at.plus_s(0.1), Trigger.ON_PHASE, verdict)


def desk_with(*checks: Check) -> Desk:
    """A desk whose first check is down, and told of."""
    desk = Desk(AUDIENCE, Restored({}, (), 1, "test"))
    desk.configure(checks, AUDIENCE, NOW)
    for at_s in (1, 2):
        desk.record(result(checks[0].id, at_s))
    assert [incident.checks for incident in desk.open_incidents] == [(checks[0].id,)]
    desk.take()
    return desk


def test_an_outage_goes_on_under_the_new_name() -> None:
    """Nobody is told that it ended, and its end is that of the same incident."""
    desk = desk_with(check("gw"))
    (before,) = desk.open_incidents
    desk.rename(RENAMING)
    desk.configure([check("relay")], AUDIENCE, NOW.plus_s(3))
    (after,) = desk.open_incidents
    assert (after.id, after.checks, after.endpoint) == (before.id, ("relay/chat/m",), "relay")
    assert desk.healths["relay/chat/m"].state is State.DOWN
    batch = desk.take()
    assert (batch.outbox, batch.events) == ([], [])
    assert batch.incidents == {after.id: after}
    for at_s in (4, 5, 6, 7):
        desk.record(result("relay/chat/m", at_s, Verdict(Status.UP)))
        desk.tick(NOW.plus_s(at_s + 0.5))
    assert desk.open_incidents == ()
    assert [event.kind for event in desk.take().events] == [IncidentEventKind.RESOLVED]


def test_a_streak_is_not_interrupted() -> None:
    """Two failures are two failures, whatever the name."""
    desk = Desk(AUDIENCE, Restored({}, (), 1, "test"))
    desk.configure([check("gw")], AUDIENCE, NOW)
    desk.record(result("gw/chat/m", 1))
    desk.rename(RENAMING)
    desk.configure([check("relay")], AUDIENCE, NOW.plus_s(1.5))
    desk.record(result("relay/chat/m", 2))
    assert desk.healths["relay/chat/m"].state is State.DOWN


def test_two_that_were_both_watched_are_kept_apart() -> None:
    """The one that is no longer configured ends its incident; the other knows nothing of it."""
    desk = desk_with(check("gw"), check("relay"))
    desk.rename(RENAMING)
    desk.configure([check("relay")], AUDIENCE, NOW.plus_s(3))
    assert desk.open_incidents == ()
    assert desk.healths["relay/chat/m"].state is State.PENDING
    (event,) = desk.take().events
    assert event.kind is IncidentEventKind.RESOLVED


def test_nothing_renamed_changes_nothing() -> None:
    """As at almost every reload."""
    desk = desk_with(check("gw"))
    before = (desk.open_incidents, dict(desk.healths))
    desk.rename(Renaming())
    assert (desk.open_incidents, dict(desk.healths)) == before
    assert not desk.take()


def test_a_turn_inside_a_window_is_one_of_maintenance() -> None:
    """And no other probe is; stamped twice is stamped once."""
    window = Window("work", (), ZoneInfo("UTC"), datetime(2025, 11, 21, 1, 53, 20), duration_s=60)  # noqa: DTZ001  in `zone`
    desk = Desk(AUDIENCE, Restored({}, (), 1, "test"))
    desk.configure([check("gw")], replace(AUDIENCE, maintenance=Calendar((window,))), NOW)
    inside = desk.stamped(result("gw/chat/m", 1))
    assert inside.trigger is Trigger.MAINTENANCE
    assert desk.stamped(inside) is inside
    for other in (
        result("gw/chat/m", 61),
        result("gone/chat/m", 1),
        replace(result("gw/chat/m", 1), trigger=Trigger.CONFIRM),
    ):
        assert desk.stamped(other) is other
    desk.record(result("gw/chat/m", 1))
    assert [one.trigger for one in desk.take().results] == [Trigger.MAINTENANCE]
