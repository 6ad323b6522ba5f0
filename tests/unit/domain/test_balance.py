"""Balances: a pointer into hostile JSON, a slope that one odd reading does not move, and when people are told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.balance import (
    SAMPLES_AT_MOST,
    BalanceRule,
    Outlook,
    amount_at,
    is_low,
    is_pointer,
    is_well,
    outlook,
    since_top_up,
)
from monitor.domain.kept import Balance

HOUR_US = 3_600_000_000
DEEPSEEK = {"is_available": True, "balance_infos": [{"currency": "USD", "total_balance": "110.00"}]}


@pytest.mark.parametrize(
    ("document", "pointer", "amount"),
    [
        (DEEPSEEK, "/balance_infos/0/total_balance", 110.0),
        ({"data": {"total_credits": 12.5}}, "/data/total_credits", 12.5),
        ({"a/b": {"m~n": -3}}, "/a~1b/m~0n", -3.0),
        ({"": 7}, "/", 7.0),
        (9, "", 9.0),
        ({"0": 5}, "/0", 5.0),
        ([1, 2], "/2", None),
        ([1, 2], "/-", None),
        ([1, 2], "/01", None),
        ([1, 2], "/-1", None),
        ({"a": True}, "/a", None),
        ({"a": None}, "/a", None),
        ({"a": "nan"}, "/a", None),
        ({"a": "1e5"}, "/a", None),
        ({"a": "$5"}, "/a", None),
        ({"a": float("nan")}, "/a", None),
        ({"a": float("inf")}, "/a", None),
        ({"a": 1e16}, "/a", None),
        ({"a": 10**400}, "/a", None),
        ({"a": "9" * 400}, "/a", None),
        ({"a": []}, "/a", None),
        ({}, "/a/b/c", None),
        ("text", "/0", None),
    ],
)
def test_what_a_pointer_leads_to(document: object, pointer: str, amount: float | None) -> None:
    """A number or a text that is one, of a sensible size; anything else is none."""
    assert amount_at(document, pointer) == amount


@pytest.mark.parametrize(("text", "valid"), [("", True), ("/a/0", True), ("/~0~1", True), ("a", False), ("/~2", False)])
def test_pointers(text: str, valid: bool) -> None:  # noqa: FBT001  a table
    """As RFC 6901 writes them."""
    assert is_pointer(text) is valid


@given(st.recursive(st.one_of(st.floats(), st.text(), st.none(), st.booleans(), st.integers()), st.lists), st.text())
def test_whatever_json_comes(document: object, name: str) -> None:
    """Never an exception, and only finite numbers."""
    for pointer in ("", "/0", "/0/0", f"/{json.dumps(name)}"):
        amount = amount_at(document, pointer)
        assert amount is None or abs(amount) <= 1e15


def readings(*amounts: float, every_h: float = 2.0) -> list[Balance]:
    """One reading after the other."""
    return [Balance("gw", amount, round(place * every_h * HOUR_US)) for place, amount in enumerate(amounts)]


def test_a_steady_fall_is_told_in_days() -> None:
    """A dollar every two hours: twelve a day."""
    seen = outlook(readings(60, 59, 58, 57, 56, 55, 54))
    assert seen is not None
    assert seen.amount == 54.0
    assert seen.days_left == pytest.approx(4.5)


def test_one_odd_reading_moves_nothing() -> None:
    """A gap, a glitch: the median slope stays."""
    seen = outlook(readings(60, 59, 58, 20, 20, 20, 20, 19, 18, 17, 16, 15, 14, 13, 12))
    assert seen is not None
    assert seen.days_left == pytest.approx(1.0, rel=0.4)


def test_a_top_up_begins_anew() -> None:
    """What was spent before says nothing of the new balance."""
    told = readings(10, 8, 6, 4, 100, 99)
    assert [one.amount for one in since_top_up(told)] == [100, 99]
    assert outlook(told) == Outlook(99.0, None)


def test_too_little_to_say() -> None:
    """Few readings, a short past, a balance that stands still or was never read."""
    for told in (readings(5, 4, 3), readings(5, 4, 3, 2, every_h=0.5), readings(5, 5, 5, 5, 5)):
        seen = outlook(told)
        assert seen is not None
        assert seen.days_left is None
    assert outlook([]) is None


def test_when_people_are_told() -> None:
    """Below the limit, or empty within days; well again beyond both, the forecast with a margin."""
    rule = BalanceRule(5.0, 7.0)
    assert is_low(Outlook(4.9, None), rule)
    assert is_low(Outlook(500.0, 6.9), rule)
    assert not is_low(Outlook(5.0, 7.0), rule)
    assert not is_well(Outlook(5.0, 8.0), rule)
    assert is_well(Outlook(5.0, 9.0), rule)
    assert not is_low(Outlook(0.0, 0.0), BalanceRule(None, 0.0))


@given(st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=3 * SAMPLES_AT_MOST))
def test_whatever_was_read(amounts: list[float]) -> None:
    """A forecast is none, or some days from now."""
    seen = outlook(readings(*amounts))
    assert seen is not None
    assert seen.days_left is None or seen.days_left >= 0
