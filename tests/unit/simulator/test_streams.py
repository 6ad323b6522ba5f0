"""From events to bytes: what is sent when, and everything that can go wrong in between."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.sse import Event, SseParser
from monitor.simulator.faults import Fault, Pace
from monitor.simulator.streams import Part, Plan, StreamEvent, plan

EVENTS = (
    StreamEvent({"role": "assistant"}),
    *(StreamEvent({"text": f"t{number} \uc88b"}, part=Part.TOKEN) for number in range(3)),
    StreamEvent({"finish": "stop"}, "finish", Part.FINISH),
    StreamEvent("[DONE]", part=Part.END),
)
ERROR = StreamEvent({"error": "overloaded"}, "error")
SLOWLY = Pace(0.5, 0.1)


def planned(kind: str | None = None, pace: Pace = SLOWLY, **options: Any) -> Plan:
    """The stream under a fault."""
    fault = None if kind is None else Fault.model_validate({"kind": kind} | options)
    return plan(EVENTS, pace, fault, ERROR)


def sent(stream: Plan) -> bytes:
    """All bytes of it."""
    return b"".join(write.data for write in stream.writes)


def read(stream: Plan) -> list[Event]:
    """The events that a client reads out of it."""
    parser = SseParser()
    return [event for write in stream.writes for event in parser.feed(write.data)]


def data(stream: Plan) -> list[str]:
    """Their data."""
    return [event.data for event in read(stream)]


WHOLE = data(planned())


def test_events_are_written_with_their_names() -> None:
    """One line of data each, letters as they are."""
    assert EVENTS[1].written() == 'data: {"text":"t0 \uc88b"}\n\n'.encode()
    assert EVENTS[4].written() == b'event: finish\ndata: {"finish":"stop"}\n\n'


def test_tokens_keep_their_pace() -> None:
    """The first waits longest, frames do not wait."""
    assert [write.wait_s for write in planned().writes] == [0, 0.5, 0.1, 0.1, 0, 0]


def test_an_answer_without_tokens_makes_its_end_wait() -> None:
    """A model that only thinks takes its time too."""
    stream = plan((EVENTS[0], *EVENTS[4:]), SLOWLY, None, ERROR)
    assert [write.wait_s for write in stream.writes] == [0, 0.5, 0]


@pytest.mark.parametrize(("after", "left"), [(0, 1), (1, 2), (3, 4), (99, 4)])
def test_a_cut_comes_before_the_finish_in_any_case(after: int, left: int) -> None:
    """After so many tokens; the body ends well all the same."""
    stream = planned("stream_cut", after=after)
    assert data(stream) == WHOLE[:left]
    assert not stream.broken


def test_an_error_is_the_last_event() -> None:
    """In the shape of the protocol."""
    assert data(planned("stream_error", after=2)) == [*WHOLE[:3], '{"error":"overloaded"}']


def test_a_stall_stands_before_one_token() -> None:
    """And everything comes in the end."""
    stream = planned("stream_stall", after=1, pause="7s")
    assert [write.wait_s for write in stream.writes] == [0, 0.5, 7.1, 0.1, 0, 0]
    assert data(stream) == WHOLE


def test_a_corrupt_event_breaks_off_and_the_others_do_not() -> None:
    """One event less, one that is no JSON."""
    events = data(planned("stream_corrupt", after=1))
    assert len(events) == len(WHOLE)
    assert [number for number, event in enumerate(events) if event not in WHOLE] == [2]
    assert WHOLE[2].startswith(events[2])


def test_the_end_mark_can_be_missing() -> None:
    """The finish reason is there."""
    assert data(planned("stream_no_done")) == WHOLE[:-1]


def test_comments_say_nothing() -> None:
    """More bytes, the same events, the same pace."""
    stream = planned("stream_comments")
    assert b": OPENROUTER PROCESSING\n\n" in sent(stream)
    assert data(stream) == WHOLE
    assert sum(write.wait_s for write in stream.writes) == pytest.approx(0.7)


def test_letters_and_line_ends_are_cut_in_two() -> None:
    """No piece is whole, the whole is."""
    stream = planned("stream_split", every="3ms")
    pieces = [write.data for write in stream.writes]
    assert any(piece.endswith(b"\r") for piece in pieces)
    assert any(piece.startswith(b"\n") for piece in pieces)
    with pytest.raises(UnicodeDecodeError):
        [piece.decode() for piece in pieces]
    assert data(stream) == WHOLE


def test_an_empty_stream_has_no_byte() -> None:
    """It only ends."""
    assert planned("empty_stream").writes == ()


def test_a_drip_is_byte_by_byte() -> None:
    """Each waits as long, the first not at all."""
    stream = planned("slow_drip", every="2s")
    assert {len(write.data) for write in stream.writes} == {1}
    assert [write.wait_s for write in stream.writes[:3]] == [0, 2, 2]


def test_a_truncated_stream_is_dropped_half_way() -> None:
    """Without an end."""
    stream = planned("truncated")
    assert stream.broken
    assert sent(planned()).startswith(sent(stream))


def test_a_huge_stream_has_a_huge_event() -> None:
    """Its first, which is JSON still."""
    assert len(sent(planned("huge_body", body_bytes=100_000))) > 100_000
    assert data(planned("huge_body", body_bytes=10))[1:] == WHOLE[1:]


@given(st.sampled_from(["stream_comments", "stream_split", "stream_stall", "slow_drip"]), st.integers(0, 5))
def test_what_only_delays_or_decorates_changes_nothing_that_is_read(kind: str, after: int) -> None:
    """A client that reads right reads the same."""
    options: dict[str, Any] = {"after": after} if kind == "stream_stall" else {}
    assert data(planned(kind, **options)) == WHOLE
