"""The draft of a post-mortem: what is known, what is to be written, and nothing that acts."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.texts import Voice
from monitor.cli.postmortem import postmortem
from monitor.domain.action import Language

EN, KO = (Voice(language, ZoneInfo("Asia/Seoul")) for language in Language)
HOSTILE = "<img src=x onerror=alert(1)> | [x](https://evil.example) @channel\n# Root cause\x1b[2J"
INCIDENT: dict[str, Any] = {
    "id": 7,
    "key": "gw/chat/m",
    "kind": "outage",
    "scope": "check",
    "provider": None,
    "endpoint": "gw",
    "severity": "critical",
    "status": "OVERLOADED",
    "fault_domain": "model",
    "checks": ["gw/chat/m"],
    "started_at": "2026-11-21T12:00:00.000Z",
    "detected_at": "2026-11-21T12:00:10.000Z",
    "resolved_at": "2026-11-21T12:10:00.000Z",
    "duration_s": 600.0,
    "failed_probes": 12,
    "reason": HOSTILE,
    "action": "wait_or_switch",
    "withheld": None,
    "acknowledgement": {"by": "kim", "at": "2026-11-21T12:02:00.000Z", "note": None},
    "timeline": [
        {
            "sequence": 1,
            "event": "opened",
            "at": "2026-11-21T12:00:10.000Z",
            "status": "OVERLOADED",
            "severity": "critical",
            "reason": HOSTILE,
            "decision": "told",
            "notifications": 1,
            "explanation": {"ops": "told"},
        }
    ],
    "deliveries": [
        {
            "sequence": 1,
            "channel": "ops",
            "event": "opened",
            "title": "DOWN: m on gw (OVERLOADED)",
            "state": "sent",
            "attempts": 1,
            "error": None,
            "created_at": "2026-11-21T12:00:10.000Z",
            "next_attempt": None,
            "settled_at": "2026-11-21T12:00:11.000Z",
            "fell_back_to": None,
        }
    ],
}
FAILED = {
    "started_at": "2026-11-21T12:00:00.000Z",
    "check": "gw/chat/m",
    "status": "OVERLOADED",
    "http_status": 503,
    "latency_ms": 81.4,
    "request_id": "req|1",
    "reason": HOSTILE,
}


def test_what_is_known_stands_there() -> None:
    """In the reader's time."""
    lines = postmortem(INCIDENT, ([FAILED], 12), EN).splitlines()
    assert lines[0] == "# gw/chat/m: overloaded"
    for line in (
        "- **Incident**: 7 (gw/chat/m)",
        "- **First failure**: 2026-11-21 21:00:00 KST",
        "- **People told**: 2026-11-21 21:00:11 KST",
        "- **Acknowledged**: kim, 2026-11-21 21:02:00 KST",
        "- **Over**: 2026-11-21 21:10:00 KST",
        "- **Lasted**: 10 min",
        "- **Failed probes**: 12",
        "- Judged by RelayWatch: this model",
        "The first 1 of 12 that are recorded.",
        "| 2026-11-21 21:00:10 KST | **opened** OVERLOADED<br>ops: told at 2026-11-21 21:00:11 KST |",
        "| 2026-11-21 21:00:10 KST | ops | DOWN: m on gw (OVERLOADED) | told at 2026-11-21 21:00:11 KST |",
    ):
        assert line in lines
    assert any(
        line.startswith(r"| 2026-11-21 21:00:00 KST | gw/chat/m | OVERLOADED 503 | 81 ms | req\|1 |") for line in lines
    )


@pytest.mark.parametrize("voice", [EN, KO])
def test_what_people_must_write_is_left_to_them(voice: Voice) -> None:
    """Root cause, lessons, actions, who noticed: nine sections, each once."""
    document = postmortem(INCIDENT, ([FAILED], 1), voice)
    assert document.count("\n## ") == 9
    assert document.count("\n*") == 3
    assert document.endswith("|\n")


def test_hostile_text_acts_nowhere() -> None:
    """No tag, no link, no heading, no mention, no further cell."""
    document = postmortem(INCIDENT, ([FAILED], 1), EN)
    assert r"\<img src=x onerror=alert(1)> \| \[x\](https:\/\/evil.example) @<!-- -->channel \# Root cause" in document
    assert "<img" not in document.replace(r"\<img", "")
    assert document.count("## Root cause") == 1
    assert "\x1b" not in document


def test_what_is_not_known() -> None:
    """Open, told to nobody, nothing recorded any more."""
    bare = {
        **INCIDENT,
        "resolved_at": None,
        "acknowledgement": None,
        "deliveries": [],
        "timeline": [],
        "withheld": "silenced",
    }
    document = postmortem({**bare, "reason": None, "action": None}, ([], 0), EN)
    for text in (
        "- **People told**: nobody",
        "- **Acknowledged**: nobody",
        "- **Over**: still open",
        "None is recorded any more.",
        "No message was sent.",
        "nobody has been told so far: a silence covers everything that fails",
    ):
        assert text in document


def test_a_wide_incident_is_called_after_what_is_concerned() -> None:
    """Hundreds of checks are counted, and not all listed."""
    wide = {**INCIDENT, "scope": "endpoint", "checks": [f"gw/chat/m{number}" for number in range(500)]}
    document = postmortem(wide, ([], 0), EN)
    assert document.startswith("# gw: overloaded\n")
    assert "Checks concerned: 500\n" in document
    assert "- and 450 more\n" in document
    assert postmortem({**wide, "scope": "provider", "provider": "openai"}, ([], 0), EN).startswith("# gw, openai: over")
    assert postmortem({**wide, "kind": "flapping"}, ([], 0), EN).startswith("# gw: flapping\n")
