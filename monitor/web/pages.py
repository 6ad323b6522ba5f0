"""The status page: plain HTML without a script, its style sheet and its icons.

Owns rendering and how long a rendered page serves. What it shows is decided in `view`, how it looks in `templates`.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.web.metrics import Metrics
from monitor.web.money import caps_told, money_told
from monitor.web.problems import problem
from monitor.web.reading import Reading
from monitor.web.sources import Sources
from monitor.web.texts import LABELS, Look, Text, say

if TYPE_CHECKING:
    import jinja2

REFRESH_S = 15
SERVES_FOR_S = 0.5
PIECES_PER_TURN = 400
TEMPLATES = Path(__file__).parent / "templates"
STYLE = "style.css"

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<circle cx="8" cy="8" r="8" fill="{fill}"/><path d="{path}" fill="none" stroke="#fff" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round"/></svg>'
)
_ICONS = {
    Look.DOWN: _ICON.format(fill="#b3161d", path="M5 5l6 6M11 5l-6 6"),
    Look.FAILING: _ICON.format(fill="#9a5200", path="M8 4v5M8 12v.01"),
    Look.SLOW: _ICON.format(fill="#9a5200", path="M8 4v4l3 2"),
    Look.PENDING: _ICON.format(fill="#5b6776", path="M4.5 8h.01M8 8h.01M11.5 8h.01"),
    Look.UP: _ICON.format(fill="#0b6b3a", path="M4.5 8.5l2.5 2.5 4.5-5.5"),
}


class Pages:
    """Answers for people.

    Attributes:
        voice: language and time zone of the next rendering.
    """

    def __init__(self, sources: Sources, reading: Reading, metrics: Metrics) -> None:
        self._sources = sources
        self._reading = reading
        self._metrics = metrics
        self.voice = sources.voice
        self._template: jinja2.Template | None = None
        self._rendering = asyncio.Lock()
        self._rendered: tuple[Moment, bytes] | None = None

    def routes(self) -> list[web.RouteDef]:
        """Every path of this module."""
        return [web.get("/", self.status), web.get(f"/{STYLE}", self.style), web.get("/icon/{look}.svg", self.icon)]

    async def status(self, _request: web.Request) -> web.Response:
        """The page; visitors of the same half second share one rendering."""
        async with self._rendering:
            now = self._sources.clock.now()
            if self._rendered is None or now.s_since(self._rendered[0]) >= SERVES_FOR_S:
                self._rendered = (now, await self._render(now))
            body = self._rendered[1]
        return web.Response(body=body, content_type="text/html", charset="utf-8")

    async def style(self, _request: web.Request) -> web.Response:
        """The style sheet."""
        style = await self._reading.run((TEMPLATES / STYLE).read_bytes)
        return web.Response(body=style, content_type="text/css", charset="utf-8")

    async def icon(self, request: web.Request) -> web.Response:
        """The icon of the browser's tab."""
        look = request.match_info["look"]
        if look not in Look.__members__.values():
            return problem(404, "there is no such icon")
        return web.Response(body=_ICONS[Look(look)].encode(), headers={hdrs.CONTENT_TYPE: "image/svg+xml"})

    async def _render(self, now: Moment) -> bytes:
        """The page as bytes; probes get their turn in between, however many checks there are."""
        if self._template is None:
            self._template = await self._reading.run(_load)
        from monitor.web.view import Viewer  # noqa: PLC0415  only for whoever looks at the page

        voice = self.voice
        viewer = Viewer(voice, now)
        backlog = await self._reading.backlog()
        page = viewer.page(self._sources.ledger, self._troubles(), backlog)
        pieces = []
        money = None if self._metrics.spending is None else money_told(self._metrics.spending(), voice)
        words = _words(voice)
        generated = self._template.generate(page=page, row=viewer.row, refresh_s=REFRESH_S, money=money, **words)
        for number, piece in enumerate(generated, start=1):
            pieces.append(piece)
            if number % PIECES_PER_TURN == 0:
                await asyncio.sleep(0)
        return "".join(pieces).encode("utf-8", "replace")

    def _troubles(self) -> list[str]:
        problem = self._metrics.config_problem
        refused = [] if problem is None else [say(Text.CONFIG_REFUSED, self.voice, problem=problem)]
        spending = None if self._metrics.spending is None else self._metrics.spending()
        return [*self._sources.readiness(), *refused, *caps_told(spending, self.voice)]


def _load() -> "jinja2.Template":
    from monitor.web.templating import environment  # noqa: PLC0415  3 MB with Jinja, for whoever looks at the page

    return environment(TEMPLATES).get_template("status.html")


def _words(voice: Voice) -> dict[str, Any]:
    return {
        "language": voice.language,
        "say": lambda text, **facts: say(Text(text), voice, **facts),
        "labels": {name: voice.say(phrase) for name, phrase in LABELS.items()},
    }
