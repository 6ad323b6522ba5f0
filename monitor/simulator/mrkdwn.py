"""What in a Slack message would come alive: mentions that notify people, links that can be clicked (pure).

Owns the control sequences of mrkdwn and of rich text. What was escaped (`&lt;!channel&gt;`) is dead, and so is anything
in a `plain_text` object. A button's URL is not counted: nobody puts one there by accident.

Source: docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_CONTROL = re.compile(r"<([^<>\n]+)>")
_MENTION = re.compile(r"^(?:@|#|!(?:channel|here|everyone|subteam\^))")
_LINK = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
_BARE_LINK = re.compile(r"(?<![<|\w])https?://[^\s<>|]+")
_MARKDOWN_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_NAMES = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b")
_RICH = {"broadcast": "mention", "user": "mention", "usergroup": "mention", "channel": "mention", "link": "link"}


@dataclass(frozen=True, slots=True)
class Live:
    """Something in a message that would not stay plain text.

    Attributes:
        kind: `mention` notifies people or names a channel; `link` can be clicked.
        text: as it stands in the message.
        at: JSON pointer to where it stands.
    """

    kind: Literal["mention", "link"]
    text: str
    at: str


def live_parts(message: Mapping[str, Any]) -> tuple[Live, ...]:
    """All that would come alive in a message: its text, blocks and attachments."""
    names = bool(message.get("link_names")) or message.get("parse") == "full"
    found = list(_in_text(str(message.get("text") or ""), "/text", names=names))
    for part in ("blocks", "attachments"):
        found.extend(_in_tree(message.get(part), f"/{part}", names=names))
    return tuple(found)


def _in_tree(node: Any, at: str, *, names: bool) -> Iterator[Live]:
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _in_tree(item, f"{at}/{number}", names=names)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    rich = _RICH.get(kind) if isinstance(kind, str) else None
    if rich is not None:
        yield Live("mention" if rich == "mention" else "link", str(node.get("url") or node.get("range") or kind), at)
    parsed = kind in {"mrkdwn", "markdown"} or (kind is None and "/attachments" in at)
    for key, value in node.items():
        if isinstance(value, str) and parsed and key in {"text", "pretext", "fallback", "title", "value"}:
            yield from _in_text(value, f"{at}/{key}", names=names, bare=not node.get("verbatim"))
        elif not isinstance(value, str):
            yield from _in_tree(value, f"{at}/{key}", names=names)


def _in_text(text: str, at: str, *, names: bool, bare: bool = True) -> Iterator[Live]:
    for inside in _CONTROL.findall(text):
        if _MENTION.match(inside):
            yield Live("mention", f"<{inside}>", at)
        elif _LINK.match(inside):
            yield Live("link", f"<{inside}>", at)
    if bare:
        for link in _BARE_LINK.findall(text):
            yield Live("link", link, at)
    if names:
        for name in _NAMES.findall(text):
            yield Live("mention", name, at)
    if at.startswith("/blocks"):
        for link in _MARKDOWN_LINK.findall(text):
            yield Live("link", link, at)
