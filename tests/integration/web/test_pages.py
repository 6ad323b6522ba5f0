"""The status page as a browser gets it: escaped, complete, without a script, and without holding up the loop."""

import asyncio
import time
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.alerting.texts import Voice
from monitor.domain.action import Action, Language
from monitor.domain.health import State
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import FaultDomain, Status, Verdict
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from tests.integration.web.conftest import Room

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"' & {{7*7}} \x1b[31m\u202e"
VOID = {"meta", "link", "path", "use", "rect", "circle"}


class Tags(HTMLParser):
    """Which elements a page has, whether each is closed, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one closed element."""
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Every end belongs to the newest beginning."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)


async def page(room: "Room") -> Tags:
    """The page, parsed; every element is closed."""
    async with room.session.get(f"{room.url}/") as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", "utf-8")
        tags = Tags()
        tags.feed(await answer.text())
    assert tags.open == []
    return tags


async def test_hostile_text_is_text(room: "Room") -> None:
    """Model ids and reasons come from outside."""
    verdict = Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, HOSTILE, Action.CHECK_ENDPOINT)
    check = room.ledger.add("gw", HOSTILE, State.DOWN, verdict)
    cause, now = Cause(Status.SERVER_ERROR, FaultDomain.ENDPOINT), room.clock.moment
    room.ledger.open_incidents = (
        Incident(
            1, "k", IncidentKind.OUTAGE, "gw", (check.id,), Severity.CRITICAL, cause, None, HOSTILE, None, now, now
        ),
    )
    room.troubles.append(HOSTILE)
    tags = await page(room)
    names = {tag for tag, _ in tags.seen}
    assert names.isdisjoint({"script", "img", "iframe", "object", "style", "form", "a"})
    assert not any(name.startswith("on") or name == "style" for _, attrs in tags.seen for name in attrs)
    text = "".join(tags.text)
    assert text.count("<script>alert(1)</script>") == 5
    assert "{{7*7}}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


async def test_the_page_refreshes_itself_and_speaks_its_language(room: "Room") -> None:
    """Without a script."""
    tags = await page(room)
    assert ("meta", {"http-equiv": "refresh", "content": "15"}) in tags.seen
    assert ("html", {"lang": "en"}) in tags.seen


async def test_korean(room: "Room") -> None:
    """A reload may change the language of a page that is being served."""
    room.server.speak(Voice(Language.KO, ZoneInfo("Asia/Seoul")))
    tags = await page(room)
    assert ("html", {"lang": "ko"}) in tags.seen
    assert "2026-11-21 21:00:00 KST" in "".join(tags.text)
    assert "진행 중인 장애가 없습니다." in "".join(tags.text)


async def test_state_is_never_told_by_colour_alone(room: "Room") -> None:
    """Whoever sees no colour or no screen reads the word."""
    room.ledger.add("gw", "good")
    room.ledger.add("gw", "bad", State.DOWN, Verdict(Status.TIMEOUT))
    text = " ".join("".join((await page(room)).text).split())
    assert "Up:good" in text
    assert "bad Down" in text


async def test_what_the_page_refers_to_exists(room: "Room") -> None:
    """The style sheet and the icon, by relative addresses, so that a path prefix in front of it does not matter."""
    tags = await page(room)
    references = [attrs["href"] for tag, attrs in tags.seen if tag == "link"]
    assert references == ["icon/pending.svg", "style.css"]
    for reference in references:
        async with room.session.get(f"{room.url}/{reference}") as answer:
            assert answer.status == 200
    async with room.session.get(f"{room.url}/icon/evil.svg") as answer:
        assert answer.status == 404


async def test_visitors_of_the_same_moment_share_one_rendering(room: "Room") -> None:
    """A page that is hammered costs no more than two renderings a second."""
    await page(room)
    room.ledger.add("gw", "new")
    assert "new" not in "".join((await page(room)).text)
    room.clock.moment = room.clock.moment.plus_s(0.5)
    assert "new" in "".join((await page(room)).text)


async def test_a_database_that_refuses_does_not_take_the_page_away(room: "Room") -> None:
    """The page tells of it instead."""
    room.past.refuses = True
    room.troubles.append("the database refuses for 31 s")
    assert "the database refuses for 31 s" in "".join((await page(room)).text)


async def test_a_refused_configuration_shows(room: "Room") -> None:
    """Somebody has made a typo and believes that the change is in force."""
    room.metrics.set_config_problem('endpoints[0].timeout: a bare number has no unit <"5s">')
    assert "endpoints[0].timeout: a bare number has no unit <" in "".join((await page(room)).text)


async def test_a_page_of_thousands_does_not_hold_up_the_probes(room: "Room") -> None:
    """The loop gets its turn while the page is made."""
    for number in range(5000):
        room.ledger.add(f"gw{number % 7}", f"model-{number}")
    turns = 0

    async def probes() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(probes())
    began = time.monotonic()
    await page(room)
    beating.cancel()
    assert turns > 100, f"only {turns} turns in {time.monotonic() - began:.2f} s"
