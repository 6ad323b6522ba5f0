"""The command `db query`: one SELECT of one's own, read only, printed as it is read."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, reader_of
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.render import Column
    from monitor.storage.past.statement import Answer

LIMIT = 100
TIMEOUT = "60s"


def query(
    statement: Annotated[str, typer.Argument(metavar="SQL", help="One statement that reads; `-` reads it from stdin.")],
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"At most so many rows; default {LIMIT} for tables, else all.", show_default=False),
    ] = None,
    timeout: Annotated[str, typer.Option(metavar="DURATION", help='End it after so long; "0s": never.')] = TIMEOUT,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Ask the database in SQL; nothing can be changed this way."""
    from monitor.storage.past.statement import StoppedError, ask  # noqa: PLC0415  the command line imports what it needs

    sql = sys.stdin.read() if statement == "-" else statement
    overdue = _overdue(timeout)
    most = LIMIT if limit is None and output is Format.TABLE else limit
    with reader_of(load_config(config)) as reader:
        reader.stop_when(overdue)
        try:
            answer = ask(reader, sql)
            more = _print(answer, most, output)
        except StoppedError:
            if not overdue():
                raise KeyboardInterrupt from None
            raise UsageError(f"the statement took longer than {timeout}", hint="--timeout gives it more") from None
    if more:
        typer.echo(f"there is more: these are the first {most}, --limit shows others", err=True)


def _overdue(timeout: str) -> Callable[[], bool]:
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.config.duration import parse_duration  # noqa: PLC0415  the same

    try:
        seconds = parse_duration(timeout)
    except ValueError as error:
        raise UsageError(f"--timeout {timeout!r}: {error}") from None
    clock = SystemClock()
    begun = clock.now()
    return lambda: seconds > 0 and clock.now().s_since(begun) > seconds


def _print(answer: "Answer", most: int | None, output: Format) -> bool:
    """Prints the rows; whether there were others."""
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the same

    names = _distinct(answer.columns)
    shown = _for_json if output is Format.JSON else _for_people
    rows = iter(answer.rows)
    first = list(islice(rows, 1))
    columns = _columns(names, first)
    taken = islice(chain(first, rows), most)
    emit(Sheet(_named(taken, names, shown), names, columns, empty="no rows", stacks=True), output)
    return next(rows, None) is not None


def _named(
    rows: Iterable[Sequence[Any]], names: Sequence[str], shown: Callable[[Any], Any]
) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        yield dict(zip(names, map(shown, row), strict=True))


def _distinct(names: Sequence[str]) -> list[str]:
    """Each once: an object of JSON cannot have a name twice."""
    found: list[str] = []
    for name in names:
        other, number = name, 1
        while other in found:
            number += 1
            other = f"{name}_{number}"
        found.append(other)
    return found


def _columns(names: Sequence[str], first: Sequence[Sequence[Any]]) -> "list[Column]":
    from monitor.alerting.plain import printable  # noqa: PLC0415  the same
    from monitor.cli.render import Column  # noqa: PLC0415  the same

    values = first[0] if first else [None] * len(names)
    return [
        Column(name, printable(name), right=isinstance(value, int | float | Decimal), prose=isinstance(value, str))
        for name, value in zip(names, values, strict=True)
    ]


def _for_json(value: Any) -> Any:
    """As JSON has it; what it has no word for (not a number, infinite) is null."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, dict | list) else _as_text(value)


def _for_people(value: Any) -> Any:
    """As a cell: numbers and words as they are, everything else as a text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value) if isinstance(value, Decimal) else _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
