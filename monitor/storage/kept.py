"""Facts beside the results: how each is written. Owns their rows; what they mean is told in `domain.kept`."""

from collections.abc import Callable, Sequence

import orjson
from sqlalchemy import Connection, Dialect, Table

from monitor.domain.kept import Balance, Catalogue, CatalogueChange, Headroom, Kept, Learned, Spending
from monitor.storage import dialect, fact_tables
from monitor.storage.columns import Values
from monitor.storage.metadata import metadata
from monitor.storage.names import Names
from monitor.storage.writable import clean

_DAY_US = 86_400 * 1_000_000


class KeptWriter:
    """Writes facts through prepared statements; lives in the writer thread.

    Args:
        sql: the dialect that the statements are prepared for.
        names: knows the ids of checks.
    """

    def __init__(self, sql: Dialect, names: Names) -> None:
        self._sql = sql
        self._names = names
        self._statements: dict[str, str] = {}

    def write(self, connection: Connection, facts: Sequence[Kept]) -> None:
        """Each fact over the former one of its key; of several in a row the last counts."""
        rows: dict[str, dict[Values, Values]] = {}
        for fact in facts:
            table, row_of = _ROWS[type(fact)]
            row = row_of(fact, connection, self._names)
            rows.setdefault(table.name, {})[row[: len(table.primary_key)]] = row
        for name, found in rows.items():
            statement = self._statements.get(name)
            if statement is None:
                statement = dialect.upsert_sql(self._sql, metadata.tables[name])
                self._statements[name] = statement
            connection.exec_driver_sql(statement, list(found.values()))


def _spending(fact: Spending, connection: Connection, names: Names) -> Values:
    check = names.check(connection, fact.check, fact.day * _DAY_US)
    counted = (fact.probes, fact.estimated, fact.input_tokens, fact.output_tokens, fact.cost_nusd)
    return (fact.day, check, *counted, fact.until_us)


def _headroom(fact: Headroom, connection: Connection, names: Names) -> Values:
    del connection, names
    model = clean(fact.model) or ""
    return (fact.endpoint, model, str(fact.kind), fact.limit, fact.remaining, fact.reset_at_us, fact.seen_at_us)


def _balance(fact: Balance, connection: Connection, names: Names) -> Values:
    del connection, names
    return (fact.endpoint, fact.seen_at_us, fact.amount)


def _catalogue(fact: Catalogue, connection: Connection, names: Names) -> Values:
    del connection, names
    models, kinds = [clean(model) for model in fact.models], {clean(model): str(kind) for model, kind in fact.kinds}
    return (fact.endpoint, orjson.dumps(models).decode(), fact.seen_at_us, orjson.dumps(kinds).decode())


def _change(fact: CatalogueChange, connection: Connection, names: Names) -> Values:
    del connection, names
    return (fact.endpoint, fact.at_us, clean(fact.model), fact.appeared)


def _learned(fact: Learned, connection: Connection, names: Names) -> Values:
    check = names.check(connection, fact.check, 0)
    return (check, fact.max_tokens, fact.other_limit, fact.without_counts, fact.not_enough)


_ROWS: dict[type[Kept], tuple[Table, Callable[..., Values]]] = {
    Spending: (fact_tables.spending, _spending),
    Headroom: (fact_tables.headroom, _headroom),
    Balance: (fact_tables.balances, _balance),
    Catalogue: (fact_tables.catalogues, _catalogue),
    CatalogueChange: (fact_tables.catalogue_changes, _change),
    Learned: (fact_tables.learned, _learned),
}
