"""What is said, through another channel, of a channel that has given up a message.

Owns when that is worth a notice and who carries it. A notice that dies itself is never announced, so that two dead
channels do not tell each other for ever.
"""

from collections.abc import Sequence

from monitor.alerting.batch import Queued
from monitor.alerting.notification import MONITOR, Event, Notification
from monitor.alerting.texts import Voice, channel_dead
from monitor.clock import Moment

BURST_S = 3600.0


class Announcer:
    """Remembers which channels are known to be dead.

    Args:
        channels: names, in the order of the configuration.
    """

    def __init__(self, channels: Sequence[str], voice: Voice) -> None:
        self._channels = tuple(channels)
        self._voice = voice
        self._announced: dict[str, Moment] = {}

    def delivered(self, channel: str) -> None:
        """The channel works (again): its next dead message is news."""
        self._announced.pop(channel, None)

    def knows_dead(self, channel: str) -> bool:
        """True if the channel has given up a message and has taken none since."""
        return channel in self._announced

    def notice(self, channel: str, lost: Notification, reason: str, now: Moment) -> Queued | None:
        """The notice that `channel` gave up `lost`; None where nobody could carry it, or it was said already."""
        carrier = self._carrier(channel)
        if lost.incident is None or carrier is None or self._said_already(channel, now):
            return None
        self._announced[channel] = now
        words = channel_dead(channel, lost.title, reason, self._voice)
        notification = Notification(
            id=f"{lost.id}-dead-{carrier}",
            event=Event.NOTICE,
            severity="critical",
            service=MONITOR,
            title=words.title,
            message=words.message,
            recommended_action=words.recommended_action,
            url=lost.url,
        )
        return Queued(carrier, notification, incident_id=None, sequence=0, created_at=now)

    def _carrier(self, channel: str) -> str | None:
        others = [name for name in self._channels if name != channel]
        working = [name for name in others if name not in self._announced]
        return next(iter(working or others), None)

    def _said_already(self, channel: str, now: Moment) -> bool:
        said = self._announced.get(channel)
        return said is not None and now.s_since(said) < BURST_S
