"""Budgets that are too small for what is asked of them: warnings, because probes would only wait."""

from collections.abc import Iterator

from monitor.config.checks import effective
from monitor.config.endpoints import Endpoint
from monitor.config.problems import toml_path
from monitor.config.schema import Config
from monitor.domain.tokens import PROMPT_CHARACTERS, input_tokens
from monitor.errors import Problem

_MINUTE_S = 60.0


def budget_doubts(config: Config) -> Iterator[Problem]:
    """Endpoints whose intervals ask for more than their budgets allow; what patterns stand for is not counted."""
    for position, endpoint in enumerate(config.endpoints):
        if endpoint.requests_per_minute is None and endpoint.tokens_per_minute is None:
            continue
        requests, tokens = _wanted(endpoint, config)
        pairs = (("requests_per_minute", requests), ("tokens_per_minute", tokens))
        for option, wanted in pairs:
            allowed = getattr(endpoint, option)
            if allowed is not None and wanted > allowed:
                message = f"is less than the intervals here ask for ({wanted:,.0f}): probes will be late, or left out"
                yield Problem(toml_path(("endpoints", position, option)), f"{message}; probe less often", str(allowed))


def _wanted(endpoint: Endpoint, config: Config) -> tuple[float, float]:
    """Requests, and tokens at most, of a minute."""
    requests = tokens = 0.0
    if endpoint.check_models:
        requests += _MINUTE_S / effective(endpoint, config.defaults)["models_interval_s"]
    for model in endpoint.named_models:
        values = effective(model, endpoint, config.defaults)
        probes = _MINUTE_S / values["interval_s"]
        requests += probes
        tokens += probes * (input_tokens(PROMPT_CHARACTERS) + values["max_tokens"])
    return requests, tokens
