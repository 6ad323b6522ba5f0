"""One step of an examination: what was looked at, what was found, and what it means.

Owns the shapes and the codes; their sentences are in `diagnosis_texts`, the looking is done in `probes.doctor`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from monitor.domain.action import Action


class StepName(StrEnum):
    """What is looked at, in this order."""

    CONFIGURATION = "configuration"
    DNS = "dns"
    TCP = "tcp"
    UPLINK = "uplink"
    PROXY = "proxy"
    TLS = "tls"
    HTTP = "http"
    CLOCK = "clock"
    PROTOCOL = "protocol"
    KEY = "key"
    MODEL_LIST = "model_list"
    MODEL = "model"
    LIMITS = "limits"


class Meaning(StrEnum):
    """One thing that a step may have found."""

    SECRET_MISSING = "secret_missing"  # noqa: S105  a code, no secret
    CONFIGURATION_DOUBTFUL = "configuration_doubtful"
    NAME_UNKNOWN = "name_unknown"
    NAME_WITHOUT_ADDRESS = "name_without_address"
    RESOLVER_SILENT = "resolver_silent"
    RESOLVER_FAILED = "resolver_failed"
    NAME_SLOW = "name_slow"
    NAME_FROM_FILE = "name_from_file"
    NO_NETWORK = "no_network"
    PORT_REFUSED = "port_refused"
    PORT_SILENT = "port_silent"
    NO_ROUTE = "no_route"
    SOME_SILENT = "some_silent"
    SOME_REFUSED = "some_refused"
    PROXY_FAILED = "proxy_failed"
    PROXY_CREDENTIALS = "proxy_credentials"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET = "certificate_not_yet"
    CERTIFICATE_OTHER_NAME = "certificate_other_name"
    CERTIFICATE_PRIVATE = "certificate_private"
    CERTIFICATE_REFUSED = "certificate_refused"
    CERTIFICATE_ENDS_SOON = "certificate_ends_soon"
    CHAIN_INCOMPLETE = "chain_incomplete"
    TLS_NOT_SPOKEN = "tls_not_spoken"
    TLS_FAILED = "tls_failed"
    TLS_OLD = "tls_old"
    KEY_IN_THE_CLEAR = "key_in_the_clear"
    NO_HTTP_ANSWER = "no_http_answer"
    REDIRECTED = "redirected"
    NOT_THE_API = "not_the_api"
    CLOCK_OFF = "clock_off"
    OTHER_PROTOCOL = "other_protocol"
    OTHER_BASE_URL = "other_base_url"
    LIST_ABSENT = "list_absent"
    KEY_REFUSED = "key_refused"
    KEY_MISSING = "key_missing"
    KEY_HARMS = "key_harms"
    LIST_FAILED = "list_failed"
    LIST_LACKS = "list_lacks"
    MODEL_FAILED = "model_failed"
    MODEL_DEGRADED = "model_degraded"
    PLAIN_ONLY = "plain_only"
    HEADROOM_LOW = "headroom_low"


class StepStatus(StrEnum):
    """How a step ended; only FAILED makes an endpoint unhealthy."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step that is done.

    Attributes:
        says: what was found, one line; cleaned of whatever came from outside.
        duration_ms: of the step; None where nothing was done.
        facts: what JSON can hold; texts in it are cleaned.
        meaning: what it means; None where it means nothing but that all is well.
        action: the advice that goes with a probe's verdict, in the place of that of `meaning`.
    """

    name: StepName
    status: StepStatus
    says: str
    duration_ms: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    meaning: Meaning | None = None
    action: Action | None = None


def passed(name: StepName, says: str, duration_ms: float | None = None, **facts: Any) -> Step:
    """A step that found all well."""
    return Step(name, StepStatus.OK, says, duration_ms, facts)


def doubted(name: StepName, meaning: Meaning, says: str, duration_ms: float | None = None, **facts: Any) -> Step:
    """A step that found something to look after, though it works."""
    return Step(name, StepStatus.WARNING, says, duration_ms, facts, meaning)


def failed(name: StepName, meaning: Meaning, says: str, duration_ms: float | None = None, **facts: Any) -> Step:
    """A step that found what is wrong."""
    return Step(name, StepStatus.FAILED, says, duration_ms, facts, meaning)


def skipped(name: StepName, because: str, **facts: Any) -> Step:
    """A step that could not be done, or need not be."""
    return Step(name, StepStatus.SKIPPED, because, None, facts)
