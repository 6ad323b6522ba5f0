"""The kinds of values that options take: durations within bounds, ratios, counts, flags, names.

Owns the bounds and the notation of single values; addresses and URLs stand in `urls`, secrets in `secrets`.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from monitor.config.duration import PATTERN, format_duration, parse_duration
from monitor.config.model import nearest, wrong
from monitor.domain.check import Ratio

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_RATIO = re.compile(r"(\d{1,4})/(\d{1,4})", re.ASCII)
_MOST_NAME = 64
_MOST_MODEL_ID = 256
_MOST_WINDOW = 1000


@dataclass(frozen=True, slots=True)
class Within:
    """A duration between two others, both included; seconds after validation.

    Attributes:
        off: what `"0s"` switches off; None where zero is refused.
    """

    low: str
    high: str
    off: str | None = None

    def parse(self, value: object) -> float:
        """Seconds, or a message for people."""
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            raise wrong(str(error)) from None
        if seconds == 0 and self.off is not None:
            return seconds
        if seconds == 0:
            raise wrong(f'"0s" does not switch this off; the shortest is "{self.low}"')
        if not parse_duration(self.low) <= seconds <= parse_duration(self.high):
            raise wrong(f'must lie between "{self.low}" and "{self.high}"')
        return seconds

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        serializer = core_schema.plain_serializer_function_ser_schema(format_duration)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=serializer)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        zero = "" if self.off is None else f'; "0s": {self.off}'
        return {"type": "string", "pattern": PATTERN, "description": f"{self.low} to {self.high}{zero}"}


def seconds(default: str) -> Any:
    """A duration's default, as seconds in code and as text in the JSON Schema."""
    return Field(default=parse_duration(default), json_schema_extra={"default": default})


class RatioOrFalse:
    """`"5/20"`: that many among the last; `false` switches the rule off."""

    @staticmethod
    def parse(value: object) -> Ratio | Literal[False]:
        """The ratio, or a message for people."""
        if value is False:
            return False
        match = _RATIO.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise wrong('must be a ratio such as "5/20", or false to switch it off')
        failures, window = int(match[1]), int(match[2])
        if not 1 <= failures <= window <= _MOST_WINDOW:
            raise wrong(f'must be "FAILURES/WINDOW" with 1 <= FAILURES <= WINDOW <= {_MOST_WINDOW}; false is off')
        return Ratio(failures, window)

    @staticmethod
    def format(value: Ratio | Literal[False]) -> str | bool:
        """As it stands in the file."""
        return f"{value.failures}/{value.window}" if isinstance(value, Ratio) else False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        serializer = core_schema.plain_serializer_function_ser_schema(self.format)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=serializer)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return {"anyOf": [{"type": "string", "pattern": r"^\d{1,4}/\d{1,4}$"}, {"const": False}]}


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None or len(text) > _MOST_NAME:
        raise wrong(
            f"must be lower-case letters, digits and . _ -, begin with a letter or digit, at most {_MOST_NAME} long",
        )
    return text


def _model_id(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _MOST_MODEL_ID:
        raise wrong(f"must be printable text of 1 to {_MOST_MODEL_ID} characters")
    return text


def _provider(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _MOST_NAME:
        raise wrong(f"must be printable text of 1 to {_MOST_NAME} characters")
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        zones = available_timezones()
        hint = nearest(text, zones) if text else 'write "UTC"'
        raise wrong(f"unknown time zone: {hint.split('; valid are')[0]}") from None
    return text


Interval = Annotated[float, Within("100ms", "30d")]
ConfirmInterval = Annotated[float, Within("100ms", "1h")]
Timeout = Annotated[float, Within("10ms", "1h")]
SlowAfter = Annotated[float, Within("1ms", "1h", off="slow answers are not told")]
LoadingGrace = Annotated[float, Within("1s", "1d", off="a loading model counts like any failure")]
RETENTION_WITHIN = Within("1d", "36500d")
Retention = Annotated[float, RETENTION_WITHIN]
FailureRatio = Annotated[Ratio | Literal[False], RatioOrFalse()]

Flag = Annotated[bool, Field(strict=True)]
Threshold = Annotated[int, Field(strict=True, ge=1, le=100)]
MaxTokens = Annotated[int, Field(strict=True, ge=1, le=4096)]
Concurrency = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})]
ModelId = Annotated[str, AfterValidator(_model_id)]
Provider = Annotated[str, AfterValidator(_provider)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
