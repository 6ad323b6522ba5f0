"""What is left of the rate limits that answers tell of, and when that is worth a warning.

Pure. A limit is low when less than 10 requests or 5 % are left, or when it will be used up before it is whole again.
What this check's own probes have used of a window is counted back: they must not be why people are warned. It is no
longer low when every answer of ten minutes said so, so that a window that fills and empties each minute is told once.
"""

from dataclasses import dataclass, field

from monitor.clock import US_PER_S, Moment
from monitor.domain.kept import Headroom
from monitor.domain.limits import Limit, LimitKind

FEW_REQUESTS = 10.0
FEW_SHARE = 0.05
QUIET_S = 600.0
"""For so long nothing may be low before it is believed."""
FORGOTTEN_AFTER_S = 3600.0
"""A limit that no answer mentions any more says nothing after this."""
SAMPLES_AT_MOST = 64
SAMPLES_FOR_FORECAST = 4
SPAN_FOR_FORECAST_S = 60.0
_USED_FOR_FORECAST = 0.05
_FORECAST_MARGIN = 1.5


@dataclass(slots=True)
class Trend:
    """One limit of one check, since its window began.

    Attributes:
        limit: as the newest answer told it.
        seen_at: when that was.
        reset_at: when it is whole again; None where it is not known.
        own: what this check's probes have used of the window.
        samples: what was left when, oldest first.
        low_at: when it was last low, or not yet well again; None if it never was.
    """

    limit: Limit
    seen_at: Moment
    reset_at: Moment | None = None
    own: float = 0.0
    samples: list[tuple[Moment, float]] = field(default_factory=list)
    low_at: Moment | None = None

    def take(self, limit: Limit, own: float, now: Moment) -> None:
        """An answer tells of the limit; its probe used `own` of it."""
        if self._is_new_window(limit, now):
            self.samples.clear()
            self.own = 0.0
        self.limit, self.seen_at, self.own = limit, now, self.own + own
        self.reset_at = None if limit.reset_s is None else now.plus_s(limit.reset_s)
        if limit.remaining is not None:
            self.samples.append((now, limit.remaining))
            if len(self.samples) > SAMPLES_AT_MOST:
                del self.samples[1::2]  # half of them, over the same time
        if self.is_low(1.0, 1.0) or (self.low_at is not None and self.is_low(2.0, _FORECAST_MARGIN)):
            self.low_at = now

    def is_low(self, factor: float, margin: float) -> bool:
        """Whether it is nearly used up, or will be too early; a greater factor and margin see it earlier."""
        if self.limit.remaining is None:
            return False
        least = min(self._few() * factor, (self.limit.limit or float("inf")) * 0.9)
        end_s = self.used_up_s()
        return self.limit.remaining + self.own < least or (
            end_s is not None and self.limit.reset_s is not None and end_s < self.limit.reset_s * margin
        )

    def used_up_s(self) -> float | None:
        """Seconds until nothing is left, along a line through the samples; None where there is no telling."""
        if len(self.samples) < SAMPLES_FOR_FORECAST or self.limit.remaining is None:
            return None
        began = self.samples[0][0]
        times = [at.s_since(began) for at, _ in self.samples]
        left = [remaining for _, remaining in self.samples]
        if times[-1] < SPAN_FOR_FORECAST_S or left[0] - left[-1] < _USED_FOR_FORECAST * (self.limit.limit or left[0]):
            return None
        slope = _slope(times, left)
        return self.limit.remaining / -slope if slope < 0 else None

    def is_over(self, now: Moment) -> bool:
        """Whether a limit that was low may be believed to be well again."""
        if self.low_at is None or now.s_since(self.low_at) < QUIET_S:
            return False
        whole = self.reset_at is not None and now.mono_us >= self.reset_at.mono_us
        heard_since = self.seen_at.mono_us > self.low_at.mono_us
        return whole or heard_since or now.s_since(self.seen_at) >= FORGOTTEN_AFTER_S

    def fact(self, endpoint: str, model: str | None) -> Headroom:
        """As it is remembered."""
        reset_us = None if self.reset_at is None else self.reset_at.wall_us
        limit = self.limit
        return Headroom(endpoint, model, limit.kind, limit.limit, limit.remaining, reset_us, self.seen_at.wall_us)

    def _few(self) -> float:
        """Less than this is little; of a small limit half, for ten of ten are not few."""
        allowed, share = self.limit.limit, FEW_SHARE * (self.limit.limit or 0.0)
        if self.limit.kind is not LimitKind.REQUESTS:
            return share
        return max(share, FEW_REQUESTS if allowed is None else min(FEW_REQUESTS, allowed / 2))

    def _is_new_window(self, limit: Limit, now: Moment) -> bool:
        if self.reset_at is not None and now.mono_us >= self.reset_at.mono_us:
            return True
        before, after = self.limit.remaining, limit.remaining
        return before is not None and after is not None and after > before


def remembered(fact: Headroom, now: Moment) -> Trend:
    """A limit as the last life of the daemon knew it."""
    reset_at = None if fact.reset_at_us is None else now.plus_s((fact.reset_at_us - now.wall_us) / US_PER_S)
    reset_s = None if reset_at is None else max(0.0, reset_at.s_since(now))
    return Trend(Limit(fact.kind, fact.limit, fact.remaining, reset_s), now.anchor(fact.seen_at_us), reset_at)


def _slope(times: list[float], values: list[float]) -> float:
    """Of the least squares."""
    mean_t, mean_v = sum(times) / len(times), sum(values) / len(values)
    spread = sum((t - mean_t) ** 2 for t in times)
    return sum((t - mean_t) * (v - mean_v) for t, v in zip(times, values, strict=True)) / spread if spread else 0.0
