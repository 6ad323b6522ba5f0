"""The limits of Block Kit, each at its edge."""

from typing import Any

import pytest
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ContextBlock, DividerBlock, HeaderBlock, SectionBlock

from monitor.simulator.blockkit import problems


def text(length: int, kind: str = "mrkdwn") -> dict[str, Any]:
    """A text object of that many characters."""
    return {"type": kind, "text": "x" * length}


def header(length: int, kind: str = "plain_text", **extra: Any) -> dict[str, Any]:
    """A header of that many characters."""
    return {"type": "header", "text": text(length, kind)} | extra


def section(**parts: Any) -> dict[str, Any]:
    """A section of these parts."""
    return {"type": "section"} | parts


def button(**parts: Any) -> dict[str, Any]:
    """A button of these parts."""
    return {"type": "button", "text": text(5, "plain_text"), "action_id": "a"} | parts


def actions(*elements: Any) -> dict[str, Any]:
    """An actions block of these elements."""
    return {"type": "actions", "elements": list(elements)}


def context(*elements: Any) -> dict[str, Any]:
    """A context block of these elements."""
    return {"type": "context", "elements": list(elements)}


IMAGE = {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a"}


@pytest.mark.parametrize(
    "block",
    [
        header(150),
        section(text=text(3000)),
        section(fields=[text(2000)] * 10),
        section(text=text(1), accessory=button(value="x" * 2000, url="x" * 3000)),
        context(*[text(1)] * 9, IMAGE),
        actions(*[button(action_id=str(number)) for number in range(25)]),
        {"type": "divider", "block_id": "x" * 255},
        IMAGE,
        {"type": "markdown", "text": "x" * 12_000},
        {"type": "rich_text", "elements": []},
    ],
)
def test_what_lies_just_within_the_limits_passes(block: dict[str, Any]) -> None:
    """Each limit includes its own value."""
    assert problems([block]) == []


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (header(151), "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
        (header(0), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (header(5, "mrkdwn"), "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
        (header(5, colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
        (header(5, block_id="x" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
        ({"type": "header"}, "missing required field: text [json-pointer:/blocks/0]"),
        (section(), "must define either `fields` or `text` [json-pointer:/blocks/0]"),
        (section(text=text(3001)), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        (section(text={"type": "mrkdwn"}), "missing required field: text [json-pointer:/blocks/0/text]"),
        (section(fields=[text(2001)]), "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"),
        (section(fields=[text(1)] * 11), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
        (section(fields=[]), "no fewer than 1 items allowed [json-pointer:/blocks/0/fields]"),
        (context(*[text(1)] * 11), "no more than 10 items allowed [json-pointer:/blocks/0/elements]"),
        (context(), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        (
            actions(*[button(action_id=str(number)) for number in range(26)]),
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            actions(button(text=text(76, "plain_text"))),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            actions(button(value="x" * 2001)),
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (actions(button(url="x" * 3001)), "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]"),
        (
            actions(button(action_id="x" * 256)),
            "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        (actions(button(), button()), "`action_id` must be unique [json-pointer:/blocks/0/elements/1/action_id]"),
        (actions("text"), "missing required field: type [json-pointer:/blocks/0/elements/0]"),
        ({"type": "image", "image_url": "u"}, "missing required field: alt_text [json-pointer:/blocks/0]"),
        ({"type": "image", "alt_text": "a"}, "missing required field: image_url [json-pointer:/blocks/0]"),
        (
            {"type": "markdown", "text": "x" * 12_001},
            "must be less than 12001 characters [json-pointer:/blocks/0/text]",
        ),
        ({"type": "markdown"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "rich_text"}, "missing required field: elements [json-pointer:/blocks/0]"),
        ({"type": "marquee"}, "unsupported type: marquee [json-pointer:/blocks/0/type]"),
        ("text", "missing required field: type [json-pointer:/blocks/0]"),
    ],
)
def test_what_lies_beyond_a_limit_is_named_with_its_pointer(block: Any, complaint: str) -> None:
    """One mistake, one complaint, in Slack's words."""
    assert problems([block]) == [complaint]


def test_a_message_holds_fifty_blocks() -> None:
    """Fifty pass, fifty-one do not."""
    assert problems([{"type": "divider"}] * 50) == []
    assert problems([{"type": "divider"}] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_a_block_id_stands_once_in_a_message() -> None:
    """The second of two equal ids is complained of."""
    blocks = [{"type": "divider", "block_id": "a"}] * 2
    assert problems(blocks) == ["`block_id` must be unique [json-pointer:/blocks/1/block_id]"]


def test_what_slacks_own_models_build_passes() -> None:
    """The SDK's blocks, as it serialises them."""
    blocks = [
        HeaderBlock(text="Down"),
        SectionBlock(text="*model* is down", fields=["a", "b"]),
        ContextBlock(elements=[{"type": "mrkdwn", "text": "since"}]),
        DividerBlock(),
        ActionsBlock(elements=[ButtonElement(text="Open", url="https://example.org", action_id="open")]),
    ]
    assert problems([block.to_dict() for block in blocks]) == []
