"""Foreign text is made harmless without losing what it says."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.plain import cut, harmless, lifeless, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jclear", "clear"),
        ("a\x00b", "a\ufffdb"),
        ("a\r\nb\tc", "a b c"),
        ("a\u2028b", "a b"),
        ("exe\u202egnp", "exegnp"),
        ("half \ud83d emoji", "half \ufffd emoji"),
        ("hidden\U000e0041\U000e007f", "hidden"),
        ("👩\u200d🚒 ünï 한국어", "👩\u200d🚒 ünï 한국어"),
        ("\x1b", ""),
    ],
)
def test_what_could_act_on_a_screen_is_gone(text: str, shown: str) -> None:
    """Escapes vanish, controls become visible, everything else stays."""
    assert printable(text) == shown


@given(st.text())
def test_nothing_that_acts_ever_remains(text: str) -> None:
    """Whatever comes in: one line, no controls, no surrogates; and harmless text stays as it is."""
    shown = printable(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)
    assert printable(shown) == shown


@given(st.text())
def test_line_breaks_survive_where_wanted(text: str) -> None:
    """`harmless` keeps the lines and is done after one pass."""
    shown = harmless(text)
    assert shown.count("\n") == text.count("\n")
    assert harmless(shown) == shown


@given(st.text(), st.integers(1, 50))
def test_cut_is_never_longer(text: str, limit: int) -> None:
    """Short text is left alone, long text ends with an ellipsis."""
    assert len(cut(text, limit)) <= limit
    assert cut(text, limit) == text if len(text) <= limit else cut(text, limit).endswith("…")


@pytest.mark.parametrize(
    "text",
    ["@here", "@everyone", "<@U123>", "<!channel>", "<#C1>", "<@&42>", "https://evil.example", "WWW.evil.example",
     "mailto:a@evil.example", "a@evil.example"],
)  # fmt: skip
def test_nothing_in_a_chat_comes_alive(text: str) -> None:
    """Broken where a program would recognise it, and readable as before."""
    dead = lifeless(f"x {text} y")
    assert text not in dead
    assert dead.replace("\u2060", "") == f"x {text} y"


def test_what_notifies_nobody_stays_as_it_is() -> None:
    """Model names above all: people copy them."""
    for text in ("openai/gpt-4.1 on gw", "a @ b", "5 < 6", "HTTP 500: internal error", "org/model:free"):
        assert lifeless(text) == text
