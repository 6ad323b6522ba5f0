"""Somebody acknowledges what somebody else had acknowledged."""

from zoneinfo import ZoneInfo

from monitor.alerting.audience import Audience
from monitor.alerting.batch import Restored
from monitor.alerting.desk import Desk
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import Language
from monitor.domain.check import Check, CheckKind, HealthRules
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict

START = Moment(1_795_200_000_000_000, 5_000_000_000)
CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", rules=HealthRules(failure_threshold=1))
AUDIENCE = Audience(("ops",), Voice(Language.EN, ZoneInfo("UTC")), "test")


def test_the_message_names_who_is_on_it_now() -> None:
    """It is no change of the trouble, and must not read like one."""
    desk = Desk(AUDIENCE, Restored({}, (), 1, "test"))
    desk.configure([CHECK], AUDIENCE, START)
    verdict = Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, "no answer")
    desk.record(Result(CHECK.id, START, START.plus_s(1), Trigger.ON_PHASE, verdict))
    for number, name in enumerate(("kim", "lee"), start=2):
        desk.acknowledge(1, name, "", START.plus_s(number))
    titles = [queued.notification.title for queued in desk.take().outbox]
    assert titles == [
        "DOWN: m on gw (TIMEOUT)",
        "ACKNOWLEDGED: m on gw (by kim)",
        "ACKNOWLEDGED: m on gw (by lee)",
    ]
