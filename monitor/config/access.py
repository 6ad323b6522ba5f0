"""Everything secret that a configuration refers to, resolved once, before anything is probed or sent.

Only commands that probe or deliver call this; the rest of the program never holds a secret.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from monitor.config import urls
from monitor.config.channel_access import ChannelAccess, channel_access, template_files
from monitor.config.deadman import DeadmanAccess, deadman_access
from monitor.config.endpoints import Endpoint
from monitor.config.keys import doubts_about_key
from monitor.config.load import Loaded
from monitor.config.problems import toml_path
from monitor.config.reading import Reader, TextFile
from monitor.config.secrets import Secret, resolve
from monitor.errors import ConfigError, Problem

__all__ = [
    "Access",
    "ChannelAccess",
    "EndpointAccess",
    "database_password",
    "read_templates",
    "reread_key",
    "resolve_access",
]

_SHORTEST_REDACTED = 4
_WEBHOOK_PREFIX = "whsec_"
_WORD = re.compile(r"[a-z]*", re.ASCII)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)
_PUBLIC_HOST = re.compile(r"([A-Za-z0-9_-]+\.)+[A-Za-z0-9-]+(:\d+)?|localhost(:\d+)?|\[.*\](:\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """What is sent with the questions to one model, beside what its endpoint sends."""

    headers: Mapping[str, Secret]
    query: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class EndpointAccess:
    """What an endpoint's probes send besides the request itself.

    Attributes:
        headers: every configured header, literal ones too.
        proxy: the proxy's URL; it may carry a user and password.
        query: every configured parameter, literal ones too.
        models: headers and query of the entries of `models` that have some, by id or pattern.
        balance: the headers of the balance request alone.
    """

    api_key: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    proxy: Secret | None = None
    balance: Mapping[str, Secret] = field(default_factory=dict)
    query: Mapping[str, Secret] = field(default_factory=dict)
    models: Mapping[str, ModelAccess] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Access:
    """Every secret of a configuration.

    Attributes:
        endpoints: by name.
        channels: by name.
        warnings: what is doubtful about a secret.
        deadman: None without such a table.
    """

    endpoints: Mapping[str, EndpointAccess]
    channels: Mapping[str, ChannelAccess]
    warnings: tuple[Problem, ...] = ()
    _values: tuple[Secret, ...] = field(default=(), repr=False)
    deadman: DeadmanAccess | None = None

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown, the longest first; shorter than 4 characters would redact everything."""
        texts = {part for value in self._values for part in _parts(value.reveal())}
        return tuple(sorted(texts, key=lambda text: (-len(text), text)))


def resolve_access(loaded: Loaded, environ: Mapping[str, str]) -> Access:
    """Resolve and inspect every secret, and look at the CA files.

    Raises:
        ConfigError: one is unset, empty, unreadable or unusable; carries every problem.
    """
    reader = Reader(loaded.base_dir, environ)
    endpoints = {
        endpoint.name: _endpoint_access(reader, endpoint, toml_path(("endpoints", position)))
        for position, endpoint in enumerate(loaded.config.endpoints)
    }
    channels = {
        channel.name: channel_access(reader, channel, toml_path(("channels", position)))
        for position, channel in enumerate(loaded.config.channels)
    }
    reader.secret(loaded.config.storage.password, "storage.password")
    hosts = (urls.host_of(endpoint.base_url) for endpoint in loaded.config.endpoints)
    deadman = deadman_access(reader, loaded.config.deadman, hosts)
    if reader.problems:
        raise ConfigError(str(loaded.path), reader.problems)
    return Access(endpoints, channels, tuple(reader.warnings), tuple(reader.values), deadman)


def database_password(loaded: Loaded, environ: Mapping[str, str]) -> Secret | None:
    """The password of the database, and no other secret; None if the configuration names none.

    Raises:
        ConfigError: it is unset, empty or unreadable.
    """
    reader = Reader(loaded.base_dir, environ)
    password = reader.secret(loaded.config.storage.password, "storage.password")
    if reader.problems:
        raise ConfigError(str(loaded.path), reader.problems)
    return password


def read_templates(loaded: Loaded) -> Mapping[str, Mapping[str, TextFile]]:
    """The templates of every channel, by its name, without a look at any secret.

    Raises:
        ConfigError: a file cannot be read; carries every problem.
    """
    reader = Reader(loaded.base_dir, {})
    templates = {
        channel.name: template_files(reader, channel, toml_path(("channels", position)))
        for position, channel in enumerate(loaded.config.channels)
    }
    if reader.problems:
        raise ConfigError(str(loaded.path), reader.problems)
    return templates


def reread_key(loaded: Loaded, endpoint_name: str, environ: Mapping[str, str]) -> Secret | None:
    """Read one endpoint's key again, as after an AUTH_ERROR: a file may have been replaced.

    Returns:
        The key; None if the endpoint is unknown or has none.

    Raises:
        ConfigError: it cannot be read any more.
    """
    for position, endpoint in enumerate(loaded.config.endpoints):
        if endpoint.name == endpoint_name and endpoint.api_key is not None:
            where = toml_path(("endpoints", position, "api_key"))
            return resolve(endpoint.api_key, loaded.base_dir, environ, where)
    return None


def _endpoint_access(reader: Reader, endpoint: Endpoint, where: str) -> EndpointAccess:
    reader.ca_file(endpoint.ca_file, f"{where}.ca_file")
    key = reader.secret(endpoint.api_key, f"{where}.api_key")
    if key is not None:
        for doubt in doubts_about_key(key.reveal(), urls.host_of(endpoint.base_url)):
            reader.warn(f"{where}.api_key", doubt)
    return EndpointAccess(
        api_key=key,
        headers=reader.headers(endpoint.headers, f"{where}.headers"),
        proxy=reader.url(endpoint.proxy, f"{where}.proxy", urls.proxy_scheme),
        balance=reader.headers(endpoint.balance.headers if endpoint.balance else {}, f"{where}.balance.headers"),
        query=reader.headers(endpoint.query, f"{where}.query"),
        models={
            model.id: ModelAccess(
                reader.headers(model.headers, f"{where}.models[{position}].headers"),
                reader.headers(model.query, f"{where}.models[{position}].query"),
            )
            for position, model in enumerate(endpoint.models)
            if model.headers or model.query
        },
    )


def _parts(value: str) -> set[str]:
    """A secret as it may appear in a text.

    Of a URL only what is secret in it counts, else "https://" would be redacted everywhere: user, password, query, and
    the parts of the path that are not plain words; where Apprise puts a token, the host too.
    """
    if _URL.match(value):
        parts = _parts_of_url(value)
    else:
        scheme, blank, rest = value.partition(" ")
        credential = rest.strip() if blank and scheme.lower() in {"bearer", "basic"} else value.strip()
        parts = {credential, credential.removeprefix(_WEBHOOK_PREFIX)}
    return {part for part in parts if len(part) >= _SHORTEST_REDACTED}


def _parts_of_url(value: str) -> set[str]:
    scheme, _, rest = value.partition("://")
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    userinfo, _, host = authority.rpartition("@")
    pieces = [*path.split("/"), *userinfo.split(":", 1)]
    if scheme.lower() not in {"http", "https"} and not _PUBLIC_HOST.fullmatch(host):
        pieces += host.split(":")
    named = {piece for piece in pieces if not _WORD.fullmatch(piece)} | set(userinfo.split(":", 1))
    return {query, *named, *map(unquote, named)}
