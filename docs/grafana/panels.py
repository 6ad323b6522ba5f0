"""The panels of the dashboards, in their order: kind, unit, size, and what is said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Panel:
    """What a panel looks like.

    Attributes:
        kind: as Grafana calls it.
        unit: the same.
        width: in Grafana's grid of 24 columns.
        height: in its rows.
        note: shown where the title is pointed at.
        custom: how it is drawn, where that is not as usual.
        most: where its axis ends; None wherever values do.
        label: which column names its lines; empty where they have names of their own.
        steps: from which value on it has which colour, ascending; empty where no value is worse than another.
        words: what values are called, and in which colour.
    """

    title: str
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    note: str = ""
    custom: Mapping[str, Any] = field(default_factory=dict)
    most: float | None = None
    label: str = ""
    steps: Sequence[tuple[float | None, str]] = ()
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def _stat(title: str, unit: str = "short", **more: Any) -> Panel:
    return Panel(title, "stat", unit, width=4, height=4, **more)


_STACKED = {"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0, "stacking": {"mode": "normal", "group": "A"}}
_SHARE: Mapping[str, Any] = {"most": 100.0}
_GOOD: Mapping[str, Any] = {"steps": ((None, "red"), (99.0, "orange"), (99.9, "green"))}
_COVERED: Mapping[str, Any] = {"steps": ((None, "red"), (90.0, "orange"), (99.0, "green"))}
_NONE: Mapping[str, Any] = {"steps": ((None, "green"), (1.0, "red"))}
_DAYS: Mapping[str, Any] = {
    "steps": ((None, "red"), (3.0, "orange"), (14.0, "green")),
    "custom": {"thresholdsStyle": {"mode": "dashed"}},
}
_EACH = "Of each endpoint; of single checks where some are chosen."
_ROLLED = "From roll-ups: the newest stretch appears when it is over."
_WEEK = "From single results, of the last 7 days of the range at most: SQL cannot read the sketches of roll-ups."
SQL_PANELS = (
    _stat("Availability", "percent", note=_ROLLED, **_SHARE, **_GOOD),
    _stat("Coverage", "percent", note="How much of what was due was counted.", **_SHARE, **_COVERED),
    _stat("Probes"),
    _stat("Outages"),
    _stat("Open now", **_NONE),
    _stat("Cost", "currencyUSD", note="By known prices; null where none is known."),
    Panel("Availability over time", unit="percent", note=_EACH, label="subject", **_SHARE),
    Panel("Coverage over time", unit="percent", **_SHARE),
    Panel("Latency percentiles", unit="ms", note=_WEEK),
    Panel("Time to first token, percentiles", unit="ms", note=_WEEK),
    Panel("Average latency over time", unit="ms", note=_EACH, label="subject"),
    Panel("Longest and shortest answer", unit="ms"),
    Panel("Failures by status", custom=_STACKED),
    Panel("Outages by fault domain", "table", width=6),
    Panel("Failures by fault domain", "table", width=6, note=_WEEK),
    Panel("Checks now", "table"),
    Panel("Incidents", "table"),
    Panel("Newest failures", "table", width=24, note=_WEEK),
    Panel("Cost over time", unit="currencyUSD", custom=_STACKED, label="endpoint"),
    Panel("Tokens over time", custom=_STACKED),
    Panel("Notifications", "table", width=8),
    Panel("Notifications given up", "table", width=16),
)
PROMETHEUS_PANELS = (
    _stat(
        "Probes that succeeded", "percent", **_SHARE, note="Of all probes, confirming ones too: not the availability."
    ),
    _stat("Checks up"),
    _stat("Checks down", **_NONE),
    _stat("Open incidents", **_NONE),
    _stat("Spent today", "currencyUSD"),
    _stat("Given up", note="Notifications that a person must look after.", **_NONE),
    Panel("Probes that succeeded over time", unit="percent", **_SHARE),
    Panel("State of checks", "state-timeline", words={"0": ("DOWN", "red"), "1": ("UP", "green")}),
    Panel("Latency percentiles", unit="s", note="Between the bounds of the histogram's buckets."),
    Panel("Failures by status", custom=_STACKED),
    Panel("Probes by endpoint", unit="reqps"),
    Panel("Notifications", custom=_STACKED),
    Panel("Outbox"),
    Panel("Spent this month", unit="currencyUSD"),
    Panel("Left of rate limits", unit="percent", width=8),
    Panel("Balance, days left", unit="d", width=8),
    Panel("Certificates, days left", unit="d", width=8, **_DAYS),
    Panel("How late probes start", unit="s"),
    Panel("How long a commit takes", unit="s"),
    Panel("RelayWatch itself", width=12),
    Panel("Since the newest commit", unit="s", width=8),
    _stat("Version"),
)
