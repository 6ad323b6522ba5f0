"""Every stream of the corpus, taken in whole, byte by byte, and in odd pieces: the verdict is a matter of what came."""

from collections.abc import Iterator
from itertools import cycle

import pytest

from monitor.domain.ask import Ask
from monitor.domain.check import Check, CheckKind
from monitor.domain.classify import classify, judge
from monitor.domain.outcome import Answer
from monitor.domain.redact import Redactor
from monitor.domain.result import Verdict
from monitor.domain.stream import Streamed, StreamRecorder
from monitor.protocols.registry import protocol_named
from monitor.protocols.wire import WireProtocol
from tests.exchanges import Exchange, corpus

MOST_PIECES = 128
STREAM_ROWS = {"cut-stream", "corrupt-stream", "empty-stream", "not-streamed"}
ODD = (1, 2, 3, 5, 7, 11, 13, 64, 1000, 4096, 5000)
CUTS = {"bytes": (1,), "odd": ODD, "odd_from_the_end": ODD[::-1], "packets": (1448,)}
STREAMS = [
    exchange
    for exchange in corpus()
    if exchange.asks == "stream" and exchange.http_status == 200 and exchange.is_plain_framing and exchange.repeat == 1
]


def cut(body: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    """The body in pieces of these sizes, again and again."""
    start = 0
    for size in cycle(sizes):
        if start >= len(body):
            return
        yield body[start : start + size]
        start += size


def recorded(exchange: Exchange, sizes: tuple[int, ...]) -> Streamed | None:
    """What the recorder makes of a body in pieces; it is not fed more than it wants."""
    recorder = StreamRecorder(protocol_named(exchange.protocol), MOST_PIECES)
    for part in cut(exchange.body, sizes):
        recorder.feed(part, 1.0)
        if recorder.enough:
            break
    return recorder.close()


def asked(exchange: Exchange, streamed: Streamed | None) -> tuple[Check, Answer, WireProtocol, Ask]:
    """A probe whose body has ended: its check, its answer, its protocol, and what it asked."""
    body = exchange.body if streamed is None else b""
    return (
        Check("gw/chat/m", "gw", CheckKind.CHAT, exchange.model, "gw", stream=True),
        Answer(exchange.http_status, exchange.headers, body, stream=streamed),
        protocol_named(exchange.protocol),
        Ask(exchange.model, "", 16, stream=True),
    )


def verdict(exchange: Exchange, streamed: Streamed | None) -> Verdict:
    """What is made of a stream whose body has ended."""
    check, answer, dialect, ask = asked(exchange, streamed)
    return classify(check, answer, dialect=dialect, ask=ask, redactor=Redactor([]), now_s=0.0).verdict


def row_of(exchange: Exchange) -> str:
    """The name of the row that rules over it."""
    return judge(*asked(exchange, recorded(exchange, (1000,)))).row.name


@pytest.mark.parametrize("sizes", CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("exchange", STREAMS, ids=lambda exchange: exchange.name)
def test_a_cut_changes_nothing(exchange: Exchange, sizes: tuple[int, ...]) -> None:
    """However the network cuts the bytes, the same is recorded and the same is made of it."""
    whole = recorded(exchange, (len(exchange.body) + 1,))
    pieces = recorded(exchange, sizes)
    assert pieces == whole
    assert verdict(exchange, pieces) == verdict(exchange, whole)


@pytest.mark.parametrize("exchange", STREAMS, ids=lambda exchange: exchange.name)
def test_the_record_alone_gives_the_verdict(exchange: Exchange) -> None:
    """Where the bytes decide, and not the clock or another server's word, no socket is needed for the verdict."""
    if exchange.due["status"] in ("TIMEOUT", "DEGRADED"):
        return
    got = verdict(exchange, recorded(exchange, (7,)))
    assert (got.status.value, got.fault_domain) == (exchange.due["status"], exchange.due.get("fault"))
    assert exchange.due.get("reason", "") in (got.reason or "")


def test_every_way_in_which_a_stream_goes_wrong_has_a_case() -> None:
    """Each row that is about streams rules over some of these."""
    assert {row_of(exchange) for exchange in STREAMS} >= STREAM_ROWS


def test_there_are_streams_of_every_protocol_that_streams() -> None:
    """The test above is no test of nothing."""
    assert {exchange.protocol for exchange in STREAMS} == {"openai", "anthropic", "openai-responses"}
    assert len(STREAMS) >= 100
