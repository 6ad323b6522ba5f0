"""The whole configuration as frozen values: `Config` and its global tables.

Endpoints stand in `endpoints`, channels in `channels`. `load` is the way in; a `Config` made otherwise has passed the
same rules, apart from conflicts between tables (`conflicts`).
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import InitErrorDetails, core_schema

from monitor.config import urls
from monitor.config.alerting import Alerting
from monitor.config.channels import Channel, ConsoleChannel, SlackChannel, WebhookChannel
from monitor.config.claims import wrong_claims
from monitor.config.cost import CostTable, PriceEntries
from monitor.config.deadman import Deadman
from monitor.config.endpoints import Defaults, Endpoint, ModelTable, Overrides
from monitor.config.fields import PublicUrl, Targets
from monitor.config.keeping import Keeping
from monitor.config.maintenance import MaintenanceTable
from monitor.config.model import Model, detail, nearest, wrong
from monitor.config.secrets import SecretRef
from monitor.config.values import Concurrency, TimeZone
from monitor.domain.action import Language

__all__ = [
    "Alerting",
    "Channel",
    "Config",
    "Connectivity",
    "ConsoleChannel",
    "Defaults",
    "Endpoint",
    "Model",
    "ModelTable",
    "Overrides",
    "Probes",
    "SecretRef",
    "SlackChannel",
    "Storage",
    "Web",
    "WebhookChannel",
    "json_schema",
]


def _control(value: object) -> object:
    if value in (False, ""):
        raise wrong("the control socket cannot be switched off: commands reach the daemon through it")
    return value


class Probes(Model):
    """`[probes]`: bounds on all probing together."""

    concurrency: Concurrency = 100


class Storage(Keeping):
    """`[storage]`: the database, and for how long it keeps what.

    Attributes:
        password: of the role in a PostgreSQL URL; None leaves it to libpq's own places. A file needs none.
    """

    url: Annotated[str, BeforeValidator(urls.storage_url)] = "sqlite:///relaywatch.db"
    password: SecretRef | None = None


class Web(Model):
    """`[web]`: the page and the control socket.

    Attributes:
        listen: None is no TCP port.
        control: file name or path of the socket; see `paths.control_path`.
        public_url: the page's address as people reach it, for links in messages.
    """

    listen: Annotated[urls.Address, PlainValidator(urls.listen, json_schema_input_type=str)] | None = None
    control: Annotated[str, BeforeValidator(_control)] = "control.sock"
    public_url: PublicUrl | None = None


class Connectivity(Model):
    """`[connectivity]`: the self-check of the monitor's own uplink.

    Attributes:
        targets: one of them answers a TCP connect while the uplink is open; none: no self-check.
    """

    targets: Targets = Field(
        default=(urls.Address("1.1.1.1", 53), urls.Address("8.8.8.8", 53)),
        json_schema_extra={"default": ["1.1.1.1:53", "8.8.8.8:53"]},
    )


class Config(Model):
    """A whole configuration."""

    language: Language = Language.EN
    timezone: TimeZone = "UTC"
    defaults: Defaults = Field(default_factory=Defaults)
    probes: Probes = Field(default_factory=Probes)
    storage: Storage = Field(default_factory=Storage)
    web: Web = Field(default_factory=Web)
    connectivity: Connectivity = Field(default_factory=Connectivity)
    cost: CostTable = Field(default_factory=CostTable)
    prices: PriceEntries = Field(default_factory=dict)
    alerting: Alerting = Field(default_factory=Alerting)
    deadman: Deadman | None = None
    endpoints: tuple[Endpoint, ...] = ()
    channels: tuple[Channel, ...] = ()
    maintenance: tuple[MaintenanceTable, ...] = ()

    def afterwards(self) -> Iterable[InitErrorDetails]:
        """Maintenance windows once more, now that the time zone is known."""
        for position, window in enumerate(self.maintenance):
            for mistake in () if window.timezone else window.mistakes(self.timezone):
                yield InitErrorDetails(**{**mistake, "loc": ("maintenance", position, *mistake.get("loc", ()))})

    @classmethod
    def belongs(cls, key: str) -> str | None:
        """What is set for all checks stands in `[defaults]`."""
        close = difflib.get_close_matches(key, Defaults.known_keys(), n=1)
        return f'did you mean "{close[0]}" in [defaults]?' if close else None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Something to watch; each name once."""
        if table.get("endpoints", []) == []:
            yield detail(("endpoints",), "there is nothing to watch: add [[endpoints]] with name and base_url")
        for kind in ("endpoints", "channels", "maintenance"):
            yield from _same_names(kind, table.get(kind))
        yield from _unknown_channels(table)
        endpoints = table.get("endpoints")
        if isinstance(endpoints, list):
            yield from wrong_claims("endpoints", endpoints, "name")


def _unknown_channels(table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    """Channels that an escalation or another channel names and nobody has."""
    channels = [(at, entry) for at, entry in enumerate(_listed(table, "channels")) if isinstance(entry, dict)]
    names = [entry["name"] for _, entry in channels if isinstance(entry.get("name"), str)]
    for position, entry in enumerate(_listed(table.get("alerting"), "escalations")):
        for place, name in enumerate(_listed(entry, "channels")):
            yield from _unknown_channel(("alerting", "escalations", position, "channels", place), name, names)
    for position, entry in channels:
        where, name = ("channels", position, "fallback"), entry.get("fallback")
        if name is not None and name == entry.get("name"):
            yield detail(where, "is the channel itself: name another one", name)
        else:
            yield from _unknown_channel(where, name, names)


def _unknown_channel(where: tuple[str | int, ...], name: object, names: list[str]) -> Iterator[InitErrorDetails]:
    if isinstance(name, str) and name not in names:
        hint = nearest(name, names) if names else "there are no [[channels]]"
        yield detail(where, f"no such channel: {hint}", name)


def _listed(table: object, key: str) -> list[Any]:
    """What stands under a key where a list is expected; empty where something else does."""
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, list) else []


def _same_names(kind: str, tables: object) -> Iterator[InitErrorDetails]:
    seen: set[str] = set()
    for position, table in enumerate(tables if isinstance(tables, list) else []):
        name = table.get("name") if isinstance(table, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            yield detail((kind, position, "name"), f"another of [[{kind}]] has this name", name)
        seen.add(name)


class _ForToml(GenerateJsonSchema):
    """TOML has no null: an option that may be absent is simply not required."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        described = super().default_schema(schema)
        if described.get("default", "") is None:
            del described["default"]
        return described


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file, for editors."""
    described = Config.model_json_schema(schema_generator=_ForToml)
    return {"$schema": GenerateJsonSchema.schema_dialect, **described, "title": "relaywatch.toml"}
