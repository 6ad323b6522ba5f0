"""The URL of a PostgreSQL database, taken apart: which server, which database, how it is reached.

Owns what may stand in it. A password may not: secrets come from `[storage] password` or from libpq's own places
(`PGPASSWORD`, `~/.pgpass`, service files). Pure; how a connection is made of it is the business of `storage`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from monitor.config.model import nearest, wrong

_EXAMPLE = 'write it like "postgresql://relaywatch@db.example.com:5432/relaywatch?sslmode=verify-full"'
_HOSTS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?(,(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?)*")
_FILES = frozenset({"sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile"})
_SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret"})
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
OPTIONS = (
    "application_name", "channel_binding", "connect_timeout", "gssencmode", "host", "hostaddr", "keepalives",
    "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts", "options",
    "passfile", "port", "require_auth", "requirepeer", "service", "sslcert", "sslcompression", "sslcrl", "sslcrldir",
    "sslkey", "ssl_max_protocol_version", "ssl_min_protocol_version", "sslmode", "sslnegotiation", "sslrootcert",
    "sslsni", "target_session_attrs", "tcp_user_timeout",
)  # fmt: skip
_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "channel_binding": ("disable", "prefer", "require"),
}
_NUMBERS = frozenset(
    {"connect_timeout", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "tcp_user_timeout"}
)
_SYSTEM_ROOTS = "system"  # a word that libpq takes in place of a file
_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """Where a database is.

    Attributes:
        parameters: by libpq's names; files as they stand in the URL. Without what is left to libpq's own places.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)

    def under(self, base_dir: Path) -> Mapping[str, str]:
        """The parameters, files relative to the configuration's folder."""
        return {
            name: str(base_dir / value) if name in _FILES and value != _SYSTEM_ROOTS else value
            for name, value in self.parameters.items()
        }

    @property
    def shown(self) -> str:
        """The URL as people know it: without options."""
        given = self.parameters
        if "service" in given and not {"host", "dbname"} & given.keys():
            return f"postgresql:///?service={given['service']}"
        user = f"{given['user']}@" if "user" in given else ""
        host = given.get("host", "")
        hosts, ports = host.split(","), given.get("port", "").split(",")
        if host.startswith(("/", "@")):
            return f"postgresql://{user}/{given.get('dbname', '')}?host={host}"
        several = len(ports) == len(hosts)
        pairs = (f"{_bracketed(one)}{f':{ports[i]}' if several and ports[i] else ''}" for i, one in enumerate(hosts))
        return f"postgresql://{user}{','.join(pairs)}/{given.get('dbname', '')}"


def parse(text: str) -> PostgresUrl:
    """The parts of a URL.

    Raises:
        PydanticCustomError: it cannot be used; says what to write.
    """
    if not text.isprintable() or " " in text or "\\" in text:
        raise wrong(f"contains a blank, a backslash or an unprintable character; {_EXAMPLE}")
    scheme, _, rest = text.partition(":")
    if scheme.lower() not in {"postgresql", "postgres"}:
        raise wrong(f'must begin with "postgresql://": the driver is chosen for you; {_EXAMPLE}')
    if not rest.startswith("//"):
        raise wrong(f"is not a URL; {_EXAMPLE}")
    parts = urlsplit(text)
    if parts.fragment or "#" in text:
        raise wrong('contains a "#"; in a name write "%23"')
    parameters = {**_authority(parts), **_database(parts)}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        parameters[name] = _option(name, value)
    if not parameters.keys() & {"dbname", "service"}:
        raise wrong(f"names no database; {_EXAMPLE}")
    return PostgresUrl(parameters)


def _authority(parts: SplitResult) -> dict[str, str]:
    userinfo, at, place = parts.netloc.rpartition("@")
    user, colon, password = userinfo.partition(":")
    if password:
        raise wrong('contains a password; write `password = { env = "NAME" }` (or `file`, `credential`) beside it')
    found = {"user": unquote(user)} if user else {}
    if colon:
        found["password"] = ""
    elif at and not user:
        raise wrong(f'has an "@" but no user; {_EXAMPLE}')
    if place:
        found |= _hosts(place)
    return found


def _hosts(place: str) -> dict[str, str]:
    if place.startswith(("/", "%2F", "%2f")):
        return {"host": unquote(place)}
    if _HOSTS.fullmatch(place) is None:
        raise wrong(f"has no valid host or port; {_EXAMPLE}")
    hosts, ports = list[str](), list[str]()
    for one in place.split(","):
        host, _, port = one.rpartition(":") if re.search(r":\d+$", one) and not one.endswith("]") else (one, "", "")
        if port and not 0 < int(port) <= _MOST_PORT:
            raise wrong(f"has no valid host or port; {_EXAMPLE}")
        hosts.append(host.strip("[]"))
        ports.append(port)
    return {"host": ",".join(hosts)} | ({"port": ",".join(ports)} if any(ports) else {})


def _database(parts: SplitResult) -> dict[str, str]:
    name = unquote(parts.path.removeprefix("/"))
    if "/" in name:
        raise wrong(f"names no database that can be: {name!r}; {_EXAMPLE}")
    return {"dbname": name} if name else {}


def _option(name: str, value: str) -> str:
    if name in _SECRETS:
        _no_secret(name)
    if name not in OPTIONS:
        raise wrong(f"has the unknown option {name!r}; {nearest(name, OPTIONS)}")
    if not value:
        raise wrong(f"has the option {name} without a value")
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise wrong(f"has {name}={value}; it is one of {', '.join(choices)}")
    if name in _NUMBERS and not value.isdecimal():
        raise wrong(f"has {name}={value}, which is not a whole number")
    return value


def _no_secret(name: str) -> NoReturn:
    if name == "password":
        raise wrong('contains a password; write `password = { env = "NAME" }` (or `file`, `credential`) beside it')
    raise wrong(f"contains the secret {name}, which does not stand in the file; use a key without a passphrase")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
