"""The channel `pagerduty`: the Events API v2, one alert per incident.

Owns which event each notification becomes, its fields and their limits. What asks somebody to act is an alert:
`opened`, `reminder` and `escalated` trigger, an acknowledged `updated` acknowledges, `resolved` resolves. What asks
nobody to act is a change event, which PagerDuty shows and rings for nobody: a notice that is only a warning, and the
end of an incident that was never triggered here.

Source: "Events API v2" (overview, trigger events, change events) at developer.pagerduty.com.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from monitor.alerting.notification import Event, Notification
from monitor.alerting.plain import cut, harmless, printable
from monitor.clock import Clock
from monitor.delivery.channel import Delivered, Receipt, Retry
from monitor.delivery.line import FAILURES, Line
from monitor.delivery.retry import receipt_of

EVENTS_API = "https://events.pagerduty.com"
ALERTS, CHANGES = "/v2/enqueue", "/v2/change/enqueue"
CLIENT = "RelayWatch"
TAKEN = 202
KEY_AT_MOST = 255
SUMMARY_AT_MOST = 1024
NAME_AT_MOST = 255
TEXT_AT_MOST = 8000
CHECKS_AT_MOST = 50
_SEVERITIES = {"critical": "critical", "warning": "warning"}
_OF_INCIDENT = re.compile(r"(rw-[^-]+-\d+)-\d+-")


class PagerDutyChannel:
    """Sends events to one integration of PagerDuty.

    Args:
        routing_key: the integration's key; a secret.
        line: the way out.
        clock: for a `Retry-After` that is a date.
        api_url: where PagerDuty takes events, without a path.
    """

    def __init__(self, name: str, routing_key: str, line: Line, clock: Clock, *, api_url: str = EVENTS_API) -> None:
        self.name = name
        self._routing_key = routing_key
        self._line = line
        self._clock = clock
        self._api_url = api_url

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """Send once. The thread is the alert's key: without one nothing was triggered here."""
        receipt: Receipt = Delivered("nothing to send")
        for path, event in events(notification, triggered=thread is not None):
            receipt = await self._post(path, event)
            if not isinstance(receipt, Delivered):
                return receipt
        return Delivered(receipt.answer, dedup_key(notification)) if isinstance(receipt, Delivered) else receipt

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    async def _post(self, path: str, event: dict[str, Any]) -> Receipt:
        body = orjson.dumps({"routing_key": self._routing_key, **event})
        try:
            answer = await self._line.post(self._api_url + path, body, {"content-type": "application/json"})
        except FAILURES as error:
            return self._line.failure(error)
        said = self._line.said(answer.status, await answer.text())
        receipt = receipt_of(answer.status, answer.headers, said, self._clock.now().wall_us)
        if isinstance(receipt, Delivered) and answer.status != TAKEN:
            return Retry(f"not PagerDuty's answer: {said}")
        return receipt


def events(notification: Notification, *, triggered: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is posted for a notification, in order: the path and the event, without the routing key.

    Args:
        notification: the message.
        triggered: whether an alert of this incident is known to have been sent.
    """
    for action in _actions(notification, triggered=triggered):
        if action == "change":
            yield CHANGES, _described(notification)
        elif action == "trigger":
            described = _described(notification)
            described["payload"] |= _classified(notification)
            yield ALERTS, {**_alert(notification, action), **described}
        else:
            yield ALERTS, _alert(notification, action)


def dedup_key(notification: Notification) -> str:
    """The alert's key: the same for all messages of an incident, on whichever channel they were meant to go."""
    incident = notification.incident
    match = _OF_INCIDENT.match(notification.id)
    if incident is not None and match is not None:
        return match[1]
    key = notification.id if incident is None else f"rw-{incident.id}-{incident.key}"
    return printable(key)[:KEY_AT_MOST]


def _actions(notification: Notification, *, triggered: bool) -> tuple[str, ...]:
    incident = notification.incident
    match notification.event:
        case Event.RESOLVED:
            # Resolved in any case: a trigger whose answer was lost may have got through.
            return ("resolve",) if triggered else ("resolve", "change")
        case Event.UPDATED if incident is not None and incident.acknowledged_by is not None:
            return ("acknowledge",)
        case Event.NOTICE if notification.severity != "critical":
            return ("change",)
        case Event.TEST:
            return ("trigger", "resolve")
    return ("trigger",)


def _alert(notification: Notification, action: str) -> dict[str, Any]:
    alert = {"event_action": action, "dedup_key": dedup_key(notification), "client": CLIENT}
    return alert if notification.url is None else {**alert, "client_url": notification.url}


def _described(notification: Notification) -> dict[str, Any]:
    """What alerts and change events have in common."""
    payload: dict[str, Any] = {
        "summary": cut(printable(notification.title), SUMMARY_AT_MOST) or CLIENT,
        "source": _name(notification.service) or CLIENT,
        "custom_details": _details(notification),
    }
    if notification.details.timestamp is not None:
        payload["timestamp"] = notification.details.timestamp
    links = [] if notification.url is None else [{"href": notification.url, "text": "Status page"}]
    return {"payload": payload, "links": links}


def _classified(notification: Notification) -> dict[str, Any]:
    incident, details = notification.incident, notification.details
    facts = {
        "severity": _SEVERITIES.get(notification.severity, "error"),
        "group": notification.service,
        "component": details.check,
        "class": str(notification.event) if incident is None else incident.status,
    }
    return {name: _name(value) for name, value in facts.items() if value}


def _details(notification: Notification) -> dict[str, Any]:
    incident, details = notification.incident, notification.details
    facts: dict[str, Any] = {
        "event": str(notification.event),
        "message": notification.message,
        "recommended_action": notification.recommended_action,
        "error": details.error,
        "http_status": details.http_status,
        "notification": notification.id,
    }
    if incident is not None:
        shown = [_name(check) for check in incident.checks[:CHECKS_AT_MOST]]
        facts |= {
            "fault_domain": incident.fault_domain,
            "scope": incident.scope,
            "since": incident.started_at,
            "until": incident.resolved_at,
            "acknowledged_by": incident.acknowledged_by,
            "checks": shown,
            "more_checks": len(incident.checks) - len(shown) or None,
        }
    return {name: _text(value) for name, value in facts.items() if value is not None}


def _text(value: Any) -> Any:
    return cut(harmless(value), TEXT_AT_MOST) if isinstance(value, str) else value


def _name(text: str) -> str:
    return cut(printable(text), NAME_AT_MOST)
