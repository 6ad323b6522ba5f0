"""The last few on-phase results of a check, as bits. Pure; what a hit means is up to who pushes it."""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Window:
    """The last on-phase results, newest in bit 0; a set bit is a hit (a failure, or a slow answer).

    Attributes:
        bits: the results as an integer.
        size: how many are held.
    """

    bits: int = 0
    size: int = 0

    def push(self, *, hit: bool, capacity: int) -> "Window":
        """The window with one more result, the oldest dropped beyond `capacity`."""
        return window(((self.bits << 1) | hit) & ((1 << capacity) - 1), min(self.size + 1, capacity))

    @property
    def hits(self) -> int:
        """How many results are hits."""
        return self.bits.bit_count()

    def newest_all_clear(self, count: int) -> bool:
        """True if the newest `count` results exist and none is a hit."""
        return self.size >= count and not self.bits & ((1 << count) - 1)


@lru_cache(maxsize=4096)
def window(bits: int, size: int) -> Window:
    """One object for all checks that fared alike: nearly all of ten thousand."""
    return Window(bits, size)


EMPTY_WINDOW = window(0, 0)
