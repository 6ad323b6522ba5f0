"""Every API reads what it asks for and writes what it promises; RelayWatch's own protocols read it back."""

import json
from typing import Any

import pytest

from monitor.domain.ask import Ask, Tool
from monitor.domain.reading import Reading
from monitor.domain.reply import Reply
from monitor.domain.stream import StreamRecorder
from monitor.protocols.registry import protocol_named
from monitor.simulator.apis.catalogue import anthropic_list, openai_list
from monitor.simulator.apis.contract import Api
from monitor.simulator.apis.registry import APIS
from monitor.simulator.deviations import deviated
from monitor.simulator.faults import Fault
from monitor.simulator.served import ServedModel
from monitor.simulator.speech import speech_of

SCHEMA = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}
TOOL = Tool("weather", "The weather of a town.", SCHEMA)
EVERY = sorted(APIS.items())
CHATS = [(path, api) for path, api in EVERY if api.streams]


def body_of(api: Api, *, stream: bool = False, tool: Tool | None = None, max_tokens: int = 64) -> dict[str, Any]:
    """A request as RelayWatch makes it."""
    ask = Ask("m", 'Repeat these words: "blue table"', max_tokens, stream=stream, tool=tool)
    wanted = protocol_named(api.name).question("http://x/v1", ask)
    assert wanted.path.removeprefix("/v1") in APIS
    return wanted.body or {}


def reply_of(api: Api, *, stream: bool, fault: str | None = None, tool: Tool | None = None, **model: Any) -> Reply:
    """What RelayWatch reads out of the answer."""
    asked = api.read(body_of(api, stream=stream, tool=tool))
    served = ServedModel.model_validate({"id": "m"} | model)
    bend = None if fault is None else Fault.model_validate({"kind": fault})
    speech = deviated(speech_of(asked, served, 7, 1_790_000_000), bend)
    dialect = protocol_named(api.name)
    if not stream:
        return dialect.read(json.loads(json.dumps(api.whole(asked, speech))))
    recorder = StreamRecorder(dialect, 1000)
    for number, event in enumerate(api.events(asked, speech)):
        recorder.feed(event.written(), float(number))
    streamed = recorder.close()
    assert streamed is not None
    assert streamed.corrupt is None
    assert streamed.whole or fault == "finish_null"
    return streamed.reply


BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
EACH = pytest.mark.parametrize("api", [api for _, api in CHATS], ids=lambda api: api.name)


@pytest.mark.parametrize("api", [api for _, api in EVERY], ids=lambda api: api.name)
def test_a_request_is_read(api: Api) -> None:
    """Model, prompt, limit; nothing is lacking, and the prompt has tokens."""
    asked = api.read(body_of(api))
    assert (asked.model, asked.prompt, asked.lacks) == ("m", 'Repeat these words: "blue table"', None)
    assert asked.input_tokens > 4
    assert asked.max_tokens == (64 if api.streams else None)


@pytest.mark.parametrize("api", [api for _, api in EVERY], ids=lambda api: api.name)
@pytest.mark.parametrize(
    "body", [{}, {"model": 7, "messages": 7, "input": 7, "tools": 7}, {"messages": [7], "tools": [7]}]
)
def test_reading_never_raises(api: Api, body: dict[str, Any]) -> None:
    """Whatever a client sends."""
    assert api.read(body).model is None


@BOTH
@EACH
def test_an_answer_says_what_was_asked_for(api: Api, *, stream: bool) -> None:
    """Text, finish reason, counts, the model's name."""
    reply = reply_of(api, stream=stream, answers_as="m-2025-04-14", cached_tokens=3)
    assert (reply.reading, reply.text, reply.model) == (Reading.ANSWER, "blue table", "m-2025-04-14")
    assert (reply.usage.output_tokens, reply.usage.cached_tokens) == (4, 3)
    assert (reply.usage.input_tokens or 0) > 4


@BOTH
@EACH
def test_a_function_is_called(api: Api, *, stream: bool) -> None:
    """By its name, with arguments that fit."""
    (call,) = reply_of(api, stream=stream, tool=TOOL).tool_calls
    assert (call.name, json.loads(call.arguments)) == ("weather", {"town": "blue table"})


@BOTH
@EACH
def test_a_model_that_thinks_too_long_says_nothing(api: Api, *, stream: bool) -> None:
    """That is no failure."""
    reply = reply_of(api, stream=stream, reasoning_tokens=500)
    assert (reply.reading, reply.text, reply.usage.output_tokens) == (Reading.LENGTH, "", 64)


@BOTH
@EACH
def test_reasoning_that_is_shown_is_an_answer(api: Api, *, stream: bool) -> None:
    """Though the limit cuts it before the first word."""
    assert reply_of(api, stream=stream, reasoning_tokens=500, shows_reasoning=True).reading is Reading.ANSWER


@BOTH
@EACH
@pytest.mark.parametrize(
    ("fault", "readings"),
    [
        ("empty_choices", {Reading.NO_CHOICES, Reading.NO_CONTENT}),
        ("empty_content", {Reading.NO_CONTENT}),
        ("content_filter", {Reading.FILTERED}),
        ("finish_null", {Reading.ANSWER}),
        ("other_model", {Reading.ANSWER}),
        ("cached", {Reading.ANSWER}),
    ],
)
def test_lies_look_as_they_should(api: Api, fault: str, readings: set[Reading], *, stream: bool) -> None:
    """Well-formed in every API, whole and streamed."""
    assert reply_of(api, stream=stream, fault=fault).reading in readings


def test_embeddings_are_of_length_one_and_as_many_as_wanted() -> None:
    """As numbers or packed; a mute model has none."""
    api = APIS["/embeddings"]
    served = ServedModel(id="m")
    for more, size in (({}, 8), ({"dimensions": 3}, 3)):
        asked = api.read({"model": "m", "input": ["a"]} | more)
        speech = speech_of(asked, served, 1, 0)
        numbers = api.whole(asked, speech)["data"][0]["embedding"]
        assert (len(numbers), round(sum(number**2 for number in numbers), 6)) == (size, 1.0)
    assert reply_of(api, stream=False).size == 8
    assert reply_of(api, stream=False, fault="empty_content").reading is not Reading.ANSWER


def test_models_are_listed_as_each_vendor_does() -> None:
    """All at once, or page by page."""
    ids = [f"a/m{number}" for number in range(30)]
    assert [entry["owned_by"] for entry in openai_list(["a/b", "c"], 0)["data"]] == ["a", "simulator"]
    first = anthropic_list(ids, 0, {})
    second = anthropic_list(ids, 0, {"after_id": str(first["last_id"]), "limit": "1000"})
    assert (len(first["data"]), first["has_more"], second["has_more"]) == (20, True, False)
    assert [entry["id"] for entry in (*first["data"], *second["data"])] == ids
    assert anthropic_list([], 0, {"limit": "x"})["first_id"] is None
