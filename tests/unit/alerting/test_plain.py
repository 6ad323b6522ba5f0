"""Foreign text is made harmless without losing what it says."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.plain import cut, harmless, printable


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
