"""Options of the pace: how often a check is probed that has been well for long.

Owns their bounds, and which intervals cannot hold together; when a pace changes is `domain.cadence`.
"""

from typing import Annotated, Any

from monitor.config.values import Within
from monitor.domain.check import Relaxed

RelaxedInterval = Annotated[float, Within("1s", "1d", off="never slower")]
RelaxAfter = Annotated[float, Within("1m", "30d")]


def relaxed_of(values: dict[str, Any]) -> Relaxed | None:
    """How a check slows down; None where it does not, or where that would not be slower."""
    interval_s = values["relaxed_interval_s"]
    if not interval_s or interval_s <= values["interval_s"]:
        return None
    return Relaxed(interval_s, values["relax_after_s"])
