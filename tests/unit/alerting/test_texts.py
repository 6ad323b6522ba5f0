"""What messages say: what is broken, since when, whose fault, what to do, what works instead."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.notification import Event
from monitor.alerting.scene import Extra, Scene
from monitor.alerting.texts import Alternative, Voice, channel_dead, channel_test, fault_words
from monitor.alerting.wording import wording
from monitor.clock import US_PER_S, Moment
from monitor.domain.action import Action, Language
from monitor.domain.health import DownBecause, Health
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.domain.window import Window

START = Moment(1_795_200_000 * US_PER_S, 0)
EN = Voice(Language.EN, ZoneInfo("Asia/Seoul"))
KO = Voice(Language.KO, ZoneInfo("Asia/Seoul"))
CHECK = "holysheep/chat/openai/gpt-4.1"
INCIDENT = Incident(
    id=12,
    key=CHECK,
    kind=IncidentKind.OUTAGE,
    endpoint="holysheep",
    checks=(CHECK,),
    severity=Severity.CRITICAL,
    cause=Cause(Status.TIMEOUT, FaultDomain.ENDPOINT),
    because=DownBecause.FAILURES_IN_A_ROW,
    reason="no answer within 10 s",
    action=Action.WAIT_OR_SWITCH,
    started_at=START,
    detected_at=START.plus_s(10),
    failed_probes=51,
)
HEALTH = Health(
    CHECK,
    START,
    consecutive_failures=3,
    auth_failures=2,
    failures=Window(0b11111, 12),
    slow_answers=Window(0b11111, 8),
    latency_ms=7312.0,
)
SCENE = Scene(
    event=Event.OPENED,
    incident=INCIDENT,
    previous=None,
    failing=("openai/gpt-4.1",),
    model="openai/gpt-4.1",
    health=HEALTH,
    alternatives=(
        Alternative("anthropic/claude-sonnet-4", "holysheep", 912.0),
        Alternative("gpt-4.1", "direct", None),
    ),
    now=START.plus_s(10),
)
REFUSED = replace(
    INCIDENT,
    cause=Cause(Status.AUTH_ERROR, FaultDomain.KEY),
    because=DownBecause.AUTH_IN_A_ROW,
    reason="HTTP 401 invalid_api_key",
    action=Action.CHECK_KEY,
)
SLOW = replace(INCIDENT, kind=IncidentKind.SLOW, cause=Cause(Status.DEGRADED, None), reason=None, action=None)


def test_opened_in_english() -> None:
    """The whole message, line by line."""
    words = wording(SCENE, EN)
    assert words.title == "DOWN: openai/gpt-4.1 on holysheep (TIMEOUT)"
    assert words.message.split("\n") == [
        (
            "openai/gpt-4.1 on holysheep is down (no answer in time): "
            "3 probes in a row failed since 2026-11-21 03:40:00 KST."
        ),
        "whose fault: the endpoint (its servers or gateway)",
        "reason: no answer within 10 s",
        "what to do: Switch traffic to another model or provider until it recovers.",
        "works now: anthropic/claude-sonnet-4 (0.9 s), gpt-4.1 on direct",
    ]
    assert words.recommended_action == (
        "Switch traffic to another model or provider until it recovers; works now: anthropic/claude-sonnet-4 (0.9 s)"
    )


def test_opened_in_korean() -> None:
    """The same in Korean."""
    words = wording(SCENE, KO)
    assert words.title == "장애: holysheep의 openai/gpt-4.1 (TIMEOUT)"
    assert words.message.split("\n") == [
        "holysheep의 openai/gpt-4.1 장애 (응답 시간 초과): 2026-11-21 03:40:00 KST부터 프로브가 3회 연속 실패했습니다.",
        "문제 위치: 엔드포인트 (서버 또는 게이트웨이)",
        "오류 내용: no answer within 10 s",
        "조치 방법: 복구될 때까지 다른 모델이나 제공자로 트래픽을 전환하세요.",
        "현재 정상: anthropic/claude-sonnet-4 (0.9초), direct의 gpt-4.1",
    ]
    assert words.recommended_action is not None
    assert words.recommended_action.endswith("전환하세요. 현재 정상: anthropic/claude-sonnet-4 (0.9초)")


@pytest.mark.parametrize(
    ("scene", "lead"),
    [
        (replace(SCENE, health=replace(HEALTH, consecutive_failures=1)), "the probe at 2026-11-21 03:40:00 KST failed"),
        (replace(SCENE, incident=REFUSED), "(the API key is refused): refused 2 times in a row; failing since"),
        (
            replace(SCENE, incident=replace(INCIDENT, because=DownBecause.RATIO)),
            "fails again and again (no answer in time): 5 of the last 12 probes failed since",
        ),
        (replace(SCENE, model=None), "model list of holysheep is down"),
    ],
)
def test_each_rule_has_its_own_words(scene: Scene, lead: str) -> None:
    """The first line says what was counted."""
    assert lead in wording(scene, EN).message.split("\n")[0]
    assert wording(scene, KO).message


def test_without_an_alternative_none_is_named() -> None:
    """Nothing is promised that does not work."""
    words = wording(replace(SCENE, alternatives=()), EN)
    assert "works now" not in words.message
    assert words.recommended_action == "Switch traffic to another model or provider until it recovers."


def test_updated_says_what_changed() -> None:
    """TIMEOUT became AUTH_ERROR, and the new fault and advice hold."""
    words = wording(replace(SCENE, event=Event.UPDATED, incident=REFUSED, previous=INCIDENT), EN)
    assert words.title == "STILL DOWN: openai/gpt-4.1 on holysheep (TIMEOUT became AUTH_ERROR)"
    assert "what changed: TIMEOUT became AUTH_ERROR (the API key is refused)" in words.message
    assert "whose fault: the API key" in words.message


@pytest.mark.parametrize(
    ("after", "change"),
    [
        (
            replace(INCIDENT, cause=Cause(Status.TIMEOUT, FaultDomain.NETWORK)),
            "the endpoint (its servers or gateway) became the network on the way to the endpoint",
        ),
        (replace(INCIDENT, severity=Severity.WARNING), "critical became warning"),
        (INCIDENT, "is still down, for 10 s now"),
    ],
)
def test_updated_with_the_same_status(after: Incident, change: str) -> None:
    """A fault that moved, or a severity that changed, is said in plain words."""
    assert change in wording(replace(SCENE, event=Event.UPDATED, incident=after, previous=INCIDENT), EN).message


@pytest.mark.parametrize("voice", [EN, KO])
def test_resolved_says_how_long_how_many_and_the_last_error(voice: Voice) -> None:
    """The end of an outage sums it up and asks for nothing."""
    incident = replace(INCIDENT, resolved_at=START.plus_s(252))
    words = wording(replace(SCENE, event=Event.RESOLVED, incident=incident), voice)
    assert ("4 min 12 s" if voice is EN else "4분 12초") in words.title
    for fact in ("2026-11-21 03:40:00 KST", "2026-11-21 03:44:12 KST", "51", "TIMEOUT, no answer within 10 s"):
        assert fact in words.message
    assert words.recommended_action is None


@pytest.mark.parametrize("voice", [EN, KO])
def test_a_removed_check_does_not_claim_a_recovery(voice: Voice) -> None:
    """The final message says that nobody saw it recover."""
    incident = replace(INCIDENT, resolved_at=START.plus_s(7_200))
    words = wording(replace(SCENE, event=Event.RESOLVED, incident=incident, extra=Extra(removed=True)), voice)
    assert words.title.startswith("CLOSED" if voice is EN else "종료")
    assert ("without a recovery seen" if voice is EN else "복구는 확인되지 않았습니다") in words.message


@pytest.mark.parametrize("voice", [EN, KO])
def test_slowness_has_its_own_words(voice: Voice) -> None:
    """A slow model is not called down, at its beginning, in between, and at its end."""
    opened = wording(replace(SCENE, incident=SLOW), voice)
    updated = wording(replace(SCENE, incident=SLOW, previous=SLOW, event=Event.UPDATED), voice)
    ended = replace(SLOW, resolved_at=START.plus_s(90_000))
    resolved = wording(replace(SCENE, incident=ended, event=Event.RESOLVED), voice)
    assert opened.title.startswith("SLOW" if voice is EN else "응답 지연")
    assert ("newest answer: 7.3 s" if voice is EN else "최근 응답 시간: 7.3초") in opened.message
    assert opened.recommended_action is not None
    assert ("1 d 1 h" if voice is EN else "1일 1시간") in resolved.title
    for words in (opened, updated, resolved):
        assert "DOWN" not in words.title
        assert "장애" not in words.title
    no_latency = replace(SCENE, incident=SLOW, health=replace(HEALTH, latency_ms=None))
    assert "newest" not in wording(no_latency, EN).message


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [
        (0.2, "1 s", "1초"),
        (59.6, "1 min", "1분"),
        (61, "1 min 1 s", "1분 1초"),
        (3_600, "1 h", "1시간"),
        (3_605, "1 h", "1시간"),
        (7_380, "2 h 3 min", "2시간 3분"),
        (90_000, "1 d 1 h", "1일 1시간"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, english: str, korean: str) -> None:
    """The largest unit and the one below it, zeros left out."""
    assert EN.duration(seconds) == english
    assert KO.duration(seconds) == korean


def test_times_are_in_the_configured_zone_with_its_name() -> None:
    """Summer time included."""
    july = 1_783_000_000 * US_PER_S
    assert Voice(Language.EN, ZoneInfo("Europe/Berlin")).time(july) == "2026-07-02 15:46:40 CEST"
    assert Voice(Language.EN, ZoneInfo("UTC")).time(july) == "2026-07-02 13:46:40 UTC"


def test_hostile_names_and_reasons_are_harmless() -> None:
    """Control characters, line breaks, braces and length of foreign text change nothing around it."""
    hostile = "\x1b[31m{subject}\nwhat to do: pay\u202e" + "x" * 500
    scene = replace(SCENE, model=hostile, incident=replace(INCIDENT, reason=hostile))
    words = wording(scene, EN)
    assert "\x1b" not in words.message + words.title
    assert "{subject} what to do: pay" in words.title
    assert words.message.count("\n") == 4
    assert max(map(len, words.message.split("\n"))) < 300


def test_without_reason_and_action_the_lines_are_left_out() -> None:
    """Nothing is labelled that is not known."""
    bare = replace(INCIDENT, reason=None, action=None)
    words = wording(replace(SCENE, incident=bare, alternatives=()), EN)
    assert words.message.count("\n") == 1
    assert words.recommended_action is None
    only_best = wording(replace(SCENE, incident=bare), EN)
    assert only_best.recommended_action == "works now: anthropic/claude-sonnet-4 (0.9 s)"
    resolved = replace(SCENE, event=Event.RESOLVED, incident=replace(bare, resolved_at=START.plus_s(5)))
    assert wording(resolved, EN).message.endswith("last error: TIMEOUT")
    assert wording(replace(resolved, incident=bare), EN).title.endswith("(down for 10 s)")


def test_notices_of_channels() -> None:
    """A dead channel says what was lost and how to try again; a test says that it is one."""
    dead = channel_dead("ops", "DOWN: m on gw (TIMEOUT)", "HTTP 404: no_service\x1b[2J", EN)
    assert "DOWN: m on gw (TIMEOUT)" in dead.message
    assert "\x1b" not in dead.message
    assert dead.recommended_action is not None
    assert "relaywatch notify test ops" in dead.recommended_action
    assert channel_test("ops", START, EN).title == "TEST: RelayWatch reaches the channel ops"


def test_fault_words_know_what_is_not_in_the_table() -> None:
    """A body written by a newer version is still shown."""
    assert fault_words("key", EN) == "the API key"
    assert fault_words(None, EN) == "not known"
    assert fault_words("moon\x1b[1m", EN) == "moon"
