"""Who is examined: an endpoint with all that its probes need, made ready before the loop runs.

Owns what can be said of the configuration alone, the step `configuration` among it.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from yarl import URL

from monitor.clock import Clock, SystemClock
from monitor.config.secrets import SecretRef
from monitor.config.urls import Address, host_of, is_loopback
from monitor.domain.check import Check, CheckKind, check_id
from monitor.domain.diagnosis import Meaning, Step, StepName, doubted, failed, passed
from monitor.domain.redact import Redactor
from monitor.errors import Problem
from monitor.probes.connections import Connections
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.prober import Prober
from monitor.probes.resolver import Lookup
from monitor.probes.target import EndpointTarget
from monitor.probes.tls import private_context, system_context

_PORT_OF = {"http": 80, "https": 443}
_PROXIES = ("https_proxy", "http_proxy", "all_proxy")
CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})


@dataclass(frozen=True, slots=True)
class Told:
    """What the configuration says, to be shown.

    Attributes:
        path: of the file.
        key: where the key comes from; None without one.
        problems: what of this endpoint cannot be resolved, with the option's name as path.
        doubts: what is allowed but perhaps not meant.
        check_models: whether the model list is probed.
        more: other facts, by option.
    """

    path: Path
    key: SecretRef | None = None
    problems: Sequence[Problem] = ()
    doubts: Sequence[Problem] = ()
    check_models: bool = True
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """An endpoint that is about to be examined.

    Attributes:
        target: without what could not be resolved.
        models: the checks to ask, in order.
        uplink: hosts outside; empty where the self-check is off.
    """

    target: EndpointTarget
    told: Told
    models: Sequence[Check]
    list_check: Check
    redactor: Redactor
    uplink: Sequence[Address] = ()
    clock: Clock = field(default_factory=SystemClock)
    lookup: Lookup = socket.getaddrinfo

    @property
    def address(self) -> Address:
        """The endpoint's own host and port."""
        url = URL(self.target.base_url)
        return Address(host_of(self.target.base_url), url.port or _PORT_OF[url.scheme])

    @property
    def proxy(self) -> URL | None:
        """The proxy; may hold credentials."""
        return None if self.target.proxy is None else URL(self.target.proxy.reveal())

    @property
    def first_hop(self) -> Address:
        """The host and port to which connections are opened: the proxy's where there is one."""
        proxy = self.proxy
        return self.address if proxy is None else Address(proxy.host or "", proxy.port or _PORT_OF[proxy.scheme])

    @property
    def is_encrypted(self) -> bool:
        """Whether the endpoint is reached by https."""
        return self.target.base_url.startswith("https:")

    @property
    def lacks(self) -> frozenset[str]:
        """The options that could not be resolved."""
        return frozenset(problem.path.partition(".")[0] for problem in self.told.problems)

    @property
    def has_credentials(self) -> bool:
        """Whether its requests carry a key, in whichever header."""
        return self.target.api_key is not None or any(name.lower() in CREDENTIALS for name in self.target.headers)


class Instruments:
    """What an examination works with; made before the loop runs, because making it reads files.

    Raises:
        UsageError: the CA file or the proxy's URL is no use.
    """

    def __init__(self, subject: Subject) -> None:
        target = subject.target
        self.endpoint = LiveEndpoint(target)
        self.context = (
            system_context() if target.ca_file is None else private_context(target.ca_file, endpoint=target.name)
        )
        self.connections = Connections(subject.lookup)
        self.prober = Prober(
            {target.name: target},
            concurrency=target.concurrency,
            clock=subject.clock,
            redactor=subject.redactor,
            lookup=subject.lookup,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self.connections.aclose()
        await self.prober.aclose()


def without_key(target: EndpointTarget) -> EndpointTarget:
    """The same endpoint for somebody who has no key."""
    headers = {name: value for name, value in target.headers.items() if name.lower() not in CREDENTIALS}
    return replace(target, api_key=None, headers=headers)


def list_check_of(endpoint: str, timeout_s: float, connect_timeout_s: float) -> Check:
    """The check of an endpoint's model list, whether it is configured or not; no answer is too slow for it."""
    return Check(
        id=check_id(endpoint, CheckKind.MODELS, None),
        endpoint=endpoint,
        kind=CheckKind.MODELS,
        model=None,
        provider=endpoint,
        timeout_s=timeout_s,
        connect_timeout_s=connect_timeout_s,
        slow_after_s=None,
    )


def configuration_step(subject: Subject, environ: Mapping[str, str] = os.environ) -> Step:
    """What the configuration says of the endpoint, and what of it cannot be had."""
    told, target = subject.told, subject.target
    facts = {
        "file": str(told.path),
        "base_url": target.base_url,
        "protocol": target.protocol,
        "key": None if told.key is None else str(told.key),
        "models": [check.model for check in subject.models],
        "check_models": told.check_models,
        **told.more,
    }
    if told.problems:
        says = "; ".join(f"{problem.path}: {problem.message}" for problem in told.problems)
        return failed(StepName.CONFIGURATION, Meaning.SECRET_MISSING, says, None, **facts)
    doubts = [f"{doubt.path}: {doubt.message}" for doubt in told.doubts]
    unused = next((name.upper() for name in _PROXIES if environ.get(name) or environ.get(name.upper())), None)
    if unused is not None and target.proxy is None and not is_loopback(subject.address.host):
        doubts.append(f"the environment names a proxy ({unused}), which is not used: only `proxy` is")
    if subject.has_credentials and not subject.is_encrypted and not is_loopback(subject.address.host):
        return doubted(
            StepName.CONFIGURATION, Meaning.KEY_IN_THE_CLEAR, "the key is sent without TLS (http://)", None, **facts
        )
    key = "no key" if told.key is None else f"key from {told.key}"
    says = f"{told.path}: protocol {target.protocol}, {key}"
    if doubts:
        return doubted(StepName.CONFIGURATION, Meaning.CONFIGURATION_DOUBTFUL, "; ".join(doubts), None, **facts)
    return passed(StepName.CONFIGURATION, says, None, **facts)
