"""The tables about what is probed: defaults, endpoints, models."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import InitErrorDetails

from monitor.config.additions import Body, BodyWithout, KeyHeader, Path, Query, wrong_additions
from monitor.config.alerting import Flapping
from monitor.config.cadence import RelaxAfter, RelaxedInterval
from monitor.config.claims import wrong_claims
from monitor.config.cost import CostTable, PriceEntries
from monitor.config.expect import AnsweredBy, ExpectOption, FullEvery, RaiseMaxTokensTo
from monitor.config.fields import BaseUrl, Beside, Headers, Protocol, Proxy, Public, Tags
from monitor.config.model import Model, detail
from monitor.config.patterns import ModelsMax, OnePattern, is_wild, wrong_patterns
from monitor.config.quota import BalanceTable, PerMinute
from monitor.config.rules import (
    AvailabilityOption,
    CertificateOption,
    CertificateTable,
    CoverageOption,
    LatencyOption,
    SloOption,
)
from monitor.config.secrets import SecretRef
from monitor.config.values import (
    Concurrency,
    ConfirmInterval,
    FailureRatio,
    Flag,
    Interval,
    LoadingGrace,
    MaxTokens,
    ModelId,
    Name,
    Provider,
    SlowAfter,
    Threshold,
    Timeout,
    seconds,
)
from monitor.domain.check import Ratio
from monitor.domain.severity import Severity


class Overrides(Model):
    """What may be said per model, per endpoint, and for all; None is "not said here"."""

    interval_s: Interval | None = None
    models_interval_s: Interval | None = None
    timeout_s: Timeout | None = None
    connect_timeout_s: Timeout | None = None
    confirm_interval_s: ConfirmInterval | None = None
    failure_threshold: Threshold | None = None
    recovery_threshold: Threshold | None = None
    failure_ratio: FailureRatio | None = None
    slow_after_s: SlowAfter | None = None
    max_tokens: MaxTokens | None = None
    loading_grace_s: LoadingGrace | None = None
    stream: Flag | None = None
    relaxed_interval_s: RelaxedInterval | None = None
    relax_after_s: RelaxAfter | None = None
    drift: Flag | None = None
    expect: ExpectOption | None = None
    answered_by: AnsweredBy | None = None
    full_every: FullEvery | None = None
    raise_max_tokens_to: RaiseMaxTokensTo | None = None
    public: Public | None = None
    severity: Severity | None = None
    availability_rule: AvailabilityOption | None = None
    latency_rule: LatencyOption | None = None
    ttft_rule: LatencyOption | None = None
    slo: SloOption | None = None
    certificate_rule: CertificateOption | None = None
    coverage_rule: CoverageOption | None = None
    headroom_rule: Flag | None = None
    flapping: Flapping | None = None


class Defaults(Overrides):
    """`[defaults]`: what holds where an endpoint or model says nothing."""

    interval_s: Interval = seconds("60s")
    models_interval_s: Interval = seconds("30s")
    timeout_s: Timeout = seconds("10s")
    connect_timeout_s: Timeout = seconds("5s")
    confirm_interval_s: ConfirmInterval = seconds("5s")
    failure_threshold: Threshold = 3
    recovery_threshold: Threshold = 2
    failure_ratio: FailureRatio = Field(default=Ratio(5, 20), json_schema_extra={"default": "5/20"})
    slow_after_s: SlowAfter = seconds("5s")
    max_tokens: MaxTokens = 16
    loading_grace_s: LoadingGrace = seconds("5m")
    stream: Flag = False
    relax_after_s: RelaxAfter = seconds("1h")
    drift: Flag = True
    answered_by: AnsweredBy = "asked"
    full_every: FullEvery = 1
    raise_max_tokens_to: RaiseMaxTokensTo = 256
    public: Public = False
    certificate_rule: CertificateOption = Field(
        default_factory=CertificateTable, json_schema_extra={"default": {"warning": "14d", "critical": "3d"}}
    )
    headroom_rule: Flag = True


class ModelTable(Overrides):
    """One model of an endpoint, or a pattern for many; in the file an id alone will do.

    Attributes:
        id: as the endpoint names it.
        exact: the id is no pattern, whatever characters it has.
        provider: the vendor behind the gateway, where the id does not say it before a `/`.
        renamed_from: its id before this one; state, history and incidents are kept.
        protocol: what is spoken with it; None for the endpoint's.
        headers, query, body: merged over the endpoint's.
        body_without: keys that are taken out before `body` is merged in.
        path: in place of the protocol's, below the base URL; `{model}` is the id.
    """

    id: ModelId
    protocol: Protocol | None = None
    provider: Provider | None = None
    renamed_from: ModelId | None = None
    exact: Flag = False
    headers: Headers = Field(default_factory=dict)
    query: Query = Field(default_factory=dict)
    body: Body = Field(default_factory=dict)
    body_without: BodyWithout = ()
    path: Path | None = None

    @property
    def is_pattern(self) -> bool:
        """It stands for what is listed, not for itself."""
        return not self.exact and is_wild(self.id)

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What an entry of `models` may be."""
        del value
        return 'must be a model id in quotes, or a table such as { id = "gpt-4.1", timeout = "20s" }'


def _id_alone(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


ModelEntry = Annotated[ModelTable, BeforeValidator(_id_alone, json_schema_input_type=str | ModelTable)]


class Endpoint(Overrides):
    """`[[endpoints]]`: one API base URL with its credentials and models.

    Attributes:
        base_url: as the official SDKs take it, without a slash at its end.
        models: ids and patterns.
        models_max: so many models the patterns stand for at most.
        ca_file: absolute where the configuration came from a file.
        check_models: whether the model list is probed too.
        concurrency: probes in flight to this endpoint.
        requests_per_minute: so many probes start a minute at most.
        tokens_per_minute: and so many tokens they use.
        balance: where its account tells what is left.
        key_header: the header for `api_key`; None for the protocol's own.
        headers, query: sent with every request.
        body: merged into the body of every question, after the keys of `body_without` were taken out of it.
        path: of questions, in place of the protocol's; below the base URL; `{model}` is the model's id.
        cost: what its probes may spend, beside the cap of everything together.
        prices: what its models cost, where that differs.
        renamed_from: its name before this one; state, history and incidents of its checks are kept.
    """

    name: Name
    base_url: BaseUrl
    protocol: Protocol = "openai"
    api_key: SecretRef | None = None
    key_header: KeyHeader | None = None
    models: Annotated[tuple[ModelEntry, ...], OnePattern] = ()
    models_max: ModelsMax = 50
    check_models: Flag = True
    concurrency: Concurrency = 10
    requests_per_minute: PerMinute | None = None
    tokens_per_minute: PerMinute | None = None
    balance: BalanceTable | None = None
    headers: Headers = Field(default_factory=dict)
    query: Query = Field(default_factory=dict)
    body: Body = Field(default_factory=dict)
    body_without: BodyWithout = ()
    path: Path | None = None
    proxy: Proxy | None = None
    ca_file: Beside | None = None
    provider: Provider | None = None
    cost: CostTable | None = None
    prices: PriceEntries = Field(default_factory=dict)
    tags: Tags = ()
    renamed_from: Name | None = None

    @property
    def patterns(self) -> tuple[ModelTable, ...]:
        """The entries that stand for what is listed."""
        return tuple(model for model in self.models if model.is_pattern)

    @property
    def named_models(self) -> tuple[ModelTable, ...]:
        """The entries that stand for themselves."""
        return tuple(model for model in self.models if not model.is_pattern)

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Something to probe, each model once, one way to send the key."""
        models = table.get("models", [])
        if table.get("check_models") is False and models == []:
            yield detail(("models",), "names nothing to probe: name models, or leave check_models out")
        if isinstance(models, list):
            yield from _twice(models)
            yield from wrong_claims("models", models, "id")
        yield from wrong_patterns(table)
        yield from wrong_additions(table)


def _twice(models: list[Any]) -> Iterator[InitErrorDetails]:
    seen: set[str] = set()
    for position, entry in enumerate(models):
        model = entry.get("id") if isinstance(entry, dict) else entry
        if not isinstance(model, str):
            continue
        if model in seen:
            yield detail(("models", position), "this model stands on this endpoint twice", model)
        seen.add(model)
