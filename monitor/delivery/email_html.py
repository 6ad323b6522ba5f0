"""A notification as the HTML part of an e-mail shows it (pure).

Owns the look: one column that a telephone shows without zooming, colours that hold on white and, where the reader's
program knows dark mode, on black. Styles are inline, since many programs drop a style sheet; nothing is loaded from
anywhere. Every text is escaped.
"""

from collections.abc import Iterable, Iterator
from html import escape

from monitor.alerting.notification import Notification
from monitor.alerting.phrases import Phrase
from monitor.alerting.plain import cut, harmless, lifeless
from monitor.alerting.texts import Voice
from monitor.delivery.palette import Palette

CHECKS_AT_MOST = 20
TITLE_AT_MOST = 300
LABEL_AT_MOST = 100
TEXT_AT_MOST = 20_000
_PALETTE = Palette(over="#1a7f4b", critical="#c4314b", warning="#b25b00", test="#0b62a8")
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Apple SD Gothic Neo','Malgun Gothic',Helvetica,Arial,sans-serif"
_WRAP = "overflow-wrap:anywhere;word-break:keep-all"  # Korean breaks between words
_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>
@media (prefers-color-scheme: dark) {{
  .ground {{ background: #16181c !important; }}
  .card {{ background: #22252b !important; border-color: #3a3f47 !important; }}
  .text {{ color: #eceef1 !important; }}
  .dim {{ color: #aab1bb !important; }}
  .rule {{ border-color: #3a3f47 !important; }}
}}
</style>
</head>
<body class="ground" style="margin:0;padding:0;background:#f1f3f5;{font}">
<div class="ground" style="background:#f1f3f5;padding:16px 8px">
<div class="card" style="max-width:600px;margin:0 auto;background:#ffffff;border:1px solid #dde1e6;\
border-radius:6px">
<div style="height:6px;border-radius:5px 5px 0 0;background:{colour}"></div>
<div style="padding:20px 20px 16px">
{content}
</div>
</div>
</div>
</body>
</html>
"""


def rendered(notification: Notification, voice: Voice) -> str:
    """The whole page."""
    return _PAGE.format(
        language=voice.language.value,
        title=_escaped(notification.title, TITLE_AT_MOST),
        font=_FONT,
        colour=_PALETTE.of(notification),
        content="\n".join(_content(notification, voice)),
    )


def plain_lines(notification: Notification) -> list[str]:
    """The message's lines, for both parts: what to do is added where the message does not tell it."""
    text = harmless(notification.message)
    if notification.own_words:  # the template has made dead what is foreign
        return cut(text, TEXT_AT_MOST).split("\n")
    if notification.incident is None and notification.recommended_action:
        text = f"{text}\n{harmless(notification.recommended_action)}"
    return cut(lifeless(text), TEXT_AT_MOST).split("\n")


def about(notification: Notification, voice: Voice) -> str:
    """What it is about, on one line: the checks, the incident."""
    incident = notification.incident
    if incident is None:
        return notification.service
    more = len(incident.checks) - CHECKS_AT_MOST
    checks = [*incident.checks[:CHECKS_AT_MOST]]
    if more > 0:
        checks.append(voice.say(Phrase.AND_MORE, count=more))
    return " · ".join((*checks, voice.say(Phrase.LABEL_INCIDENT, id=incident.id)))


def _content(notification: Notification, voice: Voice) -> Iterator[str]:
    title = _escaped(notification.title, TITLE_AT_MOST)
    yield (
        f'<h1 class="text" style="margin:0 0 12px;font-size:19px;line-height:1.35;color:#1b1f24;{_WRAP}">{title}</h1>'
    )
    lead, *lines = plain_lines(notification)
    yield _paragraph(lead)
    if notification.own_words:
        yield from map(_paragraph, lines)
    elif lines:
        yield from _table(lines)
    if notification.url is not None:
        yield _button(notification.url, voice.say(Phrase.LABEL_OPEN_PAGE), _PALETTE.of(notification))
    footer = _escaped(about(notification, voice), TEXT_AT_MOST)
    yield (
        f'<p class="dim rule" style="margin:16px 0 0;padding-top:12px;border-top:1px solid #dde1e6;font-size:13px;'
        f'line-height:1.5;color:#5a626c;{_WRAP}">{footer}</p>'
    )


def _paragraph(text: str) -> str:
    shown = _escaped(text, TEXT_AT_MOST) or "&nbsp;"
    return f'<p class="text" style="margin:0 0 10px;font-size:15px;line-height:1.5;color:#1b1f24;{_WRAP}">{shown}</p>'


def _table(lines: Iterable[str]) -> Iterator[str]:
    """`label: value` as a label above its value: a telephone is too narrow for two columns."""
    for line in lines:
        label, colon, value = line.partition(": ")
        if not colon:
            yield _paragraph(line)
            continue
        name, shown = _escaped(label, LABEL_AT_MOST), _escaped(value, TEXT_AT_MOST)
        yield (
            f'<p style="margin:0 0 10px;line-height:1.5;{_WRAP}">'
            f'<span class="dim" style="display:block;font-size:13px;color:#5a626c">{name}</span>'
            f'<span class="text" style="font-size:15px;color:#1b1f24">{shown}</span></p>'
        )


def _button(url: str, label: str, colour: str) -> str:
    return (
        f'<p style="margin:16px 0 4px"><a href="{escape(url)}" style="display:inline-block;padding:10px 18px;'
        f'border-radius:5px;background:{colour};color:#ffffff;font-size:15px;text-decoration:none">{escape(label)}</a></p>'
    )


def _escaped(text: str, limit: int) -> str:
    return escape(cut(harmless(text), limit))
