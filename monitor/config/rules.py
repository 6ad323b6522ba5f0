"""The tables of rules beyond failures, which stand inline in `[defaults]`, an endpoint or a model.

Owns their keys, defaults and bounds; what a rule means is `domain.rules`. A table replaces an inherited one whole, and
`false` switches it off.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer, PlainValidator
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from monitor.config.model import Model, detail, wrong
from monitor.config.values import Within, seconds
from monitor.domain.rules import (
    DAY_S,
    AvailabilityRule,
    CertificateRule,
    CoverageRule,
    LatencyRule,
    Rule,
    SloRule,
    Timing,
)
from monitor.domain.severity import Severity

T = TypeVar("T")

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s?%", re.ASCII)
_MS_PER_S = 1000.0
_RECOVERED_LATENCY = 0.9
_SEVERITY = Severity.WARNING


class Percent(str):
    """A share as it stands in the file: `"99.9%"`."""

    __slots__ = ()

    @property
    def value(self) -> float:
        """The number before the sign."""
        return float(self.rstrip("% "))

    @classmethod
    def parse(cls, value: object) -> "Percent":
        """The share, or a message for people."""
        match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise wrong('must be a percentage in quotes, such as "99.9%"')
        if not 0 < Decimal(match[1]) <= 100:  # noqa: PLR2004  that is what percent means
            raise wrong('must be more than "0%" and at most "100%"')
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic validates it."""
        del source, handler
        serializer = core_schema.plain_serializer_function_ser_schema(str)
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=serializer)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """How an editor describes it."""
        del schema, handler
        return {"type": "string", "pattern": f"^{_PERCENT.pattern}$"}


Window = Annotated[float, Within("1m", "30d")]
Limit = Annotated[float, Within("1ms", "1h")]
Period = Annotated[float, Within("1d", "365d")]
DaysLeft = Annotated[float, Within("1h", "3650d")]
Samples = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Rank = Annotated[int, Field(strict=True, ge=1, le=99)]


class _Share(Model):
    """A share that must not fall below a limit.

    Attributes:
        recovery: from where on the rule holds again; None is halfway from the limit to all.
        min_samples: fewer say nothing.
    """

    below: Percent
    recovery: Percent | None = None
    window_s: Window = seconds("1h")
    min_samples: Samples = 20
    severity: Severity = _SEVERITY

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Recovery lies on the good side of the limit."""
        below, recovery = (_tried(Percent.parse, table.get(key)) for key in ("below", "recovery"))
        if below is not None and recovery is not None and recovery.value < below.value:
            yield detail(("recovery",), f'must not be lower than below = "{below}"', recovery)

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What stands here."""
        del value
        return 'must be a table such as { below = "99%", window = "1h" }, or false to switch it off'

    def recovered(self) -> float:
        """From where on the rule holds again, in percent."""
        below = Decimal(str(self.below.value))
        return float((below + 100) / 2) if self.recovery is None else self.recovery.value


class AvailabilityTable(_Share):
    """`availability_rule`."""

    def rule(self) -> Rule:
        """As the domain knows it."""
        return AvailabilityRule(self.below.value, self.recovered(), self.window_s, self.min_samples, self.severity)


class CoverageTable(_Share):
    """`coverage_rule`."""

    def rule(self) -> Rule:
        """As the domain knows it."""
        return CoverageRule(self.below.value, self.recovered(), self.window_s, self.min_samples, self.severity)


class LatencyTable(Model):
    """`latency_rule` and `ttft_rule`: a percentile that must not rise above a limit.

    Attributes:
        recovery_s: at which length the rule holds again; None is nine tenths of the limit.
        min_samples: fewer answers say nothing.
    """

    above_s: Limit
    recovery_s: Limit | None = None
    percentile: Rank = 95
    window_s: Window = seconds("15m")
    min_samples: Samples = 10
    severity: Severity = _SEVERITY

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Recovery lies on the good side of the limit."""
        above, recovery = (_tried(Within("1ms", "1h").parse, table.get(key)) for key in ("above", "recovery"))
        if above is not None and recovery is not None and recovery > above:
            message = f'must not be longer than above = "{table["above"]}"'
            yield detail(("recovery",), message, table["recovery"])

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What stands here."""
        del value
        return 'must be a table such as { percentile = 95, above = "3s", window = "15m" }, or false to switch it off'

    def rule(self, timing: Timing) -> Rule:
        """As the domain knows it."""
        recovery_s = self.above_s * _RECOVERED_LATENCY if self.recovery_s is None else self.recovery_s
        return LatencyRule(
            timing=timing,
            percentile=self.percentile,
            above_ms=self.above_s * _MS_PER_S,
            recovery_ms=recovery_s * _MS_PER_S,
            window_s=self.window_s,
            min_samples=self.min_samples,
            severity=self.severity,
        )


class SloTable(Model):
    """`slo`: the availability that is promised over a period."""

    objective: Percent
    period_s: Period = seconds("30d")
    min_samples: Samples = 20

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """A promise of everything leaves no budget that could burn."""
        objective = _tried(Percent.parse, table.get("objective"))
        if objective is not None and objective.value == 100:  # noqa: PLR2004  all of it
            yield detail(("objective",), 'leaves no room for any failure; write "99.9%", say', objective)

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What stands here."""
        del value
        return 'must be a table such as { objective = "99.9%", period = "30d" }, or false to switch it off'

    def rule(self) -> Rule:
        """As the domain knows it."""
        return SloRule(self.objective.value, self.period_s, self.min_samples)


class CertificateTable(Model):
    """`certificate_rule`: how long before its end a certificate is told of."""

    warning_s: DaysLeft = seconds("14d")
    critical_s: DaysLeft = seconds("3d")

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """The critical time comes after the warning, also where one of them is a default."""
        parse = Within("1h", "3650d").parse
        warning, critical = (_tried(parse, table.get(key, default)) for key, default in _CERTIFICATE.items())
        if warning is not None and critical is not None and critical > warning:
            key, other = ("critical", "warning") if "critical" in table else ("warning", "critical")
            side = "longer" if key == "critical" else "shorter"
            message = f'must not be {side} than {other} = "{table.get(other, _CERTIFICATE[other])}"'
            yield detail((key,), message, table[key])

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What stands here."""
        del value
        return 'must be a table such as { warning = "14d", critical = "3d" }, or false to switch it off'

    def rule(self) -> Rule:
        """As the domain knows it."""
        return CertificateRule(self.warning_s / DAY_S, self.critical_s / DAY_S)


_CERTIFICATE = {"warning": "14d", "critical": "3d"}


def _or_false(table: type[Model]) -> PlainValidator:
    """The table, or `false`."""

    def check(value: object) -> Model | Literal[False]:
        return False if value is False else table.model_validate(value)

    return PlainValidator(check, json_schema_input_type=table | Literal[False])


def _plain(value: Any) -> Any:
    """As it stands in the file."""
    return value.model_dump(mode="json", by_alias=True) if isinstance(value, Model) else value


_AS_IN_FILE = PlainSerializer(_plain)
AvailabilityOption = Annotated[AvailabilityTable | Literal[False], _or_false(AvailabilityTable), _AS_IN_FILE]
CoverageOption = Annotated[CoverageTable | Literal[False], _or_false(CoverageTable), _AS_IN_FILE]
LatencyOption = Annotated[LatencyTable | Literal[False], _or_false(LatencyTable), _AS_IN_FILE]
SloOption = Annotated[SloTable | Literal[False], _or_false(SloTable), _AS_IN_FILE]
CertificateOption = Annotated[CertificateTable | Literal[False], _or_false(CertificateTable), _AS_IN_FILE]

RULE_OPTIONS = ("availability_rule", "latency_rule", "ttft_rule", "slo", "certificate_rule", "coverage_rule")


def window_rules(values: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of one check from the options that hold for it; one tuple for all checks with the same options."""
    return _rules(*(values[name] or None for name in RULE_OPTIONS))


def rule_of(option: str, table: Any) -> Rule:
    """The rule that one option's table stands for."""
    if isinstance(table, LatencyTable):
        return table.rule(Timing.TTFT if option == "ttft_rule" else Timing.LATENCY)
    rule: Rule = table.rule()
    return rule


@cache
def _rules(*tables: Model | None) -> tuple[Rule, ...]:
    return tuple(_each(zip(RULE_OPTIONS, tables, strict=True)))


def _each(options: Iterable[tuple[str, Model | None]]) -> Iterator[Rule]:
    for option, table in options:
        if table is not None:
            yield rule_of(option, table)


def _tried(parse: Callable[[object], T], value: object) -> T | None:
    """The value; None where it is absent, or wrong and reported where it stands."""
    try:
        return None if value is None else parse(value)
    except PydanticCustomError:
        return None
