"""The channel `apprise`: any of the services that Apprise knows, one URL each.

Owns the threads (Apprise's plugins block) and the silence (they log addresses that are secrets). Apprise only says
whether a service took a message, so whatever it did not take is tried again. Needs the extra `relaywatch[apprise]`.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import apprise

from monitor.alerting.notification import Event, Notification
from monitor.alerting.plain import cut, harmless, lifeless, printable
from monitor.delivery.channel import SEND_TIMEOUT_S, Delivered, Receipt, Retry
from monitor.delivery.several import Taken

TITLE_AT_MOST = 250
BODY_AT_MOST = 4000
_CODE = re.compile(r"\berror=(\d{3})\b")
_LOGGERS = ("apprise", "urllib3", "requests")


class Service:
    """One URL.

    Attributes:
        name: the URL's scheme, with a number where there are several: safe to show.
    """

    def __init__(self, name: str, plugin: Any, *, timeout_s: float) -> None:
        self.name = name
        self._plugin = plugin
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._stuck = False
        self._last_taken: str | None = None

    async def send(self, message_id: str, content: dict[str, Any]) -> Receipt:
        """Send once. What was taken after all, while the service seemed stuck, is not sent again."""
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                if self._last_taken == message_id:
                    return Delivered("taken")
                if self._stuck:
                    return Retry("an earlier message still hangs")
                code = await self._in_a_thread(message_id, content)
        except TimeoutError:
            return Retry(f"no answer within {self._timeout_s:g} s")
        return Delivered("taken") if code is None else Retry(code)

    async def _in_a_thread(self, message_id: str, content: dict[str, Any]) -> str | None:
        """Why it was not taken; None if it was. A thread that hangs does not keep the process from ending."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str | None] = loop.create_future()

        def work() -> None:
            problem = self._notify(content)
            if problem is None:
                self._last_taken = message_id
            self._stuck = False
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, done, problem)

        self._stuck = True
        threading.Thread(target=work, name=f"apprise-{self.name}", daemon=True).start()
        return await done

    def _notify(self, content: dict[str, Any]) -> str | None:
        sender = apprise.Apprise()
        sender.add(self._plugin)
        try:
            result = sender.notify(**content, log_level=logging.WARNING)
        except Exception as error:  # noqa: BLE001  the plugins are many, and their promises differ
            return f"Apprise failed ({type(error).__name__})"
        codes = [match[1] for entry in result.logs() if (match := _CODE.search(entry.message))]
        return None if result else f"not taken{f': HTTP {codes[-1]}' if codes else ''}"


class AppriseChannel:
    """Sends to every service of a list.

    Args:
        services: each of another name.
    """

    def __init__(self, name: str, services: Sequence[Service]) -> None:
        self.name = name
        self._services = {service.name: service for service in services}
        self._taken = Taken(self._services)

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:  # noqa: ARG002  no threads here
        """Send once, to whichever service does not have it yet."""
        left = self._taken.left(notification.id)
        content = content_of(notification)
        receipts = await asyncio.gather(*(self._services[name].send(notification.id, content) for name in left))
        return self._taken.settle(notification.id, dict(zip(left, receipts, strict=True)))

    async def close(self) -> None:
        """There is no connection between two messages."""


def services(urls: Sequence[str], *, timeout_s: float = SEND_TIMEOUT_S) -> list[Service | None]:
    """The service behind each URL; None where Apprise does not know what to make of it."""
    for name in _LOGGERS:
        _silence(logging.getLogger(name))
    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True, app_id="RelayWatch", app_desc="RelayWatch")
    schemes = [url.partition("://")[0].lower() for url in urls]
    found: list[Service | None] = []
    for position, (url, scheme) in enumerate(zip(urls, schemes, strict=True), 1):
        name = scheme if schemes.count(scheme) == 1 else f"{scheme} ({position})"
        plugin = apprise.Apprise.instantiate(url, asset=asset)
        found.append(None if plugin is None else Service(name, plugin, timeout_s=timeout_s))
    return found


def content_of(notification: Notification) -> dict[str, Any]:
    """What Apprise is given: plain text, in which nothing foreign comes alive; a template has seen to that itself."""
    message = notification.message
    if notification.incident is None and notification.recommended_action and not notification.own_words:
        message += f"\n{notification.recommended_action}"
    safe = harmless(message)
    body = cut(safe if notification.own_words else lifeless(safe), BODY_AT_MOST)
    return {
        "title": cut(lifeless(printable(notification.title)), TITLE_AT_MOST),
        "body": body if notification.url is None else f"{body}\n\n{notification.url}",
        "notify_type": _kind(notification),
        "body_format": apprise.NotifyFormat.TEXT,
    }


def _kind(notification: Notification) -> apprise.NotifyType:
    match notification.event:
        case Event.RESOLVED:
            return apprise.NotifyType.SUCCESS
        case Event.TEST:
            return apprise.NotifyType.INFO
    return apprise.NotifyType.FAILURE if notification.severity == "critical" else apprise.NotifyType.WARNING


def _silence(logger: logging.Logger) -> None:
    """Nothing of a library's log gets through: its lines may hold addresses."""
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]
    logger.setLevel(logging.WARNING)  # Apprise hands out what it logs at this level, and nothing else is wanted


def _settle(done: asyncio.Future[str | None], problem: str | None) -> None:
    if not done.done():
        done.set_result(problem)
