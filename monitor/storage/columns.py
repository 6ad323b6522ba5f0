"""Single values as columns, and back; shared by everything that makes rows. Pure."""

from typing import Any

from monitor.clock import Moment

Values = tuple[Any, ...]


def wall(at: Moment | None) -> int | None:
    """Wall time in microseconds since 1970, UTC."""
    return None if at is None else at.wall_us


def moment(us: int | None, now: Moment) -> Moment | None:
    """A wall time of the past, anchored to the monotonic clock of this run."""
    return None if us is None else now.anchor(us)


def word(value: object | None) -> str | None:
    """The word that an enum is stored as."""
    return None if value is None else str(value)
