"""What tokens cost, by what was in force."""

from dataclasses import replace

import pytest

from monitor.domain.check import Check, CheckKind
from monitor.domain.prices import Price, Prices, PriceTable
from monitor.domain.tariff import Tariff, Tariffs, Used, tariff_of

CHEAP, DEAR = Tariff(Price(1.0, 2.0), 100, 10), Tariff(Price(10.0, 20.0), 100, 10)
CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", max_tokens=16)


@pytest.mark.parametrize(
    ("used", "nusd"),
    [
        (Used(), None),
        (Used(answered=1, input_tokens=1000, output_tokens=500), 2_000_000),
        (Used(uncounted=2), 240_000),
        (Used(answered=1, input_tokens=7, uncounted=1), 127_000),
        (Used(answered=1), 0),
    ],
)
def test_what_was_used_costs(used: Used, nusd: int | None) -> None:
    """Answers without counts at the most that they can have used; nothing used costs nothing that could be named."""
    assert CHEAP.nusd(used) == nusd
    assert replace(CHEAP, price=None).nusd(used) is None


@pytest.mark.parametrize(("at_us", "place"), [(-5, 0), (0, 0), (99, 0), (100, 1), (101, 1), (10**18, 1)])
def test_the_one_in_force(at_us: int, place: int) -> None:
    """From the moment on at which it came into force; before the first, the first."""
    assert Tariffs((0, 100), (CHEAP, DEAR)).place_at(at_us) == place
    assert Tariffs((50,), (CHEAP,)).place_at(at_us) == 0


def test_each_costs_its_own() -> None:
    """Without any tariff nobody knows."""
    used = Used(answered=1, input_tokens=1000)
    assert [Tariffs((0, 100), (CHEAP, DEAR)).nusd(place, used) for place in (0, 1)] == [1_000_000, 10_000_000]
    assert Tariffs().nusd(0, used) is None


def test_of_a_check() -> None:
    """The price of its model, and the most that its question and answer can use; a list of models uses nothing."""
    prices = Prices({"gw": PriceTable({"*": Price(1.0, 2.0)})})
    tariff = tariff_of(CHECK, prices)
    assert tariff is not None
    assert (tariff.price, tariff.uncounted_output) == (Price(1.0, 2.0), 16)
    assert tariff.uncounted_input > 0
    assert tariff_of(replace(CHECK, id="gw/models", kind=CheckKind.MODELS, model=None), prices) is None
    unknown = tariff_of(CHECK, Prices({}))
    assert unknown is not None
    assert unknown.price is None
