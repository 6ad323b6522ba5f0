"""Addresses: base URLs, proxies, channels' URLs, the page's own address, the database's.

Every function takes the text of the file and gives it back in its normal form, or raises an error for people.
"""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from monitor.config.model import unavailable, wrong

_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(%[\w.-]+)?")
_NUMERIC = re.compile(r"[\d.]+|.*:.*")
_OPERATIONS = ("/models", "/chat/completions", "/completions", "/responses", "/embeddings", "/messages")
_MOST_PORT = 65_535
_POSTGRES = re.compile(r"postgres(ql)?(\+\w+)?:", re.IGNORECASE)
_SQLITE = "sqlite:///"


class Address(NamedTuple):
    """Where to listen, or what to connect to."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def split(text: str) -> SplitResult:
    """The parts of an http or https URL with a host."""
    example = 'write it like "https://api.example.com/v1"'
    if not text.isprintable() or " " in text or "\\" in text:
        raise wrong(f"contains a blank, a backslash or an unprintable character; {example}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong(f"is not a URL: its host or port cannot be read; {example}") from None
    if parts.scheme not in {"http", "https"}:
        raise wrong(f"must begin with http:// or https://; {example}")
    if not parts.hostname or _HOST.fullmatch(parts.hostname) is None or port == 0:
        raise wrong(f"has no valid host or port; {example}")
    return parts


def host_of(url: str) -> str:
    """The host of a URL that was checked before, in lower case."""
    return urlsplit(url).hostname or ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine; names other than `localhost` are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def base_url(text: str) -> str:
    """An endpoint's base URL as the official SDKs take it, without a slash at its end."""
    parts = split(text)
    _no_userinfo(parts, "the key in api_key")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise wrong("must not have a query or fragment: RelayWatch appends paths to it; parameters go into `query`")
    url = text.rstrip("/")
    for operation in _OPERATIONS:
        if url.endswith(operation):
            raise wrong(f'must not end in {operation}: RelayWatch appends the path; write "{_safe_base(url)}"')
    return url


def _safe_base(url: str) -> str:
    for operation in sorted(_OPERATIONS, key=len, reverse=True):
        if url.endswith(operation):
            return url.removesuffix(operation)
    return url


def literal_url(text: str) -> str:
    """A URL that stands in the file, so it must carry no password."""
    _no_userinfo(split(text), "the whole URL in a secret")
    if host_of(text) == "hooks.slack.com":
        raise wrong('is a Slack webhook, which is a secret; use type = "slack" and webhook_url = { env = "NAME" }')
    return text


def alertmanager_url(text: str) -> str:
    """The address of one Alertmanager, without a slash at its end: the page's own, not the API's."""
    url = literal_url(text).rstrip("/")
    if urlsplit(text).query or urlsplit(text).fragment:
        raise wrong("must not have a query or fragment: RelayWatch appends a path to it")
    for path in ("/api/v2/alerts", "/api/v2", "/api/v1/alerts", "/api/v1", "/api"):
        if url.endswith(path):
            raise wrong(f'must not end in {path}: RelayWatch appends the path; write "{url.removesuffix(path)}"')
    return url


def events_url(text: str) -> str:
    """Where PagerDuty takes events: scheme and host, without a path."""
    parts = split(literal_url(text))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise wrong(f'must end after the host: RelayWatch appends the path; write "{parts.scheme}://{parts.netloc}"')
    return text.rstrip("/")


def public_url(text: str) -> str:
    """The page's own address as people reach it."""
    parts = split(text)
    if "@" in parts.netloc:
        raise wrong("must not carry a user or password: it stands in messages that many read")
    if parts.query or parts.fragment:
        raise wrong("must not have a query or fragment")
    return text.rstrip("/")


def proxy_scheme(text: str) -> SplitResult:
    """The parts of a proxy's URL; it may carry a password."""
    if text.lower().startswith("socks"):
        raise wrong("SOCKS proxies are not supported; use an http:// or https:// proxy")
    return split(text)


def proxy_url(text: str) -> str:
    """A proxy that stands in the file, so it must carry no password."""
    _no_userinfo(proxy_scheme(text), "the whole URL in a secret")
    return text


def _no_userinfo(parts: SplitResult, where: str) -> None:
    if "@" in parts.netloc:
        raise wrong(f'must not carry a user or password; put {where}: {{ env = "NAME" }}')


def listen(value: object) -> Address:
    """Where the page listens: loopback only, until tokens exist. Port 0 lets the system choose a free one."""
    host, port = _host_and_port(value, 'must be "HOST:PORT" such as "127.0.0.1:8780"; leave it out for no TCP port')
    if not is_loopback(host):
        raise unavailable(
            "listening on an address that others reach (a token is required)",
            'use "127.0.0.1:PORT" and a reverse proxy that asks who is there',
        )
    return Address(host, port)


def self_check_target(value: object) -> Address:
    """A host outside to which the monitor's own uplink must be able to connect."""
    how = 'must be "HOST:PORT" such as "1.1.1.1:53" or "[2606:4700:4700::1111]:53"'
    host, port = _host_and_port(value, how)
    if _HOST.fullmatch(host) is None or port == 0 or (_NUMERIC.fullmatch(host) and not _is_ip_address(host)):
        raise wrong(how)
    return Address(host, port)


def _host_and_port(value: object, how: str) -> tuple[str, int]:
    text = value if isinstance(value, str) else ""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not colon or not host or (":" in host) != bracketed:
        raise wrong(how)
    if not (port.isascii() and port.isdigit()) or int(port) > _MOST_PORT:
        raise wrong(f"the port must be a number from 0 to {_MOST_PORT}")
    return host.lower(), int(port)


def is_postgres(text: str) -> bool:
    """Whether a database's URL means a PostgreSQL server."""
    return _POSTGRES.match(text) is not None


def storage_url(text: str) -> str:
    """The database's URL."""
    if _POSTGRES.match(text):
        from monitor.config.postgres_url import parse  # noqa: PLC0415  who has a file does not pay

        parse(text)
        return text
    path = text.removeprefix(_SQLITE)
    if path == text or not path or not text.isprintable() or path.endswith("/") or "?" in path or path == ":memory:":
        raise wrong(
            f'must be "{_SQLITE}FILE" (beside the configuration), "{_SQLITE}/ABSOLUTE/FILE"'
            ' or "postgresql://USER@HOST:PORT/DATABASE"'
        )
    return text
