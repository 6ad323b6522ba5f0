"""Secrets: where one comes from, and the value itself, which shows itself to nobody unasked.

A reference (`SecretRef`) stands in the configuration and may be printed; a `Secret` is the value, resolved only by
commands that need it.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from pydantic import field_validator
from pydantic_core import InitErrorDetails

from monitor.config.model import Model, detail, wrong
from monitor.config.vendors import looks_like_key
from monitor.errors import ConfigError, Problem

MASK = "********"
HOW = '{ env = "NAME" }, { file = "path" } or { credential = "NAME" }'
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_MOST_BYTES = 65_536


class Secret:
    """A secret value: printing, formatting, pickling and serialising it by accident show nothing."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself; call this only where it is sent."""
        return self.__value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.__value

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")


class SecretRef(Model):
    """Where a secret comes from: exactly one of the three.

    Attributes:
        env: name of an environment variable.
        file: path, relative to the configuration file's folder.
        credential: name of a systemd credential, read from `$CREDENTIALS_DIRECTORY`.
    """

    env: str | None = None
    file: str | None = None
    credential: str | None = None

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """Literals are refused with the way to do it right."""
        del value
        return f"a secret does not stand in the file itself; write {HOW}"

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Exactly one source."""
        if sum(key in table for key in cls.known_keys()) != 1:
            yield detail((), f"needs exactly one source: {HOW}")

    @field_validator("env", "file", "credential")
    @classmethod
    def _not_the_key_itself(cls, value: str) -> str:
        if looks_like_key(value):
            raise wrong("looks like the secret itself; write where it is kept, and renew it if others saw this file")
        return value

    @field_validator("env")
    @classmethod
    def _env_name(cls, value: str) -> str:
        if _ENV.fullmatch(value) is None:
            raise wrong("is not the name of an environment variable (letters, digits, _)")
        return value

    @field_validator("file")
    @classmethod
    def _file_path(cls, value: str) -> str:
        if not value or not value.isprintable():
            raise wrong("is not a path")
        return value

    @field_validator("credential")
    @classmethod
    def _credential_name(cls, value: str) -> str:
        if not value.isprintable() or "/" in value or value in {"", ".", ".."}:
            raise wrong("is not the name of a credential (a file name without /)")
        return value

    def __str__(self) -> str:
        """As it stands in the file."""
        for key in self.known_keys():
            value = getattr(self, key)
            if value is not None:
                return f'{{ {key} = "{value}" }}'
        raise AssertionError("a reference has a source")


def resolve(ref: SecretRef, base_dir: Path, environ: Mapping[str, str], where: str = "secret") -> Secret:
    """Read a secret; one newline at its end is not part of it.

    Args:
        ref: where it comes from.
        base_dir: the configuration file's folder.
        environ: the environment.
        where: the TOML path to name when it fails.

    Raises:
        ConfigError: unset, unreadable, empty, or impossible to send; carries one problem, never the value.
    """
    source, text = _read(ref, base_dir, environ, where)
    value = text.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        _fail(where, f"{source} is empty")
    if any(ord(character) < ord(" ") and character != "\t" for character in value) or "\x7f" in value:
        _fail(where, f"{source} contains a line break or control character, which HTTP cannot carry; write one line")
    try:
        value.encode()
    except UnicodeEncodeError:
        _fail(where, f"{source} is not valid UTF-8")
    return Secret(value)


def _read(ref: SecretRef, base_dir: Path, environ: Mapping[str, str], where: str) -> tuple[str, str]:
    if ref.env is not None:
        if ref.env not in environ:
            _fail(where, f"environment variable {ref.env} is not set")
        return f"environment variable {ref.env}", environ[ref.env]
    if ref.file is not None:
        path = base_dir / ref.file
        return f"file {path}", _read_file(path, where)
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        _fail(
            where,
            f"credential {ref.credential} cannot be read: $CREDENTIALS_DIRECTORY is not set; "
            f"in the systemd unit, LoadCredential={ref.credential}:/path/to/file sets it",
        )
    return f"credential {ref.credential}", _read_file(Path(directory) / str(ref.credential), where)


def _read_file(path: Path, where: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        _fail(where, f"file {path} cannot be read: {error.strerror}")
    if len(content) > _MOST_BYTES:
        _fail(where, f"file {path} is larger than {_MOST_BYTES} bytes; it does not seem to hold a secret")
    try:
        return content.decode()
    except UnicodeDecodeError:
        _fail(where, f"file {path} is not valid UTF-8")


def _fail(where: str, message: str) -> NoReturn:
    raise ConfigError("secrets", [Problem(where, message)])
