"""Text from outside in a Markdown document: shown, never obeyed, and still readable in an editor.

Owns what Markdown would act on, with what GitHub adds to it.
"""

import re
from collections.abc import Iterable, Sequence

from monitor.alerting.plain import printable

# Source: CommonMark 0.31 (any ASCII punctuation may be escaped by a backslash; an underscore within a word is plain)
# and GitHub Flavored Markdown 0.29 (tables, strikethrough, addresses that become links by themselves).
_ACTING = re.compile(r"[\\`*\[\]<|~$&#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BLOCK = re.compile(r"^([-+=>])|^(\d+)([.)])")
_ADDRESS = re.compile(r"(?i)(?<=:)//|(?<=www)\.")
_MENTION = re.compile(r"(?<![\w`])@(?=\w)")


def plain(text: str) -> str:
    """Any text as a part of one line of Markdown that shows just this text."""
    escaped = _ACTING.sub(lambda found: f"\\{found[0]}", printable(text))
    escaped = _BLOCK.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", escaped)
    escaped = _ADDRESS.sub(lambda found: "".join(f"\\{sign}" for sign in found[0]), escaped)
    return _MENTION.sub("@<!-- -->", escaped)  # rendered as it was, and nobody is called


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; the cells are Markdown already."""
    lines = ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    return [*lines, *("| " + " | ".join(cell or " " for cell in row) + " |" for row in rows)]
