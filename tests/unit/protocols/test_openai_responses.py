"""OpenAI's responses: what is asked, and how an answer is read."""

from typing import Any

import orjson
import pytest

from monitor.domain.ask import Ask, Tool
from monitor.domain.reading import Reading
from monitor.domain.reply import NOTHING_SAID, Piece, ToolCall, Usage
from monitor.domain.stream import Streamed, StreamRecorder
from monitor.protocols.openai_responses import OpenAiResponses

PROTOCOL = OpenAiResponses()
BASE = "https://api.openai.com/v1"
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"n":7}'}


def said(text: str) -> dict[str, Any]:
    """A message with this text."""
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}


def response(*items: Any, status: str | None = "completed", **more: Any) -> dict[str, Any]:
    """A whole answer."""
    return {
        "id": "resp_1",
        "object": "response",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "gpt-5-2025-08-07",
        "output": list(items),
        **more,
    }


def incomplete(*items: Any, reason: str) -> dict[str, Any]:
    """An answer that was cut for this reason."""
    return response(*items, status="incomplete", incomplete_details={"reason": reason})


def streamed(*events: dict[str, Any]) -> Streamed:
    """What is recorded of these events, one after the other."""
    recorder = StreamRecorder(PROTOCOL, most_pieces=100)
    for at, event in enumerate(events, start=1):
        recorder.feed(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)), at * 10.0)
    found = recorder.close()
    assert found is not None
    return found


@pytest.mark.parametrize(("allowed", "sent"), [(1, 16), (16, 16), (64, 64)])
def test_a_question(allowed: int, sent: int) -> None:
    """One text, of which nothing is stored, and never a limit that OpenAI refuses."""
    question = PROTOCOL.question(BASE, Ask("gpt-5", "Say OK.", allowed))
    assert question.path == "/responses"
    assert question.body == {"model": "gpt-5", "input": "Say OK.", "max_output_tokens": sent, "store": False}
    assert dict(PROTOCOL.key_headers("k")) == {"Authorization": "Bearer k"}


def test_a_tool_lies_flat() -> None:
    """Unlike in chat completions; not strict, which would ask more of its schema."""
    body = PROTOCOL.question(BASE, Ask("m", "p", 64, tool=Tool("t", "d", {"type": "object"}))).body or {}
    assert body["tools"] == [
        {"type": "function", "name": "t", "description": "d", "parameters": {"type": "object"}, "strict": False}
    ]
    assert body["tool_choice"] == {"type": "function", "name": "t"}


@pytest.mark.parametrize(
    ("document", "reading"),
    [
        (response(said("OK")), Reading.ANSWER),
        (response(REASONING, said("OK")), Reading.ANSWER),
        (response(CALL), Reading.ANSWER),
        (response({**REASONING, "summary": [{"type": "summary_text", "text": "hm"}]}), Reading.ANSWER),
        (response({**REASONING, "encrypted_content": "gAAA"}), Reading.ANSWER),
        (incomplete(said("O"), reason="max_output_tokens"), Reading.ANSWER),
        (incomplete(REASONING, reason="max_output_tokens"), Reading.LENGTH),
        (incomplete(reason="max_output_tokens"), Reading.LENGTH),
        (incomplete(reason="content_filter"), Reading.FILTERED),
        (incomplete(said("O"), reason="content_filter"), Reading.FILTERED),
        (response(said("")), Reading.NO_CONTENT),
        (response(REASONING), Reading.NO_CONTENT),
        (response(), Reading.NO_CONTENT),
        (response(status="in_progress"), Reading.NO_CONTENT),
        (response(output=None), Reading.NO_MESSAGE),
        ({"choices": [{"message": {"content": "OK"}}]}, Reading.NO_MESSAGE),
        ([], Reading.NO_MESSAGE),
        (response(status="failed", error={"code": "server_error", "message": "sorry"}), Reading.ERROR),
        (response(status="failed"), Reading.ERROR),
        (response(said("O"), status="cancelled"), Reading.ERROR),
        ({"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}, Reading.ERROR),
        ({"detail": "Not Found"}, Reading.ERROR),
    ],
)
def test_what_an_answer_is(document: Any, reading: Reading) -> None:
    """Alive with text, reasoning that can be seen, or a call; or when it was cut before it had any."""
    assert PROTOCOL.read(document).reading is reading


def test_what_is_read_of_an_answer() -> None:
    """Text without reasoning, calls under the id that their result is sent back with, and the counts."""
    reply = PROTOCOL.read(
        response(
            {**REASONING, "content": [{"type": "reasoning_text", "text": "hm"}]},
            said("OK"),
            CALL,
            {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "raw"},
            usage={
                "input_tokens": 11,
                "input_tokens_details": {"cached_tokens": 8},
                "output_tokens": 70,
                "output_tokens_details": {"reasoning_tokens": 64},
            },
        )
    )
    assert (reply.text, reply.finish, reply.model) == ("OK", "completed", "gpt-5-2025-08-07")
    assert reply.tool_calls == (ToolCall("call_1", "f", '{"n":7}', 2), ToolCall("c2", "g", "raw", 3))
    assert reply.usage == Usage(11, 70, 64, 8)


@pytest.mark.parametrize(
    ("document", "piece"),
    [
        ({"type": "response.created", "response": response(status="in_progress")}, Piece(model="gpt-5-2025-08-07")),
        ({"type": "response.output_item.added", "output_index": 0, "item": said("")}, NOTHING_SAID),
        (
            {"type": "response.output_item.added", "output_index": 1, "item": {**CALL, "arguments": ""}},
            Piece(generated=True, tool_call=ToolCall("call_1", "f", "", 1)),
        ),
        ({"type": "response.output_text.delta", "delta": "O"}, Piece(generated=True, text="O")),
        ({"type": "response.output_text.delta", "delta": ""}, Piece()),
        ({"type": "response.refusal.delta", "delta": "no"}, Piece(generated=True)),
        ({"type": "response.reasoning_text.delta", "delta": "hm"}, Piece(generated=True)),
        ({"type": "response.reasoning_summary_text.delta", "delta": "hm"}, Piece(generated=True)),
        ({"type": "response.reasoning.delta", "delta": {"text": "hm"}}, Piece(generated=True)),
        (
            {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"n'},
            Piece(generated=True, tool_call=ToolCall(arguments='{"n', index=1)),
        ),
        ({"type": "response.output_text.done", "text": "OK"}, NOTHING_SAID),
        ({"type": "response.output_item.done", "item": said("OK")}, NOTHING_SAID),
        ({"type": "keepalive"}, NOTHING_SAID),
        ("x", NOTHING_SAID),
    ],
)
def test_what_an_event_says(document: Any, piece: Piece) -> None:
    """What is told once more when a part is done is not generated twice."""
    assert PROTOCOL.piece("", document) == piece


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "sorry", "param": None, "sequence_number": 3},
        {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "sorry"}},
        {"error": {"code": "server_error", "message": "sorry"}},
        {
            "type": "response.failed",
            "response": response(status="failed", error={"code": "server_error", "message": "sorry"}),
        },
    ],
)
def test_an_error_in_a_stream(event: dict[str, Any]) -> None:
    """In each of the ways in which it is told."""
    error = PROTOCOL.piece("error", event).error
    assert error is not None
    assert error.message == "sorry"
    assert "server_error" in error.codes


def test_a_failure_that_says_nothing_is_an_error_all_the_same() -> None:
    """Even without a status."""
    assert PROTOCOL.piece("", {"type": "response.failed", "response": {"output": []}}).error is not None
    assert PROTOCOL.piece("", {"type": "response.failed"}).error is not None


def test_a_whole_stream() -> None:
    """The end is the end: nothing is waited for after it."""
    found = streamed(
        {"type": "response.created", "response": response(status="in_progress")},
        {"type": "response.output_text.delta", "delta": "O"},
        {"type": "response.output_text.delta", "delta": "K"},
        {"type": "response.output_text.done", "text": "OK"},
        {
            "type": "response.completed",
            "response": response(said("OK"), usage={"input_tokens": 9, "output_tokens": 2}),
        },
    )
    reply, times = found.reply, found.times
    assert (found.whole, reply.reading, reply.text, reply.finish) == (True, Reading.ANSWER, "OK", "completed")
    assert (reply.usage, reply.model) == (Usage(9, 2), "gpt-5-2025-08-07")
    assert (times.ttft_ms, times.last_token_ms, times.pieces) == (20.0, 30.0, 2)


def test_a_stream_that_tells_all_at_its_end() -> None:
    """Some gateways make a stream of a whole answer: one event holds it all, and it is an answer."""
    found = streamed({"type": "response.completed", "response": response(said("OK"), CALL)})
    assert (found.whole, found.reply.reading, found.reply.text) == (True, Reading.ANSWER, "OK")
    assert found.reply.tool_calls == (ToolCall("call_1", "f", '{"n":7}', 1),)
    assert (found.times.ttft_ms, found.times.pieces) == (10.0, 1)


def test_a_call_whose_arguments_come_only_at_the_end() -> None:
    """The whole answer rules over what came in pieces."""
    found = streamed(
        {"type": "response.output_item.added", "output_index": 0, "item": {**CALL, "arguments": ""}},
        {"type": "response.completed", "response": response(CALL)},
    )
    assert found.reply.tool_calls == (ToolCall("call_1", "f", '{"n":7}', 0),)
    assert found.times.pieces == 1


def test_a_stream_cut_by_the_limit_is_alive() -> None:
    """Reasoning used the tokens up, and nobody saw any of it."""
    found = streamed({"type": "response.incomplete", "response": incomplete(REASONING, reason="max_output_tokens")})
    assert (found.whole, found.reply.reading) == (True, Reading.LENGTH)


def test_a_stream_that_only_begins_is_not_whole() -> None:
    """However much text came."""
    found = streamed(
        {"type": "response.output_text.delta", "delta": "OK"}, {"type": "response.output_text.done", "text": "OK"}
    )
    assert not found.whole
