"""Makes the three dashboards of this folder: `python docs/grafana/make_dashboards.py [FOLDER]`.

Owns how a dashboard is written down, in Grafana's classic model; what is asked stands in `sql_queries` and
`prometheus_queries`, what it looks like in `panels`.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from panels import PROMETHEUS_PANELS, SQL_PANELS, Panel
from prometheus_queries import EXPRESSIONS, VARIABLES
from sql_queries import POSTGRESQL, SQLITE, Query, queries

SCHEMA_VERSION = 39
"""Of Grafana 10 and 11; later versions migrate it when they read it."""
COLUMNS = 24
RESOLUTIONS = {"5 minutes": "rollups_5m", "1 hour": "rollups_hourly", "1 day": "rollups_daily"}
Json = dict[str, Any]
_LEGEND = {"displayMode": "list", "placement": "bottom", "showLegend": True}
OPTIONS: dict[str, Json] = {
    "timeseries": {"legend": _LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}},
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "none", "textMode": "auto"},
    "table": {"showHeader": True, "cellHeight": "sm"},
    "state-timeline": {"legend": _LEGEND, "mergeValues": True, "showValue": "never"},
}


def main(folder: Path) -> None:
    """Write the dashboards."""
    sqlite, postgresql = queries(SQLITE), queries(POSTGRESQL)
    made = {
        "sqlite": _dashboard(
            "SQLite",
            "frser-sqlite-datasource",
            [(panel, [_sqlite_target(sqlite[panel.title])]) for panel in SQL_PANELS],
            _sql_variables("frser-sqlite-datasource"),
        ),
        "postgresql": _dashboard(
            "PostgreSQL",
            "grafana-postgresql-datasource",
            [(panel, [_postgresql_target(postgresql[panel.title])]) for panel in SQL_PANELS],
            _sql_variables("grafana-postgresql-datasource"),
        ),
        "prometheus": _dashboard(
            "Prometheus",
            "prometheus",
            [(panel, list(_prometheus_targets(panel))) for panel in PROMETHEUS_PANELS],
            [_query_variable(name, query, "prometheus", ".*") for name, query in VARIABLES.items()],
        ),
    }
    for name, dashboard in made.items():
        text = json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"
        (folder / f"relaywatch-{name}.json").write_text(text, encoding="utf-8")


def _dashboard(name: str, source: str, panels: Sequence[tuple[Panel, Sequence[Json]]], variables: list[Json]) -> Json:
    return {
        "id": None,
        "uid": f"relaywatch-{name.lower()}",
        "title": f"RelayWatch ({name})",
        "description": "Availability, latency, incidents, cost and notifications, as RelayWatch recorded them.",
        "tags": ["relaywatch", "llm"],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timepicker": {},
        "links": [],
        "annotations": {"list": []},
        "templating": {"list": [_source_variable(name, source), *variables]},
        "panels": list(_placed(panels, source)),
    }


def _placed(panels: Sequence[tuple[Panel, Sequence[Json]]], source: str) -> Iterator[Json]:
    """From left to right, then from top to bottom."""
    x = y = tallest = 0
    for number, (panel, targets) in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        yield {"id": number, "gridPos": place, **_panel(panel, targets, source)}
        x, tallest = x + panel.width, max(tallest, panel.height)


def _panel(panel: Panel, targets: Sequence[Json], source: str) -> Json:
    uid = {"type": source, "uid": "${source}"}
    defaults: Json = {"unit": panel.unit, "custom": dict(panel.custom)}
    if panel.most is not None:
        defaults["max"] = panel.most
    if panel.steps:
        steps = [{"value": value, "color": color} for value, color in panel.steps]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    if panel.words:
        options = {value: {"text": text, "color": color} for value, (text, color) in panel.words.items()}
        defaults["mappings"] = [{"type": "value", "options": options}]
    if panel.label:
        defaults["displayName"] = f"${{__field.labels.{panel.label}}}"
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.note,
        "datasource": uid,
        "fieldConfig": {"defaults": defaults, "overrides": _overrides(panel)},
        "options": {**OPTIONS[panel.kind], **({"colorMode": "value"} if panel.kind == "stat" and panel.steps else {})},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": uid, **target} for place, target in enumerate(targets)
        ],
    }


def _overrides(panel: Panel) -> list[Json]:
    """Units of single columns of a table."""
    if panel.kind != "table":
        return []
    units = {"duration": "s", "latency": "ms"}
    return [
        {"matcher": {"id": "byName", "options": column}, "properties": [{"id": "unit", "value": unit}]}
        for column, unit in units.items()
    ]


def _sqlite_target(query: Query) -> Json:
    """As the plugin wants it: a time column is one of seconds since 1970."""
    return {
        "queryType": "time series" if query.is_series else "table",
        "rawQueryText": query.sql,
        "queryText": query.sql,
        "timeColumns": ["time", "since", "started", "resolved"],
    }


def _postgresql_target(query: Query) -> Json:
    return {
        "format": "time_series" if query.is_series else "table",
        "editorMode": "code",
        "rawQuery": True,
        "rawSql": query.sql,
    }


def _prometheus_targets(panel: Panel) -> Iterator[Json]:
    is_stat = panel.kind == "stat"
    for one in EXPRESSIONS[panel.title]:
        yield {
            "editorMode": "code",
            "expr": one.expr,
            "legendFormat": one.legend,
            "instant": is_stat,
            "range": not is_stat,
        }


def _source_variable(name: str, source: str) -> Json:
    return {"type": "datasource", "name": "source", "label": name, "query": source, "current": {}, "hide": 0}


def _sql_variables(source: str) -> list[Json]:
    checks = 'SELECT "check" FROM checks WHERE endpoint IN (${endpoint:sqlstring}) ORDER BY "check"'
    options = [{"text": text, "value": value, "selected": text == "1 hour"} for text, value in RESOLUTIONS.items()]
    resolution = {
        "type": "custom",
        "name": "resolution",
        "label": "Resolution",
        "query": ", ".join(f"{text} : {value}" for text, value in RESOLUTIONS.items()),
        "options": options,
        "current": options[1],
    }
    return [
        _query_variable("endpoint", "SELECT DISTINCT endpoint FROM checks ORDER BY endpoint", source, None),
        _query_variable("check", checks, source, "''"),
        resolution,
    ]


def _query_variable(name: str, query: str, source: str, every: str | None) -> Json:
    """A choice of several; `every` stands for all of them, None for their names one by one."""
    return {
        "type": "query",
        "name": name,
        "label": name.capitalize(),
        "datasource": {"type": source, "uid": "${source}"},
        "query": query,
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": every,
        "current": {"text": ["All"], "value": ["$__all"]},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
