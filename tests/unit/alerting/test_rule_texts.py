"""The sentences about rules."""

from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.rule_texts import advice_of, rule_advice, rule_sentence, stored_reason
from monitor.alerting.texts import Voice
from monitor.domain.action import Action, Language, sentence
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.rules import DAY_S, HOUR_S, Facts, Timing
from monitor.domain.rules_judge import RULE_KINDS

VOICES = [Voice(language, ZoneInfo("Asia/Seoul")) for language in Language]
BURN = Facts(16.0, 14.4, HOUR_S, 600, short_window_s=300, short_value=20.0, objective=99.9, period_s=30 * DAY_S)
TTFT = Facts(4213.7, 3000.0, 900.0, 30, timing=Timing.TTFT, percentile=95)
ROWS = [
    (
        IncidentKind.AVAILABILITY,
        Facts(98.9996, 99.0, HOUR_S, 57),
        "98.999% of 57 probes in the last 1 h succeeded; the limit is 99%",
    ),
    (
        IncidentKind.COVERAGE,
        Facts(250 / 3, 90.0, HOUR_S, 60),
        "83.333% of 60 probes that were due in the last 1 h gave a result that counts; the limit is 90%",
    ),
    (
        IncidentKind.LATENCY,
        TTFT,
        "time to first token, percentile 95 of 30 answers in the last 15 min: 4.213 s; the limit is 3 s",
    ),
    (
        IncidentKind.BURN_RATE,
        BURN,
        (
            "burn rate of the error budget (99.9% over 30 d): 16 over 1 h, 20 over 5 min; the limit is 14.4; "
            "at this rate it is spent in 1 d 21 h"
        ),
    ),
    (IncidentKind.CERTIFICATE, Facts(2.96, 3.0), "the certificate expires in 2.9 days; the limit is 3 days"),
    (IncidentKind.CERTIFICATE, Facts(-0.55, 3.0), "the certificate expired 0.5 days ago"),
    (IncidentKind.AVAILABILITY, Facts(None, 99.0), "too few results to say"),
    (IncidentKind.LATENCY, None, "the rule is no longer configured"),
]


@pytest.mark.parametrize(("kind", "facts", "sentence"), ROWS)
def test_each_sentence(kind: IncidentKind, facts: Facts | None, sentence: str) -> None:
    """What was measured, over how much, and the limit; figures are cut, so that 98.9996 % is not called 99 %."""
    assert stored_reason(kind, facts) == sentence


@pytest.mark.parametrize(("kind", "facts"), [row[:2] for row in ROWS])
def test_korean_tells_the_same_figures(kind: IncidentKind, facts: Facts | None) -> None:
    """In its own words."""
    english, korean = (rule_sentence(kind, facts, voice) for voice in VOICES)
    assert korean != english
    assert any("가" <= letter <= "힣" for letter in korean)
    if facts is not None and facts.value is not None and facts.value > 0:
        figures = english.split("the limit is ")[1].split("%")[0].split(" ")[0].strip(";")
        assert figures in korean


def test_a_budget_that_lasts_has_no_end() -> None:
    """A burn rate of 1 or less spends no more than was promised."""
    slow = Facts(1.0, 14.4, HOUR_S, 600, short_window_s=300, objective=99.9, period_s=30 * DAY_S)
    assert "spent" not in stored_reason(IncidentKind.BURN_RATE, slow)


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_every_kind_has_a_sentence_that_fits_and_an_advice(kind: IncidentKind) -> None:
    """Within the 200 characters that an incident keeps, also of large figures."""
    large = 30 * DAY_S - 1
    facts = Facts(99999.1239, 99999.99, large, 99_999_999, Timing.TTFT, 99, large, 99999.123, 99.999999, large)
    for voice in VOICES:
        assert len(rule_sentence(kind, facts, voice)) <= 200
        assert rule_advice(kind, voice).endswith(".")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (Facts(1.0, 0.0), "the endpoint's model list no longer holds it"),
        (
            Facts(1.0, 0.0, samples=3, name="gpt-4.1-mini, gpt-4o"),
            "the endpoint's model list no longer holds it, nor 3 others; nearest: gpt-4.1-mini, gpt-4o",
        ),
        (Facts(0.0, 0.0), "the endpoint's model list holds it again"),
    ],
)
def test_a_model_that_left_its_list(facts: Facts, sentence: str) -> None:
    """With how many others and the likest names; bounded, however long those are."""
    assert stored_reason(IncidentKind.CATALOGUE, facts) == sentence
    long = Facts(1.0, 0.0, samples=4999, name=", ".join(["x" * 256] * 3))
    for voice in VOICES:
        assert 0 < len(rule_sentence(IncidentKind.CATALOGUE, facts, voice)) <= 200
        assert len(rule_sentence(IncidentKind.CATALOGUE, long, voice)) == 200
        assert rule_advice(IncidentKind.CATALOGUE, voice)


@pytest.mark.parametrize("kind", sorted(IncidentKind))
def test_every_incident_that_somebody_should_act_on_has_an_advice(kind: IncidentKind) -> None:
    """The newest failure's own word goes first; else the kind has one, wherever an incident is shown."""
    for voice in VOICES:
        assert advice_of(kind, Action.CHECK_KEY, voice) == sentence(Action.CHECK_KEY, voice.language)
        has_one = kind not in {IncidentKind.OUTAGE, IncidentKind.FLAPPING}
        assert (advice_of(kind, None, voice) is not None) is has_one
