"""Where the daemon's own files lie: the database and the control socket."""

from collections.abc import Mapping
from pathlib import Path

from monitor.config.load import SYSTEM_PATH, Loaded
from monitor.config.schema import Config
from monitor.errors import ConfigError, Problem

_SQLITE = "sqlite:///"
_SYSTEM_RUNTIME = Path("/run/relaywatch")
_MOST_SOCKET_BYTES = 107  # sun_path of unix(7) holds 108 with its final zero


def sqlite_path(config: Config, base_dir: Path) -> Path:
    """The database file; absolute when `base_dir` is."""
    return base_dir / config.storage.url.removeprefix(_SQLITE)


def spool_path(loaded: Loaded, environ: Mapping[str, str]) -> Path:
    """Where results wait while a database on another machine is away: in `$STATE_DIRECTORY`, else beside the file."""
    state = environ.get("STATE_DIRECTORY", "").split(":")[0]
    return (Path(state) if state else loaded.base_dir) / f"{loaded.path.stem}.spool"


def control_path(loaded: Loaded, environ: Mapping[str, str]) -> Path:
    """Where the daemon opens its control socket: in `$RUNTIME_DIRECTORY`, else beside the configuration.

    Raises:
        ConfigError: the path is longer than a unix socket's may be.
    """
    runtime = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return _fitting(loaded, Path(runtime) if runtime else loaded.base_dir)


def control_candidates(loaded: Loaded, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where commands look for the daemon's socket, the likeliest first.

    A shell has no `$RUNTIME_DIRECTORY`, so for the system's configuration the service's own folder is tried too.

    Raises:
        ConfigError: as `control_path`.
    """
    first = control_path(loaded, environ)
    if loaded.base_dir != SYSTEM_PATH.parent:
        return (first,)
    system = _fitting(loaded, _SYSTEM_RUNTIME)
    return tuple(dict.fromkeys((first, system)))


def _fitting(loaded: Loaded, folder: Path) -> Path:
    path = folder / loaded.config.web.control
    length = len(str(path).encode())
    if length > _MOST_SOCKET_BYTES:
        message = (
            f"the socket's path {path} has {length} bytes, a unix socket's at most {_MOST_SOCKET_BYTES}; shorten it"
        )
        raise ConfigError(str(loaded.path), [Problem("web.control", message)])
    return path
