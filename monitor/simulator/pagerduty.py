"""A double of PagerDuty's Events API v2: refuses what PagerDuty refuses, and remembers what became of each alert.

Owns the two doors (alerts, changes), their answers, and the life of an alert: triggered, acknowledged, resolved. Which
events pass is decided by `problems`.

Sources: "Events API v2" at developer.pagerduty.com: overview, trigger events, change events. The wording of complaints
is that of the answers quoted there; where none is quoted, it follows the same pattern.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from aiohttp import web

from monitor.simulator.record import KEPT
from monitor.simulator.sink import Sink, SinkOptions, json_object

ROUTING_KEY = "0123456789abcdef0123456789abcdef"  # opens nothing but this double
MOST_BYTES = 512 * 1024
KEY_LENGTH = 32
MAX_DEDUP_KEY = 255
MAX_SUMMARY = 1024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PagerDutyEvent:
    """One event that was taken.

    Attributes:
        action: `trigger`, `acknowledge`, `resolve`; `change` for a change event.
        dedup_key: empty for a change event.
        body: as posted.
        at_mono_s: seconds on the monotonic clock.
    """

    action: str
    dedup_key: str
    body: Json
    at_mono_s: float


@dataclass
class Alert:
    """What a reader of PagerDuty sees.

    Attributes:
        status: `triggered`, `acknowledged` or `resolved`.
        summary: of the newest trigger.
        severity: of the newest trigger.
        triggers: how many events it has collected since it was opened last.
    """

    status: str
    summary: str
    severity: str
    triggers: int = 1


class PagerDutySink(Sink[PagerDutyEvent]):
    """A running double of PagerDuty; what is answered as told is not taken.

    Attributes:
        routing_key: the key that it takes.
        alerts: by key; an alert that was resolved and is triggered again begins anew.
        refusals: the newest complaints, oldest first.
        attempts: the newest bodies, oldest first, whatever they were told.
    """

    def __init__(self, **options: Unpack[SinkOptions]) -> None:
        self.routing_key = ROUTING_KEY
        self.alerts: dict[str, Alert] = {}
        self.refusals: deque[str] = deque(maxlen=KEPT)
        self.attempts: deque[Any] = deque(maxlen=KEPT)
        doors = [web.post("/v2/enqueue", self._alert), web.post("/v2/change/enqueue", self._change)]
        super().__init__(doors, most_bytes=4 * MOST_BYTES, **options)

    @property
    def url(self) -> str:
        """Where events are taken, without a path."""
        return self._root

    @property
    def events(self) -> list[PagerDutyEvent]:
        """What was taken, oldest first."""
        return self._record.items

    async def _alert(self, request: web.Request) -> web.StreamResponse:
        return await self._receive(request, problems, self._take_alert)

    async def _change(self, request: web.Request) -> web.StreamResponse:
        return await self._receive(request, change_problems, self._take_change)

    async def _receive(
        self,
        request: web.Request,
        complaints: Callable[[Json], Iterator[str]],
        take: Callable[[Json], Json],
    ) -> web.StreamResponse:
        raw = await request.read()
        body = json_object(raw)
        self.attempts.append(body)
        told = self._manners.take()
        if told is not None:
            return await told.give(request)
        if len(raw) > MOST_BYTES:
            return self._refuse(413, ["the event is larger than 512 KB"])
        if body is None:
            return self._refuse(400, ["the body is not a JSON object"])
        found = list(complaints(body))
        if found:
            return self._refuse(400, found)
        if body["routing_key"] != self.routing_key:
            return self._refuse(400, ["'routing_key' is not known"])
        return web.json_response({"status": "success", "message": "Event processed", **take(body)}, status=202)

    def _refuse(self, status: int, found: list[str]) -> web.Response:
        self.refusals.extend(found)
        body = {"status": "invalid event", "message": "Event object is invalid", "errors": found}
        return web.json_response(body, status=status)

    def _take_alert(self, body: Json) -> Json:
        action = body["event_action"]
        key = body.get("dedup_key") or f"given-{len(self.events)}"
        known = self.alerts.get(key)
        is_open = known is not None and known.status != "resolved"
        if action == "trigger":
            payload = body["payload"]
            triggers = known.triggers + 1 if known is not None and is_open else 1
            status = known.status if known is not None and is_open else "triggered"
            self.alerts[key] = Alert(status, payload["summary"], payload["severity"], triggers)
        elif known is not None and is_open:
            known.status = "acknowledged" if action == "acknowledge" else "resolved"
        self._keep(action, key, body)
        return {"dedup_key": key}

    def _take_change(self, body: Json) -> Json:
        self._keep("change", "", body)
        return {}

    def _keep(self, action: str, key: str, body: Json) -> None:
        self._record.add(PagerDutyEvent(action, key, body, self._mono_s()))


def problems(body: Json) -> Iterator[str]:
    """What PagerDuty says is wrong with an alert event; nothing if it takes it."""
    yield from _key_problems(body)
    action, key = body.get("event_action"), body.get("dedup_key")
    if action not in ACTIONS:
        yield f"'event_action' must be one of {', '.join(ACTIONS)}"
    if key is not None and (not isinstance(key, str) or len(key) > MAX_DEDUP_KEY):
        yield f"'dedup_key' must be text of at most {MAX_DEDUP_KEY} characters"
    if action in ("acknowledge", "resolve") and not key:
        yield "'dedup_key' is missing or blank"
    if action == "trigger":
        yield from _payload_problems(body, severity=True)
    yield from _link_problems(body)


def change_problems(body: Json) -> Iterator[str]:
    """What PagerDuty says is wrong with a change event; nothing if it takes it."""
    yield from _key_problems(body)
    yield from _payload_problems(body, severity=False)
    yield from _link_problems(body)


def _key_problems(body: Json) -> Iterator[str]:
    key = body.get("routing_key")
    if not isinstance(key, str):
        yield "'routing_key' is missing or blank"
    elif len(key) != KEY_LENGTH:
        yield f"Length of 'routing_key' is incorrect (should be {KEY_LENGTH} characters)"


def _payload_problems(body: Json, *, severity: bool) -> Iterator[str]:
    payload = body.get("payload")
    if not isinstance(payload, dict):
        yield "'payload' is missing or invalid"
        return
    summary = payload.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        yield "'payload.summary' is missing or blank"
    elif len(summary) > MAX_SUMMARY:
        yield f"'payload.summary' is longer than {MAX_SUMMARY} characters"
    if severity and (not isinstance(payload.get("source"), str) or not payload["source"].strip()):
        yield "'payload.source' is missing or blank"
    if severity and payload.get("severity") not in SEVERITIES:
        yield f"'payload.severity' must be one of {', '.join(SEVERITIES)}"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' must be an object"
    for name in ("component", "group", "class", "timestamp"):
        if not isinstance(payload.get(name, ""), str):
            yield f"'payload.{name}' must be text"


def _link_problems(body: Json) -> Iterator[str]:
    links = body.get("links", [])
    if not isinstance(links, list) or any(not isinstance(link, dict) or not link.get("href") for link in links):
        yield "'links' must be a list of objects with an 'href'"
