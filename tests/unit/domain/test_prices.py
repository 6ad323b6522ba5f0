"""What tokens cost, and under which spellings a model's price is found."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.prices import Price, Prices, PriceTable, dollars, usd

GPT, MINI, SONNET, ALL = Price(2.0, 8.0), Price(0.4, 1.6), Price(3.0, 15.0), Price(0.0, 0.0)
TABLE = PriceTable({"gpt-4.1": GPT, "gpt-4.1-mini": MINI, "anthropic/claude-sonnet-4.5": SONNET, "house-*": ALL})


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-4.1", GPT),
        ("GPT-4.1", GPT),
        ("openai/gpt-4.1", GPT),
        ("relay/openai/gpt-4.1-2025-04-14", GPT),
        ("gpt-4.1-20250414", GPT),
        ("gpt-4.1@20250414", GPT),
        ("gpt-4.1-0414", GPT),
        ("gpt-4.1-latest", GPT),
        ("gpt-4.1-mini-2025-04-14", MINI),
        ("anthropic/claude-sonnet-4-5-20250929", SONNET),
        ("relay/anthropic/claude-sonnet-4.5", SONNET),
        ("house-7b", ALL),
        ("mine/house-7b", ALL),
        ("gpt-4.1-nano", None),
        ("gpt-4.1:free", None),
        ("claude-sonnet-4.5", None),
        ("gpt-4", None),
        ("gpt-4.1/other", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_model_finds_its_price_or_none(model: str, price: Price | None) -> None:
    """Providers before it, dates behind it and spellings of versions do not hide it; another model is another one."""
    assert TABLE.of(model) == price


def test_the_name_counts_before_a_pattern_and_the_longer_pattern_before_the_shorter() -> None:
    """What is said of less is meant more."""
    table = PriceTable({"*": ALL, "openai/*": MINI, "openai/gpt-4.1": GPT})
    assert [table.of(model) for model in ("openai/gpt-4.1", "openai/o3", "x")] == [GPT, MINI, ALL]


def test_an_endpoints_own_price_counts_first_and_the_packaged_one_last() -> None:
    """A gateway may price differently; nobody's word is better than the operator's."""
    prices = Prices({"gw": PriceTable({"gpt-4.1": MINI})}, (PriceTable({"o3": SONNET}), TABLE))
    assert prices.of("gw", "openai/gpt-4.1") == MINI
    assert prices.of("other", "openai/gpt-4.1") == GPT
    assert prices.of("gw", "o3") == SONNET
    assert prices.of("gw", "unheard-of") is None


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**8).map(lambda thousandths: thousandths / 1000),
    st.integers(0, 10**8).map(lambda thousandths: thousandths / 1000),
)
def test_money_is_never_less_than_it_is(tokens_in: int, tokens_out: int, price_in: float, price_out: float) -> None:
    """The cost is that of exact arithmetic, rounded up to a billionth of a dollar; it is never negative."""
    found = Price(price_in, price_out).nusd(tokens_in, tokens_out)
    exact = (tokens_in * Fraction(str(price_in)) + tokens_out * Fraction(str(price_out))) * 1000
    assert abs(found - ceil(exact)) <= 1 + exact / 10**14
    assert found >= 0


def test_a_known_bill() -> None:
    """A thousand answers of 18 and 16 tokens at 2 and 8 dollars a million."""
    assert usd(Price(2.0, 8.0).nusd(18_000, 16_000)) == pytest.approx(0.164)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.01, "$0.01"),
        (0.0042, "$0.0042"),
        (0.00001, "less than $0.0001"),
    ],
)
def test_dollars_for_people(amount: float, text: str) -> None:
    """Cents where there are any, more where there are not."""
    assert dollars(amount) == text
