"""What every wire protocol must do, whichever it is."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.ask import Ask, Tool
from monitor.domain.reading import Reading
from monitor.domain.reply import TEXT_KEPT, Piece, Reply
from monitor.protocols.registry import BUILT_IN, protocol_named
from monitor.protocols.wire import ApiRequest, WireProtocol

BASE = "https://api.example.test/v1"
ASK = Ask("a/model", "Say OK. (0a1b2c3d)", 16)
TOOL = Tool("report", "Reports a number.", {"type": "object", "properties": {"number": {"type": "string"}}})

KEYS = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "text",
        "id",
        "name",
        "index",
        "model",
        "error",
        "message",
        "code",
        "status",
        "choices",
        "delta",
        "finish_reason",
        "usage",
        "output",
        "item",
        "response",
        "incomplete_details",
        "reason",
        "input",
        "arguments",
        "call_id",
        "content_block",
        "partial_json",
        "thinking",
        "signature",
        "summary",
        "stop_reason",
        "data",
        "embedding",
        "tool_calls",
        "function",
        "prompt_tokens",
        "output_tokens",
        "input_tokens",
        "cache_read_input_tokens",
        "output_tokens_details",
        "thinking_tokens",
        "output_index",
        "object",
        "success",
        "base_resp",
        "detail",
    ]
)
WORDS = st.sampled_from(
    [
        "message",
        "text",
        "tool_use",
        "error",
        "message_start",
        "message_delta",
        "message_stop",
        "content_block_start",
        "content_block_delta",
        "response",
        "response.completed",
        "response.failed",
        "response.output_item.added",
        "response.output_text.delta",
        "function_call",
        "response.function_call_arguments.delta",
        "completed",
        "incomplete",
        "failed",
        "max_tokens",
        "refusal",
        "end_turn",
        "stop",
        "length",
        "reasoning",
        "signature_delta",
        "text_delta",
        "AAAAAA==",
        "400",
    ]
)
NUMBERS = st.integers() | st.just(10**400) | st.floats() | st.integers(0, 300)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=8)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=40
)


@pytest.fixture(params=sorted(BUILT_IN))
def protocol(request: pytest.FixtureRequest) -> WireProtocol:
    """Each of the built-in ones."""
    return protocol_named(request.param)


def requests_of(protocol: WireProtocol, ask: Ask) -> tuple[ApiRequest, ApiRequest]:
    """The list and the question."""
    return protocol.model_list(BASE), protocol.question(BASE, ask)


def test_it_is_found_under_its_own_name(protocol: WireProtocol) -> None:
    """The name in the table is the name in the object."""
    assert BUILT_IN[protocol.name] is protocol


def test_a_list_is_got_and_a_question_is_posted(protocol: WireProtocol) -> None:
    """With paths below the base URL, and a body that names the model and holds the prompt."""
    listing, question = requests_of(protocol, ASK)
    assert (listing.method, listing.body, question.method) == ("GET", None, "POST")
    assert listing.path.startswith("/models")
    assert question.path.startswith("/")
    body = orjson.dumps(question.body)
    assert orjson.loads(body)["model"] == ASK.model
    assert ASK.prompt.encode() in body


def test_the_key_goes_into_headers_and_nowhere_else(protocol: WireProtocol) -> None:
    """So that it is in no URL and no body."""
    headers = protocol.key_headers("sk-0123")
    assert isinstance(headers, Mapping)
    assert any("sk-0123" in value for value in headers.values())
    assert not {name.lower() for name in headers} & {
        name.lower() for one in requests_of(protocol, ASK) for name in one.headers
    }


def test_each_question_has_a_body_of_its_own(protocol: WireProtocol) -> None:
    """What is added to one body is not in the next."""
    one, other = (protocol.question(BASE, ASK).body for _ in range(2))
    assert one is not None
    one["more"] = True
    assert other is not None
    assert "more" not in other


def test_a_stream_is_asked_for_only_where_one_is_wanted(protocol: WireProtocol) -> None:
    """And never of a protocol that has none."""
    asked = {
        wanted: (requests_of(protocol, Ask("m", "p", 16, stream=wanted))[1].body or {}) for wanted in (False, True)
    }
    assert "stream" not in asked[False]
    assert asked[True].get("stream", False) is protocol.streams


def test_a_tool_is_offered_and_must_be_called(protocol: WireProtocol) -> None:
    """Wherever a model can call one."""
    body = protocol.question(BASE, Ask("m", "p", 64, tool=TOOL)).body or {}
    if not protocol.streams:
        assert "tools" not in body
        return
    assert b'"report"' in orjson.dumps(body["tools"])
    assert b'"number"' in orjson.dumps(body["tools"])
    assert b'"report"' in orjson.dumps(body["tool_choice"])


@given(document=DOCUMENTS, event=WORDS | st.text(max_size=8))
@settings(max_examples=200)
@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_whatever_comes_is_read(name: str, document: Any, event: str) -> None:
    """Any JSON value gives a reply and a piece of the right kinds, bounded, and raises nothing."""
    protocol = BUILT_IN[name]
    reply, piece = protocol.read(document), protocol.piece(event, document)
    assert isinstance(reply, Reply)
    assert isinstance(piece, Piece)
    assert (reply.error is not None) is (reply.reading is Reading.ERROR)
    assert len(reply.text) <= TEXT_KEPT
    assert all(len(call.arguments) <= TEXT_KEPT for call in reply.tool_calls)
    assert piece.text == "" or piece.generated or piece.whole is not None
    for usage in (reply.usage, piece.usage):
        counts = (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.cached_tokens)
        assert all(count is None or 0 <= count < 2**31 for count in counts)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
@pytest.mark.parametrize("key", [None, "input", "content", "text", "error"])
def test_what_is_nested_a_thousand_deep_is_read(name: str, key: str | None) -> None:
    """The depth of what upstream sends is upstream's choice."""
    value: Any = "x"
    for _ in range(900):
        value = [value] if key is None else {key: value}
    block = {"type": "tool_use", "name": "n", "input": value, "content": value, "arguments": value}
    for document in (
        {"content": [block], "choices": [{"message": {"content": value, "tool_calls": [block]}}], "output": [block]},
        {"type": "content_block_start", "content_block": block},
        {"type": "response.completed", "response": {"output": [{**block, "type": "function_call"}]}},
        {"error": value},
    ):
        BUILT_IN[name].read(document)
        BUILT_IN[name].piece("", document)
