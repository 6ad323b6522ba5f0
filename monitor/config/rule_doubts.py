"""Rules that are allowed but can say nothing as they stand: warnings, because silence would look like health."""

from collections.abc import Iterator

from monitor.config.checks import effective
from monitor.config.duration import format_duration
from monitor.config.endpoints import Overrides
from monitor.config.problems import Loc, toml_path
from monitor.config.rules import RULE_OPTIONS, rule_of
from monitor.config.schema import Config
from monitor.domain.rules_judge import can_be_judged, questions
from monitor.errors import Problem

Level = tuple[Loc, Overrides]


def rule_doubts(config: Config) -> list[Problem]:
    """What is doubtful about the rules of each check, at the place where the rule stands."""
    found: list[Problem] = []
    for position, endpoint in enumerate(config.endpoints):
        outer: tuple[Level, ...] = ((("endpoints", position), endpoint), (("defaults",), config.defaults))
        if endpoint.check_models:
            found.extend(_doubts(outer, "models_interval_s", config))
        told_of_plain = False
        for place, model in enumerate(endpoint.models):
            loc = ("endpoints", position, "models", place)
            is_plain = model.model_fields_set <= {"id", "provider"}
            if is_plain and told_of_plain:
                continue  # ten thousand ids say nothing that the first did not
            told_of_plain |= is_plain
            if model.certificate_rule is not None:
                message = "has no effect on one model; a certificate belongs to the endpoint"
                found.append(Problem(toml_path((*loc, "certificate_rule")), message))
            found.extend(_doubts(((loc, model), *outer), "interval_s", config))
    return list(dict.fromkeys(found))


def _doubts(levels: tuple[Level, ...], interval: str, config: Config) -> Iterator[Problem]:
    values = effective(*(table for _, table in levels))
    for option in RULE_OPTIONS:
        if not values[option]:
            continue
        where = next(toml_path((*loc, option)) for loc, table in levels if getattr(table, option) is not None)
        rule, every = rule_of(option, values[option]), format_duration(values[interval])
        if not can_be_judged(rule, values[interval]):
            message = f'can never be judged: too few probes fall into its window at one every "{every}"'
            yield Problem(where, f"{message}; probe more often, choose a longer window, or ask for fewer samples")
        longest_s = max((asked.window_s for asked in questions(rule)), default=0.0)
        if longest_s > config.storage.raw_retention_s:
            kept = format_duration(config.storage.raw_retention_s)
            message = (
                f'looks back "{format_duration(longest_s)}", but results are kept for raw_retention = "{kept}" only'
            )
            yield Problem(where, message)
        if option == "ttft_rule" and interval == "interval_s" and not values["stream"]:
            yield Problem(where, "has nothing to measure where stream is false: answers then come in one piece")
