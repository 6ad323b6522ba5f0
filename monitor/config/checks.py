"""From the configuration to checks: what is probed, with every override resolved.

The model's word counts before the endpoint's, the endpoint's before `[defaults]`.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, TypeVar

from monitor.config.alerting import FlappingTable, flapping_rule
from monitor.config.cadence import relaxed_of
from monitor.config.endpoints import Endpoint, ModelTable, Overrides
from monitor.config.expect import accepted_of, expect_of
from monitor.config.rules import window_rules
from monitor.config.schema import Config
from monitor.config.urls import host_of
from monitor.domain.check import Check, CheckKind, HealthRules, Relaxed, check_id, provider_of
from monitor.protocols.registry import can_stream

Shared = TypeVar("Shared", HealthRules, Relaxed | None, str)


def checks_of(config: Config) -> tuple[Check, ...]:
    """Every check, in the order of the file; an endpoint's model list comes before its models.

    What patterns stand for is not among them: `followed.with_followed` comes before.
    """
    return tuple(check for endpoint in config.endpoints for check in _of_endpoint(endpoint, config))


def effective(*levels: Overrides) -> dict[str, Any]:
    """The value of every override that holds, by attribute.

    A part of a probe is never longer than the whole: two values set against each other were refused when the file was
    read, so what is cut here is a default (or what a warning told of).

    Args:
        levels: the innermost first, `Defaults` last.
    """
    values = {name: _innermost(levels, name) for name in Overrides.model_fields}
    for part in ("connect_timeout_s", "slow_after_s"):
        values[part] = min(values[part], values["timeout_s"])
    return values


def _of_endpoint(endpoint: Endpoint, config: Config) -> Iterator[Check]:
    host, general = host_of(endpoint.base_url), config.alerting.flapping
    if endpoint.check_models:
        yield _check(endpoint, None, host, _with_flapping(effective(endpoint, config.defaults), general))
    for model in endpoint.named_models:
        yield _check(endpoint, model, host, _with_flapping(effective(model, endpoint, config.defaults), general))


def _with_flapping(values: dict[str, Any], general: FlappingTable | Literal[False]) -> dict[str, Any]:
    """`[alerting] flapping` holds where no table of overrides says otherwise."""
    return values if values["flapping"] is not None else {**values, "flapping": general}


def _check(endpoint: Endpoint, model: ModelTable | None, host: str, values: dict[str, Any]) -> Check:
    kind = CheckKind.MODELS if model is None else CheckKind.CHAT
    name = None if model is None else model.id
    protocol = endpoint.protocol if model is None else model.protocol or endpoint.protocol
    return Check(
        id=check_id(endpoint.name, kind, name),
        endpoint=endpoint.name,
        kind=kind,
        model=name,
        provider=_shared(_provider(endpoint, model)),
        interval_s=values["models_interval_s" if model is None else "interval_s"],
        timeout_s=values["timeout_s"],
        connect_timeout_s=values["connect_timeout_s"],
        confirm_interval_s=values["confirm_interval_s"],
        slow_after_s=values["slow_after_s"] or None,
        max_tokens=values["max_tokens"],
        window_rules=window_rules(values),
        rules=_shared(_rules(values)),
        host=host,
        tags=endpoint.tags,
        protocol=protocol,
        stream=bool(values["stream"]) and model is not None and can_stream(protocol),
        headroom_rule=values["headroom_rule"],
        relaxed=None if model is None else _shared(relaxed_of(values)),
        drift=values["drift"],
        expect=None if model is None else _shared(expect_of(values)),
        answered_by=accepted_of(values),
        full_every=values["full_every"],
        raise_max_tokens_to=values["raise_max_tokens_to"],
    )


def _rules(values: dict[str, Any]) -> HealthRules:
    return HealthRules(
        failure_threshold=values["failure_threshold"],
        recovery_threshold=values["recovery_threshold"],
        failure_ratio=values["failure_ratio"] or None,
        loading_grace_s=values["loading_grace_s"],
        severity=values["severity"],
        flapping=flapping_rule(values["flapping"]),
    )


@cache
def _shared(value: Shared) -> Shared:
    """The first of all equal ones: most checks have the same rules, and few providers."""
    return value


def _provider(endpoint: Endpoint, model: ModelTable | None) -> str:
    if model is None:
        return endpoint.provider or endpoint.name
    return model.provider or endpoint.provider or provider_of(model.id, endpoint.name)


def _innermost(levels: tuple[Overrides, ...], name: str) -> Any:
    return next((value for level in levels if (value := getattr(level, name)) is not None), None)
