"""Resolves what a configuration refers to, one reference after the other, and remembers all that is wrong.

Owns no table: which options are read is said by `access` for endpoints and by `channel_access` for channels.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic_core import PydanticCustomError

from monitor.config import urls
from monitor.config.problems import toml_path
from monitor.config.secrets import Secret, SecretRef, resolve
from monitor.errors import ConfigError, Problem

_MOST_TEXT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text that stands in a file of its own.

    Attributes:
        path: for messages.
        where: the TOML path that names the file.
    """

    path: Path
    text: str
    where: str


class Reader:
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

    def text_file(self, path: Path | None, where: str) -> TextFile | None:
        """A text file's content; None if there is no path, or a problem is noted."""
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_TEXT_BYTES + 1)
            if len(content) <= _MOST_TEXT_BYTES:
                return TextFile(path, content.decode("utf-8-sig"), where)
            message = f"is larger than {_MOST_TEXT_BYTES} bytes"
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            message = "is not UTF-8 text"
        self.problems.append(Problem(where, f"{path} {message}"))
        return None

    def warn(self, where: str, message: str) -> None:
        """Note a doubt."""
        self.warnings.append(Problem(where, message))
