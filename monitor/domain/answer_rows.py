"""The tables for no answer, for answers that are no error, for those that another gave, and for slow ones.

Owns the meaning of silence and of a body's reading; what an error says is ruled in `error_rows`.
"""

from monitor.domain.action import Action
from monitor.domain.check import CheckKind
from monitor.domain.identity import StandIn
from monitor.domain.outcome import NoAnswerKind
from monitor.domain.reading import Reading
from monitor.domain.result import FaultDomain, Status
from monitor.domain.rulings import NoAnswerRow, ReadingRow, Ruling, SlowRow, StandInRow

_UP = Ruling(Status.UP)
_NETWORK_DOWN = Ruling(Status.CONNECTION_ERROR, FaultDomain.NETWORK, Action.CHECK_NETWORK)
_ENDPOINT_DOWN = Ruling(Status.CONNECTION_ERROR, FaultDomain.ENDPOINT, Action.CHECK_ENDPOINT)
_NOT_PROMISED = Ruling(Status.INVALID_RESPONSE, FaultDomain.ENDPOINT, Action.CHECK_RESPONSE)
_NOT_THE_API = Ruling(Status.INVALID_RESPONSE, FaultDomain.ENDPOINT, Action.CHECK_ADDRESS)

NO_ANSWER_ROWS = (
    NoAnswerRow("name-resolution", (NoAnswerKind.DNS,), _NETWORK_DOWN, "the host name does not resolve"),
    NoAnswerRow("no-route", (NoAnswerKind.NO_ROUTE,), _NETWORK_DOWN, "no route to the host"),
    NoAnswerRow("refused", (NoAnswerKind.REFUSED,), _ENDPOINT_DOWN, "the connection is refused"),
    NoAnswerRow("reset", (NoAnswerKind.RESET,), _ENDPOINT_DOWN, "reset or closed before the headers"),
    NoAnswerRow(
        "tls",
        (NoAnswerKind.TLS,),
        Ruling(Status.CONNECTION_ERROR, FaultDomain.ENDPOINT, Action.RENEW_CERTIFICATE),
        "the TLS handshake or the certificate fails",
    ),
    NoAnswerRow(
        "proxy",
        (NoAnswerKind.PROXY,),
        Ruling(Status.CONNECTION_ERROR, FaultDomain.NETWORK, Action.CHECK_PROXY),
        "the configured proxy fails",
    ),
    NoAnswerRow(
        "connect-timeout",
        (NoAnswerKind.CONNECT_TIMEOUT,),
        Ruling(Status.TIMEOUT, FaultDomain.NETWORK, Action.CHECK_NETWORK),
        "no connection in time",
    ),
    NoAnswerRow(
        "read-timeout",
        (NoAnswerKind.READ_TIMEOUT,),
        Ruling(Status.TIMEOUT, FaultDomain.ENDPOINT, Action.WAIT_OR_SWITCH),
        "connected, but no complete answer in time",
    ),
    NoAnswerRow(
        "cut-body",
        (NoAnswerKind.CUT_IN_BODY, NoAnswerKind.TOO_LARGE, NoAnswerKind.UNDECODABLE),
        _NOT_PROMISED,
        "the body is cut, larger than 1 MiB or cannot be decoded (with a code of 400 or more that code rules)",
    ),
    NoAnswerRow(
        "internal",
        (NoAnswerKind.INTERNAL,),
        Ruling(Status.UNKNOWN, FaultDomain.MONITOR, Action.REPORT_BUG),
        "the monitor itself fails",
    ),
)

READING_ROWS = (
    ReadingRow("answer", Reading.ANSWER, _UP, "content, reasoning, a refusal or a tool call"),
    ReadingRow("length", Reading.LENGTH, _UP, "no content, but the token limit was reached: alive"),
    ReadingRow(
        "filtered",
        Reading.FILTERED,
        _UP,
        "finish_reason `content_filter`: alive",
        "alive: stopped by the content filter",
    ),
    ReadingRow(
        "cut-short",
        Reading.CUT_SHORT,
        _UP,
        "not as expected, but cut by the token limit before it could be: alive; the next probe allows more",
        "alive, but cut by the token limit before it was as expected: {}",
    ),
    ReadingRow(
        "not-expected",
        Reading.NOT_EXPECTED,
        Ruling(Status.INVALID_RESPONSE, FaultDomain.MODEL, Action.CHECK_ANSWER),
        "an answer that is not as `expect` says",
        "not as expected: {}",
    ),
    ReadingRow("list", Reading.LIST, _UP, "a model list"),
    ReadingRow("incomplete-list", Reading.INCOMPLETE_LIST, _UP, "a model list without configured models", "{}"),
    ReadingRow(
        "no-content",
        Reading.NO_CONTENT,
        Ruling(Status.INVALID_RESPONSE, FaultDomain.MODEL, Action.WAIT_OR_SWITCH),
        "a message without content, reasoning or tool call",
        "no content in the answer (finish_reason {})",
    ),
    ReadingRow(
        "no-message", Reading.NO_MESSAGE, _NOT_PROMISED, "a choice without a message", "no message in the answer"
    ),
    ReadingRow("no-choices", Reading.NO_CHOICES, _NOT_PROMISED, "no choices", "no choices in the answer"),
    ReadingRow(
        "no-embedding",
        Reading.NO_EMBEDDING,
        _NOT_PROMISED,
        "no embedding, or one that is not made of finite numbers",
        "no embedding in the answer",
    ),
    ReadingRow("no-list", Reading.NO_LIST, _NOT_PROMISED, "no list of models", "no list of models in the answer"),
    ReadingRow("empty-body", Reading.EMPTY_BODY, _NOT_PROMISED, "nothing in the body", "an empty body"),
    ReadingRow("html", Reading.HTML, _NOT_THE_API, "a web page", "an HTML page instead of JSON"),
    ReadingRow("stream", Reading.STREAM, _NOT_PROMISED, "a stream that was not asked for", "a stream instead of JSON"),
    ReadingRow(
        "cut-stream",
        Reading.CUT_STREAM,
        _NOT_PROMISED,
        "a stream that ends before its finish reason",
        "the stream ended before its finish reason, after {} tokens",
    ),
    ReadingRow(
        "corrupt-stream",
        Reading.CORRUPT_STREAM,
        _NOT_PROMISED,
        "an event of a stream cannot be read",
        "in the stream: {}",
    ),
    ReadingRow("empty-stream", Reading.EMPTY_STREAM, _NOT_PROMISED, "a stream without any event", "an empty stream"),
    ReadingRow(
        "not-streamed",
        Reading.NOT_STREAMED,
        _NOT_PROMISED,
        "a whole answer where a stream was asked for",
        "the answer came whole, though a stream was asked for",
    ),
    ReadingRow("text", Reading.TEXT, _NOT_PROMISED, "plain text without a known message", "not JSON: {}"),
    ReadingRow("damaged", Reading.DAMAGED, _NOT_PROMISED, "not valid UTF-8", "the answer is not valid UTF-8"),
    ReadingRow("redirect", Reading.REDIRECT, _NOT_THE_API, "3xx, which is not followed", "redirects to {}"),
    ReadingRow(
        "odd-status", Reading.ODD_STATUS, _NOT_PROMISED, "a code below 200 or above 599", "no code of an answer"
    ),
)

STAND_IN_ROWS = (
    StandInRow(
        "another-model",
        StandIn.ANOTHER_MODEL,
        Ruling(Status.DEGRADED, FaultDomain.MODEL, Action.CHECK_ROUTING),
        "a good answer of another family, version, size or tier than was asked",
        "answered by {} instead of {asked}",
    ),
    StandInRow(
        "fallback",
        StandIn.FALLBACK,
        Ruling(Status.DEGRADED, FaultDomain.MODEL, Action.CHECK_ROUTING),
        "a good answer after the gateway had fallen back, by its own headers",
        "answered by a fallback instead of {asked}",
    ),
    StandInRow(
        "cache",
        StandIn.CACHE,
        Ruling(Status.DEGRADED, FaultDomain.ENDPOINT, Action.CHECK_CACHE),
        "a good answer from a cache, by the gateway's own headers",
        "answered from a cache instead of by {asked}",
    ),
)

SLOW_ROWS = (
    SlowRow(
        "slow-list",
        CheckKind.MODELS,
        Ruling(Status.DEGRADED, FaultDomain.ENDPOINT, Action.WAIT_OR_SWITCH),
        "a good model list, slower than `slow_after`",
    ),
    SlowRow(
        "slow-chat",
        CheckKind.CHAT,
        Ruling(Status.DEGRADED, FaultDomain.MODEL, Action.WAIT_OR_SWITCH),
        "a good completion, slower than `slow_after`",
    ),
)
