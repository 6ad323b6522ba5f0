"""How a notification looks in Slack, and that its text is dead."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.notification import Event, Notification
from monitor.delivery.blocks import AMBER, BLUE, GREEN, RED, escaped, payload
from monitor.simulator.mrkdwn import live_parts
from monitor.simulator.slack_rules import refused

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice

START = "2026-11-20T18:40:00.000Z"


@pytest.fixture
def opened(lost: Notification) -> Notification:
    """A message about an outage, as the ledger makes it."""
    assert lost.incident is not None
    return replace(
        lost,
        message="m is down: 3 probes in a row failed.\nreason: HTTP 503",
        recommended_action="Switch; works now: other (0.9 s)",
        incident=replace(lost.incident, started_at=START, duration_s=61.0, checks=("gw/chat/m",)),
        details=replace(lost.details, error="HTTP 503 from api.evil.example", consecutive_failures=3),
        url="https://status.example/?a=1|2>3",
    )


def test_an_outage_is_understood_at_a_glance(opened: Notification, voice: "Voice") -> None:
    """Red header, one line, four fields, the reason, what to do, where to look; each fact once."""
    message = payload(opened, voice)
    assert message["text"] == "🔴 DOWN: m1 on gw (TIMEOUT)"
    assert message["blocks"][0]["text"]["text"] == message["text"]
    assert message["attachments"][0]["color"] == RED
    assert _texts(message["attachments"][0]) == [
        "m is down: 3 probes in a row failed.",
        "*Severity*\ncritical",
        "*Whose fault*\nthe endpoint (its servers or gateway)",
        "*Since*\n2026-11-21 03:40:00 KST",
        "*Failing*\n3 in a row",
        "Reason: HTTP 503 from api\u2060.evil\u2060.example",
        "*What to do*\nSwitch; works now: other (0.9 s)",
        "gw/chat/m · incident 1",
        "<https://status.example/?a=1%7C2%3E3|Open status page>",
    ]


@pytest.mark.parametrize("event", [Event.OPENED, Event.UPDATED, Event.REMINDER, Event.ESCALATED])
def test_what_has_no_place_of_its_own_stays_in_the_text(opened: Notification, voice: "Voice", event: Event) -> None:
    """Lines about fault, reason and advice are shown once; any other line, who is on it too, is not lost."""
    assert opened.incident is not None
    message = "m is down.\nwhose fault: x\nfailing now (2): a.model, b\nworks now: c\nwhat to do: wait"
    acknowledged = replace(opened.incident, acknowledged_by="kim <!here>")
    told = replace(opened, event=event, message=message, incident=acknowledged)
    texts = _texts(payload(told, voice)["attachments"][0])
    assert texts[0] == "m is down.\nfailing now (2): a\u2060.model, b"
    assert "*Acknowledged by*\nkim &lt;\u2060!here&gt;" in texts


def test_many_checks_are_a_few_and_a_number(opened: Notification, voice: "Voice") -> None:
    """Nobody reads five hundred names."""
    assert opened.incident is not None
    checks = tuple(f"gw/chat/m{number}" for number in range(500))
    told = replace(opened, incident=replace(opened.incident, checks=checks))
    shown = _texts(payload(told, voice)["attachments"][0])[-2]
    assert shown.startswith("gw/chat/m0 · ")
    assert shown.endswith("gw/chat/m7 and 492 more · incident 1")


def test_a_recovery_shows_how_long_it_lasted(opened: Notification, voice: "Voice") -> None:
    """Green, the whole message, and no reason or advice of its own."""
    resolved = replace(opened, event=Event.RESOLVED, recommended_action=None, url=None)
    texts = _texts(payload(resolved, voice)["attachments"][0])
    assert texts[0] == "m is down: 3 probes in a row failed.\nreason: HTTP 503"
    assert "*Lasted*\n1 min 1 s" in texts
    assert not [text for text in texts if "Failing" in text or "What to do" in text or text.startswith("Reason")]


@pytest.mark.parametrize(
    ("event", "severity", "colour"),
    [
        (Event.OPENED, "critical", RED),
        (Event.UPDATED, "warning", AMBER),
        (Event.RESOLVED, "critical", GREEN),
        (Event.NOTICE, "critical", RED),
        (Event.TEST, "warning", BLUE),
    ],
)
def test_the_colour_says_how_bad_it_is(
    opened: Notification, voice: "Voice", event: Event, severity: str, colour: str
) -> None:
    """Red and amber ask for something, green and blue do not."""
    told = replace(opened, event=event, severity=severity)
    assert payload(told, voice)["attachments"][0]["color"] == colour


@given(text=st.text(), limit=st.integers(1, 40))
def test_escaping_never_exceeds_the_limit_nor_splits_an_entity(text: str, limit: int) -> None:
    """Counted as Slack may count: in UTF-16 units of the escaped text."""
    text = text.encode("utf-8", "replace").decode()
    shown = escaped(text, limit)
    assert len(shown.encode("utf-16-le")) // 2 <= limit
    plain = shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set(plain) & set("&<>")


HOSTILE_PARTS = [
    "<!channel>", "<!here|x>", "<@U1>", "<#C1>", "<http://x|y>", "http://x.y", "https://x", "www.x.com",
    "mailto:a@b.c", "@here", "@everyone", "&", "<", ">", "|", "*", "_", "`", "\n", "\x1b[1m", "\u202e", "x", "😀", " ",
]  # fmt: skip


@given(st.lists(st.sampled_from(HOSTILE_PARTS), max_size=12))
def test_no_text_comes_alive(parts: list[str]) -> None:
    """Whatever stands in any field, Slack takes the message and finds nothing to link or to notify."""
    text = "".join(parts)
    voice, opened = _hostile(text)
    message = payload(opened, voice)
    assert refused(message) is None
    assert not live_parts(message | {"link_names": True})
    shown = json.dumps(message, ensure_ascii=False)
    assert "://" not in shown
    assert "\\u001b" not in shown
    assert "\u202e" not in shown


def _hostile(text: str) -> "tuple[Voice, Notification]":
    from zoneinfo import ZoneInfo  # noqa: PLC0415  a fixture cannot serve Hypothesis

    from monitor.alerting.notification import Details, IncidentFacts  # noqa: PLC0415  the same
    from monitor.alerting.texts import Voice  # noqa: PLC0415  the same
    from monitor.domain.action import Language  # noqa: PLC0415  the same

    facts = IncidentFacts(1, text, START, START, None, 0.0, text, text, (text, text))
    details = Details(check=text, model=text, error=text, consecutive_failures=3)
    told = Notification("id", Event.OPENED, text, text, text, text, text, facts, details, None)
    return Voice(Language.KO, ZoneInfo("Asia/Seoul")), told


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for key, value in node.items() if key != "fallback" for text in _texts(value)]
    return [text for item in node for text in _texts(item)] if isinstance(node, list) else []
