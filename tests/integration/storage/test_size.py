"""How many bytes a result takes, as results really arrive."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

from monitor.alerting.batch import Batch
from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import Health, advance
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

CHECKS = 100
ROUNDS = 400
START = Moment(1_795_200_000_000_000, 0)
BYTES_A_RESULT = 40
# What a database costs before its first result, and the states of 100 checks: they do not grow with time.
FIXED_BYTES = 250_000


def _result(check: Check, at: Moment, chance: random.Random) -> Result:
    latency_ms = min(60_000.0, chance.lognormvariate(6.6, 0.6))
    end, lag_ms = at.plus_s(latency_ms / 1000), chance.random() * 4
    if chance.random() < 0.99:
        up = Result(check.id, at, end, Trigger.ON_PHASE, Verdict(Status.UP), 200, latency_ms, latency_ms / 3, lag_ms)
        return replace(up, usage=Usage(14, chance.randrange(1, 17)))
    verdict = Verdict(
        Status.SERVER_ERROR, FaultDomain.ENDPOINT, f"HTTP 503: {chance.randrange(50)}", Action.WAIT_OR_SWITCH
    )
    return Result(
        check.id, at, end, Trigger.ON_PHASE, verdict, 503, latency_ms, None, lag_ms, request_id="req-" + "0" * 20
    )


async def _write(writer: Writer) -> None:
    chance = random.Random(1)  # noqa: S311  the same rows each time
    checks = [Check(f"gw/chat/acme/model-{n}", "gw", CheckKind.CHAT, f"acme/model-{n}", "acme") for n in range(CHECKS)]
    healths = {check.id: Health(check.id, START) for check in checks}
    journal = Journal(writer)
    await journal.register(checks, START)
    for turn in range(ROUNDS):
        batch = Batch()
        for number, check in enumerate(checks):
            result = _result(check, START.plus_s(30 * turn + 0.3 * number + chance.random() / 100), chance)
            healths[check.id] = advance(check, healths[check.id], result).health
            batch.results.append(result)
            batch.healths[check.id] = healths[check.id]
        await journal.commit(batch)
    assert await writer.stop()


def test_a_result_takes_at_most_forty_bytes(tmp_path: Path) -> None:
    """Of the whole file: 99 % UP with times and tokens, from 100 checks in turn, details and indexes included."""
    path = tmp_path / "x.db"
    writer = Writer(open_for_writing(SqliteDatabase(path)))
    asyncio.run(_write(writer))
    assert (path.stat().st_size - FIXED_BYTES) / (CHECKS * ROUNDS) <= BYTES_A_RESULT
