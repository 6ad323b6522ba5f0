"""Which messages Slack refuses, and with which error string (pure).

Owns the rules of whole messages; those of single blocks are in `blockkit`.

Sources: the method pages of `chat.postMessage` and `chat.update`, and "Truncating really long messages", at
docs.slack.dev. Slack documents no limit for all blocks of one `chat.postMessage` together; users met it between 11,300
and 13,300 characters, here it is 11,000. That `chat.update` counts escaped bytes was observed by users too.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.simulator import blockkit

MAX_TEXT = 40_000
MAX_UPDATE_BYTES = 4_000
MAX_ATTACHMENTS = 100
MAX_ALL_BLOCKS = 11_000
Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not posted.

    Attributes:
        error: Slack's error string.
        details: Slack's complaints in detail; the Web API tells them, a webhook does not.
    """

    error: str
    details: tuple[str, ...] = ()


def refused(message: Message) -> Refusal | None:
    """Why Slack would not take this message, whichever way it comes; None when it would."""
    blocks, attachments = message.get("blocks"), message.get("attachments")
    if not (message.get("text") or blocks or attachments):
        return Refusal("no_text")
    if blocks is not None and not isinstance(blocks, list):
        return Refusal("invalid_blocks_format")
    if found := blockkit.problems(blocks or []):
        return Refusal("invalid_blocks", tuple(found))
    return _refused_attachments(attachments or [])


def _refused_attachments(attachments: Any) -> Refusal | None:
    if not isinstance(attachments, list):
        return Refusal("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        return Refusal("too_many_attachments")
    found = [
        problem
        for number, attachment in enumerate(attachments)
        if isinstance(attachment, dict) and isinstance(attachment.get("blocks"), list)
        for problem in blockkit.problems(attachment["blocks"], f"/attachments/{number}/blocks")
    ]
    return Refusal("invalid_attachments", tuple(found)) if found else None


def refused_post(message: Message, channels: Collection[str]) -> Refusal | None:
    """Why `chat.postMessage` would not take this message; None when it would."""
    refusal = _refused_channel(message, channels) or refused(message)
    if refusal is None and _characters(message.get("blocks")) > MAX_ALL_BLOCKS:
        return Refusal("msg_blocks_too_long")
    return refusal


def refused_update(message: Message, channels: Collection[str]) -> Refusal | None:
    """Why `chat.update` would not take this message, the one to update aside; None when it would."""
    refusal = _refused_channel(message, channels) or refused(message)
    if refusal is None and len(_escaped(str(message.get("text") or "")).encode()) > MAX_UPDATE_BYTES:
        return Refusal("msg_too_long")
    return refusal


def _refused_channel(message: Message, channels: Collection[str]) -> Refusal | None:
    channel = message.get("channel")
    if not channel:
        return Refusal("invalid_arguments", ("missing required field: channel",))
    return None if channel in channels else Refusal("channel_not_found")


def _escaped(text: str) -> str:
    """Once more escaped where it is not yet, as Slack stores it."""
    plain = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _characters(node: Any) -> int:
    """How much text a tree of blocks holds together."""
    if isinstance(node, list):
        return sum(_characters(item) for item in node)
    if not isinstance(node, dict):
        return 0
    return sum(
        len(value) if key == "text" and isinstance(value, str) else _characters(value) for key, value in node.items()
    )
