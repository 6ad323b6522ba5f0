"""How a list of rows is printed: a table for people, JSON or CSV for programs.

Rows are dictionaries with the fields of the interface; they may come as a stream, of which nothing is kept. Owns what
is dangerous in a spreadsheet and in JSON that a terminal shows; tables are laid out by `table`.
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from monitor.alerting.plain import printable
from monitor.cli.options import Format
from monitor.cli.table import (
    STYLES,
    Column,
    Row,
    Sheet,
    console_on,
    print_parts,
    style_of,
    write_facts,
    write_table,
)

__all__ = [
    "STYLES",
    "Column",
    "Row",
    "Sheet",
    "console_on",
    "csv_cell",
    "duration",
    "emit",
    "local_time",
    "milliseconds",
    "percent",
    "print_parts",
    "safe_json",
    "style_of",
    "write_csv",
    "write_facts",
    "write_json",
    "write_table",
    "yes_or_no",
]

# JSON escapes C0 itself; DEL, C1 and marks that reorder a line are escaped too, which JSON allows.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# Source: OWASP, CSV injection; the wide forms are formulas in some locales.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
            "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
_HARMLESS = re.compile("[0-9A-Za-z][!-~]*")
_MS_PER_S = 1000.0


def emit(sheet: Sheet, form: Format, stream: TextIO | None = None) -> None:
    """Print a list to `stream` (stdout)."""
    out = sys.stdout if stream is None else stream
    if form is Format.JSON:
        write_json(sheet.rows, sheet.fields, out)
    elif form is Format.CSV:
        write_csv(sheet.rows, sheet.fields, out)
    else:
        write_table(sheet, out)


def write_json(rows: Iterable[Row], fields: Sequence[str], out: TextIO) -> None:
    """A JSON array, one object a line."""
    between = "[\n"
    for row in rows:
        out.write(between + safe_json({name: row.get(name) for name in fields}))
        between = ",\n"
    out.write("\n]\n" if between == ",\n" else "[]\n")


def safe_json(value: Any, indent: int | None = None) -> str:
    """JSON that no terminal obeys."""
    return _UNSAFE.sub(
        lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False, indent=indent)
    )


def write_csv(rows: Iterable[Row], fields: Sequence[str], out: TextIO) -> None:
    """CSV of RFC 4180 that is safe to open in a spreadsheet."""
    writer = csv.writer(out)
    writer.writerow(map(csv_cell, fields))
    for row in rows:
        writer.writerow([csv_cell(row.get(name)) for name in fields])


def csv_cell(value: Any) -> str | int | float:
    """One cell: empty for None, a text that would be a formula behind an apostrophe, lists joined by blanks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        value = " ".join(f"{key}={count}" for key, count in value.items())
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if _HARMLESS.fullmatch(text):  # nearly all are, in a list of a million
        return text
    shown = printable(text)
    dangerous = any(form.lstrip(" ").startswith(_FORMULA) for form in (text, shown))
    return f"'{shown}" if dangerous else shown


def yes_or_no(value: bool) -> str:
    """In words."""
    return "yes" if value else "no"


def milliseconds(value: float) -> str:
    """`86 ms`, `1.24 s`."""
    return f"{value:.0f} ms" if value < _MS_PER_S else f"{value / _MS_PER_S:.2f} s"


def percent(value: float) -> str:
    """`100 %` only if nothing is missing."""
    return "100 %" if value == 100.0 else f"{min(value, 99.99):.2f} %"  # noqa: PLR2004  a whole


def duration(seconds: float) -> str:
    """`42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`."""
    left, parts = round(seconds), []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def local_time(zone: str) -> Callable[[str], str]:
    """How an ISO time is shown in a table: `2026-11-21 21:00:00` in the configured zone."""
    there = ZoneInfo(zone)
    return lambda text: datetime.fromisoformat(text).astimezone(there).strftime("%Y-%m-%d %H:%M:%S")
