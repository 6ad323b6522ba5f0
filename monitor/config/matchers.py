"""The tables that say which incidents or checks something is about: `only = { ... }`, or an array of such tables.

Owns their notation. What fits is decided by `alerting.matching`, what fits nothing is told by `reach`.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator, StringConstraints, WrapValidator
from pydantic_core import InitErrorDetails

from monitor.alerting.matching import Matcher
from monitor.config.fields import one_or_more
from monitor.config.model import Model, detail, nearest, wrong
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity

PATTERN_KEYS = ("checks", "endpoints", "models", "providers", "tags")
_TROUBLE_KEYS = ("severities", "fault_domains", "statuses")
_REGULAR = re.compile(r"^\^|\$$|\.\+|/\.\*|^\.\*|\||\\[.dw]")
_NEVER_TOLD: frozenset[StrEnum] = frozenset({Status.UP, Status.UNKNOWN})
_OF_CHECKS = f"{', '.join(PATTERN_KEYS[:-1])} or {PATTERN_KEYS[-1]}"
_EXAMPLE = '{ endpoints = ["gw"], models = ["openai/*"], severities = ["critical"] }'


def _pattern(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise wrong("must be printable text")
    if _REGULAR.search(text):
        raise wrong('looks like a regular expression; patterns are as in a shell: "openai/*", "gpt-4.?", "gpt-[45]*"')
    return text


def _one_of(kind: type[StrEnum], left_out: frozenset[StrEnum] = frozenset()) -> PlainValidator:
    """A word of a fixed set; capitals do not matter."""
    words = {member.value.lower(): member for member in kind if member not in left_out}
    valid = [member.value for member in words.values()]

    def check(value: object) -> StrEnum:
        found = words.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise wrong(f"unknown word: {nearest(str(value), valid)}")
        return found

    return PlainValidator(check, json_schema_input_type=_words(valid))


def _words(valid: Iterable[str]) -> Any:
    return Annotated[str, StringConstraints(pattern=f"^({'|'.join(valid)})$")]


_Pattern = Annotated[str, AfterValidator(_pattern), StringConstraints(max_length=256)]
_OneOrMore = WrapValidator(one_or_more, json_schema_input_type=str | list[str])
_Patterns = Annotated[tuple[_Pattern, ...], _OneOrMore]
_Severities = Annotated[tuple[Annotated[Severity, _one_of(Severity)], ...], _OneOrMore]
_FaultDomains = Annotated[tuple[Annotated[FaultDomain, _one_of(FaultDomain)], ...], _OneOrMore]
_Statuses = Annotated[tuple[Annotated[Status, _one_of(Status, _NEVER_TOLD)], ...], _OneOrMore]


class MatcherTable(Model):
    """Every key that is there must match, by any of its values; patterns are as in a shell."""

    checks: _Patterns | None = None
    endpoints: _Patterns | None = None
    models: _Patterns | None = None
    providers: _Patterns | None = None
    tags: _Patterns | None = None
    severities: _Severities | None = None
    fault_domains: _FaultDomains | None = None
    statuses: _Statuses | None = None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """A table that says nothing was perhaps meant to match nothing, and would match everything."""
        if not any(table.get(key) for key in cls.known_keys()) and not set(table) - set(cls.known_keys()):
            yield detail((), f"says nothing, so that everything would match; leave it out, or write {_EXAMPLE}")

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What stands in `only`."""
        del value
        return f"must be a table such as {_EXAMPLE}, or an array of them"

    def matcher(self) -> Matcher:
        """As alerting takes it."""
        return Matcher(**{key: tuple(getattr(self, key) or ()) for key in type(self).model_fields})


class CheckMatcherTable(MatcherTable):
    """One that is asked about checks, whether something is wrong with them or not."""

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Nothing about trouble: there is none yet."""
        yield from super().between(table)
        for key in _TROUBLE_KEYS:
            if key in table:
                yield detail(
                    (key,), f"has no meaning here, where checks are meant, whether they fail or not; use {_OF_CHECKS}"
                )


Only = Annotated[
    tuple[MatcherTable, ...],
    WrapValidator(one_or_more, json_schema_input_type=MatcherTable | list[MatcherTable]),
]
OnlyChecks = Annotated[
    tuple[CheckMatcherTable, ...],
    WrapValidator(one_or_more, json_schema_input_type=CheckMatcherTable | list[CheckMatcherTable]),
]


def matchers_of(only: Iterable[MatcherTable]) -> tuple[Matcher, ...]:
    """As alerting takes them."""
    return tuple(table.matcher() for table in only)
