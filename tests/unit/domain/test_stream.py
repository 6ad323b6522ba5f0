"""A stream's record: when what came, what it said, and whether it came to its end."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.reading import Reading
from monitor.domain.reply import TEXT_KEPT, ToolCall, Usage
from monitor.domain.result import StreamTimes
from monitor.domain.stream import Streamed, StreamRecorder
from monitor.protocols.anthropic import Anthropic
from monitor.protocols.openai import OpenAi

END = b"data: [DONE]\n\n"


def event(value: Any) -> bytes:
    """One event with this JSON value."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    """A chunk with some content, or without."""
    delta = {} if content is None else {"content": content}
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


ROLE = event({"model": "m-1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})


def recorded(*parts: tuple[float, bytes], most_pieces: int = 128) -> Streamed:
    """What is recorded of parts that come at these milliseconds; the parts must be a stream."""
    recorder = StreamRecorder(OpenAi(), most_pieces)
    for at_ms, part in parts:
        recorder.feed(part, at_ms)
    streamed = recorder.close()
    assert streamed is not None
    return streamed


def has_enough(recorder: StreamRecorder) -> bool:
    """Whether nothing more is wanted."""
    return recorder.enough


def test_the_first_event_is_not_the_first_token() -> None:
    """Comments are neither, a role is an event, content is a token; the longest wait is between tokens."""
    streamed = recorded(
        (50.0, b": keep-alive\n\n"),
        (100.0, ROLE),
        (250.0, chunk("O")),
        (300.0, chunk("K")),
        (700.0, chunk("!")),
        (720.0, chunk(None, "stop")),
        (900.0, END),
    )
    assert streamed.times == StreamTimes(100.0, 250.0, 700.0, 400.0, 3)
    assert (streamed.whole, streamed.corrupt, streamed.events) == (True, None, 6)
    assert (streamed.reply.text, streamed.reply.finish, streamed.reply.model) == ("OK!", "stop", "m-1")


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "O"},
        {"reasoning_content": "Hm"},
        {"reasoning": "Hm"},
        {"refusal": "No"},
        {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ""}}]},
    ],
)
def test_content_reasoning_refusals_and_tool_calls_are_tokens(delta: dict[str, Any]) -> None:
    """Whatever the model generates ends the wait for the first token."""
    streamed = recorded((10.0, ROLE), (30.0, event({"choices": [{"delta": delta}]})))
    assert (streamed.times.ttft_ms, streamed.times.pieces) == (30.0, 1)


def test_one_token_has_no_stall() -> None:
    """A wait between tokens needs two of them."""
    assert recorded((10.0, chunk("OK", "stop"))).times == StreamTimes(10.0, 10.0, 10.0, None, 1)


def test_speed_is_counted_from_the_first_token() -> None:
    """Tokens per second and the time per token are those of the definitions, by the API's own count of tokens."""
    times = StreamTimes(first_event_ms=100.0, ttft_ms=200.0, last_token_ms=1200.0, max_stall_ms=50.0, pieces=5)
    assert times.tokens_per_s(11) == 11.0
    assert times.tpot_ms(11) == 100.0
    for nothing in (None, 0):
        assert times.tokens_per_s(nothing) is None
        assert times.tpot_ms(nothing) is None
    assert times.tpot_ms(1) is None
    assert StreamTimes(ttft_ms=5.0, last_token_ms=5.0).tokens_per_s(3) is None
    assert StreamTimes().tokens_per_s(3) is None
    assert StreamTimes().tpot_ms(3) is None


def test_an_end_is_a_finish_reason_or_an_end_mark() -> None:
    """Either is enough; without both the stream was cut."""
    assert recorded((1.0, ROLE + chunk("O") + chunk(None, "stop"))).whole
    assert recorded((1.0, ROLE + chunk("O") + END)).whole
    assert not recorded((1.0, ROLE + chunk("O"))).whole


def test_a_finish_reason_is_no_end_where_a_mark_is_promised() -> None:
    """Anthropic's stop reason comes before the end, which is `message_stop`."""
    recorder = StreamRecorder(Anthropic(), 128)
    text = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "OK"}}
    recorder.feed(event(text) + event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}), 1.0)
    assert not recorder.finished
    assert not has_enough(recorder)
    recorder.feed(event({"type": "message_stop"}), 2.0)
    assert has_enough(recorder)
    streamed = recorder.close()
    assert streamed is not None
    assert (streamed.whole, streamed.reply.finish) == (True, "end_turn")


def test_enough_is_an_end_an_error_a_corrupt_event_or_many_tokens() -> None:
    """Reading may stop there and only there; what comes after it is not recorded."""
    for last in (END, event({"error": {"message": "no"}}), b"data: {\n\n", b"data: \xff\n\n", chunk("O") + chunk("K")):
        recorder = StreamRecorder(OpenAi(), 2)
        recorder.feed(ROLE, 1.0)
        assert not has_enough(recorder)
        recorder.feed(last, 2.0)
        assert has_enough(recorder)
        recorder.feed(chunk("more", "stop", model="x"), 3.0)
        streamed = recorder.close()
        assert streamed is not None
        assert "more" not in streamed.reply.text
        assert streamed.reply.finish is None


def test_a_finish_reason_is_not_enough() -> None:
    """The counts come after it."""
    recorder = StreamRecorder(OpenAi(), 128)
    recorder.feed(chunk("OK", "stop"), 1.0)
    assert recorder.finished
    assert not recorder.enough
    recorder.feed(event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}), 2.0)
    streamed = recorder.close()
    assert streamed is not None
    assert streamed.reply.usage == Usage(9, 2)


def test_an_error_rules_over_what_was_said() -> None:
    """What came before an error is timed, and is no answer."""
    streamed = recorded((5.0, chunk("O")), (9.0, event({"error": {"message": "down", "type": "server_error"}})))
    assert streamed.reply.reading is Reading.ERROR
    assert streamed.reply.error is not None
    assert streamed.reply.error.message == "down"
    assert streamed.times.ttft_ms == 5.0


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"data: {\n\n", "an event that is not JSON"),
        (b"data: upstream error\n\n", "an event that is not JSON"),
        (b'data: {"a":"\xff"}\n\n', "an event that is not valid UTF-8"),
    ],
)
def test_an_event_that_cannot_be_read_is_told(raw: bytes, why: str) -> None:
    """A corrupt event says what is wrong with it, and holds nothing of what stood in it."""
    assert recorded((1.0, ROLE + raw)).corrupt == why


def test_the_last_event_may_lack_its_blank_line_but_not_its_end() -> None:
    """A complete event counts at the end of the body; half of one was cut, and is not called corrupt."""
    assert recorded((1.0, chunk("OK") + chunk(None, "stop").rstrip())).whole
    assert recorded((1.0, chunk("OK") + b"data: [DONE]")).whole
    half = recorded((1.0, chunk("OK") + chunk(None, "stop")[:30]))
    assert (half.whole, half.corrupt, half.times.pieces) == (False, None, 1)


@pytest.mark.parametrize("raw", [b"", b"\n\n", b'{"choices":[]}', b"<html>", b"OK", b"dat", b"x" * 5000])
def test_what_is_no_stream_gives_no_record(raw: bytes) -> None:
    """JSON, a page, words, or next to nothing."""
    recorder = StreamRecorder(OpenAi(), 128)
    recorder.feed(raw, 1.0)
    assert not recorder.is_stream
    assert recorder.close() is None


@pytest.mark.parametrize("before", [b"", b"\n" * 5000, b"\xef\xbb\xbf", b"\r\n \n"])
def test_a_stream_may_begin_with_nothing_and_with_much(before: bytes) -> None:
    """Blank lines before it do no harm, nor does a first read that holds more than many events."""
    raw = before + ROLE + chunk("O") * 200 + chunk(None, "stop") + END
    streamed = recorded((1.0, raw), most_pieces=1000)
    assert (streamed.times.pieces, streamed.whole) == (200, True)


def test_a_tool_call_is_put_together() -> None:
    """Name and id come first, the arguments in pieces, several calls side by side, and not too many of them."""

    def call(index: int, **function: str) -> bytes:
        return event(
            {"choices": [{"delta": {"tool_calls": [{"index": index, "id": f"c{index}", "function": function}]}}]}
        )

    pieces = [call(i, name=f"f{i}", arguments="") for i in range(20)] + [
        call(1, arguments='{"n"'),
        call(1, arguments=":7}"),
    ]
    calls = recorded(*((1.0, piece) for piece in pieces)).reply.tool_calls
    assert calls[1] == ToolCall("c1", "f1", '{"n":7}', 1)
    assert len(calls) == 8


def test_no_more_text_is_kept_than_is_wanted() -> None:
    """A hostile stream fills no memory with words."""
    streamed = recorded(*((1.0, chunk("x" * 5000)) for _ in range(20)))
    assert len(streamed.reply.text) == TEXT_KEPT


GAPS = st.lists(st.integers(0, 50_000), min_size=1, max_size=12)


@given(gaps=GAPS, tokens=st.integers(2, 5000))
def test_times_are_in_order_and_add_up(gaps: list[int], tokens: int) -> None:
    """First event, first token, last token; no wait is longer than the whole; speed and time per token agree."""
    at_ms, parts = 0.0, [(0.0, ROLE)]
    for gap in gaps:
        at_ms += gap
        parts.append((at_ms, chunk("x")))
    times = recorded(*parts).times
    assert times.first_event_ms is not None
    assert times.ttft_ms is not None
    assert times.last_token_ms is not None
    assert times.first_event_ms <= times.ttft_ms <= times.last_token_ms == at_ms
    assert times.pieces == len(gaps)
    assert (times.max_stall_ms or 0.0) <= times.last_token_ms - times.ttft_ms
    speed, per_token = times.tokens_per_s(tokens), times.tpot_ms(tokens)
    if speed is not None and per_token is not None:
        assert speed * per_token == pytest.approx(1000.0 * tokens / (tokens - 1))
