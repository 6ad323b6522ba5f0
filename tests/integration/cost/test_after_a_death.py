"""A daemon that was killed goes on counting where it was: nothing lost, nothing twice, whatever was on disk by then."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from monitor.alerting.batch import Batch
from monitor.app.accounts import Accounts
from monitor.clock import US_PER_S, Moment
from monitor.domain.caps import US_PER_DAY, day_of, first_of_month
from monitor.domain.check import Check, CheckKind
from monitor.domain.kept import Kept, Spending
from monitor.domain.prices import Price, Prices, PriceTable
from monitor.domain.reply import NOT_COUNTED, Usage
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.domain.tokens import most_of
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.reader import Reader
from monitor.storage.spending import Remembered, averages, remembered
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

PRICES = Prices(tables=(PriceTable({"a": Price(2.0, 8.0), "b": Price(0.1, 0.4)}),))
CHECKS = {
    one.id: one for one in (Check(f"gw/chat/{model}", "gw", CheckKind.CHAT, model, "gw") for model in ("a", "b", "c"))
}
LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
EVE_US = 20_778 * US_PER_DAY - 90 * US_PER_S  # ninety seconds before a midnight UTC that begins no month
WRITTEN_EVERY = 7


class Life:
    """A database, the sums of the daemon that is alive now, and what is true."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  a story
        self.path = folder / "relaywatch.db"
        self.at_us = EVE_US
        self.truth: dict[tuple[int, str], Counter[str]] = {}

    async def open(self) -> None:
        """For the whole story."""
        self.writer = Writer(await asyncio.to_thread(open_for_writing, SqliteDatabase(self.path)))
        self.journal = Journal(self.writer)
        await self.journal.register([*CHECKS.values(), LIST], self.now)
        self.accounts = Accounts(PRICES)

    @property
    def now(self) -> Moment:
        """The present."""
        return Moment(self.at_us, self.at_us)

    async def die(self) -> None:
        """Kill -9, and a new life."""
        began = first_of_month(day_of(self.at_us))
        memory = await self.run(lambda connection: remembered(connection, self.at_us, began))
        self.accounts = Accounts(PRICES)
        self.accounts.go_on(memory, CHECKS.get, self.at_us)

    async def run(self, work: Callable[[Connection], Remembered]) -> Remembered:
        """In the writer thread."""
        return await self.writer.run(work)

    async def batch(self) -> None:
        """A few results; somewhere among them the sums may be written down, as of that moment."""
        results: list[Result] = []
        kept: list[Kept] = []
        for check in [*CHECKS.values(), LIST]:
            if self.chance.random() < 1 / WRITTEN_EVERY:
                kept += self.accounts.unwritten()
            self.at_us += self.chance.randrange(1, 4 * US_PER_S)
            result = self.result(check)
            results.append(result)
            self.accounts.note(check, result)
            self.remember(check, result)
        await self.journal.commit(Batch(results=results, kept=kept))

    def result(self, check: Check) -> Result:
        """Counted, half counted, without counts, refused, timed out, or never begun."""
        usage, verdict, http_status = self.chance.choice(
            (
                (Usage(self.chance.randrange(50), self.chance.randrange(50)), Verdict(Status.UP), 200),
                (Usage(12, 3), Verdict(Status.DEGRADED, FaultDomain.MODEL, "slow"), 200),
                (Usage(None, 3), Verdict(Status.UP), 200),
                (NOT_COUNTED, Verdict(Status.UP), 200),
                (NOT_COUNTED, Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT, "no answer in time"), None),
                (NOT_COUNTED, Verdict(Status.TIMEOUT, FaultDomain.NETWORK, "no connection in time"), None),
                (NOT_COUNTED, Verdict(Status.RATE_LIMITED, FaultDomain.QUOTA, "slow down"), 429),
                (NOT_COUNTED, Verdict(Status.UNKNOWN, FaultDomain.MONITOR, "not asked"), None),
            )
        )
        if check is LIST:
            usage = NOT_COUNTED
        return Result(check.id, self.now, self.now, Trigger.ON_PHASE, verdict, http_status, usage=usage)

    def remember(self, check: Check, result: Result) -> None:
        """What is true, told apart from the code under test."""
        charged = result.http_status == 200 or result.verdict.fault_domain is FaultDomain.ENDPOINT
        if check is LIST or not charged:
            return
        most, usage = most_of(check), result.usage
        sums = self.truth.setdefault((day_of(result.started_at.wall_us), check.id), Counter())
        sums["probes"] += 1
        sums["estimated"] += usage.input_tokens is None
        sums["input"] += most.input if usage.input_tokens is None else usage.input_tokens
        sums["output"] += most.output if usage.output_tokens is None else usage.output_tokens

    def rows(self, connection: Connection) -> dict[tuple[int, str], Counter[str]]:
        """What the table holds."""
        sql = (
            'SELECT day, "check", probes, estimated, input_tokens, output_tokens FROM spending '
            "JOIN checks ON checks.id = spending.check_id WHERE probes"
        )
        names = ("probes", "estimated", "input", "output")
        return {
            (row[0], row[1]): Counter(dict(zip(names, row[2:], strict=True))) for row in connection.exec_driver_sql(sql)
        }


@pytest.mark.parametrize("seed", range(8))
async def test_kills_at_any_moment_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    """Over a midnight, with sums written in the middle of batches, and a death every now and then."""
    life = Life(tmp_path, seed)
    await life.open()
    for _ in range(60):
        await life.batch()
        if life.chance.random() < 0.2:
            await life.die()
    await life.die()
    await life.journal.commit(Batch(kept=list(life.accounts.unwritten())))
    written: Any = await life.writer.run(life.rows)
    assert len({day for day, _ in life.truth}) == 2
    assert written == life.truth
    today, due = day_of(life.at_us), 0
    for (day, check), sums in life.truth.items():
        price = PRICES.of("gw", check[-1])
        due += price.nusd(sums["input"], sums["output"]) if price is not None and day == today else 0
    assert life.accounts.spent(None, today).today_nusd == due
    assert await life.writer.stop()


async def test_the_month_and_the_averages_are_remembered(tmp_path: Path) -> None:
    """What was spent on earlier days of the month counts, the last month does not; averages rest on whole days."""
    life = Life(tmp_path, 0)
    await life.open()
    today = day_of(life.at_us)
    began = first_of_month(today)
    days = [began - 1, began, today - 3, today]
    facts = [Spending(day, "gw/chat/a", 10, 0, 100, 20, 7, day * US_PER_DAY + 5) for day in days]
    await life.journal.commit(Batch(kept=[*facts]))
    await life.die()
    spent = life.accounts.spent("gw", today)
    ours = Price(2.0, 8.0).nusd(100, 20)
    assert (spent.today_nusd, spent.month_nusd) == (ours, ours + 14)
    assert life.accounts.spent(None, today) == spent
    assert life.accounts.spent("other", today).month_nusd == 0
    assert life.accounts.spent(None, today + 40).month_nusd == 0

    def ask() -> Any:
        with Reader(SqliteDatabase(life.path)) as reader:
            return averages(reader, today - 3)

    (average,) = (await asyncio.to_thread(ask)).values()
    assert (average.probes, average.input_tokens, average.output_tokens) == (20, 10.0, 2.0)
    assert await life.writer.stop()
