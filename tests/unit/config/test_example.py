"""The example and the documentation are complete and true."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.config.alerting import EscalationTable
from monitor.config.channels import CHANNEL_TYPES, ChannelTable
from monitor.config.cost import PriceEntry
from monitor.config.deadman import Deadman
from monitor.config.endpoints import Endpoint, ModelTable, Overrides
from monitor.config.hours import HoursTable
from monitor.config.load import load, loads
from monitor.config.maintenance import MaintenanceTable
from monitor.config.matchers import MatcherTable
from monitor.config.model import Model
from monitor.config.schema import Config
from monitor.errors import ConfigError

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
UNSET = [line for line in EXAMPLE.splitlines() if re.match(r"#[a-z]", line)]
LATER = "not available in this version"
_GLOBAL = ("defaults", "probes", "cost", "storage", "web", "connectivity", "alerting", "deadman")


def _tables() -> Iterator[tuple[str, type[Model]]]:
    """Each table of the file by the heading of its section in the documentation."""
    for name in _GLOBAL:
        table = Config.model_fields[name].annotation if name != "deadman" else Deadman
        assert isinstance(table, type)
        assert issubclass(table, Model)
        yield f"`[{name}]`", table
    yield "`[prices]`", PriceEntry
    yield "`[[endpoints]]`", Endpoint
    yield "Entries of `models`", ModelTable
    yield "`[[channels]]`", ChannelTable
    for kind, channel in CHANNEL_TYPES.items():
        yield f'`type = "{kind}"`', channel
    yield "`[[alerting.escalations]]`", EscalationTable
    yield "`[[maintenance]]`", MaintenanceTable
    yield "Times of the week", HoursTable
    yield "Matchers", MatcherTable


TABLES = list(_tables())


def _own_keys(table: type[Model]) -> set[str]:
    """The keys of a table that are not told elsewhere: overrides with `[defaults]`, what channels share above them."""
    keys = set(table.known_keys())
    if table in {Endpoint, ModelTable}:
        keys -= set(Overrides.known_keys())
    if table in CHANNEL_TYPES.values():
        keys -= set(ChannelTable.known_keys())
    return keys


def _section(heading: str) -> str:
    parts = re.split(r"^#+ ", DOCUMENT, flags=re.MULTILINE)
    return next(part for part in parts if part.startswith(heading + "\n"))


def test_the_example_loads() -> None:
    """As it stands, without a warning."""
    assert load(ROOT / "config.example.toml").warnings == ()


@pytest.mark.parametrize("line", UNSET)
def test_each_option_that_is_not_set_would_load(line: str) -> None:
    """Each line behind # is a true example, or says that it is not available."""
    text = EXAMPLE.replace(line, line[1:])
    if LATER in line:
        with pytest.raises(ConfigError, match=LATER):
            loads(text, ROOT)
    else:
        loads(text, ROOT)


def _shown() -> dict[str, set[str]]:
    """The keys that the example shows in each table, set or behind #, by the heading of the documentation."""
    raw = tomllib.loads(re.sub(r"^#(?=[a-z])", "", EXAMPLE, flags=re.MULTILINE))
    shown = {f"`[{name}]`": set(raw[name]) for name in _GLOBAL}
    shown["`[prices]`"] = {key for table in raw["prices"].values() for key in table}
    shown["`[[endpoints]]`"] = {key for table in raw["endpoints"] for key in table}
    models = [model for table in raw["endpoints"] for model in table["models"] if isinstance(model, dict)]
    shown["Entries of `models`"] = {key for model in models for key in model}
    shown["`[[channels]]`"] = {key for table in raw["channels"] for key in table}
    for kind in CHANNEL_TYPES:
        shown[f'`type = "{kind}"`'] = {key for table in raw["channels"] if table["type"] == kind for key in table}
    shown["`[[alerting.escalations]]`"] = {key for table in raw["alerting"]["escalations"] for key in table}
    shown["`[[maintenance]]`"] = {key for table in raw["maintenance"] for key in table}
    return shown


SHOWN = _shown()


@pytest.mark.parametrize(("heading", "table"), [row for row in TABLES if row[0] in SHOWN])
def test_the_example_shows_every_option(heading: str, table: type[Model]) -> None:
    """Set or behind #, in the table where it belongs; what models share with endpoints is shown once."""
    elsewhere = _own_keys(Endpoint) if table is ModelTable else set()
    assert _own_keys(table) - elsewhere <= SHOWN[heading]


def test_every_option_of_the_example_has_a_comment() -> None:
    """Its first appearance says what it is for."""
    seen: set[str] = set()
    for line in EXAMPLE.splitlines():
        match = re.match(r"#?([a-z_]+) = ", line)
        if match and match[1] not in seen and match[1] != "name":
            seen.add(match[1])
            if match[1] not in {"webhook_url", "bot_token", "channel"}:
                assert "  # " in line, line


@pytest.mark.parametrize(("heading", "table"), TABLES)
def test_the_documentation_has_every_option_of_a_table(heading: str, table: type[Model]) -> None:
    """And no option that does not exist."""
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", _section(heading), flags=re.MULTILINE))
    assert documented == _own_keys(table)


def test_the_documentation_has_the_top_level() -> None:
    """What stands outside any table."""
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", _section("Top level"), flags=re.MULTILINE))
    assert documented == set(Config.known_keys()) - {*_GLOBAL, "endpoints", "channels", "maintenance", "prices"}


def test_the_documented_defaults_are_the_true_ones() -> None:
    """Each default in the table of `[defaults]` is the schema's."""
    rows = re.findall(r"^\| `([a-z_]+)` \| `([^`]+)` \|", _section("`[defaults]`"), flags=re.MULTILINE)
    written = "".join(f"{key} = {value}\n" for key, value in rows)
    endpoint = '[[endpoints]]\nname = "a"\nbase_url = "http://a"\n'
    assert loads(f"[defaults]\n{written}{endpoint}", ROOT).config == loads(endpoint, ROOT).config
