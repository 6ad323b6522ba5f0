"""Tables for people: as wide as the terminal, printed piece by piece, so that a long list costs no memory.

Owns columns, widths and colours, and what is dangerous on a terminal: control characters. What is printed for programs
is the business of `render`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TextIO

from monitor.alerting.plain import printable

if TYPE_CHECKING:
    from rich.console import Console

Row = Mapping[str, Any]

_PIPE_WIDTH = 1000
_PIECE = 500  # rows that are laid out together; those after them may be wider, never broken
_NOTHING = "-"
_GAP = 2
_PROSE_LEAST = 20
_ID_LEAST = 12

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
        rows: may be a stream, which is printed as it comes.
        fields: the names of the interface, in its order; JSON and CSV have exactly these.
        columns: what a table shows.
        empty: what is said where a table would have no rows.
        stacks: on a terminal without room for all columns, the values of a row stand below each other.
    """

    rows: Iterable[Row]
    fields: Sequence[str]
    columns: Sequence[Column]
    empty: str = "nothing found"
    notes: Sequence[str] = field(default_factory=tuple)
    stacks: bool = False


def write_table(sheet: Sheet, out: TextIO) -> None:
    """A table as wide as the terminal; into a file or a pipe nothing is cut."""
    from rich.text import Text  # noqa: PLC0415  only who needs it pays

    console = console_on(out)
    write, longest, done = _on_terminal if console.is_terminal else _into_pipe, None, 0
    columns = [column for column in sheet.columns if console.width >= column.least_width]
    for piece in _pieces(sheet.rows):
        cells = [[_cell(row.get(column.name), column) for column in columns] for row in piece]
        lengths = _longest(cells)
        first, longest = longest is None, lengths if longest is None else list(map(max, longest, lengths))
        if first and sheet.stacks and console.is_terminal and not _fits(columns, lengths, console.width):
            write = _stacked
        write(_Layout(console, out, columns, longest, done), cells, with_titles=first)
        done += len(cells)
    if longest is None:
        print_parts(console, out, Text(sheet.empty))
    elif sheet.notes:
        print_parts(console, out, *(Text(note, "dim") for note in sheet.notes))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a piece of a table is written; how long its cells are, with those before it; how many rows these were."""

    console: "Console"
    out: TextIO
    columns: Sequence[Column]
    longest: Sequence[int]
    done: int


_Cells = Sequence[Sequence[tuple[str, str]]]


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while piece := list(islice(left, _PIECE)):
        yield piece


def _longest(cells: _Cells) -> list[int]:
    return [max(_length(line[number][0]) for line in cells) for number in range(len(cells[0]))]


def _length(text: str) -> int:
    """In cells of a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  only who needs it pays

    return cell_len(text)


def _into_pipe(layout: _Layout, cells: _Cells, *, with_titles: bool) -> None:
    """One line a row, however long: for grep, awk and files."""
    columns = layout.columns
    widths = [max(length, _length(column.title)) for column, length in zip(columns, layout.longest, strict=True)]
    titles = [[(column.title, "") for column in columns]] if with_titles else []
    for line in (*titles, *cells):
        padded = []
        for (text, _), column, width in zip(line, columns, widths, strict=True):
            blanks = " " * (width - _length(text))
            padded.append(blanks + text if column.right else text + blanks)
        layout.out.write((" " * _GAP).join(padded).rstrip() + "\n")


def _on_terminal(layout: _Layout, cells: _Cells, *, with_titles: bool) -> None:
    from rich.table import Table  # noqa: PLC0415  only who needs it pays
    from rich.text import Text  # noqa: PLC0415  the same

    columns, console = layout.columns, layout.console
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0), show_header=with_titles)
    widths = _widths(columns, layout.longest, console.width)
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(Text(column.title), justify=justify, overflow="fold", width=width)
    for line in cells:
        table.add_row(
            *(
                Text(_after_slashes(text, width) if column.whole else text, style)
                for (text, style), column, width in zip(line, columns, widths, strict=True)
            )
        )
    print_parts(console, layout.out, table)


def _stacked(layout: _Layout, cells: _Cells, *, with_titles: bool) -> None:
    """One line a value, with its title before it."""
    from rich.table import Table  # noqa: PLC0415  only who needs it pays
    from rich.text import Text  # noqa: PLC0415  the same

    del with_titles
    for number, line in enumerate(cells, layout.done + 1):
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, _GAP, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for column, cell in zip(layout.columns, line, strict=True):
            table.add_row(Text(column.title, "dim"), Text(*cell))
        print_parts(layout.console, layout.out, Text(f"row {number}", "bold"), table)


def _fits(columns: Sequence[Column], longest: Sequence[int], width: int) -> bool:
    return sum(_widths(columns, longest, width)) + _GAP * (len(columns) - 1) <= width


def _widths(columns: Sequence[Column], longest: Sequence[int], width: int) -> list[int]:
    """How wide each column is.

    Where there is no room for all, titles are broken first, then prose, then ids; numbers and times never.
    """
    room = width - _GAP * (len(columns) - 1)
    whole = [max(length, _length(column.title)) for column, length in zip(columns, longest, strict=True)]
    if sum(whole) <= room:
        return whole
    needs = []
    for column, length in zip(columns, longest, strict=True):
        title = max(map(_length, column.title.split()), default=0)
        needs.append(max(title, min(length, _PROSE_LEAST) if column.prose else length))
    for number, column in enumerate(columns):
        if column.whole:
            needs[number] = max(_ID_LEAST, needs[number] + min(0, room - sum(needs)))
    for number, column in enumerate(columns):
        if column.prose:
            needs[number] += max(0, room - sum(needs))
    return needs


def _after_slashes(name: str, width: int) -> str:
    """An id over as many lines as it needs, broken after a slash before it is broken elsewhere."""
    if _length(name) <= width:
        return name
    lines = [""]
    for part in name.replace("/", "/\0").split("\0"):
        if lines[-1] and _length(lines[-1]) + _length(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


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
