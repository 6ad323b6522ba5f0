"""Which colour a message has where it is shown in colour; the colours themselves are the channel's."""

from dataclasses import dataclass

from monitor.alerting.notification import Event, Notification


@dataclass(frozen=True, slots=True)
class Palette:
    """The four colours of a channel, as it writes colours."""

    over: str
    critical: str
    warning: str
    test: str

    def of(self, notification: Notification) -> str:
        """An end is good news whatever it ends; a test is no news."""
        match notification.event:
            case Event.RESOLVED:
                return self.over
            case Event.TEST:
                return self.test
        return self.critical if notification.severity == "critical" else self.warning
