"""A streamed answer, recorded while it arrives: what it says, when it said it, and whether it came to its end.

Owns the clockwork of a stream: first event, first token, stalls, where reading may stop. What an event means is for
the protocol's dialect to say, what becomes of it all for `classify`. Pure: times are given with the bytes.
"""

from dataclasses import dataclass, field, replace

from monitor.domain.body import Shape, read_body
from monitor.domain.dialect import Dialect
from monitor.domain.error_shapes import UpstreamError
from monitor.domain.reading import Reading
from monitor.domain.reply import NOT_COUNTED, TEXT_KEPT, Piece, Reply, ToolCall, Usage, reading_of
from monitor.domain.result import StreamTimes
from monitor.domain.sse import BLANK, Event, SseParser, looks_like_events

END = "[DONE]"
_TOOL_CALLS_KEPT = 8
_SHORT_MS = 1000.0


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was recorded of a stream.

    Attributes:
        reply: what was said; its reading holds only if the stream is `whole`.
        times: counted from the moment when the request had been sent.
        whole: it came to its end: a finish reason, an end mark, or as many tokens as anybody wants.
        corrupt: why an event could not be read; None where all could.
        events: how many events with data came.
    """

    reply: Reply
    times: StreamTimes
    whole: bool
    corrupt: str | None = None
    events: int = 0


@dataclass(slots=True)
class StreamRecorder:
    """Takes a stream in as it arrives.

    Args:
        dialect: knows what an event says.
        most_pieces: so many pieces with generated tokens are enough.

    Attributes:
        is_stream: whether what came is a stream of events at all; None while that cannot be told.
    """

    dialect: Dialect
    most_pieces: int
    is_stream: bool | None = None
    _beginning: bytes = b""
    _parser: SseParser = field(default_factory=SseParser)
    _events: int = 0
    _pieces: int = 0
    _first_event_ms: float | None = None
    _ttft_ms: float | None = None
    _last_event_ms: float = 0.0
    _last_token_ms: float | None = None
    _max_stall_ms: float | None = None
    _ended: bool = False
    _corrupt: str | None = None
    _finish: str | None = None
    _end_follows: bool = False
    _error: UpstreamError | None = None
    _model: str | None = None
    _text: list[str] = field(default_factory=list)
    _text_size: int = 0
    _calls: dict[int, ToolCall] = field(default_factory=dict)
    _usage: Usage = NOT_COUNTED

    @property
    def finished(self) -> bool:
        """Whether the model has said why it stopped; counts, and a mark that may be missing, can still follow."""
        return self._finish is not None and not self._end_follows

    @property
    def enough(self) -> bool:
        """Whether nothing more is wanted."""
        failed = self._error is not None or self._corrupt is not None
        return self._ended or failed or self._pieces >= self.most_pieces

    @property
    def whole(self) -> bool:
        """Whether what came is an answer, whatever becomes of the connection now."""
        return self.finished or self._ended or self._pieces >= self.most_pieces

    @property
    def pieces(self) -> int:
        """How many events with generated tokens came."""
        return self._pieces

    @property
    def last_event_ms(self) -> float:
        """When the last event came; 0 if there was none."""
        return self._last_event_ms

    def is_coming(self, at_ms: float) -> bool:
        """Whether tokens still came at this time: the silence before it was short, or no longer than earlier ones."""
        if self._last_token_ms is None:
            return False
        short_ms = min(_SHORT_MS, self._last_token_ms / 2)
        return at_ms - self._last_token_ms <= max(short_ms, self._max_stall_ms or 0.0)

    def feed(self, data: bytes, at_ms: float) -> None:
        """Bytes that came at this time after the request had been sent."""
        if self.is_stream is None:
            self._beginning = (self._beginning + data).lstrip(BLANK)
            self.is_stream = looks_like_events(self._beginning)
            if self.is_stream is None:
                return
            data, self._beginning = self._beginning, b""
        if not self.is_stream:
            return
        for event in self._parser.feed(data):
            if self.enough:
                return
            self._take(event, at_ms)

    def close(self) -> Streamed | None:
        """What was recorded, once nothing more will come; None if it was no stream."""
        if not self.is_stream:
            return None
        last = self._parser.close()
        if last is not None and not self.enough and _is_complete(last):
            self._take(last, self._last_token_ms or self._first_event_ms or 0.0)
        spoken = self._pieces > 0
        reading = Reading.ERROR if self._error is not None else reading_of(self._finish, spoken=spoken)
        return Streamed(
            reply=Reply(
                reading=reading,
                finish=self._finish,
                error=self._error,
                model=self._model,
                text="".join(self._text),
                tool_calls=tuple(self._calls.values()),
                usage=self._usage,
            ),
            times=StreamTimes(
                first_event_ms=self._first_event_ms,
                ttft_ms=self._ttft_ms,
                last_token_ms=self._last_token_ms,
                max_stall_ms=self._max_stall_ms,
                pieces=self._pieces,
            ),
            whole=self.whole,
            corrupt=self._corrupt,
            events=self._events,
        )

    def _take(self, event: Event, at_ms: float) -> None:
        if not event.data.strip():
            return
        self._events += 1
        self._last_event_ms = at_ms
        if self._first_event_ms is None:
            self._first_event_ms = at_ms
        if event.data.strip() == END:
            self._ended = True
            return
        if event.damaged:
            self._corrupt = "an event that is not valid UTF-8"
            return
        body = read_body(event.data.encode("utf-8", "replace"))
        if body.shape is not Shape.JSON:
            self._corrupt = "an event that is not JSON"
            return
        self._note(self.dialect.piece(event.name, body.document), at_ms)

    def _note(self, piece: Piece, at_ms: float) -> None:
        if piece.whole is not None:
            piece = self._completed(piece, piece.whole)
        if piece.generated:
            self._token(at_ms)
        if piece.text and self._text_size < TEXT_KEPT:
            self._text.append(piece.text[: TEXT_KEPT - self._text_size])
            self._text_size += len(self._text[-1])
        if piece.tool_call is not None:
            self._call(piece.tool_call)
        self._finish = piece.finish or self._finish
        self._end_follows = self._end_follows or piece.end_follows
        self._error = piece.error
        self._model = self._model or piece.model
        self._ended = piece.ends
        if piece.usage is not NOT_COUNTED:
            self._usage = self._usage.and_then(piece.usage)

    def _completed(self, piece: Piece, whole: Reply) -> Piece:
        """The end of a stream that tells the answer once more; some servers tell it there only."""
        if whole.tool_calls:
            self._calls = {call.index: call for call in whole.tool_calls[:_TOOL_CALLS_KEPT]}
        if self._pieces or whole.reading is not Reading.ANSWER:
            return piece
        return replace(piece, generated=True, text=whole.text)

    def _token(self, at_ms: float) -> None:
        self._pieces += 1
        if self._last_token_ms is None:
            self._ttft_ms = at_ms
        else:
            self._max_stall_ms = max(self._max_stall_ms or 0.0, at_ms - self._last_token_ms)
        self._last_token_ms = at_ms

    def _call(self, part: ToolCall) -> None:
        before = self._calls.get(part.index)
        if before is None and len(self._calls) >= _TOOL_CALLS_KEPT:
            return
        before = before or ToolCall(index=part.index)
        self._calls[part.index] = ToolCall(
            id=before.id or part.id,
            name=before.name or part.name,
            arguments=(before.arguments + part.arguments)[:TEXT_KEPT],
            index=part.index,
        )


def _is_complete(event: Event) -> bool:
    """Whether an event that lacks its blank line is all there; else the stream was cut within it."""
    data = event.data.strip()
    return data == END or (not event.damaged and read_body(data.encode("utf-8", "replace")).shape is Shape.JSON)
