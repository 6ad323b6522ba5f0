"""A notification as Slack shows it: header, first line, fields, reason, advice (pure).

Owns the look, Slack's limits and what makes foreign text dead: `&`, `<` and `>` are escaped, mentions and links are
broken by an invisible character, control characters do not get through. Sending is `slack`.

Sources: "Formatting message text" and the block reference at docs.slack.dev. Clients make links of bare URLs even in
plain text, so escaping alone would not do.
"""

import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.attachments import BlockAttachment
from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from monitor.alerting.notification import Event, IncidentFacts, Notification
from monitor.alerting.phrases import PHRASES, Bilingual, Phrase
from monitor.alerting.plain import ELLIPSIS, cut, harmless, lifeless
from monitor.alerting.texts import Voice, fault_words, severity_words
from monitor.clock import from_iso
from monitor.delivery.palette import Palette

HEADER_AT_MOST = 150
SECTION_AT_MOST = 3000
FIELD_AT_MOST = 2000
SENTENCE_AT_MOST = 1500
FALLBACK_AT_MOST = 300
CHECKS_SHOWN = 8
CHECK_AT_MOST = 200
UTF16 = "utf-16-le"

GREEN, RED, AMBER, BLUE = "#2eb67d", "#e01e5a", "#ecb22e", "#36c5f0"
_MARKS = {GREEN: "🟢", RED: "🔴", AMBER: "🟠", BLUE: "🔵"}

_PALETTE = Palette(over=GREEN, critical=RED, warning=AMBER, test=BLUE)
_GOES_ON = (Event.OPENED, Event.UPDATED, Event.REMINDER, Event.ESCALATED)
_ACKNOWLEDGED_BY: Bilingual = ("Acknowledged by", "확인한 사람")
# Lines of a message whose fact has a place of its own here.
_PLACED = (Phrase.FAULT, Phrase.REASON, Phrase.WHAT_TO_DO, Phrase.WORKS_NOW)

_BREAK = "\u2060"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BARE_DOMAIN = re.compile(r"(?<=\w)(?=\.[a-z]{2,})", re.IGNORECASE)


def payload(notification: Notification, voice: Voice) -> dict[str, Any]:
    """The message as both of Slack's ways in take it."""
    colour = _PALETTE.of(notification)
    headline = f"{_MARKS[colour]} {notification.title}"
    fallback = _dead(_first_line(notification), FALLBACK_AT_MOST)
    body = BlockAttachment(blocks=list(_body(notification, voice)), color=colour, fallback=fallback)
    return {
        "text": _dead(headline, FALLBACK_AT_MOST),
        "blocks": [HeaderBlock(text=_plain(headline, HEADER_AT_MOST)).to_dict()],
        "attachments": [body.to_dict()],
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str, limit: int) -> str:
    """`text` with `&`, `<` and `>` escaped, cut so that the escaped text has at most `limit` UTF-16 units."""
    kept: list[str] = []
    length = 0
    for char in text:
        shown = _ENTITIES.get(char, char)
        size = len(shown.encode(UTF16)) // 2
        if length + size > limit:
            return _with_ellipsis(kept, length, limit)
        kept.append(shown)
        length += size
    return "".join(kept)


def _with_ellipsis(kept: list[str], length: int, limit: int) -> str:
    while kept and length + len(ELLIPSIS) > limit:
        length -= len(kept.pop().encode(UTF16)) // 2
    return "".join(kept) + ELLIPSIS


def _body(notification: Notification, voice: Voice) -> Iterator[Block]:
    if notification.own_words:
        words = escaped(harmless(notification.message), SECTION_AT_MOST)  # the template has made dead what is foreign
        yield SectionBlock(text=PlainTextObject(text=words, emoji=False))
        yield ContextBlock(elements=list(_context(notification, voice)))
        return
    incident, going_on = notification.incident, notification.event in _GOES_ON
    text = _unplaced(notification, voice) if going_on else _whole(notification)
    yield SectionBlock(text=_plain(text, SECTION_AT_MOST))
    if incident is not None:
        yield SectionBlock(fields=list(_fields(notification, incident, voice)))
    if going_on and notification.details.error:
        reason = f"{voice.say(Phrase.LABEL_REASON)}: {_without_domains(notification.details.error)}"
        yield SectionBlock(text=_plain(reason, SENTENCE_AT_MOST))
    if notification.recommended_action:
        yield SectionBlock(text=_labelled(voice.say(Phrase.LABEL_ACTION), notification.recommended_action))
    yield ContextBlock(elements=list(_context(notification, voice)))


def _fields(notification: Notification, incident: IncidentFacts, voice: Voice) -> Iterator[MarkdownTextObject]:
    yield _labelled(voice.say(Phrase.LABEL_SEVERITY), severity_words(notification.severity, voice))
    yield _labelled(voice.say(Phrase.LABEL_FAULT), fault_words(incident.fault_domain, voice))
    yield _labelled(voice.say(Phrase.LABEL_SINCE), voice.time(from_iso(incident.started_at)))
    if incident.acknowledged_by is not None:
        yield _labelled(voice.word(_ACKNOWLEDGED_BY), incident.acknowledged_by)
    if notification.event is Event.RESOLVED:
        yield _labelled(voice.say(Phrase.LABEL_LASTED), voice.duration(incident.duration_s))
    elif notification.details.consecutive_failures:
        in_a_row = voice.say(Phrase.PROBES_IN_A_ROW, count=notification.details.consecutive_failures)
        yield _labelled(voice.say(Phrase.LABEL_FAILED), in_a_row)


def _context(notification: Notification, voice: Voice) -> Iterator[PlainTextObject | MarkdownTextObject]:
    incident = notification.incident
    about = notification.service
    if incident is not None:
        about = f"{_checks(incident, voice)} · {voice.say(Phrase.LABEL_INCIDENT, id=incident.id)}"
    yield _plain(about, FIELD_AT_MOST)
    if notification.url is not None:
        target = notification.url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
        yield MarkdownTextObject(text=f"<{target}|{voice.say(Phrase.LABEL_OPEN_PAGE)}>", verbatim=True)


def _checks(incident: IncidentFacts, voice: Voice) -> str:
    """The first few by name, the rest as a number."""
    shown = " · ".join(cut(check, CHECK_AT_MOST) for check in incident.checks[:CHECKS_SHOWN])
    more = len(incident.checks) - CHECKS_SHOWN
    return shown if more <= 0 else f"{shown} {voice.say(Phrase.AND_MORE, count=more)}"


def _labelled(label: str, text: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=f"*{label}*\n{_dead(text, SENTENCE_AT_MOST)}", verbatim=True)


def _plain(text: str, limit: int) -> PlainTextObject:
    return PlainTextObject(text=_dead(text, limit) or " ", emoji=False)


def _dead(text: str, limit: int) -> str:
    return escaped(lifeless(harmless(text)), limit)


def _without_domains(text: str) -> str:
    """Upstream text, bare host names broken too; not for our own text, whose model ids people copy."""
    return _BARE_DOMAIN.sub(_BREAK, text)


def _first_line(notification: Notification) -> str:
    return notification.message.split("\n", 1)[0]


def _whole(notification: Notification) -> str:
    first, line_break, rest = notification.message.partition("\n")
    return first + line_break + _without_domains(rest)


def _unplaced(notification: Notification, voice: Voice) -> str:
    """The message without the lines that are told in fields and sections of their own."""
    placed = tuple(voice.word(PHRASES[phrase]).partition("{")[0] for phrase in _PLACED)
    first, *rest = notification.message.split("\n")
    return "\n".join((first, *(_without_domains(line) for line in rest if not line.startswith(placed))))
