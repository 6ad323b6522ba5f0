"""How long a simulated answer takes: a fixed time, an even spread, or a long tail.

Owns the three distributions and their inverse functions. It draws no random numbers: the caller brings one in [0, 1),
so that the same draw gives the same delay.
"""

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

from pydantic import model_validator
from pydantic_core import InitErrorDetails

from monitor.config.model import Model, detail
from monitor.simulator.values import Seconds, read_seconds, readable_seconds

P95_SIGMA = NormalDist().inv_cdf(0.95)
_FORMS = ({"fixed"}, {"low", "high"}, {"p50", "p95"})
_EDGE = 1e-4


class Latency(Model):
    """A latency distribution; the values are seconds.

    In TOML one of `"120ms"`, `{ low = "50ms", high = "200ms" }` (uniform) and `{ p50 = "120ms", p95 = "400ms" }`
    (log-normal: many fast answers and a few slow ones, as a model's are).
    """

    fixed_s: Seconds | None = None
    low_s: Seconds | None = None
    high_s: Seconds | None = None
    p50_s: Seconds | None = None
    p95_s: Seconds | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_plain_duration_is_fixed(cls, value: Any) -> Any:
        if isinstance(value, (dict, cls)):
            return value
        read_seconds(value)
        return {"fixed": value}

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
        """One form and no mixture, its two values in order."""
        given = set().union(*_FORMS) & table.keys()
        if given not in _FORMS:
            yield detail((), 'must be one of "120ms", { low, high } and { p50, p95 }')
            return
        first, second = ("p50", "p95") if "p50" in given else ("low", "high")
        low, high = readable_seconds(table.get(first)), readable_seconds(table.get(second))
        if low is not None and high is not None and low > high:
            yield detail((), "has its two values in the wrong order")
        if "p50" in given and low == 0:
            yield detail(("p50",), "must be longer than zero")

    def at(self, draw: float) -> float:
        """Seconds at the quantile `draw` in [0, 1); never less for a larger draw."""
        if self.p50_s is not None and self.p95_s is not None:
            sigma = math.log(self.p95_s / self.p50_s) / P95_SIGMA
            return self.p50_s * math.exp(sigma * NormalDist().inv_cdf(min(max(draw, _EDGE), 1 - _EDGE)))
        if self.low_s is not None and self.high_s is not None:
            return self.low_s + (self.high_s - self.low_s) * draw
        return self.fixed_s or 0.0


NO_LATENCY = Latency(fixed="0s")
