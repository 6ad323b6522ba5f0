"""The channel `alertmanager`: one alert per incident, posted to every member of the cluster.

Owns the alert. Its labels are its identity, so they hold only what does not change while the incident lasts, as it was
when the incident was first told, and nothing that only this RelayWatch knows: two that watch the same endpoints make
one alert. All else stands in annotations. Alertmanager forgets an alert that is not repeated, hence `refresh`.

Source: the API description `api/v2/openapi.yaml` of Alertmanager, and how Prometheus repeats its alerts.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from monitor.alerting.notification import Event, IncidentFacts, Notification
from monitor.alerting.plain import cut, harmless, printable
from monitor.clock import Clock, Moment, from_iso, iso
from monitor.delivery.channel import Delivered, Receipt, Retry
from monitor.delivery.line import FAILURES, Line
from monitor.delivery.refresh import Standing
from monitor.delivery.retry import receipt_of
from monitor.delivery.several import one_is_enough
from monitor.domain.incident import Family, Scope, family_of
from monitor.domain.result import FaultDomain

PATH = "/api/v2/alerts"
REFRESH_EVERY_S = 60.0
HOLDS_S = 300.0
NOTICE_HOLDS_S = 900.0
ENDED_REMEMBERED = 1000
LABEL_AT_MOST = 1000
CHECKS_AT_MOST = 50
Alert = dict[str, Any]


class AlertmanagerChannel:
    """Posts alerts to every member of one cluster.

    Args:
        urls: of the members, without the API's path.
        line: the way out.
        clock: the time at which alerts are posted.
        headers: sent with every request.
    """

    refresh_every_s = REFRESH_EVERY_S

    def __init__(
        self, name: str, urls: Sequence[str], line: Line, clock: Clock, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._members = _named(urls)
        self._line = line
        self._clock = clock
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._ended: OrderedDict[int, Alert] = OrderedDict()

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """Post once. The thread is the labels under which the incident was first told."""
        labels = _kept(thread) or labels_of(notification)
        alert = alert_of(notification, labels, self._clock.now())
        self._note_end(notification, alert)
        receipt = await self._post([alert])
        if isinstance(receipt, Delivered) and notification.incident is not None:
            return Delivered(receipt.answer, orjson.dumps(labels, option=orjson.OPT_SORT_KEYS).decode())
        return receipt

    async def refresh(self, standing: Iterable[Standing]) -> Receipt:
        """Post all that holds once more; what has ended meanwhile is ended again, lest it come back to life."""
        now = self._clock.now()
        holding = {
            incident.id: alert_of(one.notification, _kept(one.thread) or labels_of(one.notification), now)
            for one in standing
            if (incident := one.notification.incident) is not None and incident.id not in self._ended
        }
        if not holding:
            return Delivered("nothing holds")
        receipt = await self._post(list(holding.values()))
        overtaken = [self._ended[incident] for incident in holding if incident in self._ended]
        return await self._post(overtaken) if overtaken else receipt

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()

    def _note_end(self, notification: Notification, alert: Alert) -> None:
        """Before the alert is posted: a refresh that was asked for before must not undo it."""
        if notification.incident is None or notification.event is not Event.RESOLVED:
            return
        self._ended[notification.incident.id] = alert
        if len(self._ended) > ENDED_REMEMBERED:
            self._ended.popitem(last=False)

    async def _post(self, alerts: Sequence[Alert]) -> Receipt:
        body = orjson.dumps(alerts)
        receipts = await asyncio.gather(*(self._post_to(url, body) for url in self._members.values()))
        return one_is_enough(dict(zip(self._members, receipts, strict=True)))

    async def _post_to(self, url: str, body: bytes) -> Receipt:
        try:
            answer = await self._line.post(url, body, self._headers)
        except FAILURES as error:
            return self._line.failure(error)
        text = await answer.text()
        said = self._line.said(answer.status, text)
        receipt = receipt_of(answer.status, answer.headers, said, self._clock.now().wall_us)
        if isinstance(receipt, Delivered) and text.lstrip().startswith("<"):
            return Retry(f"not Alertmanager's answer but a web page: {said}")
        return receipt


def labels_of(notification: Notification) -> dict[str, str]:
    """The identity of an alert: what it is about, as it was told first; nothing of this RelayWatch's own."""
    incident = notification.incident
    kind = str(notification.event) if incident is None else incident.kind
    labels = {
        "alertname": "RelayWatch" + "".join(word.title() for word in kind.split("_")),
        "service": notification.service,
        "severity": notification.severity,
    }
    if incident is None:
        labels["notification"] = notification.id
    else:
        labels |= _about(incident, notification.service)
    return {name: cut(printable(value), LABEL_AT_MOST) for name, value in labels.items() if printable(value)}


def alert_of(notification: Notification, labels: Mapping[str, str], now: Moment) -> Alert:
    """The alert as the API takes it; one that holds ends by itself unless it is posted again."""
    incident = notification.incident
    began = iso(now.wall_us) if incident is None else incident.started_at
    holds_s = NOTICE_HOLDS_S if incident is None else HOLDS_S
    ends = iso(now.plus_s(holds_s).wall_us)
    if incident is not None and notification.event is Event.RESOLVED:
        ends = max(began, incident.resolved_at or iso(now.wall_us), key=from_iso)
    alert = {"labels": dict(labels), "annotations": annotations_of(notification), "startsAt": began, "endsAt": ends}
    return alert if notification.url is None else {**alert, "generatorURL": notification.url}


def annotations_of(notification: Notification) -> dict[str, str]:
    """What people read, and what may change while the alert holds."""
    incident, details = notification.incident, notification.details
    texts: dict[str, str | None] = {
        "summary": printable(notification.title),
        "description": harmless(notification.message),
        "recommended_action": notification.recommended_action,
        "severity": notification.severity,
        "error": details.error,
    }
    if incident is not None:
        more = len(incident.checks) - CHECKS_AT_MOST
        checks = [*incident.checks[:CHECKS_AT_MOST], *([f"and {more} more"] if more > 0 else [])]
        texts |= {
            "status": incident.status,
            "fault_domain": incident.fault_domain,
            "acknowledged_by": incident.acknowledged_by,
            "checks": ", ".join(checks),
        }
    return {name: harmless(text) for name, text in texts.items() if text}


def _about(incident: IncidentFacts, service: str) -> dict[str, str]:
    """What two RelayWatches say alike.

    The family of the cause rather than its fault domain, which each judges for itself; the scope as the key implies it;
    a check only where the key is about it, not where it was merely the first to fail.
    """
    family = _family(incident.fault_domain)
    of_account = family in (Family.KEY, Family.QUOTA)
    about = {
        "kind": incident.kind,
        "scope": Scope.ENDPOINT if of_account else incident.scope,
        "key": incident.key,
        "family": family,
    }
    for check in incident.checks[:1]:
        if incident.key in (check, f"{incident.kind}:{check}"):
            prefix = f"{service}/chat/"
            about |= {"check": check, "model": check.removeprefix(prefix) if check.startswith(prefix) else ""}
    return about


def _family(fault_domain: str | None) -> Family:
    known = {str(fault): fault for fault in FaultDomain}
    return family_of(None if fault_domain is None else known.get(fault_domain))


def _kept(thread: str | None) -> dict[str, str] | None:
    """The labels of the incident's first message; None where there are none, or no longer readable ones."""
    if thread is None:
        return None
    try:
        labels = orjson.loads(thread)
    except orjson.JSONDecodeError:
        return None
    return labels if isinstance(labels, dict) and labels else None


def _named(urls: Sequence[str]) -> dict[str, str]:
    """The address for alerts of each member, by a name that is safe to show: its host and port."""
    members: dict[str, str] = {}
    for position, url in enumerate(urls, 1):
        place = urlsplit(url).netloc.rpartition("@")[2]
        name = place if place not in members else f"{place} ({position})"
        members[name] = url.rstrip("/") + PATH
    return members
