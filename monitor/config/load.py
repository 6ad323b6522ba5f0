"""From a TOML file to a frozen configuration, or to every problem in it at once.

Reads the file and nothing else: secrets and CA files are the business of `access`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from monitor.config.budget_doubts import budget_doubts
from monitor.config.conflicts import conflicts, doubts
from monitor.config.fields import BASE_DIR
from monitor.config.prices import cost_doubts
from monitor.config.problems import problems_of
from monitor.config.reach import unreached
from monitor.config.rule_doubts import rule_doubts
from monitor.config.schema import Config
from monitor.errors import ConfigError, Problem, UsageError

ENV_PATH = "RELAYWATCH_CONFIG"
FILE_NAME = "relaywatch.toml"
SYSTEM_PATH = Path("/etc/relaywatch") / FILE_NAME
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration and where it came from.

    Attributes:
        path: the file, for messages.
        base_dir: its folder, absolute; relative paths in the file start here.
        warnings: what is allowed but perhaps not meant.
        text: of the file, as it was read.
    """

    config: Config
    path: Path
    base_dir: Path
    warnings: tuple[Problem, ...] = ()
    text: str = field(default="", repr=False)


def find_path(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Which configuration file holds: the option, `$RELAYWATCH_CONFIG`, `./relaywatch.toml`, the system's.

    Raises:
        UsageError: none was named and none exists.
    """
    if option is not None:
        return option
    named = environ.get(ENV_PATH)
    if named:
        return Path(named)
    for path in (Path(FILE_NAME), SYSTEM_PATH):
        if path.is_file():
            return path
    raise UsageError(
        f"no configuration: neither ./{FILE_NAME} nor {SYSTEM_PATH} exists",
        hint=f"`relaywatch init` writes one; -c FILE or ${ENV_PATH} names another",
    )


def load(path: Path) -> Loaded:
    """Read and validate a file.

    Raises:
        ConfigError: it cannot be read or is wrong; carries every problem.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        hint = "; `relaywatch init` writes a configuration" if isinstance(error, FileNotFoundError) else ""
        raise ConfigError(str(path), [Problem("the file", f"cannot be read: {error.strerror}{hint}")]) from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(str(path), [Problem("the file", f"is larger than {_MOST_BYTES} bytes")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(str(path), [Problem(f"line {line}", "is not UTF-8 text")]) from None
    return loads(text, path.absolute().parent, path)


def loads(text: str, base_dir: Path, path: Path | None = None) -> Loaded:
    """Validate a configuration that is already text.

    Args:
        text: TOML.
        base_dir: where relative paths start.
        path: the file to name in messages; `relaywatch.toml` in `base_dir` if None.

    Raises:
        ConfigError: it is wrong; carries every problem.
    """
    source = path or base_dir / FILE_NAME
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(source), [_syntax_problem(error)]) from None
    except RecursionError:
        raise ConfigError(str(source), [Problem("the file", "is nested too deeply")]) from None
    problems = conflicts(raw)
    try:
        # For this reading only: what pydantic builds to validate a whole file takes 2 MB, which a daemon needs no more.
        config = TypeAdapter(Config).validate_python(raw, context={BASE_DIR: base_dir})
    except ValidationError as error:
        problems = problems_of(error) + problems
    if problems:
        raise ConfigError(str(source), problems)
    warnings = (*doubts(raw), *rule_doubts(config), *cost_doubts(config), *budget_doubts(config), *unreached(config))
    return Loaded(config, source, base_dir, warnings, text)


def _syntax_problem(error: tomllib.TOMLDecodeError) -> Problem:
    """Where the file stops being TOML; the parser's sentence may hold nothing of the file but single characters."""
    message = str(error)
    place = _PLACE.search(message)
    where = "the file" if place is None else "the end of the file"
    if place is not None and place[1] is not None:
        where = f"line {place[1]}, column {place[2]}"
    sentence = _PLACE.sub("", message)
    hint = " (text stands in quotes)" if sentence == "Invalid value" else ""
    return Problem(where, f"is not TOML: {sentence}{hint}")
