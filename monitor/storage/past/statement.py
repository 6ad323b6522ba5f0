"""One statement of somebody's own, answered without the power to change anything.

Owns what is let through, and where a wrong statement is wrong; each engine has its own guard beside the snapshot that
cannot write: `sqlite.guarded`, `postgresql.guarded`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.errors import UsageError
from monitor.storage.faults import DatabaseFault, storage_error
from monitor.storage.past.wrong import Wrong
from monitor.storage.reader import Reader

LONGEST = 1_000_000  # characters
_READS = ("SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA", "TABLE", "SHOW")
_BEFORE = re.compile(r"(?:\s+|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_EXCERPT = 76


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave.

    Attributes:
        columns: their names, as often as they come.
        rows: read as they are taken; raises as `ask` does.
    """

    columns: Sequence[str]
    rows: Iterator[Sequence[Any]]


class StoppedError(Exception):
    """A statement was ended early, as was wished."""


def ask(reader: Reader, sql: str) -> Answer:
    """Begins a statement.

    Raises:
        UsageError: it does more than read, or is wrong; says where.
        StoppedError: what the reader's `stop_when` was given wished so.
        StorageError: the database refuses for a reason of its own.
    """
    word = _first_word(sql)
    if word not in _READS:
        raise UsageError(
            f"db query only reads, and {word[:20] or 'nothing'} does not" if word else "there is no statement to ask",
            hint=f"a statement begins with {', '.join(_READS[:4])}",
        )
    begin, explain = _engine(reader)
    try:
        columns, rows = begin(reader.connection, sql)
    except Exception as fault:
        raise _told(fault, explain(fault, sql, reader.connection), sql) from fault
    if not columns:
        raise UsageError("the statement gives no rows", hint="db query is for statements that do")
    return Answer(columns, _guarded(rows, lambda fault: _told(fault, explain(fault, sql, reader.connection), sql)))


def _guarded(rows: Iterator[Sequence[Any]], told: Callable[[Exception], Exception]) -> Iterator[Sequence[Any]]:
    try:
        yield from rows
    except Exception as fault:
        raise told(fault) from fault


def _first_word(sql: str) -> str:
    if len(sql) > LONGEST:
        raise UsageError(f"the statement is longer than {LONGEST:,} characters")
    begins = _BEFORE.match(sql)
    found = re.match(r"\w*", sql[begins.end() if begins else 0 :])
    return found.group().upper() if found else ""


def _engine(reader: Reader) -> tuple[Callable[..., Any], Callable[..., Wrong | None]]:
    if reader.connection.dialect.name == "sqlite":
        from monitor.storage.sqlite import guarded as ours  # noqa: PLC0415  only the engine in use is paid for

        return ours.begin, ours.explain
    from monitor.storage.postgresql import guarded  # noqa: PLC0415  the same

    return guarded.begin, guarded.explain


def _told(fault: Exception, wrong: Wrong | None, sql: str) -> Exception:
    if wrong is None:
        # What a driver raises here has not been through SQLAlchemy; psycopg's errors have a state, or null for one.
        return storage_error(fault) if isinstance(fault, DatabaseFault) or hasattr(fault, "sqlstate") else fault
    if wrong.stopped:
        return StoppedError(wrong.says)
    if wrong.refused:
        return UsageError(f"db query only reads: {wrong.says}", hint="nothing was changed")
    if wrong.at is None:
        return UsageError(f"the statement is wrong: {wrong.says}", hint="tables and columns: docs/database.md")
    line, column, shown = _place(sql, wrong.at)
    return UsageError(f"the statement is wrong at line {line}, column {column}: {wrong.says}{shown}")


def _place(sql: str, at: int) -> tuple[int, int, str]:
    """Line and column, counted from 1, and that line with a mark under the place."""
    begins = sql.rfind("\n", 0, at) + 1
    line = sql[begins:].partition("\n")[0]
    column = at - begins
    cut = max(0, column - _EXCERPT // 2)
    blanks = " " * (column - cut)
    return sql.count("\n", 0, at) + 1, column + 1, f"\n  {line[cut : cut + _EXCERPT]}\n  {blanks}^"
