"""What a month of probing costs, told before."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.check import Check, CheckKind
from monitor.domain.estimate import Amount, estimate, total
from monitor.domain.prices import Price, Prices, PriceTable
from monitor.domain.tokens import Average

PRICES = Prices(tables=(PriceTable({"m": Price(2.0, 8.0)}),))
LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw", interval_s=30.0)


def check(model: str = "m", interval_s: float = 60.0, max_tokens: int = 16) -> Check:
    """A chat check."""
    return Check(f"gw/chat/{model}", "gw", CheckKind.CHAT, model, "gw", interval_s=interval_s, max_tokens=max_tokens)


def test_a_month_of_one_model() -> None:
    """43,200 questions of 17 and 16 tokens at 2 and 8 dollars a million; the model list is free."""
    found = estimate([LIST, check()], PRICES)
    (line,) = found.lines
    assert line.most == line.expected == Amount(734_400, 691_200, 6_998_400_000)
    assert (found.free, line.measured, found.unpriced) == (86_400, False, ())


def test_what_answers_have_used_is_expected() -> None:
    """If there are enough of them."""
    averages = {"gw/chat/m": Average(10, 20.0, 2.5), "gw/chat/few": Average(9, 1.0, 1.0)}
    many, few = estimate([check(), check("few")], PRICES, averages).lines
    assert many.expected == Amount(864_000, 108_000, 2_592_000_000)
    assert (many.measured, few.measured) == (True, False)


def test_what_has_no_price_is_unknown_and_never_nothing() -> None:
    """Alone it has no sum; among others it is left out, and named."""
    found = estimate([check("unheard-of")], PRICES)
    assert total(line.most for line in found.lines).nusd is None
    both = estimate([check("unheard-of"), check()], PRICES)
    assert total(line.most for line in both.lines).nusd == 6_998_400_000
    assert [line.check.model for line in both.unpriced] == ["unheard-of"]
    assert total([]).nusd == 0


@given(
    st.floats(0.1, 30 * 86_400.0),
    st.integers(1, 4096),
    st.floats(0, 100_000),
    st.floats(0, 100_000),
    st.builds(Average, st.integers(1, 10**9), st.floats(0, 1e6), st.floats(0, 1e6)),
)
def test_no_figure_is_ever_silly(
    interval_s: float, max_tokens: int, price_in: float, price_out: float, average: Average
) -> None:
    """Whatever the configuration allows: nothing is negative, and a dearer answer never costs less."""
    prices = Prices(tables=(PriceTable({"m": Price(price_in, price_out)}),))
    one = check("m", interval_s, max_tokens)
    (line,) = estimate([one], prices, {one.id: average}).lines
    (dearer,) = estimate([check("m", interval_s, max_tokens + 1)], prices).lines
    assert line.most.nusd is not None
    assert line.expected.nusd is not None
    assert dearer.most.nusd is not None
    assert 0 <= line.most.nusd <= dearer.most.nusd
    assert line.expected.nusd >= 0
    assert line.probes >= 1
