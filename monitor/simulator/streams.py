"""From the events of a stream to the bytes that are sent, and when: pace, cuts, errors, stalls, odd cuts (pure).

Owns server-sent events as they are written, and all that can go wrong between two of them. What the events say is
known to the protocol's module in `apis`; sending is done in `wire`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from monitor.simulator.faults import Fault, Pace
from monitor.simulator.kinds import FaultKind

DRIP_S = 1.0
SPLIT_S = 0.002
_COMMENTS = (b": OPENROUTER PROCESSING\n\n", b": keep-alive\n\n", b":\n\n")


class Part(Enum):
    """What an event is for."""

    FRAME = auto()
    TOKEN = auto()
    FINISH = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event.

    Attributes:
        document: the JSON value of its data, or a text that stands there as it is.
        name: of the event; empty where the protocol names none.
        part: what it is for.
    """

    document: dict[str, Any] | str
    name: str = ""
    part: Part = Part.FRAME

    def written(self) -> bytes:
        """The event as it is sent."""
        data = self.document
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return (f"event: {self.name}\n" if self.name else "").encode() + f"data: {text}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that are sent together.

    Attributes:
        wait_s: seconds to wait before.
    """

    data: bytes
    wait_s: float = 0.0
    part: Part = Part.FRAME


@dataclass(frozen=True, slots=True)
class Plan:
    """A streamed body.

    Attributes:
        broken: the connection is dropped at its end, instead of an end of the body.
    """

    writes: tuple[Write, ...]
    broken: bool = False


Writes = tuple[Write, ...]


def plan(events: tuple[StreamEvent, ...], pace: Pace, fault: Fault | None, error: StreamEvent) -> Plan:
    """What is sent when.

    Args:
        events: of the whole answer, in order.
        pace: how fast the tokens come.
        fault: what goes wrong; None: nothing, or nothing that concerns a stream.
        error: how this protocol tells of an error within a stream.
    """
    if fault is not None and fault.kind is FaultKind.HUGE_BODY:
        events = (_padded(events[0], fault.body_bytes), *events[1:])
    writes = _paced(events, pace)
    if fault is None:
        return Plan(writes)
    if fault.kind is FaultKind.STREAM_ERROR:
        return Plan((*_until(writes, fault.after), Write(error.written())))
    bend = _BENT.get(fault.kind)
    return Plan(writes if bend is None else bend(writes, fault), broken=fault.kind is FaultKind.TRUNCATED)


def _paced(events: tuple[StreamEvent, ...], pace: Pace) -> Writes:
    """The first token waits for itself, each other one for the one before it; without any, the end waits."""
    writes, waits, first = [], 0.0, True
    for event in events:
        if event.part is Part.TOKEN or (first and event.part in (Part.FINISH, Part.END)):
            waits, first = (pace.first_s if first else pace.between_s), False
        writes.append(Write(event.written(), waits, event.part))
        waits = 0.0
    return tuple(writes)


def _until(writes: Writes, tokens: int) -> Writes:
    """All that comes before the token after so many, and before the finish in any case."""
    return writes[: _place(writes, tokens)]


def _place(writes: Writes, tokens: int) -> int:
    seen = 0
    for place, write in enumerate(writes):
        if write.part in (Part.FINISH, Part.END) or (write.part is Part.TOKEN and seen == tokens):
            return place
        seen += write.part is Part.TOKEN
    return len(writes)


def _cut(writes: Writes, fault: Fault) -> Writes:
    return _until(writes, fault.after)


def _corrupt(writes: Writes, fault: Fault) -> Writes:
    """The event after so many tokens breaks off; those behind it are whole again."""
    place = _place(writes, fault.after)
    broken = (replace(write, data=write.data[: len(write.data) * 2 // 3] + b"\n\n") for write in writes[place:][:1])
    return (*writes[:place], *broken, *writes[place + 1 :])


def _stall(writes: Writes, fault: Fault) -> Writes:
    place = _place(writes, fault.after)
    stalled = (replace(write, wait_s=write.wait_s + fault.pause_s) for write in writes[place : place + 1])
    return (*writes[:place], *stalled, *writes[place + 1 :])


def _endless(writes: Writes, fault: Fault) -> Writes:
    del fault
    return tuple(write for write in writes if write.part is not Part.END)


def _nothing(writes: Writes, fault: Fault) -> Writes:
    del writes, fault
    return ()


def _commented(writes: Writes, fault: Fault) -> Writes:
    del fault
    return tuple(
        part
        for number, write in enumerate(writes)
        for part in (Write(_COMMENTS[number % len(_COMMENTS)], write.wait_s), replace(write, wait_s=0.0))
    )


def _split(writes: Writes, fault: Fault) -> Writes:
    """With CRLF, cut within each of them and within each letter of several bytes."""
    gap_s = fault.every_s or SPLIT_S
    pieces: list[Write] = []
    for write in writes:
        data = write.data.replace(b"\n", b"\r\n")
        cuts = [at for at in range(1, len(data)) if data[at] == 0x0A or data[at] & 0xC0 == 0x80]  # noqa: PLR2004
        for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(data)], strict=True)):
            pieces.append(Write(data[begin:end], gap_s if number else write.wait_s + gap_s, write.part))
    return tuple(pieces)


def _dripped(writes: Writes, fault: Fault) -> Writes:
    data = b"".join(write.data for write in writes)
    gap_s = fault.every_s or DRIP_S
    return tuple(Write(data[at : at + 1], gap_s if at else 0.0) for at in range(len(data)))


def _half(writes: Writes, fault: Fault) -> Writes:
    del fault
    data = b"".join(write.data for write in writes)
    return (Write(data[: len(data) // 2]),)


def _padded(event: StreamEvent, size: int) -> StreamEvent:
    document = event.document if isinstance(event.document, dict) else {}
    return replace(event, document=document | {"padding": "x" * size})


_BENT: dict[FaultKind, Callable[[Writes, Fault], Writes]] = {
    FaultKind.STREAM_CUT: _cut,
    FaultKind.STREAM_CORRUPT: _corrupt,
    FaultKind.STREAM_STALL: _stall,
    FaultKind.STREAM_NO_DONE: _endless,
    FaultKind.STREAM_COMMENTS: _commented,
    FaultKind.STREAM_SPLIT: _split,
    FaultKind.EMPTY_STREAM: _nothing,
    FaultKind.SLOW_DRIP: _dripped,
    FaultKind.TRUNCATED: _half,
}
