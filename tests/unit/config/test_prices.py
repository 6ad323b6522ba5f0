"""Prices and caps as the configuration and the packaged table tell them."""

from collections.abc import Callable

import pytest

from monitor.config.checks import checks_of
from monitor.config.effective import effective_table, to_toml
from monitor.config.load import Loaded
from monitor.config.prices import caps_of, packaged_prices, prices_of
from monitor.domain.caps import Cap
from monitor.domain.prices import Price

LoadText = Callable[[str], Loaded]
TEXT = """
[cost]
daily = 1
monthly = 20.0
[prices]
"gpt-4.1" = { input = 3, output = 9.5 }
[[endpoints]]
name = "own"
base_url = "https://own.example.com/v1"
models = ["openai/gpt-4.1", "gpt-4.1-mini", "unheard-of"]
cost = { daily = 0.5 }
prices = { "*" = { input = 0, output = 0 } }
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
models = ["openai/gpt-4.1", "gpt-4.1-mini", "unheard-of"]
"""


def test_prices_of_three_places(load_text: LoadText) -> None:
    """The endpoint's, the configuration's, the packaged ones."""
    prices = prices_of(load_text(TEXT).config)
    assert prices.of("own", "unheard-of") == Price(0, 0)
    assert prices.of("gw", "openai/gpt-4.1") == Price(3, 9.5)
    assert prices.of("gw", "gpt-4.1-mini") == packaged_prices()["gpt-4.1-mini"]
    assert prices.of("gw", "unheard-of") is None


def test_caps_of_both_kinds(load_text: LoadText) -> None:
    """Of everything and of an endpoint; 0 is none."""
    caps = caps_of(load_text(TEXT).config)
    assert caps.all == Cap(1_000_000_000, 20_000_000_000)
    assert caps.endpoints == {"own": Cap(500_000_000)}
    assert not caps_of(load_text(TEXT.replace("daily = 1", "").replace("20.0", "0").replace("0.5", "0.0")).config)


def test_what_a_cap_cannot_count_is_a_warning(load_text: LoadText) -> None:
    """Each model without a price under a cap is named with what to write; without a cap nothing is said."""
    told = [str(warning) for warning in load_text(TEXT).warnings if warning.path == "cost"]
    assert told == ['cost: the cap does not count gw/chat/unheard-of: no price is known; set [prices."unheard-of"]']
    uncapped = TEXT.replace("daily = 1\nmonthly = 20.0", "").replace("cost = { daily = 0.5 }", "")
    assert not [warning for warning in load_text(uncapped).warnings if warning.path == "cost"]


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("daily = 1\n", "daily = 0.001\n", "cost.daily"),
        ("monthly = 20.0", "monthly = 1.5", "cost.monthly"),
        ("input = 0, output = 0", "input = 9, output = 90", "endpoints[0].cost.daily"),
    ],
)
def test_a_cap_that_is_spent_too_soon_is_a_warning(load_text: LoadText, before: str, after: str, path: str) -> None:
    """With both figures: else a typo would show only when models are not asked any more."""
    told = [str(warning) for warning in load_text(TEXT.replace(before, after)).warnings if "cost" in warning.path]
    (early,) = [line for line in told if line.startswith(f"{path}:")]
    assert " of at most $" in early
    assert early.endswith("models are not asked from then on")
    assert not [one for one in load_text(TEXT).warnings if "before its end" in str(one)]


def test_the_effective_file_has_the_same_prices(load_text: LoadText) -> None:
    """`config show` prints what loads to the same."""
    config = load_text(TEXT).config
    again = load_text(to_toml(effective_table(config))).config
    assert (again.prices, again.cost) == (config.prices, config.cost)
    assert [(one.prices, one.cost) for one in again.endpoints] == [(one.prices, one.cost) for one in config.endpoints]
    assert checks_of(again) == checks_of(config)


@pytest.mark.parametrize("model", packaged_prices())
def test_the_packaged_prices_are_plausible(model: str) -> None:
    """Dollars per million tokens, an answer never cheaper than a prompt but for embeddings, which have none."""
    price = packaged_prices()[model]
    assert 0 < price.input <= 100
    assert price.output >= price.input or "embedding" in model
