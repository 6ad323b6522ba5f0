"""The dashboards as files: made by the script beside them, whole, and importable by hand or by provisioning."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.grafana.conftest import Dashboard

FOLDER = Path(__file__).parents[3] / "docs" / "grafana"
NAMES = ("sqlite", "postgresql", "prometheus")
SOURCES = ("frser-sqlite-datasource", "grafana-postgresql-datasource", "prometheus")
KINDS = {"timeseries", "stat", "table", "state-timeline"}
GRID = 24

MakeDashboard = Callable[[str], "Dashboard"]


def test_the_files_are_those_that_the_script_makes(tmp_path: Path) -> None:
    """Nobody edits them by hand."""
    subprocess.run([sys.executable, str(FOLDER / "make_dashboards.py"), str(tmp_path)], check=True)
    for name in NAMES:
        file = f"relaywatch-{name}.json"
        assert (tmp_path / file).read_text(encoding="utf-8") == (FOLDER / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "source"), list(zip(NAMES, SOURCES, strict=True)))
def test_a_dashboard_is_what_grafana_expects(dashboard_of: MakeDashboard, name: str, source: str) -> None:
    """The fields of its classic model; the data source is chosen by a variable, so that none is written into it."""
    dashboard = dashboard_of(name).json
    assert dashboard["id"] is None
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", dashboard["uid"])
    assert dashboard["schemaVersion"] >= 36
    assert {"title", "tags", "time", "templating", "annotations", "panels"} <= set(dashboard)
    chosen = dashboard["templating"]["list"][0]
    assert (chosen["type"], chosen["name"], chosen["query"]) == ("datasource", "source", source)
    for panel in dashboard["panels"]:
        assert panel["type"] in KINDS
        for holder in (panel, *panel["targets"]):
            assert holder["datasource"] == {"type": source, "uid": "${source}"}
        references = [target["refId"] for target in panel["targets"]]
        assert references == list("ABCDEF")[: len(references)]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_lies_on_another(dashboard_of: MakeDashboard, name: str) -> None:
    """Nor beyond the grid."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard_of(name).json["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= GRID
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", NAMES)
def test_colours_begin_at_the_lowest_value_and_rise(dashboard_of: MakeDashboard, name: str) -> None:
    """As Grafana wants its thresholds; a figure with them is shown in their colour."""
    coloured = 0
    for panel in dashboard_of(name).json["panels"]:
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        values = [step["value"] for step in steps]
        assert values[:1] in ([], [None])
        assert values[1:] == sorted(values[1:])
        if panel["type"] == "stat":
            assert panel["options"]["colorMode"] == ("value" if steps else "none")
        coloured += bool(steps)
    assert coloured


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_is_one_that_is_there(dashboard_of: MakeDashboard, name: str) -> None:
    """Those of the dashboard, and those that Grafana has itself."""
    dashboard = dashboard_of(name)
    text = json.dumps([dashboard.json["panels"], [one["query"] for one in dashboard.variables.values()]])
    used = {found for pair in re.findall(r"\$\{(\w+)|\$(\w+)", text) for found in pair if found}
    assert used <= {*dashboard.variables, "__from", "__to", "__range", "__rate_interval", "__field"}


def test_the_sql_dashboards_show_the_same(dashboard_of: MakeDashboard) -> None:
    """Whoever moves to PostgreSQL finds every panel again."""
    assert list(dashboard_of("sqlite").panels) == list(dashboard_of("postgresql").panels)


def test_the_readme_names_every_file(dashboard_of: MakeDashboard) -> None:
    """And every data source."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"relaywatch-{name}.json" in text for name in NAMES)
    assert dashboard_of("sqlite").variables["source"]["query"] in text
