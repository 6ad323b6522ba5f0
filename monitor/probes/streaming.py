"""A streamed body: read as it arrives, timed, and given up as soon as nothing more is wanted.

Owns when reading ends. What the bytes say is recorded by `domain.stream`.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic

from aiohttp import ClientError, StreamReader

from monitor.domain.stream import StreamRecorder
from monitor.probes.body import NOT_ASKED_FOR, BodyFault, Decoder

AFTER_FINISH_S = 2.0
"""So long after the finish reason the token counts and the end mark may still follow."""
TO_THE_END_S = 0.25
"""So long after the end mark the connection may take to be fit for another exchange."""
_MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True)
class StreamBody:
    """What was read.

    Attributes:
        raw: the body where it turned out to be no stream; else empty.
        ended: when its last wanted byte came, in seconds of the monotonic clock.
        at_end: the body was read to its end, so that the connection can carry another exchange.
    """

    raw: bytes
    ended: float
    at_end: bool


async def read_stream(
    content: StreamReader, encoding: str, recorder: StreamRecorder, *, sent: float
) -> StreamBody | BodyFault:
    """Feed a body to the recorder until it ends or nothing more is wanted.

    Args:
        content: the raw body.
        encoding: the header `content-encoding` as it came; empty if there was none.
        recorder: takes what comes, with its times.
        sent: when the request had been sent, in seconds of the monotonic clock.

    Raises:
        aiohttp.ClientError: the connection ended before the body did.
    """
    decoder = Decoder(encoding)
    if not decoder.is_known:
        return NOT_ASKED_FOR
    kept, ended, at_end, until = bytearray(), monotonic(), False, None
    while not recorder.enough and not at_end:
        try:
            part = await _next(content, until)
        except TimeoutError:  # only once the model has finished
            return StreamBody(b"", _last_event(recorder, sent), at_end=False)
        if not part:
            at_end = True
            fault = None if recorder.is_stream else decoder.close()
            if fault is not None:
                return fault
            continue
        plain, ended = decoder.feed(part), monotonic()
        if isinstance(plain, BodyFault):
            return plain
        recorder.feed(plain, (ended - sent) * _MS_PER_S)
        if not recorder.is_stream:
            kept += plain
        if until is None and recorder.finished:
            until = ended + AFTER_FINISH_S
    ended = _last_event(recorder, sent) if recorder.finished else ended
    return StreamBody(bytes(kept), ended, at_end or await _comes_to_its_end(content))


def _last_event(recorder: StreamRecorder, sent: float) -> float:
    """When an answer ended: comments that still came after it are of no interest."""
    return sent + recorder.last_event_ms / _MS_PER_S


async def _next(content: StreamReader, until: float | None) -> bytes:
    """The next bytes; where there is a time by which all must have come, not after it."""
    if until is None:
        return await content.readany()
    async with asyncio.timeout(until - monotonic()):
        return await content.readany()


async def _comes_to_its_end(content: StreamReader) -> bool:
    """Whether a body of which nothing more is wanted ends at once."""
    try:
        async with asyncio.timeout(TO_THE_END_S):
            while await content.readany():
                pass
    except (TimeoutError, ClientError, OSError):
        return False
    return True
