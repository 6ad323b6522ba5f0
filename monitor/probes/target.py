"""What the prober needs to know of an endpoint, taken from the configuration and the resolved secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.checks import checks_of, effective
from monitor.config.patterns import NOT
from monitor.config.secrets import Secret
from monitor.domain.balance import BalanceRule
from monitor.domain.check import CheckKind
from monitor.domain.pace import NO_BUDGET, Budget
from monitor.probes.additions import NO_MODELS, NOTHING, Additions, OfModels

if TYPE_CHECKING:
    from monitor.config.access import Access, EndpointAccess, ModelAccess
    from monitor.config.endpoints import Endpoint, ModelTable
    from monitor.config.schema import Config

_KEPT_BEYOND_INTERVAL_S = 15.0


@dataclass(frozen=True, slots=True)
class BalanceSource:
    """Where an account tells what is left.

    Attributes:
        pointer: into the answer, RFC 6901.
        headers: beside, or in place of, the endpoint's own.
    """

    url: str
    pointer: str
    interval_s: float
    rule: BalanceRule
    headers: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class EndpointTarget:
    """One endpoint, ready to be probed.

    Attributes:
        base_url: without a slash at its end.
        headers: sent with every request; they override what the protocol would send.
        proxy: `http://` or `https://` URL, perhaps with credentials.
        ca_file: PEM file with the only authorities to trust; None for the system's.
        concurrency: probes in flight at most.
        models: ids of the models that are named, which the model list should hold.
        keepalive_s: for how long an idle connection is kept.
        budget: what its probes may use per minute.
        balance: where its account tells what is left.
        key_header: the header that carries the key; None for the protocol's own.
        added: to its requests, beside `headers`.
        of_models: what is added to questions to single models.
        protocols: all that are spoken with it.
    """

    name: str
    base_url: str
    protocol: str
    api_key: Secret | None
    headers: Mapping[str, Secret]
    proxy: Secret | None
    ca_file: Path | None
    concurrency: int
    models: tuple[str, ...]
    keepalive_s: float
    budget: Budget = NO_BUDGET
    balance: BalanceSource | None = None
    key_header: str | None = None
    added: Additions = NOTHING
    of_models: OfModels = NO_MODELS
    protocols: frozenset[str] = frozenset()


def targets_of(config: "Config", access: "Access") -> dict[str, EndpointTarget]:
    """Every endpoint of a configuration by its name.

    Args:
        config: the effective configuration.
        access: every secret of that configuration, resolved.
    """
    longest_s = _longest_intervals(config)
    return {
        endpoint.name: EndpointTarget(
            name=endpoint.name,
            base_url=endpoint.base_url,
            protocol=endpoint.protocol,
            api_key=access.endpoints[endpoint.name].api_key,
            headers=access.endpoints[endpoint.name].headers,
            proxy=access.endpoints[endpoint.name].proxy,
            ca_file=endpoint.ca_file,
            concurrency=endpoint.concurrency,
            models=tuple(model.id for model in endpoint.named_models),
            keepalive_s=longest_s.get(endpoint.name, 0.0) + _KEPT_BEYOND_INTERVAL_S,
            budget=Budget(endpoint.requests_per_minute, endpoint.tokens_per_minute),
            balance=_balance_of(endpoint, access),
            key_header=endpoint.key_header,
            added=Additions(
                query=access.endpoints[endpoint.name].query,
                body=endpoint.body,
                body_without=endpoint.body_without,
                path=endpoint.path,
            ),
            of_models=_of_models(endpoint, access.endpoints[endpoint.name]),
            protocols=frozenset(model.protocol for model in endpoint.models if model.protocol),
        )
        for endpoint in config.endpoints
    }


def _of_models(endpoint: "Endpoint", access: "EndpointAccess") -> OfModels:
    added = {model.id: _added(model, access.models.get(model.id)) for model in endpoint.models}
    if not any(added.values()):
        return NO_MODELS
    return OfModels(
        named=frozenset(model.id for model in endpoint.named_models),
        by_id={model.id: added[model.id] for model in endpoint.named_models if added[model.id]},
        by_pattern=tuple((model.id, added[model.id]) for model in endpoint.patterns if not model.id.startswith(NOT)),
    )


def _added(model: "ModelTable", access: "ModelAccess | None") -> Additions:
    if access is None:
        return Additions(body=model.body, body_without=model.body_without, path=model.path)
    return Additions(access.headers, access.query, model.body, model.body_without, model.path)


def _balance_of(endpoint: "Endpoint", access: "Access") -> BalanceSource | None:
    table = endpoint.balance
    if table is None:
        return None
    rule = BalanceRule(table.below, table.days)
    return BalanceSource(table.url, table.pointer, table.interval_s, rule, access.endpoints[endpoint.name].balance)


def _longest_intervals(config: "Config") -> dict[str, float]:
    longest: dict[str, float] = {}
    for check in checks_of(config):
        if check.kind is CheckKind.CHAT:
            longest[check.endpoint] = max(longest.get(check.endpoint, 0.0), check.interval_s)
    for endpoint in config.endpoints:
        for pattern in endpoint.patterns:  # what it stands for comes and goes, the target stays
            interval_s: float = effective(pattern, endpoint, config.defaults)["interval_s"]
            longest[endpoint.name] = max(longest.get(endpoint.name, 0.0), interval_s)
    return longest
