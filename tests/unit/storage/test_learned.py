"""How models want to be asked is read back as it was kept."""

from typing import TYPE_CHECKING

from monitor.alerting.batch import Batch
from monitor.domain.kept import Learned

if TYPE_CHECKING:
    from tests.unit.storage.conftest import World

ALL = Learned("gw/chat/acme/big", max_tokens=64, other_limit=True, without_counts=True, not_enough=256)
NOTHING = Learned("gw/chat/acme/small")


async def test_what_was_learned_survives_a_restart(world: "World") -> None:
    """The last fact of a check counts, and a lesson that was forgotten stays so."""
    checks = [world.check("acme/big"), world.check("acme/small")]
    await world.journal.register(checks, world.start)
    batch = Batch()
    batch.kept += [Learned(ALL.check, max_tokens=32), Learned(NOTHING.check, max_tokens=128), ALL, NOTHING]
    await world.journal.commit(batch)
    restored = await world.journal.restore(checks, world.start)
    assert {one.check: one for one in restored.learned} == {ALL.check: ALL, NOTHING.check: NOTHING}
