"""One fault, when it is active, and what one request gets (pure).

Owns the shape of a fault and the decision. What a gateway serves is in `served`, the kinds of faults are in `kinds`; no
byte is written here: `decide` takes the time, the counters and the random draws, and gives the same answer each time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import InitErrorDetails

from monitor.config.model import Model, detail, nearest, wrong
from monitor.simulator.kinds import FIELDS, OPTIONS, REQUIRED, FaultKind
from monitor.simulator.latency import NO_LATENCY, Latency
from monitor.simulator.ratelimit import Allowance, Window, admit
from monitor.simulator.values import Longer, Printable, Seconds, readable_seconds

__all__ = ["Decision", "Draws", "Fault", "FaultKind", "Pace", "Profile", "decide"]
MIB = 1024 * 1024


def _kind(value: object) -> object:
    if isinstance(value, str) and value not in set(FaultKind):
        raise wrong(f"unknown kind of fault: {nearest(value, set(FaultKind))}")
    return value


class Fault(Model):
    """One thing that goes wrong for a while; durations are seconds once parsed.

    Attributes:
        kind: what goes wrong.
        begin_s: seconds since the gateway's start; `from` in TOML.
        until_s: seconds since the gateway's start when it has recovered; None: never.
        probability: how likely each request is struck, in (0, 1].
        status: HTTP status of the answer; each kind has its own default.
        body: answered as it stands.
        headers: added to the answer.
        latency: instead of the model's own, for `slow`.
        limit: requests per window, for `rate_limit`; None: none if tokens are not limited either, else any number.
        limit_tokens: tokens per window, of input and output together; None: any number.
        window_s: seconds a window of `rate_limit` lasts.
        retry_after_s: instead of the counted one; 0 leaves the header out.
        family: in whose headers `rate_limit` tells of itself; None: those that go with the protocol.
        every_s: seconds between two pieces of `slow_drip` and `stream_split`; each has its own default.
        body_bytes: size of `huge_body` and, unpacked, of `gzip_bomb`.
        after: how many tokens of a stream come before it happens.
        pause_s: seconds that `stream_stall` stands still.
    """

    kind: Annotated[FaultKind, BeforeValidator(_kind)]
    begin_s: Annotated[Seconds, Field(alias="from")] = 0.0
    until_s: Seconds | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    status: Annotated[int, Field(strict=True, ge=200, le=599)] | None = None
    body: str | None = None
    headers: dict[Printable, Printable] = Field(default_factory=dict)
    latency: Latency | None = None
    limit: Annotated[int, Field(strict=True, ge=0)] | None = None
    limit_tokens: Annotated[int, Field(strict=True, ge=0)] | None = None
    window_s: Longer = 60.0
    retry_after_s: Seconds | None = None
    family: Literal["openai", "anthropic", "plain"] | None = None
    every_s: Longer | None = None
    body_bytes: Annotated[int, Field(strict=True, gt=0, le=64 * MIB)] = 2 * MIB
    after: Annotated[int, Field(strict=True, ge=0)] = 1
    pause_s: Longer = 60.0

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
        """Only what its kind uses, all that its kind needs, and an end after the beginning."""
        kind = table.get("kind")
        if isinstance(kind, str) and kind in set(FaultKind):
            known = FaultKind(kind)
            for key in sorted((table.keys() & OPTIONS) - FIELDS[known]):
                yield detail((key,), f'has no meaning for the kind "{known}"', table[key])
            needed = REQUIRED.get(known)
            if needed and needed not in table:
                yield detail((needed,), f'is required for the kind "{known}"')
        begin, until = (readable_seconds(table.get(key, default)) for key, default in (("from", "0s"), ("until", None)))
        if begin is not None and until is not None and until <= begin:
            yield detail(("until",), "must lie after `from`", table["until"])

    def active_at(self, elapsed_s: float) -> bool:
        """Whether this second lies in the fault's window; its end is already healthy."""
        return self.begin_s <= elapsed_s and (self.until_s is None or elapsed_s < self.until_s)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an answer comes once it has begun.

    Attributes:
        first_s: seconds before the first token.
        between_s: seconds before each token after it.
    """

    first_s: float = 0.0
    between_s: float = 0.0


AT_ONCE = Pace()


class Profile(Model):
    """How one thing that can be asked for behaves.

    Attributes:
        latency: of every answer that is not `slow`.
        faults: in order of precedence.
    """

    latency: Latency = NO_LATENCY
    faults: tuple[Fault, ...] = ()

    def active(self, elapsed_s: float) -> Fault | None:
        """The one active fault: the first in order whose window holds this second."""
        return next((fault for fault in self.faults if fault.active_at(elapsed_s)), None)

    def pace(self, draw: float) -> Pace:
        """How fast the tokens of an answer come at this quantile."""
        del draw
        return AT_ONCE


@dataclass(frozen=True, slots=True)
class Draws:
    """Random numbers in [0, 1) for one request."""

    latency: float = 0.5
    fault: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What one request gets.

    Attributes:
        latency_s: seconds to wait before the answer.
        fault: what goes wrong; None: nothing.
        window: the rate limit's counters after this request.
        allowance: what the rate limit says; None where there is no limit.
        limit: the rate limit in force, also where it admits; None where there is none.
        pace: how fast the tokens come.
    """

    latency_s: float
    fault: Fault | None
    window: Window
    allowance: Allowance | None = None
    limit: Fault | None = None
    pace: Pace = AT_ONCE


def decide(
    profile: Profile, active: Fault | None, elapsed_s: float, window: Window, draws: Draws, *, tokens: int = 0
) -> Decision:
    """Decides what one request gets.

    Args:
        profile: of the model, or of the model list.
        active: the fault of this moment: `profile.active`, or one set by hand.
        elapsed_s: seconds since the gateway's start, for the counters of a rate limit.
        window: the counters before this request.
        draws: random numbers of this request.
        tokens: what the answer costs, for a limit of tokens.
    """
    latency_s, pace = profile.latency.at(draws.latency), profile.pace(draws.latency)
    if active is None or draws.fault >= active.probability:
        return Decision(latency_s, None, window, pace=pace)
    if active.kind is FaultKind.SLOW and active.latency is not None:
        return Decision(active.latency.at(draws.latency), active, window, pace=pace)
    if active.kind is FaultKind.RATE_LIMIT:
        limit = 0 if active.limit is None and active.limit_tokens is None else active.limit
        window, allowance = admit(
            window, limit, active.window_s, elapsed_s, limit_tokens=active.limit_tokens, tokens=tokens
        )
        struck = None if allowance.admitted else active
        return Decision(latency_s, struck, window, allowance, active, pace)
    return Decision(latency_s, active, window, pace=pace)
