"""Checks with every override resolved."""

from collections.abc import Callable

import pytest

from monitor.config.budget import budget_of
from monitor.config.checks import checks_of
from monitor.config.load import Loaded
from monitor.domain.check import CheckKind, FlappingRule, HealthRules, Ratio
from monitor.domain.severity import Severity

LoadText = Callable[[str], Loaded]
WithEndpoint = Callable[[str], Loaded]


def test_the_models_word_counts_first(load_text: LoadText) -> None:
    """Then the endpoint's, then that of `[defaults]`, then the built-in one."""
    loaded = load_text("""
[defaults]
interval = "2m"
failure_threshold = 5
max_tokens = 8
[[endpoints]]
name = "gw"
base_url = "https://gw.example.com/v1"
failure_threshold = 4
interval = "3m"
models = ["one", { id = "two", interval = "4m", severity = "warning" }]
""")
    models, one, two = checks_of(loaded.config)
    assert (models.kind, models.id, models.interval_s) == (CheckKind.MODELS, "gw/models", 30)
    assert (one.interval_s, two.interval_s) == (180, 240)
    assert one.rules == HealthRules(failure_threshold=4, flapping=FlappingRule())
    assert two.rules.severity is Severity.WARNING
    assert (one.max_tokens, one.timeout_s) == (8, 10)


def test_what_holds_for_all_of_an_endpoint(load_text: LoadText) -> None:
    """Its host, in lower case, and its tags, each once."""
    lines = '[[endpoints]]\nname = "gw"\nbase_url = "https://GW.Example.com:8443/v1"\ntags = ["prod", "eu", "prod"]\n'
    (check,) = checks_of(load_text(lines).config)
    assert (check.host, check.tags) == ("gw.example.com", ("prod", "eu"))


def test_flapping_may_be_said_for_all_or_for_some(load_text: LoadText) -> None:
    """The narrowest word counts, `[alerting]` where there is none."""
    loaded = load_text("""
[alerting]
flapping = { high = 50 }
[[endpoints]]
name = "a"
base_url = "http://a"
models = ["one", { id = "two", flapping = false }, { id = "three", flapping = true }]
""")
    models, one, two, three = (check.rules.flapping for check in checks_of(loaded.config))
    assert models == one == FlappingRule(50, 25)
    assert two is None
    assert three == FlappingRule()
    off = load_text('[alerting]\nflapping = false\n[[endpoints]]\nname = "a"\nbase_url = "http://a"\n')
    assert checks_of(off.config)[0].rules.flapping is None


def test_a_default_above_a_set_timeout_is_capped(with_endpoint: WithEndpoint) -> None:
    """Whoever sets a short timeout need not set its parts."""
    models, check = checks_of(with_endpoint('models = [{ id = "m", timeout = "2s" }]\n').config)
    assert (check.timeout_s, check.connect_timeout_s, check.slow_after_s) == (2, 2, 2)
    assert (models.timeout_s, models.connect_timeout_s, models.slow_after_s) == (10, 5, 5)


def test_what_is_off_is_none(with_endpoint: WithEndpoint) -> None:
    """`"0s"` and `false`."""
    lines = 'slow_after = "0s"\nfailure_ratio = false\nmodels = ["a", { id = "b", failure_ratio = "2/4" }]\n'
    models, first, second = checks_of(with_endpoint(lines).config)
    assert models.slow_after_s is None
    assert first.rules.failure_ratio is None
    assert second.rules.failure_ratio == Ratio(2, 4)


@pytest.mark.parametrize(
    ("provider", "models", "expected"),
    [
        ("", '["openai/gpt", "llama"]', ["gw", "openai", "gw"]),
        ('provider = "relay"\n', '["openai/gpt", { id = "x", provider = "own" }]', ["relay", "relay", "own"]),
    ],
)
def test_the_vendor_behind_the_gateway(
    with_endpoint: WithEndpoint, provider: str, models: str, expected: list[str]
) -> None:
    """As configured, else the id's part before `/`, else the endpoint."""
    checks = checks_of(with_endpoint(f"{provider}models = {models}\n").config)
    assert [check.provider for check in checks] == expected


def test_a_model_list_may_be_left_alone(with_endpoint: WithEndpoint) -> None:
    """For endpoints without one."""
    checks = checks_of(with_endpoint('check_models = false\nmodels = ["odd id: 模型"]\n').config)
    assert [check.id for check in checks] == ["gw/chat/odd id: 模型"]


def test_the_interval_of_the_acceptance(with_endpoint: WithEndpoint) -> None:
    """A second, and a quarter of one to confirm."""
    check = checks_of(with_endpoint('interval = "1s"\nconfirm_interval = "250ms"\nmodels = ["m"]\n').config)[1]
    assert (check.interval_s, check.confirm_interval_s) == (1, 0.25)


def test_what_probing_costs(with_endpoint: WithEndpoint) -> None:
    """Two models a minute and a list each half minute."""
    budget = budget_of(checks_of(with_endpoint('models = ["a", "b"]\n').config))
    assert budget.probes_per_day == 2 * 1440 + 2880
    assert budget.requests_per_month == 30 * budget.probes_per_day
    assert budget.completions_per_month == 86_400
    assert budget.output_tokens_per_month == 86_400 * 16
