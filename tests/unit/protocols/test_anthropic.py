"""Anthropic's messages: what is asked, and how an answer is read."""

from typing import Any

import pytest

from monitor.domain.ask import Ask, Tool
from monitor.domain.reading import Reading
from monitor.domain.reply import NOTHING_SAID, Piece, ToolCall, Usage
from monitor.domain.stream import Streamed, StreamRecorder
from monitor.protocols.anthropic import Anthropic

PROTOCOL = Anthropic()
BARE = "https://api.anthropic.com"
ASK = Ask("claude-sonnet-4-5", "Say OK.", 16)
COUNTS = {"input_tokens": 10, "output_tokens": 4}


def message(*blocks: Any, stop: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    """A whole answer."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": COUNTS,
        **more,
    }


def text(said: str) -> dict[str, Any]:
    """A block of text."""
    return {"type": "text", "text": said}


def delta(kind: str, **fields: Any) -> dict[str, Any]:
    """An event that adds to the first block."""
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **fields}}


def streamed(*events: str) -> Streamed:
    """What is recorded of these events, one after the other."""
    recorder = StreamRecorder(PROTOCOL, most_pieces=100)
    for at, event in enumerate(events, start=1):
        recorder.feed(f"event: {event.split(chr(34))[3]}\ndata: {event}\n\n".encode(), at * 10.0)
    found = recorder.close()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("base_url", "before"),
    [
        (BARE, "/v1"),
        (f"{BARE}/v1", ""),
        ("https://gw.example.test/anthropic", "/v1"),
        ("https://gw.example.test/anthropic/v2", ""),
        ("https://gw.example.test/v1beta", ""),
        ("https://gw.example.test/v1/projects/x", "/v1"),
        ("https://gw.example.test/vertex", "/v1"),
    ],
)
def test_the_version_is_added_unless_it_is_there(base_url: str, before: str) -> None:
    """The official SDK is given the URL without it; gateways are often given with it."""
    assert PROTOCOL.model_list(base_url).path == f"{before}/models?limit=1000"
    assert PROTOCOL.question(base_url, ASK).path == f"{before}/messages"


def test_a_question() -> None:
    """One message, a limit, the version, and nothing more."""
    question = PROTOCOL.question(BARE, ASK)
    assert dict(question.headers) == {"anthropic-version": "2023-06-01"}
    assert question.body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 16,
        "messages": [{"role": "user", "content": "Say OK."}],
    }
    assert dict(PROTOCOL.key_headers("k")) == {"x-api-key": "k"}


def test_a_tool_has_an_input_schema() -> None:
    """Its schema is an object even if nobody said so, because the API insists on that."""
    body = PROTOCOL.question(BARE, Ask("m", "p", 64, tool=Tool("t", "d"))).body or {}
    assert body["tools"] == [{"name": "t", "description": "d", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "tool", "name": "t"}


@pytest.mark.parametrize(
    ("document", "reading"),
    [
        (message(text("OK")), Reading.ANSWER),
        (message({"type": "thinking", "thinking": "hm", "signature": "s"}, stop="max_tokens"), Reading.ANSWER),
        (message({"type": "redacted_thinking", "data": "abc"}, stop="max_tokens"), Reading.ANSWER),
        (message({"type": "tool_use", "id": "t", "name": "f", "input": {}}, stop="tool_use"), Reading.ANSWER),
        (message(text("OK"), stop="stop_sequence"), Reading.ANSWER),
        (message(text("OK"), stop="pause_turn"), Reading.ANSWER),
        (message(stop="max_tokens"), Reading.LENGTH),
        (message(text(""), stop="model_context_window_exceeded"), Reading.LENGTH),
        (message(stop="refusal"), Reading.FILTERED),
        (message(), Reading.NO_CONTENT),
        (message(text("")), Reading.NO_CONTENT),
        (message(stop=None), Reading.NO_CONTENT),
        (message(content=None), Reading.NO_MESSAGE),
        (message(content="OK"), Reading.NO_MESSAGE),
        ({"choices": [{"message": {"content": "OK"}}]}, Reading.NO_MESSAGE),
        ({}, Reading.NO_MESSAGE),
        ([], Reading.NO_MESSAGE),
        ("OK", Reading.NO_MESSAGE),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, Reading.ERROR),
        (message(text("OK"), error={"message": "no"}), Reading.ERROR),
        ({"detail": "not found"}, Reading.ERROR),
    ],
)
def test_what_an_answer_is(document: Any, reading: Reading) -> None:
    """Alive with content, thinking or a call; or when it was cut or refused before it had any."""
    assert PROTOCOL.read(document).reading is reading


def test_what_is_read_of_an_answer() -> None:
    """Text without thinking, calls with their input as JSON, who answered, and the counts with what was cached."""
    reply = PROTOCOL.read(
        message(
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            text("O"),
            text("K"),
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"number": 7}},
            stop="Tool_Use",
            usage={
                "input_tokens": 3,
                "cache_creation_input_tokens": 20,
                "cache_read_input_tokens": 100,
                "output_tokens": 9,
                "output_tokens_details": {"thinking_tokens": 5},
            },
        )
    )
    assert (reply.text, reply.finish, reply.model) == ("OK", "tool_use", "claude-sonnet-4-5-20250929")
    assert reply.tool_calls == (ToolCall("t1", "f", '{"number": 7}', 3),)
    assert reply.usage == Usage(123, 9, 5, 100)


def test_an_error_says_its_type_and_its_request() -> None:
    """In the shape that Anthropic documents."""
    error = PROTOCOL.read(
        {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}, "request_id": "req_1"}
    ).error
    assert error is not None
    assert (error.message, error.request_id) == ("slow down", "req_1")
    assert "rate_limit_error" in error.codes


@pytest.mark.parametrize(
    ("document", "piece"),
    [
        ({"type": "ping"}, NOTHING_SAID),
        ({"type": "content_block_stop", "index": 0}, NOTHING_SAID),
        ({"type": "something_new", "text": "x"}, NOTHING_SAID),
        ({"type": "content_block_start", "index": 0, "content_block": text("")}, Piece()),
        (delta("text_delta", text="O"), Piece(generated=True, text="O")),
        (delta("text_delta", text=""), Piece()),
        (delta("thinking_delta", thinking="hm"), Piece(generated=True)),
        (delta("signature_delta", signature="abc"), Piece()),
        (delta("citations_delta", citation={"cited_text": "x"}), Piece()),
        (delta("input_json_delta", partial_json=""), Piece()),
        (
            delta("input_json_delta", partial_json='{"n'),
            Piece(generated=True, tool_call=ToolCall(arguments='{"n', index=0)),
        ),
        (
            {
                "type": "content_block_start",
                "index": 2,
                "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
            },
            Piece(generated=True, tool_call=ToolCall("t", "f", "", 2)),
        ),
        (
            {"type": "content_block_start", "index": 0, "content_block": {"type": "redacted_thinking", "data": "a"}},
            Piece(generated=True),
        ),
        (
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
            Piece(finish="end_turn", end_follows=True, usage=Usage(None, 4)),
        ),
        ({"type": "message_delta", "delta": {"stop_reason": None}}, Piece()),
        ({"type": "message_stop"}, Piece(ends=True)),
        ([], NOTHING_SAID),
    ],
)
def test_what_an_event_says(document: Any, piece: Piece) -> None:
    """A signature, a citation and an empty beginning are nothing that was generated."""
    assert PROTOCOL.piece("", document) == piece


def test_an_event_that_names_its_type_only_outside_is_read_too() -> None:
    """Some servers leave the type out of the data."""
    assert PROTOCOL.piece("message_stop", {}).ends
    assert PROTOCOL.piece("error", {"message": "gone"}).error is not None


def test_a_whole_stream() -> None:
    """Input is counted at its beginning, output at its end, and what follows the end is not waited for."""
    found = streamed(
        '{"type":"message_start","message":{"model":"claude-x","usage":{"input_tokens":5,"cache_read_input_tokens":7,'
        '"output_tokens":1}}}',
        '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        '{"type":"ping"}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"O"}}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"K"}}',
        '{"type":"content_block_stop","index":0}',
        '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":0,"output_tokens":4}}',
        '{"type":"message_stop"}',
    )
    reply, times = found.reply, found.times
    assert (found.whole, reply.reading, reply.text, reply.finish) == (True, Reading.ANSWER, "OK", "end_turn")
    assert (reply.model, reply.usage) == ("claude-x", Usage(12, 4, None, 7))
    assert (times.first_event_ms, times.ttft_ms, times.last_token_ms, times.pieces) == (10.0, 40.0, 50.0, 2)


def test_a_call_in_pieces() -> None:
    """Name first, then the input bit by bit."""
    found = streamed(
        '{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}',
        '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"n\\""}}',
        '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":": 7}"}}',
        '{"type":"message_delta","delta":{"stop_reason":"tool_use"}}',
        '{"type":"message_stop"}',
    )
    assert found.reply.tool_calls == (ToolCall("t", "f", '{"n": 7}', 1),)
    assert found.whole


def test_a_stream_that_only_begins_is_not_whole() -> None:
    """However much text came."""
    found = streamed(
        '{"type":"message_start","message":{"model":"m"}}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"OK"}}',
    )
    assert not found.whole


def test_an_error_in_a_stream() -> None:
    """Arrives after a 200, with its type."""
    found = streamed('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')
    assert found.reply.reading is Reading.ERROR
    assert found.reply.error is not None
    assert "overloaded_error" in found.reply.error.codes
