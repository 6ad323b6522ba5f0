"""What in a message would come alive, and what stays dead."""

from typing import Any

import pytest

from monitor.simulator.mrkdwn import live_parts


def kinds(message: dict[str, Any]) -> list[tuple[str, str]]:
    """Kind and text of each live part."""
    return [(part.kind, part.text) for part in live_parts(message)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<!channel>", [("mention", "<!channel>")]),
        ("<!here|here> <!everyone>", [("mention", "<!here|here>"), ("mention", "<!everyone>")]),
        ("<!subteam^S1>", [("mention", "<!subteam^S1>")]),
        ("<@U123>", [("mention", "<@U123>")]),
        ("<#C123|general>", [("mention", "<#C123|general>")]),
        ("<https://e.example|click>", [("link", "<https://e.example|click>")]),
        ("<mailto:a@e.example>", [("link", "<mailto:a@e.example>")]),
        ("see https://e.example/x now", [("link", "https://e.example/x")]),
        ("&lt;!channel&gt; &lt;https:", []),
        ("a < b > c, <b>bold</b>, @channel", []),
        ("<!date^1392734382^{date}|then>", []),
    ],
)
def test_control_sequences_are_alive_unless_escaped(text: str, found: list[tuple[str, str]]) -> None:
    """In the text of a message and in a mrkdwn object alike."""
    assert kinds({"text": text}) == found
    assert kinds({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}) == found


def test_plain_text_is_dead() -> None:
    """A header cannot notify anybody."""
    assert (
        kinds({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<!channel> http://e.x"}}]}) == []
    )


def test_verbatim_kills_bare_links_but_no_mentions() -> None:
    """Slack then parses control sequences only."""
    part = {"type": "mrkdwn", "text": "http://e.x <!here>", "verbatim": True}
    assert kinds({"blocks": [{"type": "context", "elements": [part]}]}) == [("mention", "<!here>")]


@pytest.mark.parametrize("switch", [{"link_names": True}, {"parse": "full"}])
def test_names_come_alive_where_the_message_asks_for_it(switch: dict[str, Any]) -> None:
    """`@channel` notifies with `link_names` or full parsing."""
    assert kinds({"text": "@channel"} | switch) == [("mention", "@channel")]


def test_rich_text_markdown_and_attachments_are_looked_into() -> None:
    """Every place that Slack parses, with the pointer to it."""
    rich = {"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "channel"}]}
    message = {
        "blocks": [{"type": "rich_text", "elements": [rich]}, {"type": "markdown", "text": "[x](ftp://e.x)"}],
        "attachments": [{"text": "<!here>", "fields": [{"value": "<@U1>"}]}],
    }
    assert [(part.text, part.at) for part in live_parts(message)] == [
        ("channel", "/blocks/0/elements/0/elements/0"),
        ("ftp://e.x", "/blocks/1/text"),
        ("<!here>", "/attachments/0/text"),
        ("<@U1>", "/attachments/0/fields/0/value"),
    ]
