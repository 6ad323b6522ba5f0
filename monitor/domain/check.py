"""What is probed again and again: a check, its identity, its rhythm and its rules.

Owns no behaviour beyond identity; how a check is probed lives in `probes`, what its results mean in `health`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.domain.expect import Expect
from monitor.domain.rules import Rule
from monitor.domain.severity import Severity


class CheckKind(StrEnum):
    """What a check probes: a model list, or any model, whatever it is good for."""

    MODELS = "models"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Ratio:
    """`failures` among the last `window` on-phase results."""

    failures: int
    window: int


@dataclass(frozen=True, slots=True)
class FlappingRule:
    """When a check that changes its mind is called flapping: the weighted share of changes, in percent.

    Attributes:
        high_percent: flapping from here on.
        low_percent: settled below.
    """

    high_percent: float = 30.0
    low_percent: float = 25.0


@dataclass(frozen=True, slots=True)
class Relaxed:
    """How a check slows down that has been UP for long.

    Attributes:
        interval_s: its interval then.
        after_s: for so long it must have been UP without a failure.
    """

    interval_s: float
    after_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class HealthRules:
    """When a check is believed to be down, up, or degraded.

    Attributes:
        failure_threshold: failures in a row until DOWN.
        recovery_threshold: successes in a row until UP.
        failure_ratio: or that many of the last on-phase results; None is off.
        slow_ratio: DEGRADED results among the last on-phase ones until people are told.
        loading_grace_s: how long "Loading model" adds nothing to a streak or ratio.
        severity: overrides the severity of every incident of the check.
        flapping: None is off.
    """

    failure_threshold: int = 3
    recovery_threshold: int = 2
    failure_ratio: Ratio | None = Ratio(5, 20)
    slow_ratio: Ratio = Ratio(5, 10)
    loading_grace_s: float = 300.0
    severity: Severity | None = None
    flapping: FlappingRule | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is probed again and again.

    Attributes:
        id: `ENDPOINT/models` or `ENDPOINT/chat/MODEL`; stable.
        provider: the vendor behind the gateway: the part of the model id before `/`, as configured, or the endpoint.
        slow_after_s: slower successes are DEGRADED; None is off.
        host: of the endpoint's URL, in lower case; endpoints on one host share its troubles.
        tags: of the endpoint; for routes, silences and maintenance windows.
        window_rules: what must hold over windows of time.
        protocol: what is spoken with the model.
        stream: the answer is asked for piece by piece.
        headroom_rule: people are told when a rate limit is nearly used up.
        relaxed: None is never slower.
        expect: what an answer must be besides; None is any.
        answered_by: what may answer beside the model itself; see `identity.doubt_of`.
        full_every: of so many probes that the timer's turn brings, one is as configured; the others are plain.
        raise_max_tokens_to: how far `max_tokens` is raised for a model that says nothing within it; 0 is not at all.
        drift: people are told when the model leaves the list.
    """

    id: str
    endpoint: str
    kind: CheckKind
    model: str | None
    provider: str
    interval_s: float = 60.0
    timeout_s: float = 10.0
    connect_timeout_s: float = 5.0
    confirm_interval_s: float = 5.0
    slow_after_s: float | None = 5.0
    max_tokens: int = 16
    rules: HealthRules = field(default_factory=HealthRules)
    host: str = ""
    tags: tuple[str, ...] = ()
    window_rules: tuple[Rule, ...] = ()
    protocol: str = "openai"
    stream: bool = False
    headroom_rule: bool = True
    relaxed: Relaxed | None = None
    drift: bool = True
    expect: Expect | None = None
    answered_by: tuple[str, ...] = ()
    full_every: int = 1
    raise_max_tokens_to: int = 256


def check_id(endpoint: str, kind: CheckKind, model: str | None) -> str:
    """The stable id of a check."""
    return f"{endpoint}/{kind}" if model is None else f"{endpoint}/{kind}/{model}"


def provider_of(model: str | None, endpoint: str) -> str:
    """The vendor behind a gateway: the part of a model id before `/`; ids without a prefix belong to the endpoint."""
    if model is None or "/" not in model:
        return endpoint
    return model.split("/", 1)[0] or endpoint


def forgotten_check(check: str, endpoint: str) -> Check:
    """A stand-in for a check that is no longer configured but has an incident to end."""
    prefix = check_id(endpoint, CheckKind.CHAT, "")
    model = check.removeprefix(prefix) if check.startswith(prefix) else None
    kind = CheckKind.MODELS if model is None else CheckKind.CHAT
    return Check(id=check, endpoint=endpoint, kind=kind, model=model, provider=provider_of(model, endpoint))
