"""What the tests of the configuration share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config.load import Loaded, loads
from monitor.errors import ConfigError

_ENDPOINT = """
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
"""


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[[str], Loaded]:
    """Validate a text as if it stood in a file."""

    def load(text: str) -> Loaded:
        return loads(text, tmp_path)

    return load


@pytest.fixture
def with_endpoint(tmp_path: Path) -> Callable[[str], Loaded]:
    """Validate one endpoint with these further lines."""

    def load(lines: str) -> Loaded:
        return loads(_ENDPOINT + lines, tmp_path)

    return load


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[[str], list[str]]:
    """The problems of a text, one line each."""

    def problems(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            loads(text, tmp_path)
        return [str(problem) for problem in caught.value.problems]

    return problems
