"""The copy of the last valid configuration, with which a daemon can start although the present file is broken.

It lies in `$STATE_DIRECTORY`, else beside the database, and begins with one line that says which file it is a copy of.
It holds what the file holds: references to secrets, not secrets.
"""

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.config.load import Loaded, loads
from monitor.config.paths import sqlite_path
from monitor.errors import ConfigError

STATE_DIRECTORY = "STATE_DIRECTORY"
_HEAD = "# RelayWatch keeps this copy of the last valid configuration: "
_SQLITE_URL = re.compile(r"""["']sqlite:///([^"'\n]+)["']""")
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LastGood:
    """A configuration that was in force once.

    Attributes:
        loaded: paths in it start at the original file's folder.
        kept_at_us: when it was put in force, in microseconds since 1970.
    """

    loaded: Loaded
    kept_at_us: int


def copy_path(loaded: Loaded, environ: Mapping[str, str]) -> Path:
    """Where the copy of a configuration lies."""
    folder = _state_folder(environ) or sqlite_path(loaded.config, loaded.base_dir).parent
    return folder / _name(loaded.path)


def keep(loaded: Loaded, environ: Mapping[str, str], at_us: int) -> None:
    """Write the copy, whole or not at all, for nobody but this user to read.

    Raises:
        OSError: it cannot be written.
    """
    path = copy_path(loaded, environ)
    about = {"path": str(loaded.path.absolute()), "base_dir": str(loaded.base_dir), "kept_at_us": at_us}
    content = f"{_HEAD}{json.dumps(about)}\n{loaded.text}".encode()
    staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def recall(path: Path, environ: Mapping[str, str]) -> LastGood | None:
    """The copy of what `path` held when it was valid last; None where there is none that can be used.

    Without `$STATE_DIRECTORY` the database is looked for where the broken file seems to say.
    """
    for folder in _folders(path, environ):
        with suppress(OSError, UnicodeDecodeError):
            kept = _read(folder / _name(path), path)
            if kept is not None:
                return kept
    return None


def _read(copy: Path, original: Path) -> LastGood | None:
    with copy.open("rb") as file:
        head, _, text = file.read(_MOST_BYTES).decode().partition("\n")
    about = _about(head)
    if about is None or about["path"] != str(original.absolute()):
        return None
    try:
        return LastGood(loads(text, Path(about["base_dir"]), original), about["kept_at_us"])
    except ConfigError:  # of another version of RelayWatch
        return None


def _about(head: str) -> dict[str, Any] | None:
    try:
        about = json.loads(head.removeprefix(_HEAD))
    except ValueError:
        return None
    known = isinstance(about, dict) and about.keys() >= {"path", "base_dir", "kept_at_us"}
    return about if known and head.startswith(_HEAD) else None


def _folders(path: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    folder = _state_folder(environ)
    if folder is not None:
        yield folder
        return
    base_dir = path.absolute().parent
    with suppress(OSError):
        text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
        for url in _SQLITE_URL.finditer(text):
            yield (base_dir / url[1]).parent
    yield base_dir


def _state_folder(environ: Mapping[str, str]) -> Path | None:
    first = environ.get(STATE_DIRECTORY, "").split(":")[0]
    return Path(first) if first else None


def _name(path: Path) -> str:
    return f"{path.stem}.last-good.toml"
