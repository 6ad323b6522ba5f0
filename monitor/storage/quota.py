"""What the database remembers of rate limits and balances."""

from sqlalchemy import Connection, select

from monitor.domain.kept import Balance, Headroom
from monitor.domain.limits import LimitKind
from monitor.storage.fact_tables import balances, headroom

_KINDS = frozenset(LimitKind)


def headrooms(connection: Connection) -> list[Headroom]:
    """Every limit, as it was last seen."""
    return [
        Headroom(
            row.endpoint,
            row.model or None,
            LimitKind(row.kind),
            row.allowed,
            row.remaining,
            row.reset_at_us,
            row.seen_at_us,
        )
        for row in connection.execute(select(headroom))
        if row.kind in _KINDS
    ]


def balance_readings(connection: Connection, since_us: int) -> list[Balance]:
    """Every reading since a wall time, oldest first."""
    query = select(balances).where(balances.c.seen_at_us >= since_us).order_by(balances.c.seen_at_us)
    return [Balance(row.endpoint, row.amount, row.seen_at_us) for row in connection.execute(query)]
