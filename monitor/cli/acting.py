"""What the commands that act have in common: who asks, and from the daemon's answer to a row or one clear message."""

import os
import re
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.errors import StorageError, UsageError

if TYPE_CHECKING:
    from monitor.config.load import Loaded

_SERVER_ERRORS = 500
_REFUSALS = 400
_PLACE = re.compile(r"\[\d+\]")

ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who does it; you, on this machine, by default.", show_default=False),
]


def yourself() -> str:
    """Who sits at the terminal: `user@host`."""
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or os.environ.get("LOGNAME") or f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def act(
    loaded: "Loaded", method: str, path: str, body: Any = None, options: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What the running daemon did: the row it answered with.

    Args:
        loaded: knows the control socket.
        method: of HTTP.
        path: of the API.
        body: of the request.
        options: how the body's fields are called on the command line.

    Raises:
        UsageError: no daemon runs, or it refuses; with everything that is wrong.
        StorageError: it has acted, and the database refuses to record it.
    """
    from monitor.cli.control import send  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.config.paths import control_candidates  # noqa: PLC0415  the same

    answer = send(control_candidates(loaded, os.environ), method, path, body)
    row = answer.body if isinstance(answer.body, dict) else {}
    if answer.status >= _SERVER_ERRORS:
        raise StorageError(str(row.get("detail", f"the daemon answers {answer.status}")))
    if answer.status >= _REFUSALS:
        raise UsageError(_refusal(row, options or {}) or f"the daemon answers {answer.status}")
    return row


def _refusal(problem: Mapping[str, Any], options: Mapping[str, str]) -> str:
    """Every problem on a line of its own, under the name that was typed."""
    found = problem.get("problems")
    if not isinstance(found, list):
        return str(problem.get("detail", ""))
    lines = [f"{_named(str(one.get('path')), options)}: {one.get('message')}" for one in found if isinstance(one, dict)]
    return lines[0] if len(lines) == 1 else "\n".join(("it is refused:", *(f"  {line}" for line in lines)))


def _named(path: str, options: Mapping[str, str]) -> str:
    plain = _PLACE.sub("", path)
    return options.get(plain, plain)
