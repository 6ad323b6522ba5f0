"""The SQL that differs between engines, behind one set of functions.

What each engine has to say stands in a module of its own (`sqlite.dialect`, `postgresql.dialect`); only the one in use
is imported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Dialect, Table

if TYPE_CHECKING:
    from sqlalchemy import Insert
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.sql import ClauseElement


# Making the text of one takes as long as running it a hundred times, and roll-ups ask for it bite by bite.
_STATEMENTS = 64


class Particulars(Protocol):
    """What an engine's own module offers."""

    def insert(self, table: Table, /) -> "sqlite.Insert | postgresql.Insert":
        """An insert that knows what to do about a conflict."""
        ...

    def iso_sql(self, column: str, /) -> str:
        """A time column as ISO 8601 UTC with milliseconds."""
        ...

    def day_sql(self, column: str, /) -> str:
        """The UTC day of a time column."""
        ...

    def free_bytes(self, connection: Connection, /) -> int:
        """What deleted rows have left behind, to be used again."""
        ...

    def lift_bounds(self, connection: Connection, /) -> None:
        """This transaction may take as long as it takes."""
        ...


def of(dialect: Dialect) -> Particulars:
    """What is particular to the engine that speaks this dialect."""
    return _of(dialect.name)


@lru_cache(_STATEMENTS)
def insert_sql(dialect: Dialect, table: Table) -> str:
    """A plain insert of all columns, in their order."""
    return _sql(dialect, of(dialect).insert(table))


def insert_or_keep_sql(dialect: Dialect, table: Table) -> str:
    """An insert of all columns but a generated id; a row that exists stays as it is."""
    statement = of(dialect).insert(table).on_conflict_do_nothing()
    return _sql(dialect, statement, skip="id" if table.c[0].name == "id" else None)


@lru_cache(_STATEMENTS)
def upsert_sql(dialect: Dialect, table: Table) -> str:
    """An insert of all columns that replaces every column of a row with the same primary key."""
    statement = of(dialect).insert(table)
    key = [column.name for column in table.primary_key]
    replaced = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in key}
    return _sql(dialect, statement.on_conflict_do_update(index_elements=key, set_=replaced))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the driver takes it.

    Attributes:
        text: with a place for each parameter.
        names: of the parameters, in the order of their places.
        given: values of those that belong to the statement itself.
    """

    text: str
    names: Sequence[str]
    given: Mapping[str, Any]

    def parameters(self, **values: Any) -> tuple[Any, ...]:
        """With the values of those that are missing."""
        known = {**self.given, **values}
        return tuple(known[name] for name in self.names)


def prepared_with(dialect: Dialect, statement: "ClauseElement") -> Prepared:
    """A statement with its parameters; lists in it are written out."""
    compiled: Any = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return Prepared(compiled.string, tuple(compiled.positiontup), dict(compiled.construct_params(_check=False)))


def prepared(dialect: Dialect, statement: "ClauseElement") -> str:
    """A statement as the driver takes it; its parameters are positional, in the order in which they are written."""
    return str(statement.compile(dialect=dialect))


def iso_sql(dialect: Dialect, column: str) -> str:
    """A time column as ISO 8601 UTC with milliseconds."""
    return of(dialect).iso_sql(column)


def day_sql(dialect: Dialect, column: str) -> str:
    """The UTC day of a time column."""
    return of(dialect).day_sql(column)


def free_bytes(connection: Connection) -> int:
    """What deleted rows have left behind, to be used again."""
    return of(connection.dialect).free_bytes(connection)


def lift_bounds(connection: Connection) -> None:
    """This transaction may take as long as it takes; its connection is not for others afterwards."""
    of(connection.dialect).lift_bounds(connection)


@lru_cache
def _of(name: str) -> Particulars:
    if name == "sqlite":
        from monitor.storage.sqlite import dialect as sqlite  # noqa: PLC0415  only the engine in use is paid for

        return sqlite
    from monitor.storage.postgresql import dialect as ours  # noqa: PLC0415  the same

    return ours


def _sql(dialect: Dialect, statement: "Insert", *, skip: str | None = None) -> str:
    columns = [column.name for column in statement.table.columns if column.name != skip]
    return str(statement.compile(dialect=dialect, column_keys=columns))
