"""Server-sent events are read as the HTML standard writes them down, wherever the network cuts."""

import re
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.sse import Event, SseParser, looks_like_events


def events(*parts: bytes) -> list[Event]:
    """The events in these parts, what stands at the end without its blank line included."""
    parser = SseParser()
    found = [event for part in parts for event in parser.feed(part)]
    last = parser.close()
    return found if last is None else [*found, last]


def data(*parts: bytes) -> list[str]:
    """The data of the events in these parts."""
    return [event.data for event in events(*parts)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_three_kinds_of_line_ends(end: bytes) -> None:
    """LF, CR LF and CR end a line."""
    assert data(b"data: a%bdata: b%b%bdata: c%b%b" % ((end,) * 5)) == ["a\nb", "c"]


def test_line_ends_may_be_mixed() -> None:
    """Each line may end in its own way; CR LF is one end, LF CR are two."""
    assert data(b"data: a\rdata: b\ndata: c\r\n\r\ndata: d\n\rdata: e\r\r") == ["a\nb\nc", "d", "e"]


@pytest.mark.parametrize("middle", [b"", b"data: b\r\n"])
def test_a_line_end_cut_in_two_is_one(middle: bytes) -> None:
    """The LF of a CR LF may come with the next bytes, or after nothing at all."""
    assert data(b"data: a\r", b"", b"\n" + middle, b"\r", b"\n") == ["a\nb" if middle else "a"]


def test_an_event_is_there_as_soon_as_its_blank_line_is() -> None:
    """Nobody waits for the next bytes to know that an event is complete."""
    parser = SseParser()
    assert list(parser.feed(b"data: a\r\r")) == [Event("", "a")]
    assert list(parser.feed(b"\n")) == []
    assert list(parser.feed(b"data: b\n\n")) == [Event("", "b")]


def test_one_space_after_the_colon_belongs_to_the_field() -> None:
    """One space is taken off, a second one is data; a tab is data."""
    assert data(b"data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\n") == ["a", "a", " a", "\ta"]


def test_a_field_without_a_colon_has_an_empty_value() -> None:
    """`data` alone is an empty line of data."""
    assert data(b"data\n\ndata\ndata\n\ndata:\n\n") == ["", "\n", ""]


def test_comments_and_unknown_fields_say_nothing() -> None:
    """Comments, ids, retry times and whatever else stands there make no event."""
    assert data(b": OPENROUTER PROCESSING\n\n:\n\nid: 7\nretry: 10\nfoo\nDATA: x\n data: y\n\n") == []
    assert data(b"data: a\n: in between\nid: 7\ndata: b\n\n") == ["a\nb"]


def test_a_name_is_of_one_event() -> None:
    """A name counts for its event, the last of several; an event without data is none, and takes its name along."""
    assert events(b"event: a\nevent: b\ndata: 1\n\ndata: 2\n\n") == [Event("b", "1"), Event("", "2")]
    assert events(b"event: a\n\ndata: 1\n\n") == [Event("", "1")]


def test_a_byte_order_mark_is_taken_off_once() -> None:
    """Only at the very beginning, also where it comes in three parts."""
    mark = b"\xef\xbb\xbf"
    assert data(mark + b"data: a\n\n") == ["a"]
    assert data(*(mark[i : i + 1] for i in range(3)), b"data: a\n\n") == ["a"]
    assert data(b"data: a\n\n" + mark + b"data: b\n\n") == ["a"]


def test_characters_cut_in_two_are_whole_again() -> None:
    """The bytes of a character may come apart."""
    raw = "data: 한😀\n\n".encode()
    assert data(*(raw[i : i + 1] for i in range(len(raw)))) == ["한😀"]


def test_bytes_that_are_no_characters_are_told() -> None:
    """An event with them is damaged; one that honestly holds a replacement character is not."""
    assert events(b"data: a\xff\n\n") == [Event("", "a\ufffd", damaged=True)]
    assert events("data: \ufffd\n\n".encode()) == [Event("", "\ufffd")]
    assert events(b"event: \xff\ndata: a\n\n") == [Event("\ufffd", "a")]


def test_the_end_gives_what_stands_there() -> None:
    """What lacks its blank line, or its line end, is handed out at the end: whether it is complete others judge."""
    assert data(b"data: a\n\ndata: b") == ["a", "b"]
    assert data(b"data: a\n\ndata: b\n") == ["a", "b"]
    assert data(b"data: a\n\nevent: x") == ["a"]
    assert data() == []


NAMES = st.sampled_from([b"data", b"event", b"id", b"retry", b"foo", b"", b"\xef\xbb\xbfdata", b"dat"])
LINES = st.tuples(NAMES, st.sampled_from([b": ", b":", b"", b":  "]), st.binary(max_size=6)).map(b"".join) | st.just(
    b""
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
STREAMS = st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=20).map(b"".join) | st.binary(max_size=60)


def by_the_book(raw: bytes) -> list[Event]:
    """The standard's algorithm over the whole stream, line by line, and not a thought on speed."""
    found, name, lines = [], b"", list[bytes]()
    for line in [*re.split(rb"\r\n|\r|\n", raw.removeprefix(b"\xef\xbb\xbf")), b""]:
        field, _, value = line.partition(b":")
        if not line:
            if lines:
                text = b"\n".join(lines).decode("utf-8", "replace")
                found.append(Event(name.decode("utf-8", "replace"), text, text.encode() != b"\n".join(lines)))
            name, lines = b"", []
        elif field == b"data":
            lines.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return found


@given(raw=STREAMS)
def test_any_stream_is_read_by_the_book(raw: bytes) -> None:
    """What the parser finds is what the standard's algorithm finds."""
    assert events(raw) == by_the_book(raw)


@given(raw=STREAMS, cuts=st.lists(st.integers(0, 200), max_size=12))
def test_no_cut_changes_the_events(raw: bytes, cuts: list[int]) -> None:
    """The same events come out wherever the bytes are cut, empty parts included."""
    places = sorted({0, *(min(place, len(raw)) for place in cuts), len(raw)})
    parts = [raw[start:end] for start, end in pairwise(places)]
    assert events(b"", *parts) == events(raw) == events(*(raw[i : i + 1] for i in range(len(raw))))


@pytest.mark.parametrize(
    "part", [b"x", b"data: x", b"\r", b"\n", b":\n", b"data\n", b"data: x\n", b"\xef\xbb\xbf", b"data: x\n\n"]
)
def test_a_megabyte_takes_time_in_proportion(part: bytes) -> None:
    """Hostile streams in small pieces take no more than linear time: a mebibyte in well under the time of a probe."""
    parser, size = SseParser(), 64
    piece = part * (size // len(part))
    started = process_time()
    for _ in range((1 << 20) // len(piece)):
        for _event in parser.feed(piece):
            pass
    parser.close()
    assert process_time() - started < 4.0


@pytest.mark.parametrize("begun", [b"data: {}", b"data:{}", b"event: x\n", b"id: 1\n", b"retry: 3", b": ping", b":"])
def test_what_looks_like_events(begun: bytes) -> None:
    """Known fields and comments begin a stream, also after blank lines and a byte order mark."""
    assert looks_like_events(begun) is True
    assert looks_like_events(b"\xef\xbb\xbf\n\r\n " + begun) is True


@pytest.mark.parametrize(
    "begun", [b"{", b'{"choices":[]}', b"<html>", b"datum: x", b"[DONE]", b"error", b"OK", b'"data:']
)
def test_what_does_not_look_like_events(begun: bytes) -> None:
    """JSON, pages and plain words are no stream."""
    assert looks_like_events(begun) is False


@pytest.mark.parametrize("begun", [b"", b"\n\n", b"\xef", b"d", b"data", b"retry", b"\r\neve"])
def test_too_few_bytes_tell_nothing(begun: bytes) -> None:
    """A decision waits for the bytes that it needs."""
    assert looks_like_events(begun) is None
