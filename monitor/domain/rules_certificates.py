"""How long the certificates of endpoints are still good, from what handshakes show.

Behind a load balancer some servers may still show an old certificate: what counts is the one that ends first among
those seen within the last hour. Pure; knows no rule.
"""

from dataclasses import dataclass

from monitor.clock import US_PER_S, Moment

SEEN_WITHIN_S = 3600.0
_DAY_US = 86_400 * US_PER_S
_SAME_US = 600 * US_PER_S  # sightings of one certificate differ by as much as the clock was set meanwhile


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A certificate's end, and when it was last seen."""

    ends_us: int
    seen_at: Moment


class Certificates:
    """What was seen of each endpoint's certificate lately."""

    def __init__(self) -> None:
        self._newest: dict[str, float] = {}
        self._seen: dict[str, list[_Sighting]] = {}

    def note(self, endpoint: str, days: float, now: Moment) -> None:
        """The newest handshake showed so many days; the very same number is the same handshake, told again."""
        if self._newest.get(endpoint) == days:
            return
        self._newest[endpoint] = days
        ends_us = now.wall_us + round(days * _DAY_US)
        kept = [
            sighting
            for sighting in self._seen.get(endpoint, ())
            if abs(sighting.ends_us - ends_us) > _SAME_US and now.s_since(sighting.seen_at) <= SEEN_WITHIN_S
        ]
        self._seen[endpoint] = [*kept, _Sighting(ends_us, now)]

    def days_left(self, endpoint: str, now: Moment) -> float | None:
        """Days until the first of them ends, negative if it has; None where none was seen."""
        sightings = self._seen.get(endpoint)
        if not sightings:
            return None
        newest = sightings[-1]
        lately = [one for one in sightings if one is newest or now.s_since(one.seen_at) <= SEEN_WITHIN_S]
        return (min(one.ends_us for one in lately) - now.wall_us) / _DAY_US
