"""What one probe found: status, fault domain, and the result that the ledger receives."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.limits import Limit
from monitor.domain.model_kind import ToldKinds
from monitor.domain.reading import Reading
from monitor.domain.reply import NOT_COUNTED, ToolCall, Usage


class Status(StrEnum):
    """What one probe found."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    TIMEOUT = "TIMEOUT"
    CONNECTION_ERROR = "CONNECTION_ERROR"
    AUTH_ERROR = "AUTH_ERROR"
    RATE_LIMITED = "RATE_LIMITED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    OVERLOADED = "OVERLOADED"
    SERVER_ERROR = "SERVER_ERROR"
    CLIENT_ERROR = "CLIENT_ERROR"
    INVALID_RESPONSE = "INVALID_RESPONSE"
    UNKNOWN = "UNKNOWN"

    @property
    def is_success(self) -> bool:
        """UP and DEGRADED answer; everything else but UNKNOWN is a failure."""
        return self in _SUCCESSES

    @property
    def is_failure(self) -> bool:
        """Neither a success nor the monitor's own fault."""
        return self not in _SUCCESSES and self is not Status.UNKNOWN


_SUCCESSES = frozenset({Status.UP, Status.DEGRADED})


class FaultDomain(StrEnum):
    """Who must act."""

    KEY = "key"
    QUOTA = "quota"
    MODEL = "model"
    PROVIDER = "provider"
    ENDPOINT = "endpoint"
    NETWORK = "network"
    MONITOR = "monitor"


class Refusal(StrEnum):
    """What of our request an API does not want, so that the next one goes without it."""

    FEW_TOKENS = "few_tokens"
    COUNTS = "counts"


class Trigger(StrEnum):
    """Why a probe ran: only on-phase results count in availability and ratios.

    MAINTENANCE is an on-phase probe inside a maintenance window: recorded, and counted nowhere.
    """

    ON_PHASE = "on_phase"
    CONFIRM = "confirm"
    MANUAL = "manual"
    TRIAGE = "triage"
    MAINTENANCE = "maintenance"

    @property
    def is_turn(self) -> bool:
        """The timer's turn came, whatever is made of the result."""
        return self is Trigger.ON_PHASE or self is Trigger.MAINTENANCE

    @property
    def is_urgent(self) -> bool:
        """A decision about an outage waits for it: it goes before routine, over a fresh connection."""
        return self is Trigger.CONFIRM or self is Trigger.TRIAGE


@dataclass(frozen=True, slots=True)
class Phases:
    """How long each part of an exchange took, in milliseconds; None where it did not happen.

    Attributes:
        dns_ms: name resolution.
        connect_ms: TCP connect.
        tls_ms: TLS handshake.
        first_byte_ms: from the end of the request to the response headers.
        total_ms: start of the exchange (after the slot, with the connect) to the last byte.
    """

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, slots=True)
class StreamTimes:
    """When what came of a stream, in milliseconds since the request had been sent; None where it did not come.

    Attributes:
        first_event_ms: the first event with data, which may hold no token yet.
        ttft_ms: the first generated token: content, reasoning or a tool call.
        last_token_ms: the last one; the end-to-end latency of a stream.
        max_stall_ms: the longest wait between two events with tokens.
        pieces: how many events held generated tokens.
    """

    first_event_ms: float | None = None
    ttft_ms: float | None = None
    last_token_ms: float | None = None
    max_stall_ms: float | None = None
    pieces: int = 0

    def tokens_per_s(self, output_tokens: int | None) -> float | None:
        """Output tokens / (end-to-end latency - TTFT); None where that is not known."""
        if (
            not output_tokens
            or self.ttft_ms is None
            or self.last_token_ms is None
            or self.last_token_ms <= self.ttft_ms
        ):
            return None
        return output_tokens * 1000.0 / (self.last_token_ms - self.ttft_ms)

    def tpot_ms(self, output_tokens: int | None) -> float | None:
        """Time per output token after the first: (end-to-end latency - TTFT) / (output tokens - 1)."""
        if not output_tokens or output_tokens < 2 or self.ttft_ms is None or self.last_token_ms is None:  # noqa: PLR2004
            return None
        return (self.last_token_ms - self.ttft_ms) / (output_tokens - 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What classification makes of an outcome.

    Attributes:
        fault_domain: None when UP.
        reason: short, redacted, at most 200 characters; None for a plain UP.
        action: what a person should do; None when there is nothing to do.
        retry_after_s: how long the server asked us to wait; None if it did not say.
        loading: the model is being loaded: starting, not down.
    """

    status: Status
    fault_domain: FaultDomain | None = None
    reason: str | None = None
    action: Action | None = None
    retry_after_s: float | None = None
    loading: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One execution of a check.

    Attributes:
        check: the check's id.
        started_at: after the wait for a slot; latency and timeout count from here.
        finished_at: when the verdict was known.
        trigger: why the probe ran.
        latency_ms: start of the exchange to the last byte; None without a response.
        ttft_ms: from the end of the request to the first generated token; None when not streamed.
        lag_ms: how late the probe started after it was due.
        phases: parts of the exchange; None where nothing is worth keeping.
        certificate_days: days until the endpoint's certificate expires; None without TLS or without a handshake.
        usage: tokens as the API counted them.
        stream: when what came of a stream; None when not streamed.
        answered_by: the model that says it answered, cleaned; None where the answer does not say.
        limits: what the answer's headers say of rate limits.
        listed: the ids of a model list, as upstream wrote them: hostile; None for anything but a list that was read.
        kinds: what a model list says of its models, where it says something.
    """

    check: str
    started_at: Moment
    finished_at: Moment
    trigger: Trigger
    verdict: Verdict
    http_status: int | None = None
    latency_ms: float | None = None
    ttft_ms: float | None = None
    lag_ms: float = 0.0
    request_id: str | None = None
    phases: Phases | None = None
    certificate_days: float | None = None
    usage: Usage = NOT_COUNTED
    stream: StreamTimes | None = None
    answered_by: str | None = None
    limits: tuple[Limit, ...] = ()
    listed: tuple[str, ...] | None = None
    kinds: ToldKinds = ()

    @property
    def status(self) -> Status:
        """The verdict's status."""
        return self.verdict.status

    @property
    def input_tokens(self) -> int | None:
        """Of the prompt."""
        return self.usage.input_tokens

    @property
    def output_tokens(self) -> int | None:
        """Of the answer, reasoning included."""
        return self.usage.output_tokens


@dataclass(frozen=True, slots=True)
class Finding:
    """All that classification reads from one outcome.

    Attributes:
        request_id: the upstream's id of the request, cleaned, at most 64 characters.
        token_parameter_refused: the API refused `max_tokens`; the probe repeats with `max_completion_tokens`.
        answered_by: the model that says it answered, cleaned, at most 128 characters.
        reading: what a good code's body turned out to be; None for anything else.
        limits: what the headers say of rate limits.
        listed: the ids of a model list, as upstream wrote them: hostile.
        kinds: what a model list says of its models, where it says something.
        refused: what of the request the API did not want.
        least_tokens: how many output tokens it wants to be asked for, where it refused fewer.
        calls: the functions that the model wants called: hostile.
    """

    verdict: Verdict
    request_id: str | None = None
    usage: Usage = NOT_COUNTED
    token_parameter_refused: bool = False
    answered_by: str | None = None
    reading: Reading | None = None
    limits: tuple[Limit, ...] = ()
    listed: tuple[str, ...] | None = None
    kinds: ToldKinds = ()
    refused: Refusal | None = None
    least_tokens: int | None = None
    calls: tuple[ToolCall, ...] = ()
