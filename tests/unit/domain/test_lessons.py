"""What is learned of how a model wants to be asked: budgets, refusals, and when nothing more is tried."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.ask import Ask
from monitor.domain.kept import Learned
from monitor.domain.lessons import budget, learned
from monitor.domain.reading import Reading
from monitor.domain.refusal_rows import least_tokens
from monitor.domain.result import Finding, Refusal, Status, Verdict

NOTHING = Learned("gw/chat/m")
UP = Verdict(Status.UP)
REFUSED = Verdict(Status.CLIENT_ERROR)
LENGTH = Finding(UP, reading=Reading.LENGTH)
ANSWER = Finding(UP, reading=Reading.ANSWER)


def asked(known: Learned, configured: int = 16, bound: int = 256) -> Ask:
    """The question that what is known leads to."""
    return Ask("m", "", budget(configured, known, bound), other_limit=known.other_limit)


def test_the_budget_doubles_until_something_is_said_and_stays_there() -> None:
    """16, 32, 64: then the model answers, and is asked so from then on."""
    known = NOTHING
    for expected in (32, 64):
        known = learned(known, asked(known), LENGTH, 256)
        assert budget(16, known, 256) == expected
    assert learned(known, asked(known), ANSWER, 256) is known


def test_an_answer_that_was_cut_before_it_was_as_expected_raises_it_too() -> None:
    """The next one may be long enough."""
    assert learned(NOTHING, asked(NOTHING), Finding(UP, reading=Reading.CUT_SHORT), 256).max_tokens == 32


def test_where_the_bound_is_not_enough_no_more_money_is_spent() -> None:
    """The model is asked for what is configured, until the bound is higher."""
    known = NOTHING
    for _ in range(10):
        known = learned(known, asked(known), LENGTH, 100)
    assert known == Learned("gw/chat/m", not_enough=100)
    assert learned(known, asked(known), LENGTH, 200).max_tokens == 32


@pytest.mark.parametrize("bound", [0, 8, 16])
def test_a_bound_at_or_below_what_is_configured_raises_nothing(bound: int) -> None:
    """Off is off."""
    assert learned(NOTHING, asked(NOTHING), LENGTH, bound) is NOTHING


def test_a_bound_that_was_lowered_holds_for_what_was_learned_before() -> None:
    """More money than is allowed now is not spent; if the model says nothing within it, nothing is raised any more."""
    known = replace(NOTHING, max_tokens=2048)
    assert budget(16, known, 4096) == 2048
    assert budget(16, known, 128) == 128
    assert learned(known, asked(known, bound=128), LENGTH, 128) == replace(NOTHING, not_enough=128)


@pytest.mark.parametrize(
    "words",
    [
        "HTTP 400: max_tokens is too large: 256. This model supports at most 200 completion tokens",
        "HTTP 400: 'max_completion_tokens' is too large: 256",
        "HTTP 400: This model's maximum context length is 200 tokens",
    ],
)
def test_what_is_raised_beyond_what_the_api_allows_is_lowered_again(words: str) -> None:
    """To what was accepted; and it is not raised again, so that the refusal does not come back."""
    refusal = Finding(Verdict(Status.CLIENT_ERROR, reason=words))
    known = learned(replace(NOTHING, max_tokens=256), asked(NOTHING), refusal, 512)
    assert known == replace(NOTHING, max_tokens=128, not_enough=512)
    assert learned(known, asked(known), LENGTH, 512) is known
    assert learned(NOTHING, asked(NOTHING), refusal, 512) is NOTHING


def test_another_refusal_lowers_nothing() -> None:
    """Nor does one of a limit that was never raised."""
    known = replace(NOTHING, max_tokens=256)
    assert learned(known, asked(known), Finding(Verdict(Status.CLIENT_ERROR, reason="HTTP 400: no")), 512) is known


def test_too_few_tokens_are_made_enough() -> None:
    """As many as the API says; where what was asked for is more, nothing is learned."""
    refusal = Finding(REFUSED, refused=Refusal.FEW_TOKENS, least_tokens=16)
    known = learned(NOTHING, asked(NOTHING, 5), refusal, 256)
    assert budget(5, known, 0) == 16
    assert learned(known, asked(known, 5), refusal, 256) is known


@pytest.mark.parametrize(
    ("message", "least"),
    [
        ("Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 10 instead.", 16),
        ("max_tokens must be at least 32, got 4", 32),
        ("max_tokens: must be greater than or equal to 20", 20),
        ("max_tokens is below minimum", 16),
        ("max_tokens must be at least 999999", 16),
        ("max_tokens must be at least 0", 16),
    ],
)
def test_how_many_are_wanted_is_read_from_the_words(message: str, least: int) -> None:
    """What cannot be is not believed."""
    assert least_tokens(message) == least


def test_refused_counts_are_not_asked_for_again() -> None:
    """Once is enough; the same refusal again teaches nothing."""
    refusal = Finding(REFUSED, refused=Refusal.COUNTS)
    known = learned(NOTHING, asked(NOTHING), refusal, 256)
    assert known.without_counts
    assert learned(known, asked(known), refusal, 256) == known


def test_a_refusal_under_the_other_name_forgets_it() -> None:
    """Perhaps because of it."""
    known = replace(NOTHING, other_limit=True)
    assert not learned(known, asked(known), Finding(REFUSED), 256).other_limit


@given(
    st.lists(st.sampled_from((LENGTH, ANSWER, Finding(REFUSED, refused=Refusal.FEW_TOKENS, least_tokens=16)))),
    st.integers(1, 300),
    st.integers(0, 300),
)
def test_no_budget_ever_leaves_its_bounds(findings: list[Finding], configured: int, bound: int) -> None:
    """Never below what is configured, never above the bound where that, and the API's least, are below."""
    known = NOTHING
    for finding in findings:
        known = learned(known, asked(known, configured, bound), finding, bound)
        assert configured <= budget(configured, known, bound) <= max(configured, bound, 16)
