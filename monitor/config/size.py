"""Sizes as people write them: `"500MB"`, `"10GB"`, `"1.5TiB"`; in code they are bytes.

Owns the notation; which sizes an option allows stands with the option.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from monitor.config.model import wrong

PATTERN = r"^\d{1,15}(\.\d{1,6})? ?[KMGTkmgt]i?[Bb]$"
_SIZE = re.compile(r"(?P<number>\d{1,15}(?:\.\d{1,6})?) ?(?P<unit>[KMGT]I?)B", re.ASCII | re.IGNORECASE)
_UNITS = {"TI": 1 << 40, "T": 10**12, "GI": 1 << 30, "G": 10**9, "MI": 1 << 20, "M": 10**6, "KI": 1 << 10, "K": 1000}
_LEAST = Decimal("0.001")
_EXAMPLES = '"500MB", "10GB" or "1.5TiB"'


def parse_size(value: object) -> int:
    """Bytes of a size.

    Args:
        value: text with one unit: `KB MB GB TB` are powers of 1000, `KiB MiB GiB TiB` of 1024.

    Raises:
        ValueError: anything else; the message is for people.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"a bare number has no unit; write a size such as {_EXAMPLES}")  # noqa: TRY004  one error for all wrong values
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"must be a size such as {_EXAMPLES}")
    return round(Decimal(match["number"]) * _UNITS[match["unit"].upper()])


def format_size(size: int) -> str:
    """The shortest notation that says exactly this: `10_000_000_000` is `"10GB"`."""
    exact = [
        f"{number:f}{unit.replace('I', 'i')}B"
        for unit, factor in _UNITS.items()
        if (number := (Decimal(size) / factor).quantize(_LEAST).normalize()) * factor == size
    ]
    return min(exact, key=len)


def rough_size(size: float) -> str:
    """For people: three digits, decimal units: `"1.23 GB"`; bytes below a thousand."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if size >= factor * 0.9995:
            return f"{size / factor:.3g} {unit}" if size < factor * 999.5 else f"{size / factor:.0f} {unit}"
    return f"{size:.0f} B"


class Size(int):
    """Bytes that are shown as a size."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SizeWithin:
    """A size between two others, both included; bytes after validation."""

    low: str
    high: str

    def parse(self, value: object) -> Size:
        """Bytes, or a message for people."""
        try:
            size = parse_size(value)
        except ValueError as error:
            raise wrong(str(error)) from None
        if not parse_size(self.low) <= size <= parse_size(self.high):
            raise wrong(f'must lie between "{self.low}" and "{self.high}"; leave it out for no limit')
        return Size(size)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        serializer = core_schema.plain_serializer_function_ser_schema(format_size)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=serializer)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return {"type": "string", "pattern": PATTERN, "description": f"{self.low} to {self.high}; absent: no limit"}
