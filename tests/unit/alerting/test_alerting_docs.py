"""`docs/alerting.md` shows the tables as they are."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from monitor.domain.health import TRANSITIONS
from monitor.domain.incident import IncidentEventKind, Told

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that writes them."""
    spec = importlib.util.spec_from_file_location("make_alerting_diagrams", DOCS / "make_alerting_diagrams.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def text() -> str:
    """The page."""
    return (DOCS / "alerting.md").read_text("utf-8")


def test_the_page_is_as_the_script_writes_it(maker: ModuleType, text: str) -> None:
    """Whoever changes a table runs `python docs/make_alerting_diagrams.py`."""
    assert text == maker.rendered(text)


def test_every_decision_and_every_event_stands_there(text: str) -> None:
    """Nobody searches for a word in vain."""
    assert [told for told in Told if f"| `{told}` |" not in text] == []
    assert [kind for kind in IncidentEventKind if f"| `{kind}` |" not in text] == []


def test_every_change_of_state_is_an_edge(maker: ModuleType) -> None:
    """And nothing else is."""
    changes = {change for _, change in TRANSITIONS.values() if change is not None}
    drawn = re.findall(r"/ (\w+)$", maker.states(), re.MULTILINE)
    assert set(drawn) == {str(change) for change in changes}


def test_the_table_of_blame_knows_every_scope_and_family(maker: ModuleType) -> None:
    """Each has an example."""
    for cell in ("| check |", "| provider |", "| endpoint |", "| network |", "**key**", "**quota**", "**monitor**"):
        assert cell in maker.blame()
