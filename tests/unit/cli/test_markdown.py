"""Text from outside in Markdown: shown as it is, and nothing of it acts."""

import pytest

from monitor.cli.markdown import plain, table


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("gw/chat/openai/gpt-4.1", "gw/chat/openai/gpt-4.1"),
        ("RATE_LIMITED (429), 1.5 s - why?", "RATE_LIMITED (429), 1.5 s - why?"),
        ("_a_ *b* ~~c~~ `d`", r"\_a\_ \*b\* \~\~c\~\~ \`d\`"),
        ("[click](javascript:alert(1))", r"\[click\](javascript:alert(1))"),
        ("![x](https://evil.example/p.png)", r"!\[x\](https:\/\/evil.example/p.png)"),
        ("<script>alert(1)</script>", r"\<script>alert(1)\</script>"),
        ("a | b\n# c", r"a \| b \# c"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("\\", "\\\\"),
        ("- item", r"\- item"),
        ("> quote", r"\> quote"),
        ("1. item", r"1\. item"),
        ("=cmd()", r"\=cmd()"),
        ("www.evil.example WWW.evil.example", r"www\.evil.example WWW\.evil.example"),
        ("@everyone kim@ops-1", "@<!-- -->everyone kim@ops-1"),
        ("\x1b[2Jclear\u202e", "clear"),
        ("", ""),
    ],
)
def test_foreign_text(text: str, markdown: str) -> None:
    """One line, readable in an editor, and just this text when it is rendered."""
    assert plain(text) == markdown


def test_a_table() -> None:
    """An empty cell is a cell too."""
    assert table(["a", "b"], [("1", ""), ("2", "3")]) == ["| a | b |", "| --- | --- |", "| 1 |   |", "| 2 | 3 |"]
