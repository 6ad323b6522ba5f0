"""What is refused before a model says anything, in every API."""

from typing import Any

import pytest

from monitor.simulator.apis.registry import APIS
from monitor.simulator.complaints import Complaint
from monitor.simulator.refusals import refusal_of
from monitor.simulator.served import ServedModel

MESSAGES = [{"role": "user", "content": "Say OK. (1a2b3c4d)"}]
MODEL = ServedModel(id="m", refuses_max_tokens=True, refuses_stream_options=True)
CHAT, TALK, RESPONSES, EMBEDDINGS = "/chat/completions", "/messages", "/responses", "/embeddings"


def refused(path: str, body: dict[str, Any], model: ServedModel | None = MODEL) -> Complaint | None:
    """What this request gets."""
    api = APIS[path]
    return refusal_of(api, path, api.read(body), body.keys(), model)


@pytest.mark.parametrize(
    ("body", "model", "status", "word"),
    [
        ({}, None, 400, "model"),
        ({"model": 7}, None, 400, "model"),
        ({"model": "x"}, None, 404, "does not exist"),
        ({"model": "m"}, MODEL, 400, "messages"),
        ({"model": "m", "messages": []}, MODEL, 400, "messages"),
        ({"model": "m", "messages": MESSAGES, "max_tokens": 1}, MODEL, 400, "max_tokens"),
        ({"model": "m", "messages": MESSAGES, "stream_options": {}}, MODEL, 400, "stream_options"),
        ({"model": "m", "messages": MESSAGES, "max_completion_tokens": 0}, MODEL, 400, "Expected a value >= 1"),
    ],
)
def test_a_wrong_request_is_refused_in_openais_words(
    body: dict[str, Any], model: ServedModel | None, status: int, word: str
) -> None:
    """Status and words are those of OpenAI's API."""
    complaint = refused(CHAT, body, model)
    assert complaint is not None
    assert complaint.status == status
    assert word in complaint.message


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {"messages": MESSAGES, "max_completion_tokens": 16}),
        (TALK, {"messages": MESSAGES, "max_tokens": 16}),
        (RESPONSES, {"input": "Hi", "max_output_tokens": 16}),
        (EMBEDDINGS, {"input": "Hi"}),
    ],
)
def test_a_right_request_is_not_refused(path: str, body: dict[str, Any]) -> None:
    """In any API; `max_tokens` is refused only where it has another name."""
    assert refused(path, {"model": "m"} | body) is None


@pytest.mark.parametrize(
    ("path", "body", "lacking"),
    [(TALK, {"messages": MESSAGES}, "max_tokens"), (RESPONSES, {}, "input"), (EMBEDDINGS, {"input": ""}, "input")],
)
def test_what_an_api_demands_must_be_there(path: str, body: dict[str, Any], lacking: str) -> None:
    """Anthropic demands a limit, the others an input."""
    complaint = refused(path, {"model": "m"} | body)
    assert complaint is not None
    assert complaint.param == lacking


def test_a_model_may_demand_a_budget() -> None:
    """Sixteen tokens at least, as newer models do; the parameter has the name that was sent."""
    model = ServedModel(id="m", least_tokens=16)
    few = refused(RESPONSES, {"model": "m", "input": "Hi", "max_output_tokens": 15}, model)
    assert few is not None
    assert (few.code, few.param) == ("integer_below_min_value", "max_output_tokens")
    assert refused(RESPONSES, {"model": "m", "input": "Hi", "max_output_tokens": 16}, model) is None


def test_a_model_may_speak_some_protocols_only() -> None:
    """An embedding model asked for a chat is not found there."""
    model = ServedModel(id="m", protocols=("openai-embeddings",))
    chat = refused(CHAT, {"model": "m", "messages": MESSAGES}, model)
    assert chat is not None
    assert chat.status == 404
    assert refused(EMBEDDINGS, {"model": "m", "input": "Hi"}, model) is None
