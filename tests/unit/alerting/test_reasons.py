"""Every decision has its words."""

import pytest

from monitor.alerting.reasons import REASONS, TOLD_BEFORE, Reason, reason_for
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
    assert not {*TOLD_BEFORE} & {*said}


def test_a_stored_decision() -> None:
    """One of a later version is shown as it is, by whoever asks."""
    assert isinstance(reason_for("silenced"), Reason)
    assert reason_for("something_new") is None
