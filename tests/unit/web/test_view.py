"""The status page decided: what comes first, in which words, and how hostile names are tamed."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import Action, Language
from monitor.domain.availability import Recent
from monitor.domain.health import Health, State
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status, Verdict
from monitor.domain.severity import Severity
from monitor.storage.outbox.outbox import Waiting
from monitor.web.texts import LOOKS, TEXTS, Look, Text
from monitor.web.view import Viewer, look_of, percent_words

if TYPE_CHECKING:
    from tests.unit.web.conftest import FakeLedger

TIMEOUT = Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, "no answer within 10 s", Action.CHECK_ENDPOINT)
Speak = Callable[[Language], Voice]


def incident(number: int, severity: Severity, began: Moment, checks: tuple[str, ...] = ("gw/chat/m",)) -> Incident:
    """An open incident."""
    cause = Cause(Status.TIMEOUT, FaultDomain.ENDPOINT)
    kind = IncidentKind.OUTAGE
    return Incident(number, f"k{number}", kind, "gw", checks, severity, cause, None, "why", None, began, began)


def test_what_is_down_comes_first_and_its_endpoint_too(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """Whoever opens the page in trouble must not scroll."""
    ledger.add("fine", "a")
    ledger.add("bad", "b")
    ledger.add("bad", "c", State.DOWN, TIMEOUT)
    page = Viewer(voice(Language.EN), now).page(ledger, (), None)
    assert [group.name for group in page.groups] == ["bad", "fine"]
    assert [check.model for check, _ in page.groups[0].needing_a_look] == ["c"]
    assert [check.model for check, _ in page.groups[0].fine] == ["b"]
    assert page.groups[0].summary == "1 of 2 up"
    assert (page.look, page.headline) == (Look.DOWN, "Down: 1 of 3 checks")


@pytest.mark.parametrize(
    ("health", "look"),
    [
        ({"state": State.PENDING}, Look.PENDING),
        ({"state": State.PENDING, "consecutive_failures": 1}, Look.FAILING),
        ({"state": State.UP}, Look.UP),
        ({"state": State.UP, "slow": True}, Look.SLOW),
        ({"state": State.UP, "slow": True, "consecutive_failures": 1}, Look.FAILING),
        ({"state": State.DOWN, "slow": True}, Look.DOWN),
    ],
)
def test_how_a_check_is_shown(health: dict[str, object], look: Look) -> None:
    """A failure below the threshold is a doubt, not yet a state."""
    assert look_of(replace(Health("gw/models", since=Moment(0, 0)), **health)) is look  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        ([], "Nothing is configured to be watched"),
        ([State.PENDING], "Waiting for first results"),
        ([State.UP, State.PENDING], "Everything works: 1 of 2 checks are up"),
        ([State.UP, State.UP], "Everything works: 2 of 2 checks are up"),
        ([State.UP, State.DOWN], "Down: 1 of 2 checks"),
    ],
)
def test_the_headline_tells_the_whole_story(
    ledger: "FakeLedger", now: Moment, voice: Speak, states: list[State], headline: str
) -> None:
    """One sentence, true of all checks together."""
    for number, state in enumerate(states):
        ledger.add("gw", f"m{number}", state)
    assert Viewer(voice(Language.EN), now).page(ledger, (), None).headline == headline


def test_the_headline_does_not_hide_what_is_open(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """All checks up and a warning open is not "everything works"."""
    ledger.add("gw", "m", State.UP)
    ledger.open_incidents = (incident(1, Severity.WARNING, now),)
    assert Viewer(voice(Language.EN), now).page(ledger, (), None).headline == "1 of 1 checks are up; open incidents: 1"


def test_a_row_tells_since_when_why_and_what_to_do(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """The same facts as in a message, in the reader's zone."""
    check = ledger.add("gw", "openai/gpt-4.1", State.DOWN, TIMEOUT)
    health = replace(
        ledger.healths[check.id], consecutive_failures=3, latency_ms=86.4, recent=Recent().add(0, success=True)
    )
    row = Viewer(voice(Language.EN), now).row(check, health)
    assert row.since.people == "2026-11-21 21:00:00 KST"
    assert row.since.machine == "2026-11-21T12:00:00.000Z"
    assert row.lasted == "1 min"
    assert row.latency == "86 ms"
    assert row.status == "TIMEOUT: no answer in time"
    assert row.streak == "3 failures in a row"
    assert row.reason == "no answer within 10 s"
    assert row.action is not None


def test_a_doubt_is_as_old_as_its_streak(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """A check that was up for a day and fails since ten seconds is failing since ten seconds."""
    check = ledger.add("gw", "m", State.UP, TIMEOUT)
    health = replace(ledger.healths[check.id], consecutive_failures=1, streak_started=now.plus_s(-10))
    row = Viewer(voice(Language.EN), now).row(check, health)
    assert (row.look, row.lasted, row.streak) == (Look.FAILING, "10 s", None)


def test_an_up_check_has_no_reason(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """A remark on an UP result is not a trouble."""
    check = ledger.add("gw", None, State.UP, Verdict(Status.UP, None, "the list lacks m"))
    row = Viewer(voice(Language.EN), now).row(check, ledger.healths[check.id])
    assert (row.name, row.status, row.reason) == ("model list", None, None)


@pytest.mark.parametrize(
    ("percent", "words"), [(100.0, "100 %"), (99.996, "99.99 %"), (99.5, "99.50 %"), (0.0, "0.00 %")]
)
def test_only_a_hundred_percent_looks_like_it(percent: float, words: str) -> None:
    """Rounding must not hide a failure."""
    assert percent_words(percent) == words


def test_incidents_are_sorted_by_urgency_then_newest(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """Critical before warning."""
    ledger.open_incidents = (
        incident(1, Severity.WARNING, now.plus_s(-1)),
        incident(2, Severity.CRITICAL, now.plus_s(-9)),
        incident(3, Severity.CRITICAL, now.plus_s(-5)),
    )
    page = Viewer(voice(Language.EN), now).page(ledger, (), None)
    assert [card.id for card in page.incidents] == [3, 2, 1]
    assert page.incidents[0].lasted == "5 s"
    assert page.incidents[0].severity_words == "critical"


def test_an_incident_of_many_checks_names_a_few(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """A dead gateway has a thousand checks."""
    ledger.open_incidents = (incident(1, Severity.CRITICAL, now, tuple(f"gw/chat/{n}" for n in range(1000))),)
    (card,) = Viewer(voice(Language.EN), now).page(ledger, (), None).incidents
    assert len(card.checks) == 5
    assert card.more == "and 995 more"


def test_troubles_of_the_monitor_and_dead_notifications_are_told(
    ledger: "FakeLedger", now: Moment, voice: Speak
) -> None:
    """A page that is green because nothing works would be the worst."""
    backlog = {"ops": Waiting(0, 2), "hook": Waiting(7, 0)}
    page = Viewer(voice(Language.EN), now).page(ledger, ("the database\x1b[2J refuses",), backlog)
    assert page.troubles == ("the database refuses", "notifications given up on the channel ops: 2")


def test_names_that_reorder_or_repaint_are_tamed(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """Escaping for HTML is the template's; what no escaping helps against goes here."""
    check = ledger.add("gw", "evil\u202egnp.exe\x1b[31m" + "x" * 999)
    name = Viewer(voice(Language.EN), now).row(check, ledger.healths[check.id]).name
    assert name.startswith("evilgnp.exexxx")
    assert len(name) <= 256


def test_korean(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """The page speaks the configured language."""
    ledger.add("gw", None, State.DOWN, TIMEOUT)
    viewer = Viewer(voice(Language.KO), now)
    page = viewer.page(ledger, (), None)
    row = viewer.row(*page.groups[0].needing_a_look[0])
    assert page.headline == "장애: 체크 1개 중 1개"
    assert (row.name, row.state, row.lasted) == ("모델 목록", "장애", "1분")


def test_every_text_exists_in_both_languages_with_the_same_fields() -> None:
    """A missing text would be an error page in the middle of an outage."""
    assert set(TEXTS) == set(Text)
    assert set(LOOKS) == set(Look)
    for english, korean in TEXTS.values():
        fields = [{part.split("}")[0] for part in text.split("{")[1:]} for text in (english, korean)]
        assert fields[0] == fields[1]


def test_only_silences_in_force_are_shown(ledger: "FakeLedger", now: Moment, voice: Speak) -> None:
    """Neither those to come nor those that are over; not hundreds of them either."""
    present = Silence(1, Matcher(), "kim", "move", now, now, None)
    ledger.silences = (
        present,
        replace(present, id=2, starts_at=now.plus_s(9)),
        replace(present, id=3, ends_at=now.plus_s(-1)),
        *(replace(present, id=number) for number in range(4, 34)),
    )
    page = Viewer(voice(Language.EN), now).page(ledger, (), None)
    assert [silence.id for silence in page.silences] == [1, *range(4, 23)]
    assert page.silences_left_out == "and 11 more"
