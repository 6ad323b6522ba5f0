"""Everything secret that a configuration refers to, resolved once, before anything is probed or sent.

Only commands that probe or deliver call this; the rest of the program never holds a secret.
"""

import base64
import binascii
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from pydantic_core import PydanticCustomError

from monitor.config import urls
from monitor.config.channels import ChannelTable, SlackChannel, WebhookChannel
from monitor.config.endpoints import Endpoint
from monitor.config.keys import doubts_about_key
from monitor.config.load import Loaded
from monitor.config.problems import toml_path
from monitor.config.secrets import Secret, SecretRef, resolve
from monitor.errors import ConfigError, Problem

_SHORTEST_REDACTED = 4
_WEBHOOK_PREFIX = "whsec_"
_WORD = re.compile(r"[a-z]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class EndpointAccess:
    """What an endpoint's probes send besides the request itself.

    Attributes:
        headers: every configured header, literal ones too.
        proxy: the proxy's URL; it may carry a user and password.
    """

    api_key: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    proxy: Secret | None = None


@dataclass(frozen=True, slots=True)
class ChannelAccess:
    """What a channel needs to send.

    Attributes:
        url: Slack's webhook, or a webhook's address, literal or not.
        token: Slack's bot token.
        signing_secret: of a webhook.
    """

    url: Secret | None = None
    token: Secret | None = None
    signing_secret: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    proxy: Secret | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Every secret of a configuration.

    Attributes:
        endpoints: by name.
        channels: by name.
        warnings: what is doubtful about a secret.
    """

    endpoints: Mapping[str, EndpointAccess]
    channels: Mapping[str, ChannelAccess]
    warnings: tuple[Problem, ...] = ()
    _values: tuple[Secret, ...] = field(default=(), repr=False)

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown, the longest first; shorter than 4 characters would redact everything."""
        texts = {part for value in self._values for part in _parts(value.reveal())}
        return tuple(sorted(texts, key=lambda text: (-len(text), text)))


def resolve_access(loaded: Loaded, environ: Mapping[str, str]) -> Access:
    """Resolve and inspect every secret, and look at the CA files.

    Raises:
        ConfigError: one is unset, empty, unreadable or unusable; carries every problem.
    """
    reader = _Reader(loaded.base_dir, environ)
    endpoints = {
        endpoint.name: _endpoint_access(reader, endpoint, toml_path(("endpoints", position)))
        for position, endpoint in enumerate(loaded.config.endpoints)
    }
    channels = {
        channel.name: _channel_access(reader, channel, toml_path(("channels", position)))
        for position, channel in enumerate(loaded.config.channels)
    }
    if reader.problems:
        raise ConfigError(str(loaded.path), reader.problems)
    return Access(endpoints, channels, tuple(reader.warnings), tuple(reader.values))


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


class _Reader:
    """Resolves one reference after the other and remembers all that is wrong."""

    def __init__(self, base_dir: Path, environ: Mapping[str, str]) -> None:
        self._base_dir = base_dir
        self._environ = environ
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.values: list[Secret] = []

    def secret(self, ref: SecretRef | None, where: str) -> Secret | None:
        """The secret; None if there is no reference, or a problem is noted."""
        if ref is None:
            return None
        try:
            value = resolve(ref, self._base_dir, self._environ, where)
        except ConfigError as error:
            self.problems.extend(error.problems)
            return None
        self.values.append(value)
        return value

    def text(self, value: str | SecretRef | None, where: str) -> Secret | None:
        """A secret or literal text."""
        return Secret(value) if isinstance(value, str) else self.secret(value, where)

    def url(
        self, value: str | SecretRef | None, where: str, check: Callable[[str], object] = urls.split
    ) -> Secret | None:
        """A secret or literal URL; the secret one is looked at here, since nobody could before."""
        url = self.text(value, where)
        if url is not None and not isinstance(value, str):
            try:
                check(url.reveal())
            except PydanticCustomError as error:
                self.problems.append(Problem(where, f"the secret {error.message()}"))
        return url

    def headers(self, headers: Mapping[str, str | SecretRef], where: str) -> Mapping[str, Secret]:
        """Every header, resolved."""
        resolved = {name: self.text(value, f"{where}.{toml_path((name,))}") for name, value in headers.items()}
        return MappingProxyType({name: value for name, value in resolved.items() if value is not None})

    def ca_file(self, path: Path | None, where: str) -> None:
        """Whether a CA file can be used."""
        if path is None:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
        except ssl.SSLError:
            self.problems.append(Problem(where, f"{path} holds no CA certificate in PEM form"))
        except OSError as error:
            self.problems.append(Problem(where, f"{path} cannot be read: {error.strerror}"))

    def warn(self, where: str, message: str) -> None:
        """Note a doubt."""
        self.warnings.append(Problem(where, message))


def _endpoint_access(reader: _Reader, endpoint: Endpoint, where: str) -> EndpointAccess:
    reader.ca_file(endpoint.ca_file, f"{where}.ca_file")
    key = reader.secret(endpoint.api_key, f"{where}.api_key")
    if key is not None:
        for doubt in doubts_about_key(key.reveal(), urls.host_of(endpoint.base_url)):
            reader.warn(f"{where}.api_key", doubt)
    return EndpointAccess(
        api_key=key,
        headers=reader.headers(endpoint.headers, f"{where}.headers"),
        proxy=reader.url(endpoint.proxy, f"{where}.proxy", urls.proxy_scheme),
    )


def _channel_access(reader: _Reader, channel: ChannelTable, where: str) -> ChannelAccess:
    match channel:
        case SlackChannel():
            return ChannelAccess(
                url=reader.url(channel.webhook_url, f"{where}.webhook_url"),
                token=_bot_token(reader, channel, f"{where}.bot_token"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case WebhookChannel():
            reader.ca_file(channel.ca_file, f"{where}.ca_file")
            return ChannelAccess(
                url=reader.url(channel.url, f"{where}.url"),
                signing_secret=_signing_secret(reader, channel, f"{where}.secret"),
                headers=reader.headers(channel.headers, f"{where}.headers"),
                proxy=reader.url(channel.proxy, f"{where}.proxy", urls.proxy_scheme),
            )
        case _:  # the others hold no secret
            return ChannelAccess()


def _bot_token(reader: _Reader, channel: SlackChannel, where: str) -> Secret | None:
    token = reader.secret(channel.bot_token, where)
    if token is not None and not token.reveal().startswith("xox"):
        reader.warn(where, 'the token does not begin with "xoxb-" as those of Slack bots do')
    return token


def _signing_secret(reader: _Reader, channel: WebhookChannel, where: str) -> Secret | None:
    secret = reader.secret(channel.secret, where)
    if secret is not None and not _is_base64(secret.reveal().removeprefix(_WEBHOOK_PREFIX)):
        reader.problems.append(Problem(where, f'the secret is not "{_WEBHOOK_PREFIX}" followed by base64'))
    return secret


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False


def _parts(value: str) -> set[str]:
    """A secret as it may appear in a text.

    Of a URL only what is secret in it counts, else "https://" would be redacted everywhere: user, password, query, and
    the parts of the path that are not plain words.
    """
    if value.startswith(("http://", "https://")):
        url = urlsplit(value)
        segments = {segment for segment in url.path.split("/") if not _WORD.fullmatch(segment)}
        parts = {url.query, url.username or "", url.password or "", unquote(url.password or ""), *segments}
    else:
        scheme, blank, rest = value.partition(" ")
        credential = rest.strip() if blank and scheme.lower() in {"bearer", "basic"} else value.strip()
        parts = {credential, credential.removeprefix(_WEBHOOK_PREFIX)}
    return {part for part in parts if len(part) >= _SHORTEST_REDACTED}
