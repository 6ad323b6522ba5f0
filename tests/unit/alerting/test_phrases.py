"""Both languages say everything, with the same facts."""

import re
from string import Formatter

import pytest

from monitor.alerting.phrases import FAULT_WORDS, PHRASES, SEVERITY_WORDS, STATUS_WORDS, Phrase
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity

HANGUL = re.compile("[가-힣]")
PARTICLE_AFTER_FACT = re.compile(r"\}(?:은|는|이|가|을|를|과|와|으로|로|이라|라)(?=[\s.,])")


@pytest.mark.parametrize("phrase", list(Phrase))
def test_both_languages_have_every_phrase(phrase: Phrase) -> None:
    """The same facts appear in both, and the second is Korean."""
    english, korean = PHRASES[phrase]
    assert _facts(english) == _facts(korean)
    assert not HANGUL.search(english)
    assert HANGUL.search(korean) or phrase in {Phrase.BECAME, Phrase.ADVICE_AND_BEST, Phrase.TITLE_RULE}


@pytest.mark.parametrize("phrase", list(Phrase))
def test_no_particle_follows_a_fact(phrase: Phrase) -> None:
    """A particle that depends on the sound before it would be wrong for every other name."""
    assert not PARTICLE_AFTER_FACT.search(PHRASES[phrase][1])


def test_the_tables_know_every_status_fault_and_severity() -> None:
    """A new status, fault domain or severity needs its words."""
    assert set(STATUS_WORDS) == set(Status)
    assert set(FAULT_WORDS) == {*FaultDomain, None}
    assert set(SEVERITY_WORDS) == set(Severity)
    for english, korean in (*STATUS_WORDS.values(), *FAULT_WORDS.values(), *SEVERITY_WORDS.values()):
        assert not HANGUL.search(english)
        assert HANGUL.search(korean)


def _facts(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}
