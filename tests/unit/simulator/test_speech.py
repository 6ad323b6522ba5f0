"""What a model says, counted token by token."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.requests import Asked, OfferedTool
from monitor.simulator.served import ServedModel
from monitor.simulator.speech import UNRULY, Finish, Speech, speech_of, tokens_of

TOOL = OfferedTool("weather", {"properties": {"town": {"type": "string"}}})


def said(asked: dict[str, Any] | None = None, **model: Any) -> Speech:
    """The answer of a model to a short prompt."""
    options: dict[str, Any] = {"prompt": "Say OK.", "input_tokens": 9} | (asked or {})
    return speech_of(Asked("m", **options), ServedModel.model_validate({"id": "m"} | model), 7, 1_790_000_000)


def test_a_plain_answer() -> None:
    """Text, a natural end that costs a token, the model's own name."""
    speech = said()
    assert (speech.text, speech.finish, speech.model, speech.output_tokens) == ("OK", Finish.STOP, "m", 2)
    assert (speech.input_tokens, speech.reasoning_tokens, speech.cached_tokens) == (9, 0, 0)


def test_a_model_says_as_many_tokens_as_it_is_told() -> None:
    """Padded or cut; then the end costs nothing."""
    assert [len(said(tokens=count).tokens) for count in (1, 5, 60)] == [1, 5, 60]
    assert said(tokens=60).output_tokens == 60


def test_the_limit_cuts_the_answer() -> None:
    """Finish reason `length`, and no token more than allowed."""
    speech = said({"max_tokens": 3}, says="one two three four five")
    assert (len(speech.tokens), speech.finish, speech.output_tokens) == (3, Finish.LENGTH, 3)


def test_a_small_budget_is_all_spent_on_reasoning() -> None:
    """No word, finish reason `length`; with a larger one it answers."""
    mute, heard = said({"max_tokens": 16}, reasoning_tokens=50), said({"max_tokens": 64}, reasoning_tokens=50)
    assert (mute.text, mute.finish, mute.reasoning_tokens, mute.output_tokens) == ("", Finish.LENGTH, 16, 16)
    assert (heard.text, heard.finish, heard.reasoning_tokens, heard.output_tokens) == ("OK", Finish.STOP, 50, 52)


def test_reasoning_is_hidden_unless_it_is_shown() -> None:
    """Hidden tokens pass before the first that can be seen."""
    hidden, shown = said(reasoning_tokens=5), said(reasoning_tokens=5, shows_reasoning=True)
    assert (hidden.thoughts, hidden.hidden_tokens) == ((), 5)
    assert (len(shown.thoughts), shown.hidden_tokens) == (5, 0)


def test_a_function_that_is_offered_is_called_once() -> None:
    """With arguments as text; after its result the model speaks."""
    call, after = said({"tool": TOOL}), said({"tool": TOOL, "result": '{"degrees": 21}'})
    assert (call.call, call.text, call.finish) == ("weather", '{"town": "OK"}', Finish.TOOL_CALL)
    assert (after.call, "21" in after.text, after.finish) == (None, True, Finish.STOP)


def test_a_model_may_ignore_what_it_is_told() -> None:
    """It repeats nothing and calls nothing."""
    speech = said({"prompt": "Repeat 'blue'.", "tool": TOOL}, ignores_instructions=True)
    assert (speech.text, speech.call) == (UNRULY, None)


def test_a_model_may_answer_under_another_name_and_from_a_warm_cache() -> None:
    """A dated id; no more cached tokens than the prompt has."""
    speech = said(answers_as="m-2025-04-14", cached_tokens=1000)
    assert (speech.model, speech.cached_tokens) == ("m-2025-04-14", 9)


@given(st.text(max_size=200))
def test_tokens_are_the_text(text: str) -> None:
    """Nothing is lost."""
    assert "".join(tokens_of(text)) == text


@given(
    st.none() | st.integers(min_value=0, max_value=100),
    st.integers(min_value=0, max_value=60),
    st.none() | st.integers(min_value=1, max_value=80),
)
def test_a_budget_is_never_exceeded(limit: int | None, reasoning: int, tokens: int | None) -> None:
    """Whatever a model would like to say: counts add up, and `length` stands exactly where something was cut."""
    model = {"reasoning_tokens": reasoning} | ({} if tokens is None else {"tokens": tokens})
    speech = said({"max_tokens": limit}, **model)
    assert speech.reasoning_tokens + len(speech.tokens) <= speech.output_tokens
    if limit is not None:
        assert speech.output_tokens <= limit
    wanted = 1 if tokens is None else tokens
    assert (speech.finish is Finish.LENGTH) == (len(speech.tokens) < wanted)
