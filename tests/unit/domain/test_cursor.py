"""Cursors lead back to where they were taken, and nothing else is taken for one."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.cursor import CursorError, Listing, Position, cursor_of, position_of

positions = st.builds(Position, st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**63 - 1))
SAFE = set(string.ascii_letters + string.digits + "-_")


@given(st.sampled_from(Listing), positions)
def test_a_cursor_leads_back(listing: Listing, position: Position) -> None:
    """Whatever the position, through a text that needs no quoting."""
    text = cursor_of(listing, position)
    assert position_of(listing, text) == position
    assert len(text) == 28
    assert set(text) <= SAFE


@given(st.sampled_from(Listing), positions, st.integers(0, 27), st.characters(codec="ascii"))
def test_a_damaged_cursor_is_known(listing: Listing, position: Position, at: int, other: str) -> None:
    """One character changed leads nowhere."""
    text = cursor_of(listing, position)
    damaged = text[:at] + other + text[at + 1 :]
    if damaged != text:
        with pytest.raises(CursorError, match=r"is damaged|is no cursor"):
            position_of(listing, damaged)


@given(st.text(max_size=40))
def test_no_other_text_is_a_cursor(text: str) -> None:
    """Nor does any break the reading of it."""
    with pytest.raises(CursorError):
        position_of(Listing.RESULTS, text)


def test_a_part_of_a_cursor_and_one_of_another_list_are_told_apart() -> None:
    """So that people know what went wrong when they copied it."""
    text = cursor_of(Listing.RESULTS, Position(1, 2))
    with pytest.raises(CursorError, match="only a part"):
        position_of(Listing.RESULTS, text[:-1])
    with pytest.raises(CursorError, match="another list"):
        position_of(Listing.INCIDENTS, text)


def test_a_cursor_never_looks_like_an_option_or_a_formula() -> None:
    """Its first character is a letter."""
    for listing in Listing:
        for at_us in (-(2**63), -1, 0, 2**63 - 1):
            assert cursor_of(listing, Position(at_us, 0))[0].isalpha()
