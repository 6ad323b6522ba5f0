"""From TOML text to a `Script`, or to every problem in it at once.

Owns reading; what a script may say is in `served`, how a problem is worded in the configuration's `problems`.
"""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from monitor.config.problems import problems_of
from monitor.errors import ConfigError, Problem
from monitor.simulator.served import Script

MAX_BYTES = 1024 * 1024
_FILE = "the file"


def load_script(path: Path) -> Script:
    """Reads a script file.

    Raises:
        ConfigError: it cannot be read, is no TOML, or says something that is not possible; carries every problem.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(str(path), [Problem(_FILE, f"is larger than {MAX_BYTES} bytes")])
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(str(path), [Problem(_FILE, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), [Problem(_FILE, "is not UTF-8 text")]) from None
    return parse_script(text, source=str(path))


def parse_script(text: str, *, source: str = "script") -> Script:
    """Reads a script from TOML text.

    Args:
        text: the TOML document.
        source: what to call it in messages.

    Raises:
        ConfigError: it is no TOML, or says something that is not possible; carries every problem.
    """
    try:
        return Script.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, [Problem(_FILE, f"is not TOML: {error}")]) from None
    except RecursionError:
        raise ConfigError(source, [Problem(_FILE, "is nested too deeply")]) from None
    except ValidationError as error:
        raise ConfigError(source, problems_of(error)) from None
