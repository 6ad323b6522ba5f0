"""How results get into the database, row by row or all at once: the contract, and the engine's choice by dialect."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, Dialect

from monitor.storage.columns import Values


class Recording(Protocol):
    """Writes rows of `results` and `result_details`."""

    def write(self, connection: Connection, rows: Sequence[Values], details: Sequence[Values]) -> None:
        """All of these rows, of all columns in their order; a detail replaces an earlier one of the same result."""
        ...

    def forget(self) -> None:
        """The transaction was rolled back, or others may have changed what is there."""
        ...


def recording_of(dialect: Dialect) -> Recording:
    """The way of the engine that speaks this dialect."""
    if dialect.name == "sqlite":
        from monitor.storage.sqlite.recording import Recorder as Prepared  # noqa: PLC0415  only the engine in use

        return Prepared(dialect)
    from monitor.storage.postgresql.recording import Recorder as Copied  # noqa: PLC0415  the same

    return Copied(dialect)
