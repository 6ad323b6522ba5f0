"""A whole history from one database into another, whichever engines they are: resumable, and verified row by row.

Owns the order of tables, the mark of an unfinished copy in the target, and what is refused. Both databases must be held
by whoever calls; how a row gets into an engine is its `dialect`'s.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, delete, insert, select

from monitor.errors import StartError, UsageError
from monitor.storage import dialect, tables
from monitor.storage.copying.loading import gauge, load, number_on
from monitor.storage.copying.mark import MARK_KEY, Mark, read_mark, write_mark
from monitor.storage.copying.paging import PAGE, Digest, count, digest, key_of, pages
from monitor.storage.fence import Fence
from monitor.storage.metadata import metadata
from monitor.storage.restore import INSTANCE_KEY
from monitor.storage.rollup_tables import leadership

_OWN_KEYS = frozenset({MARK_KEY, "write_test"})
_BEGIN_ANEW = "empty the target and copy again"


class Step(NamedTuple):
    """How far a copy is.

    Attributes:
        doing: `copy` or `verify`.
        rows: of this table, so far.
        of: all of them, as counted at the beginning.
    """

    doing: str
    table: str
    rows: int
    of: int


class Copy:
    """One copy.

    Args:
        source: a snapshot of the one database.
        target: connections that write the other one.
        tell: told of each page.
        fence: proves that nobody else has taken the target meanwhile.
        page: how many rows go together.
    """

    def __init__(
        self,
        source: Connection,
        target: Engine,
        tell: Callable[[Step], object] = lambda _: None,
        fence: Fence | None = None,
        page: int = PAGE,
    ) -> None:
        self._page = page
        self._fence = fence
        self._source = source
        self._target = target
        self._tell = tell
        self._counts: dict[str, int] = {}

    def run(self) -> dict[str, Digest]:
        """Copy what is missing, compare all of it, and make the target a database of its own.

        Returns:
            What each table holds, by name.

        Raises:
            UsageError: the target holds something else.
            StartError: the copy is not equal to its source.
        """
        mark = self._begin()
        self._counts = {table.name: count(self._source, table) for table in copied_tables()}
        for table in _from(mark.table):
            self._copy(table, mark)
            mark = mark._replace(after=None)
        found = self._compare()
        self._gauge()
        self._end()
        return found

    def _begin(self) -> Mark:
        source = _identity(self._source)
        with self._target.begin() as connection:
            mark = read_mark(connection)
            if mark is None:
                _must_be_empty(connection)
                mark = Mark(source, None, None)
                write_mark(connection, mark)
            elif mark.source[:1] != source[:1]:
                raise UsageError("the target holds an unfinished copy of another database", hint=_BEGIN_ANEW)
            elif mark.source != source:
                raise UsageError("the source has been written to since this copy was begun", hint=_BEGIN_ANEW)
        return mark

    def _copy(self, table: Table, mark: Mark) -> None:
        after = mark.after if mark.table == table.name else None
        done = 0 if after is None else self._count_there(table)
        with self._target.connect() as connection:
            self._tell(Step("copy", table.name, done, self._counts[table.name]))
            for rows in pages(self._source, table, after, self._page):
                with connection.begin():
                    load(connection, table, rows)
                    write_mark(connection, Mark(mark.source, table.name, key_of(table, rows[-1])))
                    self._seal(connection)
                done += len(rows)
                self._tell(Step("copy", table.name, done, self._counts[table.name]))

    def _count_there(self, table: Table) -> int:
        with self._target.begin() as connection:
            dialect.lift_bounds(connection)
            return count(connection, table)

    def _compare(self) -> dict[str, Digest]:
        found: dict[str, Digest] = {}
        with self._target.connect() as connection:
            for table in copied_tables():
                ours = self._digest(self._source, table, told=False)
                theirs = self._digest(connection, table, told=True)
                connection.rollback()  # a session that writes may not stand still inside a transaction
                if ours != theirs:
                    raise StartError(
                        f"the copy of the table {table.name} is not equal to its source: {theirs.rows:,} rows of"
                        f" {ours.rows:,}, checksum {theirs.checksum[:8]} instead of {ours.checksum[:8]}",
                        hint=f"something else has written there; {_BEGIN_ANEW}",
                    )
                found[table.name] = ours
        return found

    def _digest(self, connection: Connection, table: Table, *, told: bool) -> Digest:
        for rows in digest(connection, table, self._page):
            if isinstance(rows, Digest):
                return rows
            if told:
                self._tell(Step("verify", table.name, rows, self._counts[table.name]))
        raise AssertionError  # the digest comes last

    def _gauge(self) -> None:
        for table in copied_tables():
            with self._target.begin() as connection:
                dialect.lift_bounds(connection)
                gauge(connection, table)

    def _end(self) -> None:
        """From here on the target is a database like any other: it has the source's name, and no mark."""
        meta = tables.meta
        kept = [(row.key, row.value) for row in self._source.execute(select(meta)) if row.key not in _OWN_KEYS]
        with self._target.begin() as connection:
            for table in copied_tables():
                number_on(connection, table)
            connection.execute(delete(meta))
            connection.execute(insert(meta), [{"key": key, "value": value} for key, value in kept])
            self._seal(connection)

    def _seal(self, connection: Connection) -> None:
        if self._fence is not None:
            self._fence.seal(connection)


def copied_tables() -> tuple[Table, ...]:
    """Every table that a history consists of, those that others refer to first."""
    return tuple(table for table in metadata.sorted_tables if table.name not in {leadership.name, tables.meta.name})


def _from(name: str | None) -> Iterator[Table]:
    names = [table.name for table in copied_tables()]
    return iter(copied_tables()[0 if name is None else names.index(name) :])


def _identity(source: Connection) -> list[Any]:
    """The name of the source, and what changes whenever a daemon has run on it."""
    name = source.execute(select(tables.meta.c.value).where(tables.meta.c.key == INSTANCE_KEY)).scalar()
    run = tables.daemon_runs
    newest = source.execute(select(run.c.id, run.c.heartbeat_us).order_by(run.c.id.desc()).limit(1)).one_or_none()
    return [name, *(newest or (0, 0))]


def _must_be_empty(connection: Connection) -> None:
    for table in copied_tables():
        if connection.execute(select(*table.primary_key).limit(1)).first() is not None:
            raise UsageError(
                f"the target is not empty: it has rows in {table.name}",
                hint="give the copy a database of its own",
            )
