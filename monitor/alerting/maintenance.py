"""Maintenance windows: planned work, once or again and again, in which nobody is told and nothing counts.

Pure: given the windows and a time, which checks are in maintenance.
"""

from dataclasses import dataclass

from monitor.domain.check import Check


@dataclass(frozen=True, slots=True)
class Calendar:
    """All windows of a configuration.

    Args:
        windows: in the order of the file.
    """

    windows: tuple["Window", ...] = ()

    def __bool__(self) -> bool:
        """True if there is any window at all."""
        return bool(self.windows)

    def covering(self, check: Check, wall_us: int) -> "Window | None":
        """The window in which the check is at this wall time (microseconds since 1970, UTC); None if in none."""
        return next((window for window in self.windows if window.covers(check, wall_us)), None)


@dataclass(frozen=True, slots=True)
class Window:
    """One window; to be completed."""

    name: str

    def covers(self, check: Check, wall_us: int) -> bool:
        """True while the check is in it."""
        raise NotImplementedError
