"""Silences as people ask for them: those in force or still to come, and those that have ended."""

from enum import StrEnum
from typing import Any

from sqlalchemy import select

from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence
from monitor.clock import Moment, iso
from monitor.storage import tables
from monitor.storage.memory import silence_of
from monitor.storage.reader import Reader, question


class SilenceState(StrEnum):
    """Where a silence stands."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@question
def silences(reader: Reader, now: Moment, *, everything: bool = False) -> list[dict[str, Any]]:
    """Silences, oldest first, with the fields of `silence list`; those that have ended only if `everything` is asked.

    One whose time is over though nobody has noted it yet (no daemon runs, say) has ended.
    """
    query = select(tables.silences).order_by(tables.silences.c.id)
    rows = [silence_row(silence_of(row, now), now) for row in reader.connection.execute(query)]
    return [row for row in rows if everything or row["state"] != SilenceState.EXPIRED]


def silence_row(silence: Silence, now: Moment) -> dict[str, Any]:
    """One silence; its matcher without the fields that are empty, so that `{}` is everything."""
    return {
        "id": silence.id,
        "state": str(state_of(silence, now)),
        "by": silence.author,
        "reason": silence.reason,
        "matcher": matcher_fields(silence.matcher),
        "until": str(silence.until),
        "created_at": iso(silence.created_at.wall_us),
        "starts_at": iso(silence.starts_at.wall_us),
        "ends_at": None if silence.ends_at is None else iso(silence.ends_at.wall_us),
        "expired_at": None if silence.expired_at is None else iso(silence.expired_at.wall_us),
    }


def state_of(silence: Silence, now: Moment) -> SilenceState:
    """Whether it is still to come, in force, or over."""
    ended = silence.ends_at is not None and now.mono_us >= silence.ends_at.mono_us
    if silence.expired_at is not None or ended:
        return SilenceState.EXPIRED
    return SilenceState.ACTIVE if silence.holds(now) else SilenceState.PENDING


def matcher_fields(matcher: Matcher) -> dict[str, list[str]]:
    """A matcher as JSON shows it, without the fields that are empty."""
    values = {name: getattr(matcher, name) for name in Matcher.__dataclass_fields__}
    return {name: list(map(str, value)) for name, value in values.items() if value}
