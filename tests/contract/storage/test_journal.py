"""What the ledger may rely on, whichever database stands behind it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.batch import Batch, DaemonRun
from monitor.clock import Moment
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import Health, State, advance
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.errors import StorageError
from monitor.storage.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from monitor.ledger import Journal as LedgerJournal
    from tests.contract.storage.conftest import Store

START = Moment(1_795_200_000_000_000, 1_000_000)
CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw")


def _failure(at_s: float) -> Result:
    at = START.plus_s(at_s)
    return Result(CHECK.id, at, at.plus_s(1), Trigger.ON_PHASE, Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, "late"))


def test_it_fits_what_the_ledger_asks_for(new_engine: "Callable[[], Engine]") -> None:
    """The ledger states a protocol and knows no database."""
    fits: type[LedgerJournal] = Journal
    assert fits is Journal
    new_engine().dispose()


async def test_a_restart_believes_what_was_believed(store: "Store") -> None:
    """The same health, then the same decisions."""
    health = Health(CHECK.id, START)
    for at_s in range(4):
        health = advance(CHECK, health, _failure(at_s)).health
    await store.journal.register([CHECK], START)
    await store.journal.begin_run(DaemonRun("1", 1, "h", START))
    await store.journal.commit(Batch(results=[_failure(3)], healths={CHECK.id: health}))
    after = Moment(START.plus_s(60).wall_us, 5)  # another boot: its monotonic clock began anew
    restored = (await Journal(store.writer).restore([CHECK], after)).healths[CHECK.id]
    assert (restored.state, restored.consecutive_failures) == (State.DOWN, 4)
    assert restored.since.wall_us == START.wall_us
    assert after.s_since(restored.since) == 60


async def test_a_refusal_is_a_storage_error_and_writes_nothing(store: "Store") -> None:
    """The ledger keeps the batch and tries again."""
    await store.journal.register([CHECK], START)
    await store.writer.run(lambda connection: connection.exec_driver_sql("ALTER TABLE states RENAME TO away"))
    batch = Batch(results=[_failure(0)], healths={CHECK.id: Health(CHECK.id, START)})
    with pytest.raises(StorageError):
        await store.journal.commit(batch)
    await store.writer.run(lambda connection: connection.exec_driver_sql("ALTER TABLE away RENAME TO states"))
    await store.journal.commit(batch)
    count = await store.writer.run(lambda c: c.exec_driver_sql("SELECT count(*) FROM results").scalar())
    assert count == 1


async def test_an_empty_batch_is_nothing(store: "Store") -> None:
    """Not an error."""
    await store.journal.commit(Batch())
    await store.journal.commit(Batch(healths={CHECK.id: replace(Health(CHECK.id, START), slow=True)}))
