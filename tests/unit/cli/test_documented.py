"""The documents are complete: every command and option, every log event."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.main import COMMANDS, load_command

ROOT = Path(__file__).parents[3]
COMMON = {"--config", "--format", "--log-level", "--help"}
METHODS = {"debug", "info", "warning", "error", "exception", "critical"}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command, and every one below it."""
    for name in COMMANDS:
        command = load_command(name)
        below = getattr(command, "commands", {})
        yield name, command
        yield from ((f"{name} {sub}", inner) for sub, inner in below.items())


def section(document: str, name: str) -> str:
    """What the document says of a command."""
    return document.partition(f"### `{name.split(maxsplit=1)[0]}`\n")[2].partition("\n### ")[0]


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_every_command_and_option_is_documented(name: str, command: Any) -> None:
    """In its own section of docs/commands.md."""
    told = section((ROOT / "docs" / "commands.md").read_text(encoding="utf-8"), name)
    options = {long for parameter in command.params for long in parameter.opts if long.startswith("--")}
    missing = [option for option in options - COMMON if option not in told]
    assert told
    assert missing == []
    assert " " not in name or name in told


def events() -> dict[str, str]:
    """Every event name that is a literal in the code, with the file in which it stands."""
    found = {}
    for path in (ROOT / "monitor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _is_log_call(node.func):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found[first.value] = str(path.relative_to(ROOT))
    return found


def _is_log_call(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in {"level", "write"}
    if not isinstance(function, ast.Attribute) or function.attr not in METHODS:
        return False
    return "log" in ast.unparse(function.value).lower()


def test_every_log_event_is_documented() -> None:
    """Names of events are an interface."""
    document = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    found = events()
    assert len(found) >= 15
    assert {name: where for name, where in found.items() if f"`{name}`" not in document} == {}
    assert [name for name in found if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
