"""How long each kind of record is kept, and up to when rows may go. Pure.

Owns the arithmetic of cutoffs; which rows they are is the business of `storage.retention`. Two rules hold whatever is
configured: nothing goes before the next coarser level was made from it, and every cutoff is a boundary of that level,
so that a coarser row can be made again either from all that it was made of or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_S = 1_000_000
_DAY_S = 86_400


class Grain(StrEnum):
    """How fine a record is, finest first."""

    RAW = "raw"
    FIVE_MINUTES = "five_minutes"
    HOURS = "hours"
    DAYS = "days"

    @property
    def coarser(self) -> "Grain | None":
        """What is made from it; None from days."""
        return _COARSER.get(self)

    @property
    def length_us(self) -> int:
        """Of one stretch; of one result nothing."""
        return _LENGTHS_S[self] * _S


_COARSER = {Grain.RAW: Grain.FIVE_MINUTES, Grain.FIVE_MINUTES: Grain.HOURS, Grain.HOURS: Grain.DAYS}
_LENGTHS_S = {Grain.RAW: 0, Grain.FIVE_MINUTES: 300, Grain.HOURS: 3600, Grain.DAYS: _DAY_S}

NEWEST_KEPT = {Grain.RAW: _DAY_S * _S, Grain.FIVE_MINUTES: 2 * _DAY_S * _S}
"""What no limit of size takes away, in microseconds; coarser rows it never takes."""


@dataclass(frozen=True, slots=True)
class Ages:
    """For how long rows are kept, in seconds; None for ever.

    Attributes:
        size_limit: what the database may take on its disk, in bytes; None for as much as it needs.
    """

    raw_s: float
    five_minutes_s: float
    hours_s: float
    days_s: float | None = None
    size_limit: int | None = None

    def of(self, grain: Grain) -> float | None:
        """The age of one kind."""
        ages = {
            Grain.RAW: self.raw_s,
            Grain.FIVE_MINUTES: self.five_minutes_s,
            Grain.HOURS: self.hours_s,
            Grain.DAYS: self.days_s,
        }
        return ages[grain]

    def cutoff_us(self, grain: Grain, now_us: int, made_until_us: Mapping[Grain, int]) -> int:
        """Rows that began before this moment may go; 0 if none may.

        Args:
            grain: which rows.
            now_us: the present.
            made_until_us: until when each coarser level is made; a missing one is not made at all.
        """
        age_s = self.of(grain)
        wished_us = 0 if age_s is None else now_us - round(age_s * _S)
        return allowed_us(grain, wished_us, made_until_us)


def allowed_us(grain: Grain, wished_us: int, made_until_us: Mapping[Grain, int]) -> int:
    """The latest moment not after `wished_us` before which rows may go: coarser rows are made of all of them."""
    coarser = grain.coarser
    if coarser is None:
        return max(0, wished_us - wished_us % grain.length_us)
    bound_us = min(wished_us, made_until_us.get(coarser, 0))
    return max(0, bound_us - bound_us % coarser.length_us)
