"""Which messages Slack refuses, each with Slack's own error string."""

from typing import Any

import pytest

from monitor.simulator.slack_rules import MAX_ALL_BLOCKS, Refusal, refused, refused_post, refused_update

CHANNELS = frozenset({"C1"})
DIVIDER = {"type": "divider"}


def sections(characters: int) -> list[dict[str, Any]]:
    """Sections that hold so much text together."""
    full, rest = divmod(characters, 3000)
    lengths = [3000] * full + [rest] * bool(rest)
    return [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}} for length in lengths]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"blocks": []}, "no_text"),
        ({"blocks": "text"}, "invalid_blocks_format"),
        ({"blocks": [DIVIDER] * 51}, "invalid_blocks"),
        ({"attachments": "text"}, "invalid_attachments"),
        ({"attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ({"attachments": [{"blocks": [{"type": "marquee"}]}]}, "invalid_attachments"),
    ],
)
def test_a_refused_message_has_slacks_error(message: dict[str, Any], error: str) -> None:
    """Whichever way it comes."""
    refusal = refused(message)
    assert refusal is not None
    assert refusal.error == error


@pytest.mark.parametrize(
    "message",
    [{"text": "x"}, {"blocks": [DIVIDER]}, {"attachments": [{"blocks": [DIVIDER]}]}, {"text": "x" * 50_000}],
)
def test_a_right_message_passes(message: dict[str, Any]) -> None:
    """Too long a text is cut, not refused."""
    assert refused(message) is None


def test_a_post_needs_a_channel_that_exists() -> None:
    """Absent and unknown are two errors."""
    assert refused_post({"text": "x"}, CHANNELS) == Refusal("invalid_arguments", ("missing required field: channel",))
    assert refused_post({"text": "x", "channel": "C9"}, CHANNELS) == Refusal("channel_not_found")


def test_all_blocks_of_a_post_together_have_a_limit() -> None:
    """At the limit it passes, one character more and it does not."""
    post: dict[str, Any] = {"channel": "C1"}
    assert refused_post(post | {"blocks": sections(MAX_ALL_BLOCKS)}, CHANNELS) is None
    refusal = refused_post(post | {"blocks": sections(MAX_ALL_BLOCKS + 1)}, CHANNELS)
    assert refusal == Refusal("msg_blocks_too_long")


@pytest.mark.parametrize(
    ("text", "passes"), [("x" * 4000, True), ("é" * 2001, False), ("&amp;" * 800, True), ("<" * 1001, False)]
)
def test_an_update_counts_escaped_bytes(text: str, passes: bool) -> None:  # noqa: FBT001  a parameter of the table
    """Four thousand of them, an ampersand being five."""
    refusal = refused_update({"channel": "C1", "text": text}, CHANNELS)
    assert refusal == (None if passes else Refusal("msg_too_long"))
