"""How a list of rows is printed: a table for people, JSON or CSV for programs.

Rows are dictionaries with the fields of the interface; a table shows some of them in words. Owns what is dangerous at
each place: control characters on a terminal, formulas in a spreadsheet.
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TextIO
from zoneinfo import ZoneInfo

from monitor.alerting.plain import printable
from monitor.cli.options import Format

if TYPE_CHECKING:
    from rich.console import Console

Row = Mapping[str, Any]

# JSON escapes C0 itself; DEL, C1 and marks that reorder a line are escaped too, which JSON allows.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# Source: OWASP, CSV injection; the wide forms are formulas in some locales.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
            "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
_PIPE_WIDTH = 1000
_NOTHING = "-"
_GAP = 2
_PROSE_LEAST = 20
_ID_LEAST = 12
_MS_PER_S = 1000.0

STYLES = MappingProxyType(
    {
        "UP": "green",
        "DEGRADED": "yellow",
        "RATE_LIMITED": "yellow",
        "PENDING": "dim",
        "UNKNOWN": "dim",
        "warning": "yellow",
        "critical": "bold red",
        "yes": "green",
        "no": "bold red",
    }
)
_FAILING = "bold red"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        show: the field's value in words; None is never passed.
        right: aligned to the right, as numbers are.
        styled: coloured by `STYLES`.
        least_width: shown only on a terminal at least this wide.
        whole: an id, which should not be broken over two lines; one in a table.
        prose: sentences, which may be broken.
    """

    name: str
    title: str
    show: Callable[[Any], str] = str
    right: bool = False
    styled: bool = False
    least_width: int = 0
    whole: bool = False
    prose: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list ready to be printed.

    Attributes:
        fields: the names of the interface, in its order; JSON and CSV have exactly these.
        columns: what a table shows.
        empty: what is said where a table would have no rows.
    """

    rows: Sequence[Row]
    fields: Sequence[str]
    columns: Sequence[Column]
    empty: str = "nothing found"
    notes: Sequence[str] = field(default_factory=tuple)


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
    writer.writerow(fields)
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
    shown = printable(text)
    dangerous = any(form.lstrip(" ").startswith(_FORMULA) for form in (text, shown))
    return f"'{shown}" if dangerous else shown


def write_table(sheet: Sheet, out: TextIO) -> None:
    """A table as wide as the terminal; into a file or a pipe nothing is cut."""
    from rich.table import Table  # noqa: PLC0415  only who needs it pays
    from rich.text import Text  # noqa: PLC0415  the same

    console = console_on(out)
    if not sheet.rows:
        print_parts(console, out, Text(sheet.empty))
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    columns = [column for column in sheet.columns if console.width >= column.least_width]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    cells = [[_cell(row.get(column.name), column) for column in columns] for row in sheet.rows]
    for column, width in zip(columns, _widths(columns, cells, console.width), strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(Text(column.title), justify=justify, overflow="fold", width=width)
    for line in cells:
        table.add_row(*(Text(*cell) for cell in line))
    print_parts(console, out, table, *(Text(note, "dim") for note in sheet.notes))


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[tuple[str, str]]], width: int) -> list[int | None]:
    """How wide each column is; None is as wide as it likes, where there is room for all.

    Where there is not, titles are broken first, then prose, then ids; numbers and times never.
    """
    from rich.cells import cell_len  # noqa: PLC0415  only who needs it pays

    longest = [max(cell_len(line[number][0]) for line in cells) for number in range(len(columns))]
    room = width - _GAP * (len(columns) - 1)
    if sum(max(length, len(column.title)) for column, length in zip(columns, longest, strict=True)) <= room:
        return [None] * len(columns)
    needs = []
    for column, length in zip(columns, longest, strict=True):
        title = max(map(len, column.title.split()))
        needs.append(max(title, min(length, _PROSE_LEAST) if column.prose else length))
    for number, column in enumerate(columns):
        if column.whole:
            needs[number] = max(_ID_LEAST, needs[number] + min(0, room - sum(needs)))
    for number, column in enumerate(columns):
        if column.prose:
            needs[number] += max(0, room - sum(needs))
    return list(needs)


def print_parts(console: "Console", out: TextIO, *parts: Any) -> None:
    """Into a file or a pipe without the blanks that fill a table's last column."""
    if console.is_terminal:
        console.print(*parts, sep="\n")
        return
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    out.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def write_facts(title: str, facts: Sequence[tuple[str, str | None]], out: TextIO) -> None:
    """A heading and one line for each fact that is known."""
    from rich.table import Table  # noqa: PLC0415  only who needs it pays
    from rich.text import Text  # noqa: PLC0415  the same

    console = console_on(out)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        if value is not None:
            table.add_row(Text(name, "dim"), Text(printable(value), STYLES.get(value, "")))
    print_parts(console, out, Text(title, "bold"), table)


def console_on(out: TextIO) -> "Console":
    """Where tables are printed: coloured only on a terminal, and not where NO_COLOR is set; markup is plain text."""
    from rich.console import Console  # noqa: PLC0415  only who needs it pays

    width = None if out.isatty() else _PIPE_WIDTH
    return Console(file=out, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def _cell(value: Any, column: Column) -> tuple[str, str]:
    if value is None:
        return _NOTHING, "dim"
    text = printable(column.show(value))
    return text, style_of(text) if column.styled else ""


def style_of(word: str) -> str:
    """The colour of a status, a state or a severity; the word itself always stands there too."""
    return STYLES.get(word, _FAILING)


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
