"""What people do to incidents: acknowledge one, silence some, end a silence.

Each is answered once it is on disk. Owns what is answered; who may ask is `guard`, what a body may say is `wanted`.
"""

import asyncio
from typing import Any, TypeVar

from aiohttp import hdrs, web

from monitor.alerting.silences import Silence, Until
from monitor.clock import Moment
from monitor.domain.incident import Incident
from monitor.storage.past.silenced import SilenceState, silence_row
from monitor.web.problems import as_json, problem
from monitor.web.reading import Reading
from monitor.web.rows import incident_row
from monitor.web.sources import Sources
from monitor.web.wanted import AckBody, Refused, SilenceBody, body_of, silence_of

COMMITTED_WITHIN_S = 4.0
STATES = ("current", "all")
NUMBER_AT_MOST = 9_223_372_036_854_775_807  # of a column of SQLite
_Body = TypeVar("_Body", AckBody, SilenceBody)
UNRECORDED = "it holds already, but the database refuses to record it; it is recorded as soon as the database accepts"


class Acts:
    """Answers for people who act, and for what acts in their name."""

    def __init__(self, sources: Sources, reading: Reading) -> None:
        self._sources = sources
        self._ledger = sources.ledger
        self._reading = reading

    def routes(self) -> list[web.RouteDef]:
        """Every path of this module."""
        return [
            web.post("/api/v1/incidents/{id}/ack", self.acknowledge),
            web.get("/api/v1/silences", self.silences),
            web.post("/api/v1/silences", self.silence),
            web.delete("/api/v1/silences/{id}", self.expire),
        ]

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Somebody is on it; the incident's row. Who says the same again changes nothing."""
        number, body = _number(request), await _read(AckBody, request)
        if number is None:
            return problem(404, "an incident's id is a whole number")
        if isinstance(body, Refused):
            return _refusal(body)
        present = next((one for one in self._ledger.open_incidents if one.id == number), None)
        if present is None:
            return problem(404, f"there is no open incident {number}")
        now = self._sources.clock.now()
        if _says_the_same(present, body):
            return as_json(incident_row(present, now))
        known = self._ledger.acknowledge(number, body.by, body.note, now) or present
        return await self._committed(incident_row(known, now))

    async def silences(self, request: web.Request) -> web.Response:
        """Those in force or still to come, from memory; those that have ended too, from the database."""
        state = request.query.get("state", "current")
        if state not in STATES:
            return problem(400, f"state must be one of {', '.join(STATES)}")
        if state == "all":
            return as_json(list(await self._reading.silences(everything=True)))
        now = self._sources.clock.now()
        rows = (silence_row(silence, now) for silence in self._ledger.silences)
        return as_json([row for row in rows if row["state"] != SilenceState.EXPIRED])

    async def silence(self, request: web.Request) -> web.Response:
        """A new silence: 201 with its row and `hides`, the open incidents of which nobody is told now."""
        body, now = await _read(SilenceBody, request), self._sources.clock.now()
        if isinstance(body, Refused):
            return _refusal(body)
        wanted = silence_of(body, self._ledger.checks.values(), now)
        if isinstance(wanted, Refused):
            return _refusal(wanted)
        if self._ends_at_once(wanted, now):
            return problem(
                409, "no open incident concerns what it matches, so it would end at once; say `for` how long"
            )
        kept = self._ledger.silence(wanted)
        hides = [incident.id for incident in self._ledger.hidden_by(kept, now)]
        return await self._committed({**silence_row(kept, now), "hides": hides}, status=201)

    async def expire(self, request: web.Request) -> web.Response:
        """End a silence now; its row."""
        number, now = _number(request), self._sources.clock.now()
        ended = None if number is None else self._ledger.expire_silence(number, now)
        if ended is None:
            return problem(404, f"there is no silence {request.match_info['id']:.20} in force or still to come")
        return await self._committed(silence_row(ended, now))

    def _ends_at_once(self, silence: Silence, now: Moment) -> bool:
        if silence.until is not Until.RESOLVED or not silence.holds(now):
            return False
        checks = self._ledger.checks
        concerned = {check for incident in self._ledger.open_incidents for check in incident.checks if check in checks}
        return not any(silence.matcher.matches_check(checks[check]) for check in concerned)

    async def _committed(self, row: dict[str, Any], status: int = 200) -> web.Response:
        """The row, once it is on disk."""
        try:
            async with asyncio.timeout(COMMITTED_WITHIN_S):
                await self._ledger.committed()
        except TimeoutError:
            return problem(503, UNRECORDED, row=row)
        answer = as_json(row)
        answer.set_status(status)
        return answer


async def _read(kind: type[_Body], request: web.Request) -> _Body | Refused:
    """The body, or why it is refused."""
    if request.content_type != "application/json":
        return Refused(415, f"the body must be JSON, with the header {hdrs.CONTENT_TYPE}: application/json")
    return body_of(kind, await request.read())


def _says_the_same(incident: Incident, body: AckBody) -> bool:
    known = incident.acknowledged
    return known is not None and (known.by, known.note) == (body.by, body.note)


def _number(request: web.Request) -> int | None:
    text = request.match_info["id"]
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(NUMBER_AT_MOST))
    return int(text) if plain and int(text) <= NUMBER_AT_MOST else None


def _refusal(refused: Refused) -> web.Response:
    more = [{"path": one.path, "message": one.message} for one in refused.problems]
    return problem(refused.status, refused.detail, **({"problems": more} if more else {}))
