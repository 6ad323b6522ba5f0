"""What an incident and a silence remember, as JSON text of one column, and back. Pure.

Owns the shape of that text only; it may grow: what an older version did not write has a default.
"""

from typing import Any

import orjson
from sqlalchemy import Row

from monitor.alerting.matching import Matcher
from monitor.alerting.silences import Silence, Until
from monitor.clock import Moment
from monitor.domain.incident import Incident, Telling, Told
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.storage.columns import moment, wall
from monitor.storage.writable import writable

_TIMES = ("first_at", "last_at", "hold_until", "easing_since")
_WORDS = {"severities": Severity, "fault_domains": FaultDomain, "statuses": Status}


def incident_memory(incident: Incident) -> str:
    """The column `memory` of `incidents`."""
    telling = incident.telling
    times = {f"{name}_us": wall(getattr(telling, name)) for name in _TIMES}
    return orjson.dumps(
        {
            "channels": telling.channels,
            "withheld": telling.withheld,
            "grown": telling.grown,
            "escalated": telling.escalated,
            "joined_at_us": wall(incident.joined_at),
            **times,
        },
    ).decode()


def telling_of(text: str, now: Moment) -> Telling:
    """How far people were told, from that column; the times anchored at `now`."""
    memory = orjson.loads(text)
    times = {name: moment(memory.get(f"{name}_us"), now) for name in _TIMES}
    if (memory.get("joined_at_us") or 0) <= now.wall_us:  # else the clock was set back, and the wait may be endless
        times["hold_until"] = _ahead(memory.get("hold_until_us"), now)
    withheld = memory.get("withheld")
    return Telling(
        channels=tuple(memory.get("channels", ())),
        withheld=None if withheld is None else Told(withheld),
        grown=memory.get("grown", False),
        escalated=memory.get("escalated", 0),
        **times,
    )


def joined_at(text: str, now: Moment) -> Moment | None:
    """When the newest check joined, from the same column."""
    return moment(orjson.loads(text).get("joined_at_us"), now)


def silence_row(silence: Silence) -> tuple[Any, ...]:
    """A row of `silences`."""
    return (
        silence.id,
        matcher_text(silence.matcher),
        writable(silence.author),
        writable(silence.reason),
        silence.created_at.wall_us,
        silence.starts_at.wall_us,
        wall(silence.ends_at),
        str(silence.until),
        wall(silence.expired_at),
    )


def silence_of(row: Row[Any], now: Moment) -> Silence:
    """A silence from its row."""
    return Silence(
        id=row.id,
        matcher=matcher_of(row.matcher),
        author=row.author,
        reason=row.reason,
        created_at=now.anchor(row.created_at_us),
        starts_at=Moment(row.starts_at_us, now.mono_us + row.starts_at_us - now.wall_us),
        ends_at=_ahead(row.ends_at_us, now),
        until=Until(row.until),
        expired_at=moment(row.expired_at_us, now),
    )


def matcher_text(matcher: Matcher) -> str:
    """A matcher as JSON: its fields that are not empty."""
    values = {name: getattr(matcher, name) for name in Matcher.__dataclass_fields__}
    cleaned = {name: [writable(str(value)) for value in found] for name, found in values.items() if found}
    return orjson.dumps(cleaned).decode()


def matcher_of(text: str) -> Matcher:
    """The matcher that `text` was made from."""
    fields: dict[str, Any] = {
        name: tuple(_WORDS.get(name, str)(value) for value in values) for name, values in orjson.loads(text).items()
    }
    return Matcher(**fields)


def _ahead(us: int | None, now: Moment) -> Moment | None:
    """A time that may well lie ahead; `Moment.anchor` takes such a one as now."""
    return None if us is None else Moment(us, now.mono_us + us - now.wall_us)
