"""A notification as an e-mail: its headers, its thread, its two parts (pure).

Owns the identifiers. They are made from the notification alone, so that a repetition has the same, and the messages of
one incident find each other without anything being remembered: the first one bears the incident's own identifier, the
others refer to it. Sending is `email_channel`, the look of the HTML part `email_html`.

Sources: RFC 5322 (section 3.6.4: identifiers), RFC 3834 (automatic messages), RFC 2045.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from monitor.alerting.notification import Event, Notification
from monitor.alerting.plain import cut, printable
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, Moment
from monitor.delivery.email_html import about, plain_lines, rendered

SUBJECT_AT_MOST = 200
ID_AT_MOST = 60
NOBODY = "relaywatch.invalid"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all messages of one channel have in common.

    Attributes:
        channel: its name: two channels tell the same incident in two threads.
    """

    channel: str
    sender: Address
    recipients: Sequence[Address]
    voice: Voice


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be sent.

    Attributes:
        message_id: with its angle brackets.
    """

    message: EmailMessage
    message_id: str


def composed(notification: Notification, thread: str | None, head: Letterhead, now: Moment) -> Letter:
    """The message.

    Args:
        notification: what is told.
        thread: the identifier of the incident's first message; None before there is one.
        head: who writes to whom.
        now: the date of the message.
    """
    message = EmailMessage(policy=SMTP)
    root = _incident_id(notification, head)
    begins = thread is None and notification.event is Event.OPENED and root is not None
    message_id = root if begins and root is not None else _id(notification.id, head)
    message["From"] = head.sender
    message["To"] = tuple(head.recipients)
    message["Subject"] = cut(printable(notification.title), SUBJECT_AT_MOST)
    message["Date"] = datetime.fromtimestamp(now.wall_us // US_PER_S, UTC)
    message["Message-ID"] = message_id
    first = thread or root
    if first is not None and first != message_id:
        message["In-Reply-To"] = first
        message["References"] = first
    for name, value in _marks(notification):
        message[name] = value
    message.set_content(_text(notification, head.voice), cte="quoted-printable")
    message.add_alternative(rendered(notification, head.voice), subtype="html", cte="quoted-printable")
    return Letter(message, message_id)


def _marks(notification: Notification) -> Sequence[tuple[str, str]]:
    """For programs: nobody answers this automatically, and filters can sort it."""
    marks = [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("X-RelayWatch-Event", str(notification.event)),
        ("X-RelayWatch-Severity", printable(notification.severity)),
        ("X-RelayWatch-Service", printable(notification.service)),
    ]
    if notification.incident is not None:
        marks.append(("X-RelayWatch-Incident", str(notification.incident.id)))
    return marks


def _text(notification: Notification, voice: Voice) -> str:
    lines = plain_lines(notification)
    if notification.url is not None:
        lines += ["", notification.url]
    return "\n".join((*lines, "", "-- ", printable(about(notification, voice)), ""))


def _incident_id(notification: Notification, head: Letterhead) -> str | None:
    """The incident's own identifier; its start tells apart the incidents of two RelayWatches that number alike."""
    incident = notification.incident
    if incident is None:
        return None
    started = re.sub(r"\D", "", incident.started_at)
    return _id(f"rw-incident-{incident.id}-{started}-{head.channel}", head)


def _id(name: str, head: Letterhead) -> str:
    local = _ODD.sub("-", name)
    if len(local) > ID_AT_MOST or local != name:
        local = f"rw-{hashlib.sha256(name.encode()).hexdigest()[:40]}"
    return f"<{local}@{head.sender.domain or NOBODY}>"
