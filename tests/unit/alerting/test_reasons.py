"""Every decision has its words."""

from string import Formatter

import pytest

from monitor.alerting.reasons import FATES, REASONS, Fate, Reason, reason_for
from monitor.domain.incident import Told


@pytest.mark.parametrize("told", Told)
def test_every_decision_is_said_in_both_languages(told: Told) -> None:
    """A clause, without a full stop: it stands behind another."""
    reason = REASONS[told]
    for words in filter(None, (reason.why, reason.then)):
        assert all(text and not text.endswith(".") for text in words)
        assert words[0].isascii()
        assert any("\uac00" <= sign <= "\ud7a3" for sign in words[1])


def test_no_two_decisions_read_the_same() -> None:
    """Else nobody would know which it was."""
    said = [words for reason in REASONS.values() for words in reason.why]
    assert len(set(said)) == len(said) == 2 * len(Told)


def test_a_stored_decision() -> None:
    """One of a later version is shown as it is, by whoever asks."""
    assert isinstance(reason_for("silenced"), Reason)
    assert reason_for("something_new") is None


@pytest.mark.parametrize("fate", Fate)
def test_every_fate_has_the_same_fields_in_both_languages(fate: Fate) -> None:
    """What one says the other says too."""
    english, korean = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in FATES[fate])
    assert english == korean
