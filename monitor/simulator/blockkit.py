"""What Slack refuses about the blocks of a message, and what in them would come alive (pure).

Owns the limits of Block Kit and the wording of Slack's complaints, with JSON pointers as Slack gives them. Whether a
whole message passes is decided in `slack`.

Sources: the reference of each block, of text objects and of buttons at docs.slack.dev/reference/block-kit; the wording
from answers of the Web API quoted in public issues.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_BLOCKS = 50
MAX_BLOCK_ID = 255
MAX_ACTION_ID = 255
MAX_HEADER = 150
MAX_SECTION_TEXT = 3000
MAX_FIELDS = 10
MAX_FIELD_TEXT = 2000
MAX_CONTEXT = 10
MAX_ACTIONS = 25
MAX_BUTTON_TEXT = 75
MAX_BUTTON_VALUE = 2000
MAX_URL = 3000
MAX_ALT_TEXT = 2000
MAX_MARKDOWN = 12_000
_KEYS = {
    "header": {"text"},
    "section": {"text", "fields", "accessory", "expand"},
    "divider": set(),
    "context": {"elements"},
    "actions": {"elements"},
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "markdown": {"text"},
    "rich_text": {"elements"},
}
_TEXT_KEYS = {"plain_text": {"emoji"}, "mrkdwn": {"verbatim"}}
Json = Mapping[str, Any]


def problems(blocks: list[Any], at: str = "/blocks") -> list[str]:
    """Every complaint of Slack about these blocks, worded as Slack words it; empty when it would take them.

    Args:
        blocks: the message's list of blocks.
        at: the JSON pointer of that list.
    """
    found = [f"no more than {MAX_BLOCKS} items allowed [json-pointer:{at}]"] if len(blocks) > MAX_BLOCKS else []
    for number, block in enumerate(blocks):
        found.extend(_block(block, f"{at}/{number}"))
    found.extend(_twice(blocks, "block_id", at))
    return found


def _block(block: Any, at: str) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind is None:
        yield f"missing required field: type [json-pointer:{at}]"
        return
    if kind not in _KEYS:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from _foreign(block, _KEYS[kind] | {"type", "block_id"}, at)
    yield from _length(block.get("block_id"), MAX_BLOCK_ID, f"{at}/block_id", least=0)
    yield from _CHECKS[kind](block, at)


def _header(block: Json, at: str) -> Iterator[str]:
    yield from _text(block.get("text"), MAX_HEADER, f"{at}/text", kinds=("plain_text",))


def _section(block: Json, at: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"must define either `fields` or `text` [json-pointer:{at}]"
    if "text" in block:
        yield from _text(block["text"], MAX_SECTION_TEXT, f"{at}/text")
    if "fields" in block:
        yield from _items(block["fields"], MAX_FIELDS, f"{at}/fields")
        for number, field in _numbered(block["fields"]):
            yield from _text(field, MAX_FIELD_TEXT, f"{at}/fields/{number}")
    if isinstance(block.get("accessory"), dict):
        yield from _element(block["accessory"], f"{at}/accessory")


def _context(block: Json, at: str) -> Iterator[str]:
    yield from _items(block.get("elements"), MAX_CONTEXT, f"{at}/elements")
    for number, element in _numbered(block.get("elements")):
        where = f"{at}/elements/{number}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _image(element, where)
        else:
            yield from _text(element, MAX_SECTION_TEXT, where)


def _actions(block: Json, at: str) -> Iterator[str]:
    yield from _items(block.get("elements"), MAX_ACTIONS, f"{at}/elements")
    for number, element in _numbered(block.get("elements")):
        yield from _element(element, f"{at}/elements/{number}")
    yield from _twice(block.get("elements"), "action_id", f"{at}/elements")


def _element(element: Any, at: str) -> Iterator[str]:
    """A button is checked wholly, other elements by what all have."""
    if not isinstance(element, dict) or "type" not in element:
        yield f"missing required field: type [json-pointer:{at}]"
        return
    yield from _length(element.get("action_id"), MAX_ACTION_ID, f"{at}/action_id", least=0)
    if element["type"] == "image":
        yield from _image(element, at)
    if element["type"] == "button":
        yield from _text(element.get("text"), MAX_BUTTON_TEXT, f"{at}/text", kinds=("plain_text",))
        yield from _length(element.get("value"), MAX_BUTTON_VALUE, f"{at}/value", least=0)
        yield from _length(element.get("url"), MAX_URL, f"{at}/url", least=0)


def _image(block: Json, at: str) -> Iterator[str]:
    if "image_url" not in block and "slack_file" not in block:
        yield f"missing required field: image_url [json-pointer:{at}]"
    if "alt_text" not in block:
        yield f"missing required field: alt_text [json-pointer:{at}]"
    yield from _length(block.get("image_url"), MAX_URL, f"{at}/image_url")
    yield from _length(block.get("alt_text"), MAX_ALT_TEXT, f"{at}/alt_text", least=0)


def _markdown(block: Json, at: str) -> Iterator[str]:
    if not isinstance(block.get("text"), str):
        yield f"missing required field: text [json-pointer:{at}]"
    yield from _length(block.get("text"), MAX_MARKDOWN, f"{at}/text")


def _rich_text(block: Json, at: str) -> Iterator[str]:
    if not isinstance(block.get("elements"), list):
        yield f"missing required field: elements [json-pointer:{at}]"


def _nothing(block: Json, at: str) -> Iterator[str]:
    del block, at
    yield from ()


_CHECKS = {
    "header": _header,
    "section": _section,
    "divider": _nothing,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "markdown": _markdown,
    "rich_text": _rich_text,
}


def _text(text: Any, most: int, at: str, kinds: Iterable[str] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(text, dict):
        yield f"missing required field: {at.rpartition('/')[2]} [json-pointer:{at.rpartition('/')[0]}]"
        return
    kind = str(text.get("type"))
    if kind not in kinds:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from _foreign(text, _TEXT_KEYS[kind] | {"type", "text"}, at)
    if not isinstance(text.get("text"), str):
        yield f"missing required field: text [json-pointer:{at}]"
    yield from _length(text.get("text"), most, f"{at}/text")


def _length(value: Any, most: int, at: str, *, least: int = 1) -> Iterator[str]:
    if not isinstance(value, str):
        return
    if len(value) < least:
        yield f"must be more than {least - 1} characters [json-pointer:{at}]"
    if len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}]"


def _items(items: Any, most: int, at: str) -> Iterator[str]:
    if not isinstance(items, list) or not items:
        yield f"no fewer than 1 items allowed [json-pointer:{at}]"
    elif len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"


def _numbered(items: Any) -> Iterator[tuple[int, Any]]:
    return iter(enumerate(items if isinstance(items, list) else ()))


def _foreign(table: Json, known: set[str], at: str) -> Iterator[str]:
    for key in sorted(table.keys() - known):
        yield f"invalid additional property: {key} [json-pointer:{at}]"


def _twice(items: Any, key: str, at: str) -> Iterator[str]:
    seen: set[str] = set()
    for number, item in _numbered(items):
        value = item.get(key) if isinstance(item, dict) else None
        if isinstance(value, str) and value in seen:
            yield f"`{key}` must be unique [json-pointer:{at}/{number}/{key}]"
        elif isinstance(value, str):
            seen.add(value)
