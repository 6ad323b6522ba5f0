"""What must hold for the repository as a whole: sizes, layers, links, and the first thing a newcomer types."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 40
MOST_POSITIONAL_PARAMETERS = 5
SOURCES = sorted(path for folder in ("monitor", "bench", "docs", ".ci") for path in (ROOT / folder).rglob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = """\
python3 -m venv .venv && .venv/bin/pip install .        && .venv/bin/relaywatch demo   # the main job, on the embedded \
SQLite default
python3 -m venv .venv && .venv/bin/pip install '.[dev]' && .venv/bin/pytest            # all tests
""".splitlines()
LINK = re.compile(r"\]\(([^)\s]+)\)")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_long() -> None:
    """A file that outgrows its bound has two subjects."""
    lengths = {_named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE} == {}


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_no_function_is_long_or_takes_much(path: Path) -> None:
    """Forty lines with all that belongs to it, and five positional parameters (self and cls not counted)."""
    for function in _functions(path):
        where = f"{_named(path)}:{function.lineno} {function.name}"
        assert (function.end_lineno or 0) - function.lineno < MOST_LINES_OF_A_FUNCTION, where
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        assert len([name for name in names if name not in ("self", "cls")]) <= MOST_POSITIONAL_PARAMETERS, where


@pytest.mark.parametrize("path", DOCUMENTS, ids=_named)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    """Every relative link of a document names a file that exists."""
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith(("#", "mailto:")):
            assert (path.parent / target.split("#")[0]).exists(), target


def test_the_readme_begins_with_the_two_commands() -> None:
    """Exactly as promised, in order, and before anything else that could be typed."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    typed = [line.strip() for line in lines if line.startswith("    ")]
    assert typed[:2] == COMMANDS


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    """What newcomers type is what is tested."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for command in ("pip install -q '.[dev]'", ".venv/bin/pytest", "pip install -q .", "relaywatch demo --for 40s"):
        assert command in script


def test_the_newest_version_has_its_changes() -> None:
    """The changelog speaks of the version that is built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[?([\w.]+)", changes, re.MULTILINE)[0] in (project["version"], "Unreleased")


def test_decisions_are_numbered_and_dated() -> None:
    """Records have consecutive numbers, and a date where a reader looks for it."""
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(record.name.split("-")[0]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert re.search(r"^\d{4}-\d\d-\d\d\. ", record.read_text(encoding="utf-8"), re.MULTILINE), record.name


def test_the_layers_hold() -> None:
    """No room imports a higher one or its neighbour, and every package has a place."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(lint), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
