"""Incidents and silences as the page shows them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence, Until
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import Language
from monitor.domain.incident import Acknowledgement, Cause, Incident, Scope, Telling, Told
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.web.cards import Cards

Speak = Callable[[Language], Voice]


@pytest.fixture
def incident(now: Moment) -> Incident:
    """An open outage of one check."""
    cause = Cause(Status.TIMEOUT, FaultDomain.ENDPOINT)
    began = now.plus_s(-60)
    return Incident(
        7, "k", IncidentKind.OUTAGE, "gw", ("gw/chat/m",), Severity.CRITICAL, cause, None, "why", None, began, began
    )


@pytest.fixture
def cards(now: Moment, voice: Speak) -> Cards:
    """In English."""
    return Cards(voice(Language.EN), now)


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({}, None),
        ({"checks": ("gw/chat/a", "gw/chat/b")}, "gw · 2 checks"),
        ({"scope": Scope.ENDPOINT, "checks": ("a", "b", "c")}, "gw · 3 checks"),
        ({"scope": Scope.ENDPOINT, "checks": ("a",)}, "gw · 1 check"),
        ({"scope": Scope.PROVIDER, "provider": "open\u202eai", "checks": ("a", "b")}, "openai models on gw · 2 checks"),
        ({"scope": Scope.NETWORK, "endpoint": "network", "checks": ("a", "b")}, "every endpoint · 2 checks"),
    ],
)
def test_how_much_is_concerned(cards: Cards, incident: Incident, fields: dict[str, Any], about: str | None) -> None:
    """Said where it is more than the one check that stands there anyway."""
    assert cards.card(replace(incident, **fields)).about == about


def test_the_title_says_what_is_wrong(cards: Cards, incident: Incident) -> None:
    """A status where there is one that says it, else the kind."""
    assert cards.card(incident).title == "TIMEOUT: no answer in time"
    assert cards.card(replace(incident, kind=IncidentKind.FLAPPING)).title == "flapping"
    assert cards.card(replace(incident, kind=IncidentKind.BURN_RATE)).title == "error budget burns too fast"


def test_who_is_on_it(cards: Cards, incident: Incident, now: Moment) -> None:
    """With when and what they said; whoever types such a thing may be hostile too."""
    assert cards.card(incident).on_it is None
    known = Acknowledgement("kim\x1b[2J@ops", now, "on\nit")
    assert cards.card(replace(incident, acknowledged=known)).on_it == "kim@ops (2026-11-21 21:01:00 KST): on it"
    silent = replace(known, note="")
    assert cards.card(replace(incident, acknowledged=silent)).on_it == "kim@ops (2026-11-21 21:01:00 KST)"


def test_why_nobody_has_been_told(cards: Cards, incident: Incident, now: Moment) -> None:
    """Until somebody is."""
    withheld = replace(incident, telling=Telling(withheld=Told.SILENCED))
    assert cards.card(withheld).untold == "a silence covers everything that fails"
    assert cards.card(incident).untold is None
    assert cards.card(replace(incident, telling=Telling(first_at=now, withheld=Told.SILENCED))).untold is None


@pytest.mark.parametrize(
    ("ends_s", "until", "said"),
    [
        (3600, Until.TIME, "until 2026-11-21 22:01:00 KST"),
        (None, Until.RESOLVED, "until it is over"),
        (3600, Until.RESOLVED, "until it is over, 2026-11-21 22:01:00 KST at the latest"),
        (None, Until.RECONFIGURED, "until it is configured anew"),
    ],
)
def test_until_when_a_silence_holds(cards: Cards, now: Moment, ends_s: int | None, until: Until, said: str) -> None:
    """In the reader's zone."""
    ends_at = None if ends_s is None else now.plus_s(ends_s)
    matcher = Matcher(checks=("gw/*",), severities=(Severity.WARNING,))
    hush = cards.hush(Silence(3, matcher, "kim", "mo\nve", now, now, ends_at, until))
    assert (hush.id, hush.about, hush.until) == (3, "checks gw/*; severities warning", said)
    assert (hush.by, hush.reason) == ("kim", "mo ve")


def test_a_silence_of_everything(now: Moment, voice: Speak) -> None:
    """An empty matcher, in both languages."""
    silence = Silence(3, Matcher(), "kim", "move", now, now, None, Until.RESOLVED)
    words = {language: Cards(voice(language), now).hush(silence).about for language in Language}
    assert words == {Language.EN: "everything", Language.KO: "전체"}
