"""A channel that speaks in the operator's own words, whatever its type.

Owns what is sent when a template breaks: the built-in text, which says so in its last line, and one warning in the log
(`template_failed`) until the template works again. The fields beside the texts stay as they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from monitor.alerting.notification import Notification
from monitor.alerting.texts import Voice
from monitor.config.reading import TextFile
from monitor.delivery.channel import Channel, Receipt
from monitor.delivery.refresh import Refreshing, Standing
from monitor.delivery.template import MESSAGE, TITLE, Broken, Template, examine
from monitor.errors import Problem

_FAILED = (
    "(the template {broken} failed; this is the built-in text)",
    "(템플릿 {broken} 처리에 실패하여 기본 문구로 보냅니다)",
)

log = structlog.get_logger("relaywatch.delivery")


@dataclass(frozen=True, slots=True)
class Templates:
    """The words of one channel; the built-in ones where there is none."""

    title: Template | None = None
    message: Template | None = None


def understood(files: Mapping[str, TextFile], problems: list[Problem]) -> Templates:
    """The templates in these files, by what they are for; what is wrong with them is added to `problems`."""
    good: dict[str, Template] = {}
    for purpose, file in files.items():
        found = examine(file, purpose)
        if isinstance(found, Template):
            good[purpose] = found
        else:
            problems.extend(Problem(file.where, str(broken)) for broken in found)
    return Templates(good.get(TITLE), good.get(MESSAGE))


def templated(channel: Channel, templates: Templates, voice: Voice) -> Channel:
    """The channel, speaking in these words; it can do whatever it could before."""
    if isinstance(channel, Refreshing):
        return _RefreshingTemplated(channel, templates, voice)
    return Templated(channel, templates, voice)


class Templated:
    """Puts title and message of each notification in the operator's words, and hands it on.

    Args:
        channel: who sends.
        templates: the words.
        voice: for the line that says that a template failed.
    """

    def __init__(self, channel: Channel, templates: Templates, voice: Voice) -> None:
        self.name = channel.name
        self._channel = channel
        self._templates = templates
        self._voice = voice
        self._failed: frozenset[str] = frozenset()

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """Send once, as the channel does."""
        return await self._channel.send(self.worded(notification), thread)

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()

    def worded(self, notification: Notification) -> Notification:
        """The notification in the operator's words, as far as their templates work."""
        title = _rendered(self._templates.title, notification)
        message = _rendered(self._templates.message, notification)
        broken = [part for part in (title, message) if isinstance(part, Broken)]
        self._note(broken, notification)
        text = message if isinstance(message, str) else notification.message
        told = "\n".join([text, *(self._voice.word(_FAILED).format(broken=one) for one in broken)])
        return replace(
            notification,
            title=title if isinstance(title, str) else notification.title,
            message=told,
            own_words=isinstance(message, str),
        )

    def _note(self, broken: Iterable[Broken], notification: Notification) -> None:
        for one in broken:
            level = log.debug if str(one) in self._failed else log.warning
            level("template_failed", channel=self.name, notification=notification.id, error=str(one))
        self._failed = frozenset(map(str, broken))


class _RefreshingTemplated(Templated):
    """The same for a channel that must repeat what holds."""

    def __init__(self, channel: Refreshing, templates: Templates, voice: Voice) -> None:
        super().__init__(channel, templates, voice)
        self._refreshing = channel
        self.refresh_every_s = channel.refresh_every_s

    async def refresh(self, standing: Iterable[Standing]) -> Receipt:
        """Repeat what holds, in the same words as it was told."""
        return await self._refreshing.refresh(
            [replace(one, notification=self.worded(one.notification)) for one in standing]
        )


def _rendered(template: Template | None, notification: Notification) -> str | Broken | None:
    return None if template is None else template.render(notification)
