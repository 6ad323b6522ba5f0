"""Ids for what repeats: checks and reasons are written once and named by a small integer in every row.

The caches belong to the writer thread. After a failed transaction they are forgotten, since what they learned may have
been rolled back with it.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, Table, bindparam, func, insert, select

from monitor.domain.check import CheckKind, provider_of
from monitor.domain.result import Verdict
from monitor.storage import tables
from monitor.storage.writable import clean

Reason = tuple[str, str, str]
REASONS_KEPT = 10_000
ASKED_TOGETHER = 500

_NEWEST = select(
    tables.checks.c.id,
    select(func.max(tables.results.c.started_at_us))
    .where(tables.results.c.check_id == tables.checks.c.id)
    .scalar_subquery(),
).where(tables.checks.c.id.in_(bindparam("checks", expanding=True)))


class Names:
    """Check ids and reason ids, looked up once."""

    def __init__(self) -> None:
        self._checks: dict[str, int] = {}
        self._stored: dict[str, int] | None = None  # as read; whoever asks for one brings the string that is kept
        self._renamed: dict[str, str] = {}
        self._reasons: dict[Reason, int] = {}
        self._newest: dict[int, int] = {}

    def forget(self) -> None:
        """Everything is looked up again."""
        self._checks.clear()
        self._stored = None
        self._reasons.clear()
        self._newest.clear()

    def renamed(self, checks: Mapping[str, str]) -> None:
        """What was under way under a former name belongs to the present one; for as long as the process lives."""
        self._renamed.update(checks)

    def check(self, connection: Connection, name: str, at_us: int) -> int:
        """The integer id of a check; one that was never registered is written with what its name tells."""
        known = self._checks.get(name)
        if known is not None:
            return known
        if self._stored is None:
            columns = tables.checks.c
            self._stored = {row[1]: row[0] for row in connection.execute(select(columns.id, columns.check))}
        found = self._stored.pop(name, None) or self._under_present_name(name, self._stored)
        if found is None:
            found = _insert_unregistered(connection, name, at_us)
        self._checks[name] = found
        return found

    def _under_present_name(self, former: str, stored: Mapping[str, int]) -> int | None:
        name = self._renamed.get(former, former)
        return self._checks.get(name) or stored.get(name)

    def reason(self, connection: Connection, verdict: Verdict) -> int | None:
        """The id of a verdict's reason, fault domain and action; None where it has none of them."""
        if verdict.reason is None and verdict.fault_domain is None and verdict.action is None:
            return None
        key = (clean(verdict.reason) or "", str(verdict.fault_domain or ""), str(verdict.action or ""))
        known = self._reasons.get(key)
        if known is None:
            if len(self._reasons) >= REASONS_KEPT:  # an upstream may put a new number into every answer
                self._reasons.clear()
            known = self._reasons[key] = _find_reason(connection, key) or _insert_reason(connection, key)
        return known

    def newest(self, connection: Connection, checks: Collection[int]) -> Mapping[int, int]:
        """The newest `started_at_us` of these checks and perhaps others; -1 without a result.

        At a start it is asked for thousands at once; one statement each would hold the writer for a tenth of a second.
        """
        unknown = [check for check in checks if check not in self._newest]
        self._newest.update(dict.fromkeys(unknown, -1))
        for first in range(0, len(unknown), ASKED_TOGETHER):
            asked = {"checks": unknown[first : first + ASKED_TOGETHER]}
            for check, at_us in connection.execute(_NEWEST, asked):
                if at_us is not None:
                    self._newest[check] = at_us
        return self._newest

    def set_newest(self, check: int, started_at_us: int) -> None:
        """A result was written that is newer than all others of its check."""
        self._newest[check] = started_at_us


def _insert_unregistered(connection: Connection, name: str, at_us: int) -> int:
    endpoint, _, rest = name.partition("/")
    kind, _, model = rest.partition("/")
    values = {
        "check": name,
        "endpoint": endpoint,
        "kind": kind or str(CheckKind.MODELS),
        "model": model or None,
        "provider": provider_of(model or None, endpoint),
        "first_seen_us": at_us,
    }
    return _inserted(connection, tables.checks, values)


def _find_reason(connection: Connection, key: Reason) -> int | None:
    columns = tables.reasons.c
    query = select(columns.id).where(columns.reason == key[0], columns.fault_domain == key[1], columns.action == key[2])
    return connection.execute(query).scalar()


def _insert_reason(connection: Connection, key: Reason) -> int:
    values = {"reason": key[0], "fault_domain": key[1], "action": key[2]}
    return _inserted(connection, tables.reasons, values)


def _inserted(connection: Connection, table: Table, values: Mapping[str, object]) -> int:
    return int(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())
