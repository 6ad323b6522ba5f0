"""Questions about the past over HTTP: single results of a check, page by page, and reports.

Owns what is asked for in the query, and every clear refusal; answers are made and encoded in the web room's threads.
"""

from collections.abc import Mapping, Sequence

from aiohttp import hdrs, web

from monitor.clock import US_PER_S, Clock, from_iso, iso
from monitor.config.duration import parse_duration, window_us
from monitor.domain.cursor import CursorError, Listing, cursor_of, position_of
from monitor.domain.result import Status
from monitor.errors import UsageError
from monitor.storage.past.selection import Selection
from monitor.web.problems import problem
from monitor.web.reading import Reading
from monitor.web.sources import Span

RESULTS_BY_DEFAULT = 100
RESULTS_AT_MOST = 10_000
WINDOW = "24h"
GROUPS = "check,endpoint"
_OF_RESULTS = ("status", "since", "until", "limit", "cursor")
_OF_REPORT = ("window", "since", "until", "by")


class PastApi:
    """What only the database knows, for programs."""

    def __init__(self, reading: Reading, clock: Clock) -> None:
        self._reading = reading
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Every path of this module."""
        return [
            web.get("/api/v1/checks/{check:.+}/results", self.results),
            web.get("/api/v1/report", self.report),
        ]

    async def results(self, request: web.Request) -> web.Response:
        """Single results of one check, newest first; `Link` leads to the next page."""
        try:
            _must_be_among(_OF_RESULTS, request)
            selection = self._selection(request)
        except ValueError as error:
            return problem(400, str(error))
        found = await self._reading.results(selection)
        if found is None:
            return problem(404, f"there is no check {selection.check}")
        answer = web.Response(body=found.body, content_type="application/json")
        if found.following is not None:
            url = request.rel_url.update_query(cursor=cursor_of(Listing.RESULTS, found.following))
            # Relative to this very path, so that it holds behind a proxy that puts something before it.
            answer.headers[hdrs.LINK] = f'<?{url.raw_query_string}>; rel="next"'
        return answer

    async def report(self, request: web.Request) -> web.Response:
        """Figures over one or several periods, with the rows of the `report` command."""
        try:
            _must_be_among(_OF_REPORT, request)
            spans = self._spans(request)
        except ValueError as error:
            return problem(400, str(error))
        try:
            body = await self._reading.report(spans, request.query.get("by", GROUPS))
        except UsageError as error:
            return problem(400, "; ".join(filter(None, (error.message, error.hint))))
        return web.Response(body=body, content_type="application/json")

    def _selection(self, request: web.Request) -> Selection:
        query, now_us = request.query, self._clock.now().wall_us
        cursor = query.get("cursor")
        try:
            after = None if cursor is None else position_of(Listing.RESULTS, cursor)
        except CursorError as error:
            raise ValueError(f"cursor {error}") from None
        since_us, until_us = _between(query, now_us)
        return Selection(
            check=request.match_info["check"],
            statuses=tuple(map(_status, query.getall("status", []))),
            since_us=since_us,
            until_us=until_us,
            limit=_limit(query.get("limit")),
            after=after,
        )

    def _spans(self, request: web.Request) -> Sequence[Span]:
        query, now_us = request.query, self._clock.now().wall_us
        since_us, until_us = _between(query, now_us)
        window = query.get("window")
        if window is not None and (since_us is not None or until_us is not None):
            raise ValueError("window and since/until exclude each other")
        if since_us is None and until_us is not None:
            raise ValueError("until needs since")
        if since_us is None:
            return [_window(name.strip(), now_us) for name in (WINDOW if window is None else window).split(",")]
        until_us = now_us if until_us is None else until_us
        if since_us >= until_us:
            raise ValueError("since must lie before until")
        return [Span(f"{iso(since_us)}/{iso(until_us)}", since_us, until_us)]


def _window(name: str, now_us: int) -> Span:
    try:
        return Span(name, max(0, now_us - window_us(name)), now_us)
    except ValueError as error:
        raise ValueError(f"window {name!r:.40}: {error}") from None


def _must_be_among(known: Sequence[str], request: web.Request) -> None:
    """Raises ValueError: what is not understood would be taken for answered."""
    for name in request.query:
        if name not in known:
            raise ValueError(f"there is no parameter {name!r:.40}; there are {', '.join(known)}")


def _between(query: Mapping[str, str], now_us: int) -> tuple[int | None, int | None]:
    since_us = _moment_us(query.get("since"), "since", now_us)
    until_us = _moment_us(query.get("until"), "until", now_us)
    if since_us is not None and until_us is not None and since_us >= until_us:
        raise ValueError("since must lie before until")
    return since_us, until_us


def _moment_us(text: str | None, name: str, now_us: int) -> int | None:
    if text is None:
        return None
    try:
        return max(0, now_us - round(parse_duration(text) * US_PER_S))
    except ValueError:
        pass
    # In a query a plus sign that is not encoded is a blank.
    said = text.replace(" ", "+") if "T" in text else text
    clock = said.partition("T")[2]
    try:
        at_us = max(0, from_iso(said)) if clock.endswith("Z") or "+" in clock or "-" in clock else None
    except (ValueError, OverflowError):
        at_us = None
    if at_us is None:
        raise ValueError(f"{name} must be a time such as 2026-11-21T09:00:00Z, or how long ago, such as 24h")
    return at_us


def _status(word: str) -> Status:
    try:
        return Status(word.upper())
    except ValueError:
        raise ValueError(f"status must be one of {', '.join(Status)}") from None


def _limit(text: str | None) -> int:
    if text is None:
        return RESULTS_BY_DEFAULT
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(RESULTS_AT_MOST)) else 0
    if not 1 <= number <= RESULTS_AT_MOST:
        raise ValueError(f"limit must be a whole number from 1 to {RESULTS_AT_MOST}")
    return number
