"""Every kind of fault there is, and the options that each understands (pure).

Owns the names; what a fault is stands in `faults`, what a client sees of it in `deviations`, `streams` and `answers`.
"""

from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    BODY = "body"
    HTML = "html"
    HOSTILE = "hostile"
    TRUNCATED = "truncated"
    HANG = "hang"
    RESET = "reset"
    CLOSE_BEFORE_HEADERS = "close_before_headers"
    GARBAGE = "garbage"
    SLOW = "slow"
    SLOW_DRIP = "slow_drip"
    HUGE_BODY = "huge_body"
    GZIP_BOMB = "gzip_bomb"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    OVERLOADED = "overloaded"
    ERROR_ARRAY = "error_array"
    PLAIN_TEXT_ERROR = "plain_text_error"
    ERROR_IN_200 = "error_in_200"
    EMPTY_CHOICES = "empty_choices"
    EMPTY_CONTENT = "empty_content"
    FINISH_NULL = "finish_null"
    CONTENT_FILTER = "content_filter"
    OTHER_MODEL = "other_model"
    FALLBACK = "fallback"
    CACHED = "cached"
    NOT_STREAMED = "not_streamed"
    EMPTY_STREAM = "empty_stream"
    STREAM_CUT = "stream_cut"
    STREAM_ERROR = "stream_error"
    STREAM_STALL = "stream_stall"
    STREAM_CORRUPT = "stream_corrupt"
    STREAM_NO_DONE = "stream_no_done"
    STREAM_COMMENTS = "stream_comments"
    STREAM_SPLIT = "stream_split"


_ANSWER = frozenset({"status", "headers"})
_HEADERS = frozenset({"headers"})
_PLACE = _HEADERS | {"after"}
_NONE: frozenset[str] = frozenset()
FIELDS: dict[FaultKind, frozenset[str]] = {
    FaultKind.STATUS: _ANSWER | {"body"},
    FaultKind.BODY: _ANSWER | {"body"},
    FaultKind.HTML: _ANSWER,
    FaultKind.HOSTILE: _ANSWER,
    FaultKind.TRUNCATED: _NONE,
    FaultKind.HANG: _NONE,
    FaultKind.RESET: _NONE,
    FaultKind.CLOSE_BEFORE_HEADERS: _NONE,
    FaultKind.GARBAGE: _NONE,
    FaultKind.SLOW: frozenset({"latency"}),
    FaultKind.SLOW_DRIP: frozenset({"every"}),
    FaultKind.HUGE_BODY: frozenset({"body_bytes"}),
    FaultKind.GZIP_BOMB: frozenset({"body_bytes"}),
    FaultKind.RATE_LIMIT: frozenset({"limit", "limit_tokens", "window", "retry_after", "family", "headers"}),
    FaultKind.QUOTA: _HEADERS,
    FaultKind.OVERLOADED: _HEADERS,
    FaultKind.ERROR_ARRAY: _ANSWER,
    FaultKind.PLAIN_TEXT_ERROR: _ANSWER | {"body"},
    FaultKind.ERROR_IN_200: _HEADERS,
    FaultKind.EMPTY_CHOICES: _HEADERS,
    FaultKind.EMPTY_CONTENT: _HEADERS,
    FaultKind.FINISH_NULL: _HEADERS,
    FaultKind.CONTENT_FILTER: _ANSWER,
    FaultKind.OTHER_MODEL: _HEADERS,
    FaultKind.FALLBACK: _HEADERS,
    FaultKind.CACHED: _HEADERS,
    FaultKind.NOT_STREAMED: _HEADERS,
    FaultKind.EMPTY_STREAM: _HEADERS,
    FaultKind.STREAM_CUT: _PLACE,
    FaultKind.STREAM_ERROR: _PLACE | {"status"},
    FaultKind.STREAM_STALL: _PLACE | {"pause"},
    FaultKind.STREAM_CORRUPT: _PLACE,
    FaultKind.STREAM_NO_DONE: _HEADERS,
    FaultKind.STREAM_COMMENTS: _HEADERS,
    FaultKind.STREAM_SPLIT: _HEADERS | {"every"},
}
"""The options each kind of fault understands, beside those that every fault has."""
OPTIONS = frozenset().union(*FIELDS.values())
REQUIRED = {FaultKind.BODY: "body", FaultKind.SLOW: "latency"}
ON_STREAMS_ONLY = frozenset(kind for kind in FaultKind if kind.startswith("stream_")) | {
    FaultKind.NOT_STREAMED,
    FaultKind.EMPTY_STREAM,
}
"""What means nothing where no stream was asked for: such a request is healthy."""
ON_COMPLETIONS_ONLY = ON_STREAMS_ONLY | {
    FaultKind.EMPTY_CHOICES,
    FaultKind.EMPTY_CONTENT,
    FaultKind.FINISH_NULL,
    FaultKind.CONTENT_FILTER,
    FaultKind.OTHER_MODEL,
    FaultKind.FALLBACK,
    FaultKind.CACHED,
}
"""What means nothing for a model list."""
