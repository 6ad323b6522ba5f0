"""Rules beyond failures: from their tables to what the domain judges."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor.config.checks import checks_of
from monitor.config.effective import effective_table, to_json, to_toml
from monitor.config.load import Loaded
from monitor.config.schema import json_schema
from monitor.domain.check import Check
from monitor.domain.rules import (
    AvailabilityRule,
    CertificateRule,
    CoverageRule,
    LatencyRule,
    Rule,
    SloRule,
    Timing,
)
from monitor.domain.severity import Severity

LoadText = Callable[[str], Loaded]
ENDPOINT = '[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\n'
CERTIFICATE = CertificateRule(14.0, 3.0)


def _checks(loaded: Loaded) -> dict[str, Check]:
    return {check.id.removeprefix("gw/"): check for check in checks_of(loaded.config)}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('availability_rule = { below = "99%" }', AvailabilityRule(99.0, 99.5, 3600.0, 20, Severity.WARNING)),
        ('availability_rule = { below = "99.9%" }', AvailabilityRule(99.9, 99.95)),
        ('availability_rule = { below = "100 %" }', AvailabilityRule(100.0, 100.0)),
        (
            'availability_rule = { below = "9%", recovery = "10%", window="6h", min_samples=5, severity="critical" }',
            AvailabilityRule(9.0, 10.0, 21600.0, 5, Severity.CRITICAL),
        ),
        ('coverage_rule = { below = "90%" }', CoverageRule(90.0, 95.0)),
        ('latency_rule = { above = "3s" }', LatencyRule(Timing.LATENCY, 95, 3000.0, 2700.0, 900.0, 10)),
        (
            'ttft_rule = { above = "800ms", recovery = "500ms", percentile = 50, window = "1h", min_samples = 3 }',
            LatencyRule(Timing.TTFT, 50, 800.0, 500.0, 3600.0, 3),
        ),
        ('slo = { objective = "99.9%" }', SloRule(99.9, 30 * 86400.0, 20)),
        ('slo = { objective = "99%", period = "7d", min_samples = 50 }', SloRule(99.0, 7 * 86400.0, 50)),
    ],
)
def test_each_table(load_text: LoadText, line: str, rule: Rule) -> None:
    """Its defaults and its units."""
    (check,) = _checks(load_text(f"[defaults]\n{line}\n{ENDPOINT}")).values()
    assert set(check.window_rules) == {rule, CERTIFICATE}


def test_certificates_are_watched_unless_switched_off(load_text: LoadText) -> None:
    """14 and 3 days; other times where they are said; nothing else is a rule on its own."""
    (by_default,) = _checks(load_text(ENDPOINT)).values()
    assert by_default.window_rules == (CERTIFICATE,)
    (other,) = _checks(load_text(ENDPOINT + 'certificate_rule = { warning = "30d", critical = "12h" }\n')).values()
    assert other.window_rules == (CertificateRule(30.0, 0.5),)
    (off,) = _checks(load_text(ENDPOINT + "certificate_rule = false\n")).values()
    assert off.window_rules == ()


def test_the_inner_table_replaces_the_outer_whole(load_text: LoadText) -> None:
    """And `false` switches it off for one endpoint or model."""
    text = f"""
    [defaults]
    certificate_rule = false
    availability_rule = {{ below = "99%", min_samples = 7 }}
    {ENDPOINT}
    availability_rule = {{ below = "98%" }}
    models = ["a", {{ id = "b", availability_rule = false }}, {{ id = "c", availability_rule = {{ below = "50%" }} }}]
    """
    checks = _checks(load_text(text))
    assert checks["models"].window_rules == (AvailabilityRule(98.0, 99.0),)
    assert checks["chat/a"].window_rules == (AvailabilityRule(98.0, 99.0),)
    assert checks["chat/b"].window_rules == ()
    assert checks["chat/c"].window_rules == (AvailabilityRule(50.0, 75.0),)


def test_checks_with_the_same_rules_share_them(load_text: LoadText) -> None:
    """Ten thousand checks need not hold ten thousand copies."""
    checks = _checks(load_text(ENDPOINT + 'models = ["a", "b"]\nslo = { objective = "99%" }\n'))
    assert checks["chat/a"].window_rules is checks["chat/b"].window_rules


def test_what_is_shown_loads_to_the_same(load_text: LoadText) -> None:
    """In TOML and JSON, as it stood in the file, with what holds besides."""
    options = """
    availability_rule = { below = "99.5%", window = "6h" }
    latency_rule = { above = "3s", recovery = "2s" }
    slo = { objective = "99.9%" }
    certificate_rule = false
    """
    loaded = load_text(ENDPOINT + options)
    table = effective_table(loaded.config)
    again = load_text(to_toml(table))
    assert checks_of(again.config) == checks_of(loaded.config)
    shown: dict[str, Any] = json.loads(json.dumps(to_json(table)))["endpoints"][0]
    assert shown["availability_rule"] == {"below": "99.5%", "window": "6h", "min_samples": 20, "severity": "warning"}
    assert shown["certificate_rule"] is False


def test_the_schema_describes_a_table_or_false() -> None:
    """For completion in an editor, with the default as it would stand in the file."""
    defaults = json_schema()["$defs"]["Defaults"]["properties"]
    assert defaults["certificate_rule"]["default"] == {"warning": "14d", "critical": "3d"}
    assert defaults["slo"]["anyOf"] == [{"$ref": "#/$defs/SloTable"}, {"const": False, "type": "boolean"}]


def _warnings(loaded: Loaded) -> list[str]:
    return [str(warning) for warning in loaded.warnings if "channels" not in warning.path]


@pytest.mark.parametrize(
    ("lines", "path", "words"),
    [
        ('availability_rule = { below = "99%", window = "5m" }', "endpoints[0].availability_rule", "never be judged"),
        ('models = [{ id = "m", slo = { objective = "99.99%" } }]', "endpoints[0].models[0].slo", "never be judged"),
        ('models = [{ id = "m", certificate_rule = false }]', "endpoints[0].models[0].certificate_rule", "no effect"),
        ('models = ["m"]\nttft_rule = { above = "1s" }', "endpoints[0].ttft_rule", "nothing to measure"),
        ('slo = { objective = "99%" }\n[storage]\nraw_retention = "1d"', "endpoints[0].slo", 'looks back "3d"'),
    ],
)
def test_a_rule_that_says_nothing_is_a_warning(load_text: LoadText, lines: str, path: str, words: str) -> None:
    """Silence would look like health."""
    (warning,) = _warnings(load_text(f"{ENDPOINT}{lines}\n"))
    assert warning.startswith(f"{path}: ")
    assert words in warning


def test_a_rule_of_the_defaults_is_doubted_once(load_text: LoadText) -> None:
    """At the place where it stands, however many models it holds for."""
    text = (
        f'[defaults]\nttft_rule = {{ above = "1s" }}\n{ENDPOINT}models = ["a", "b", {{ id = "c", max_tokens = 2 }}]\n'
    )
    assert len(_warnings(load_text(text))) == 1


def test_rules_that_can_be_judged_are_not_doubted(load_text: LoadText) -> None:
    """The examples of the documentation."""
    options = """
    availability_rule = { below = "99%", window = "1h", min_samples = 20 }
    latency_rule = { percentile = 95, above = "3s", window = "15m" }
    slo = { objective = "99.9%", period = "30d" }
    coverage_rule = { below = "90%", window = "1h" }
    models = ["a"]
    """
    assert _warnings(load_text(ENDPOINT + options)) == []
