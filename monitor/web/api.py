"""The JSON API, the two health questions and the metrics: one method per path."""

import asyncio
from collections.abc import AsyncIterator

import orjson
from aiohttp import hdrs, web

from monitor.clock import Moment
from monitor.web.metrics import Metrics
from monitor.web.problems import as_json, problem
from monitor.web.reading import Reading
from monitor.web.rows import INCIDENT_FIELDS, balance_row, daemon_row, incident_row, limit_row, status_row
from monitor.web.sources import Sources

INCIDENT_STATES = ("open", "resolved", "all")
INCIDENTS_BY_DEFAULT = 100
INCIDENTS_AT_MOST = 1000
ROWS_PER_TURN = 250


class Api:
    """Answers for programs."""

    def __init__(self, sources: Sources, reading: Reading, metrics: Metrics) -> None:
        self._sources = sources
        self._reading = reading
        self._metrics = metrics

    def routes(self) -> list[web.RouteDef]:
        """Every path of this module."""
        return [
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.metrics),
            web.get("/api/v1/status", self.status),
            web.get("/api/v1/incidents", self.incidents),
            web.get("/api/v1/daemon", self.daemon),
            web.get("/api/v1/limits", self.limits),
            web.get("/api/v1/balances", self.balances),
            web.get("/api/v1/catalogue/{endpoint}", self.catalogue),
            web.get("/api/v1/catalogue/{endpoint}/changes", self.catalogue_changes),
        ]

    async def healthz(self, _request: web.Request) -> web.Response:
        """The process answers."""
        return as_json({"status": "alive"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Probes run, results are recorded, notifications move; 503 with the reasons otherwise."""
        reasons = list(self._sources.readiness())
        return problem(503, "RelayWatch is not working", reasons=reasons) if reasons else as_json({"status": "ready"})

    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus text, or OpenMetrics if the scraper prefers it."""
        beliefs = self._metrics.sample(self._sources.ledger, await self._reading.backlog())
        accept = request.headers.get(hdrs.ACCEPT, "")
        body, content_type = await self._reading.run(lambda: self._metrics.render(beliefs, accept))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    async def status(self, _request: web.Request) -> web.Response:
        """What is believed of every check, in configured order."""
        rows = [row async for row in self._status_rows(self._sources.clock.now())]
        return web.Response(body=b"[" + b",".join(rows) + b"]", content_type="application/json")

    async def incidents(self, request: web.Request) -> web.Response:
        """Open ones from memory, past ones from the database; newest first."""
        state = request.query.get("state", "all")
        if state not in INCIDENT_STATES:
            return problem(400, f"state must be one of {', '.join(INCIDENT_STATES)}")
        limit = _limit(request.query.get("limit"))
        if limit is None:
            return problem(400, f"limit must be a whole number from 1 to {INCIDENTS_AT_MOST}")
        if state != "open":
            rows = await self._reading.incidents(state, limit)
            return as_json([{name: row[name] for name in INCIDENT_FIELDS} for row in rows])
        now = self._sources.clock.now()
        newest = self._sources.ledger.open_incidents[::-1][:limit]
        return as_json([incident_row(incident, now) for incident in newest])

    async def daemon(self, _request: web.Request) -> web.Response:
        """What the daemon says of itself: an array of one row."""
        spending = None if self._metrics.spending is None else self._metrics.spending()
        return as_json([daemon_row(self._sources.pid, self._sources.ledger, await self._reading.backlog(), spending)])

    async def limits(self, _request: web.Request) -> web.Response:
        """What answers told of rate limits, the newest of each check."""
        return as_json([limit_row(limit) for limit in self._metrics.quota().limits])

    async def balances(self, _request: web.Request) -> web.Response:
        """What accounts told is left."""
        return as_json([balance_row(balance) for balance in self._metrics.quota().balances])

    async def catalogue(self, request: web.Request) -> web.Response:
        """What an endpoint lists, in alphabetical order."""
        return as_json(list(await self._reading.catalogue(request.match_info["endpoint"])))

    async def catalogue_changes(self, request: web.Request) -> web.Response:
        """Which models came and went, newest first."""
        limit = _limit(request.query.get("limit"))
        if limit is None:
            return problem(400, f"limit must be a whole number from 1 to {INCIDENTS_AT_MOST}")
        return as_json(list(await self._reading.catalogue_changes(request.match_info["endpoint"], limit)))

    async def _status_rows(self, now: Moment) -> AsyncIterator[bytes]:
        """Encoded rows; probes get their turn in between, however many checks there are."""
        ledger = self._sources.ledger
        healths = dict(ledger.healths)
        for number, check in enumerate(tuple(ledger.checks.values()), start=1):
            if check.id in healths:
                yield orjson.dumps(status_row(check, healths[check.id], now))
            if number % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)


def _limit(text: str | None) -> int | None:
    if text is None:
        return INCIDENTS_BY_DEFAULT
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(INCIDENTS_AT_MOST)) else 0
    return number if 1 <= number <= INCIDENTS_AT_MOST else None
