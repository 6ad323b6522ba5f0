"""What is not asked for want of money: before each question, with what is under way, and never the model list."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.audience import Audience
from monitor.alerting.notification import Notification
from monitor.alerting.texts import Voice
from monitor.app.purse import Purse
from monitor.clock import Moment
from monitor.domain.action import Action, Language
from monitor.domain.caps import US_PER_DAY, Cap, Caps, day_of
from monitor.domain.check import Check, CheckKind
from monitor.domain.prices import Price, Prices, PriceTable
from monitor.domain.renaming import NOTHING_RENAMED
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Result, Status, Trigger, Verdict
from monitor.domain.tokens import most_of
from monitor.storage.spending import Remembered
from monitor.web.metrics import Metrics

NOON_US = 20_778 * US_PER_DAY + US_PER_DAY // 2
PRICES = Prices(tables=(PriceTable({"m": Price(1, 1), "free": Price(0, 0)}),))
LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")


def check(model: str = "m", endpoint: str = "gw") -> Check:
    """A chat check."""
    return Check(f"{endpoint}/chat/{model}", endpoint, CheckKind.CHAT, model, endpoint)


MOST = most_of(check())
MOST_NUSD = Price(1, 1).nusd(MOST.input, MOST.output)


@dataclass
class Stage:
    """A purse among fakes.

    Attributes:
        answer: what an answer used.
        gate: probes under way wait for it.
    """

    caps: Caps
    answer: Usage = field(default_factory=lambda: Usage(MOST.input, MOST.output))
    now_us: int = NOON_US
    language: Language = Language.EN
    asked: list[str] = field(default_factory=list)
    notices: list[Notification] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    checks: dict[str, Check] = field(default_factory=dict)

    async def begin(self) -> "Stage":
        """All is well, and nothing was spent."""
        self.gate.set()
        self.metrics = Metrics()
        self.purse = Purse(self._probe, self, self.metrics, self)  # type: ignore[arg-type]
        audience = Audience(("ops",), Voice(self.language, ZoneInfo("UTC")), "test")
        await self.purse.begin(self.setup(self.caps), audience, self)  # type: ignore[arg-type]
        return self

    @staticmethod
    def setup(caps: Caps, prices: Prices = PRICES) -> Any:
        """A configuration."""
        return SimpleNamespace(prices=prices, caps=caps, renaming=NOTHING_RENAMED)

    def reload(self, caps: Caps) -> None:
        """Other caps."""
        audience = Audience(("ops",), Voice(self.language, ZoneInfo("UTC")), "test")
        self.purse.put_in_force(self.setup(caps), audience)

    def now(self) -> Moment:
        """The clock."""
        return Moment(self.now_us, self.now_us)

    async def run(self, _work: Callable[..., Remembered]) -> Remembered:
        """The database: empty."""
        return Remembered()

    def notify(self, notice: Notification, channels: Any, now: Moment) -> None:
        """The ledger tells."""
        del channels, now
        self.notices.append(notice)

    def keep(self, *facts: Any) -> None:
        """The ledger keeps."""
        self.kept += facts

    async def committed(self) -> None:
        """The ledger writes at once."""

    async def _probe(self, one: Check, trigger: Trigger, lag_ms: float) -> Result:
        self.asked.append(one.id)
        await self.gate.wait()
        usage = self.answer if one.model is not None else Usage()
        return Result(one.id, self.now(), self.now(), trigger, Verdict(Status.UP), 200, lag_ms=lag_ms, usage=usage)

    async def ask(self, one: Check | None = None, trigger: Trigger = Trigger.ON_PHASE) -> Result:
        """One turn."""
        return await self.purse.probe(one or check(), trigger, 0.0)


@pytest.mark.parametrize("trigger", [Trigger.ON_PHASE, Trigger.CONFIRM, Trigger.TRIAGE])
async def test_what_a_cap_has_no_room_for_is_not_asked(trigger: Trigger) -> None:
    """Whatever it is for; the result is the monitor's own, and says why and until when."""
    stage = await Stage(Caps(Cap(2 * MOST_NUSD))).begin()
    assert [(await stage.ask(trigger=trigger)).status for _ in range(3)] == [Status.UP, Status.UP, Status.UNKNOWN]
    refused = await stage.ask(trigger=trigger)
    assert (refused.verdict.fault_domain, refused.verdict.action) == (FaultDomain.MONITOR, Action.RAISE_CAP)
    assert (refused.verdict.reason or "").endswith("is spent; asked again at 00:00 UTC")
    assert (refused.trigger, refused.latency_ms, refused.http_status) == (trigger, None, None)
    assert stage.asked == [check().id] * 2


async def test_model_lists_and_free_models_are_asked_all_the_same() -> None:
    """They cost nothing; what has no price is not asked while a cap is spent."""
    stage = await Stage(Caps(Cap(1))).begin()
    assert (await stage.ask(check("unheard-of"))).status is Status.UP
    assert (await stage.ask()).status is Status.UNKNOWN
    assert (await stage.ask(LIST)).status is Status.UP
    assert (await stage.ask(check("free"))).status is Status.UP
    assert (await stage.ask(check("unheard-of"))).status is Status.UNKNOWN


async def test_what_is_under_way_counts() -> None:
    """Two questions at once where there is money for one: the second is put off, and the cap is not called spent."""
    stage = await Stage(Caps(Cap(2 * MOST_NUSD - 1)), Usage(1, 1)).begin()
    stage.gate.clear()
    first = asyncio.create_task(stage.ask())
    await asyncio.sleep(0)
    second = await stage.ask()
    assert second.verdict.reason == "not asked: the questions under way may spend the daily cap of less than $0.0001"
    stage.gate.set()
    assert (await first).status is Status.UP
    assert (await stage.ask()).status is Status.UP
    assert stage.notices == []


async def test_a_question_that_is_cancelled_holds_no_money_back() -> None:
    """A stop or a reload leaves no reservation behind."""
    stage = await Stage(Caps(Cap(MOST_NUSD))).begin()
    stage.gate.clear()
    first = asyncio.create_task(stage.ask())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    stage.gate.set()
    assert (await stage.ask()).status is Status.UP


async def test_an_endpoints_cap_is_its_own() -> None:
    """Others go on."""
    stage = await Stage(Caps(endpoints={"gw": Cap(MOST_NUSD)})).begin()
    assert [(await stage.ask()).status for _ in range(2)] == [Status.UP, Status.UNKNOWN]
    assert (await stage.ask(check(endpoint="other"))).status is Status.UP
    (notice,) = stage.notices
    assert "cap of less than $0.0001 of the endpoint gw is spent" in notice.message


@pytest.mark.parametrize("language", list(Language))
async def test_people_are_told_once_when_it_begins_and_once_when_it_ends(language: Language) -> None:
    """In their language; the same cap and day has the same id in another life, so that nobody is told twice."""
    stage = await Stage(Caps(Cap(None, MOST_NUSD)), language=language).begin()
    for _ in range(5):
        await stage.ask()
    again = await Stage(Caps(Cap(None, MOST_NUSD)), language=language).begin()
    for _ in range(2):
        await again.ask()
    assert [notice.id for notice in stage.notices] == [again.notices[0].id]
    held = stage.metrics.spending() if stage.metrics.spending else None
    assert held is not None
    assert [one.until_text for one in held.held] == ["00:00 UTC on 2026-12-01"]
    stage.now_us = held.held[0].until_us
    stage.purse._turn_over(stage.now())
    stage.purse._turn_over(stage.now())
    assert len(stage.notices) == 2
    assert stage.purse.spending().held == ()
    assert (await stage.ask()).status is Status.UP
    titles = [notice.title for notice in stage.notices]
    assert titles[0] != titles[1]
    assert all(("RelayWatch" in title) is (language is Language.EN) for title in titles)


async def test_after_midnight_models_are_asked_even_before_anybody_looked() -> None:
    """The end of a cap waits for no timer."""
    stage = await Stage(Caps(Cap(MOST_NUSD))).begin()
    assert [(await stage.ask()).status for _ in range(2)] == [Status.UP, Status.UNKNOWN]
    stage.now_us = (day_of(NOON_US) + 1) * US_PER_DAY
    assert [(await stage.ask()).status for _ in range(2)] == [Status.UP, Status.UNKNOWN]
    assert [notice.id.split("-")[2:5] for notice in stage.notices] == [
        ["cost", "cap", str((day_of(NOON_US) + 1) * US_PER_DAY)],
        ["cost", "cap", "over"],
        ["cost", "cap", str((day_of(NOON_US) + 2) * US_PER_DAY)],
    ]


async def test_a_raised_cap_holds_at_once_and_the_same_one_goes_on_holding() -> None:
    """A reload ends what it changes, and nothing else."""
    stage = await Stage(Caps(Cap(MOST_NUSD))).begin()
    assert [(await stage.ask()).status for _ in range(2)] == [Status.UP, Status.UNKNOWN]
    stage.reload(Caps(Cap(MOST_NUSD)))
    assert len(stage.notices) == 1
    assert (await stage.ask()).status is Status.UNKNOWN
    stage.reload(Caps(Cap(2 * MOST_NUSD)))
    assert len(stage.notices) == 2
    assert (await stage.ask()).status is Status.UP
    stage.reload(Caps())
    assert [(await stage.ask()).status for _ in range(3)] == [Status.UP] * 3


async def test_sums_are_counted_without_a_cap_too() -> None:
    """And handed to the ledger."""
    stage = await Stage(Caps()).begin()
    for _ in range(3):
        await stage.ask()
    assert stage.purse.spending().all.today_nusd == 3 * MOST_NUSD
    stage.purse.write_down()
    assert [(row.check, row.probes, row.cost_nusd) for row in stage.kept] == [(check().id, 3, 3 * MOST_NUSD)]
    assert stage.purse.spending().endpoints["gw"].month_nusd == 3 * MOST_NUSD
