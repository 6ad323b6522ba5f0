"""What came back from one exchange, before anybody judged it: an answer, or the way in which there was none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.domain.result import Phases
from monitor.domain.stream import Streamed


class NoAnswerKind(StrEnum):
    """The ways in which no complete answer came."""

    DNS = "dns"
    NO_ROUTE = "no_route"
    REFUSED = "refused"
    RESET = "reset"
    TLS = "tls"
    PROXY = "proxy"
    CONNECT_TIMEOUT = "connect_timeout"
    READ_TIMEOUT = "read_timeout"
    CUT_IN_BODY = "cut_in_body"
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer.

    Attributes:
        http_status: the status code.
        headers: names in lower case.
        body: decompressed, at most 1 MiB.
        certificate_days: days until the certificate expires; None without TLS.
        stream: what was recorded of a stream of events, of which the body is then empty; None for any other body.
    """

    http_status: int
    headers: Mapping[str, str]
    body: bytes
    phases: Phases = field(default_factory=Phases)
    certificate_days: float | None = None
    stream: Streamed | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No complete answer.

    Attributes:
        detail: one line of the monitor's own words or of the operating system's, never upstream text.
        http_status: the status code when the headers had come before the end.
        headers: names in lower case; empty when none had come.
        peer: the numeric address at the other end, or the last one that was tried; None where it did not come to that.
        stream: what had come of a stream; None if none had begun.
    """

    kind: NoAnswerKind
    detail: str
    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    phases: Phases = field(default_factory=Phases)
    certificate_days: float | None = None
    peer: str | None = None
    stream: Streamed | None = None


Outcome = Answer | NoAnswer
