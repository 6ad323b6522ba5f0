"""Forgetting by deleting rows, for an engine that sees to its room itself."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from monitor.storage import tables
from monitor.storage.retention.housekeeping import TableSize
from monitor.storage.retention.sweeps import OldRows, Sweep


class RowsOnly:
    """Deletes rows; neither gives room back nor knows how much there is."""

    def raw(self, before_us: int) -> Sequence[Sweep]:
        """Row by row."""
        return OldRows(tables.results, before_us), OldRows(tables.result_details, before_us)

    def give_back(self) -> None:
        """The engine uses free room again by itself."""

    def make_room(self, connection: Connection) -> None:
        """Nothing can be done from here."""

    def used_bytes(self, connection: Connection) -> int:
        """Unknown, so that no limit is ever passed."""
        del connection
        return 0

    def table_sizes(self, connection: Connection, names: Sequence[str]) -> dict[str, TableSize]:
        """Counted."""
        found = tables.metadata.tables
        return {
            name: TableSize(connection.execute(select(func.count()).select_from(found[name])).scalar_one())
            for name in names
        }
