"""A day of probing in virtual time: real scheduler, questions, protocol, verdicts, desk, purse; a simulated model.

Only the exchange itself is left out: the request goes to the simulator's reply functions as bytes, and back.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from monitor.alerting.batch import Restored
from monitor.alerting.desk import Desk
from monitor.alerting.notification import Notification
from monitor.alerting.texts import Voice
from monitor.app.purse import Purse
from monitor.clock import US_PER_S, Moment
from monitor.config.checks import checks_of
from monitor.config.load import load, loads
from monitor.config.prices import caps_of, prices_of
from monitor.config.routing import audience_of
from monitor.domain.action import Language
from monitor.domain.check import Check
from monitor.domain.classify import classify
from monitor.domain.kept import Kept, Spending
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind, Outcome
from monitor.domain.redact import Redactor
from monitor.domain.renaming import NOTHING_RENAMED
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.probes.questions import Questions
from monitor.protocols.registry import protocol_named
from monitor.scheduling.phases import Cycle
from monitor.scheduling.scheduler import Scheduler
from monitor.simulator.apis.registry import APIS
from monitor.simulator.served import ServedModel
from monitor.simulator.speech import speech_of
from monitor.storage.spending import Remembered
from monitor.web.metrics import Metrics

ROOT = Path(__file__).parents[1]
DAY_S = 86_400
MIDNIGHT_US = round(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * US_PER_S
TAKES_S = 0.4
_JSON = {"content-type": "application/json"}


class VirtualClock:
    """Both clocks from the loop's time; the day begins at 00:00 UTC."""

    def now(self) -> Moment:
        """The present virtual moment."""
        mono_us = round(asyncio.get_running_loop().time() * US_PER_S)
        return Moment(MIDNIGHT_US + mono_us, mono_us)


class PlainTimer:
    """Fires the turns of every slot without APScheduler, which waits in real time."""

    heartbeat_mono_us = 0

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._tasks: dict[object, asyncio.Task[None]] = {}

    def start(self, failed: Callable[[BaseException], None]) -> None:
        """Turns fire from `add` on."""

    def stop(self) -> None:
        """No more."""
        for task in self._tasks.values():
            task.cancel()

    def add(self, key: object, cycle: Cycle, callback: Callable[[], Any]) -> None:
        """Fire `callback` at every turn."""
        self._tasks[key] = asyncio.create_task(self._turns(cycle, callback))

    def remove(self, key: object) -> None:
        """Fire for `key` no more."""
        self._tasks.pop(key).cancel()

    def replan(self) -> None:
        """Clocks do not step here."""

    async def _turns(self, cycle: Cycle, callback: Callable[[], Any]) -> None:
        while True:
            now_us = self._clock.now().mono_us
            await asyncio.sleep((cycle.next_after(now_us) - now_us) / US_PER_S)
            callback()


@dataclass
class FakeLedger:
    """Drives the real desk; remembers what it is to keep and to tell."""

    desk: Desk
    facts: dict[tuple[int, str], Spending] = field(default_factory=dict)
    notices: list[Notification] = field(default_factory=list)

    @property
    def checks(self) -> Any:
        """Those in force."""
        return self.desk.checks

    def keep(self, *facts: Kept) -> None:
        """The later row of a day replaces the earlier."""
        for fact in facts:
            assert isinstance(fact, Spending)
            self.facts[fact.day, fact.check] = fact

    def notify(self, notice: Notification, channels: Sequence[str], now: Moment) -> None:
        """To nobody."""
        assert now.wall_us >= MIDNIGHT_US
        del channels
        self.notices.append(notice)

    async def committed(self) -> None:
        """At once."""


@dataclass
class Day:
    """One configuration and the models that it asks.

    Attributes:
        tokens: how many an answer has; None: as "OK" needs.
        down: between these seconds of the day no answer comes: (from, until, by time-out).
    """

    text: str
    tokens: int | None = None
    down: tuple[float, float, bool] | None = None
    results: list[Result] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.config = loads(self.text, ROOT).config
        self.checks = checks_of(self.config)
        self.clock = VirtualClock()
        self._questions = Questions()
        self._redactor = Redactor(())
        self.prices = prices_of(self.config)

    async def live(self, seconds: float = DAY_S) -> None:
        """Probe for so long."""
        start = self.clock.now()
        voice = Voice(Language.EN, ZoneInfo("UTC"))
        audience = audience_of(self.config, voice, "test")
        self.desk = Desk(audience, Restored({}, (), 1, "test"))
        self.desk.configure(self.checks, audience, start)
        self.ledger = FakeLedger(self.desk)
        self.purse = Purse(self._probe, self.ledger, Metrics(), self.clock)  # type: ignore[arg-type]
        setup: Any = SimpleNamespace(
            prices=self.prices, caps=caps_of(self.config), renaming=NOTHING_RENAMED, loaded=None
        )
        await self.purse.begin(setup, audience, _EmptyDatabase())  # type: ignore[arg-type]
        timer: Any = PlainTimer(self.clock)
        scheduler = Scheduler(self.purse.probe, self._report, lambda _change: None, timer, self.clock)
        scheduler.apply(self.checks)
        parts = [asyncio.create_task(scheduler.run()), asyncio.create_task(self.purse.run())]
        await asyncio.sleep(seconds)
        self.ended = self.purse.spending()
        for part in parts:
            part.cancel()
        await scheduler.drain(5.0)
        self.purse.write_down()

    def count(self, status: Status, trigger: Trigger | None = None) -> int:
        """How many results of models had a status."""
        return sum(
            one.status is status and trigger in (None, one.trigger) for one in self.results if "/chat/" in one.check
        )

    def _report(self, result: Result) -> Any:
        self.results.append(result)
        return self.desk.record(result)

    async def _probe(self, check: Check, trigger: Trigger, lag_ms: float) -> Result:
        started = self.clock.now()
        self.sent[check.id] += 1
        ask = self._questions.ask(check)
        if ask is None:
            await asyncio.sleep(TAKES_S)
            return Result(check.id, started, self.clock.now(), trigger, Verdict(Status.UP), 200)
        protocol = protocol_named(check.protocol)
        outcome = await self._exchange(protocol.question("http://gw.example.com/v1", ask).body or {}, check)
        finding = classify(
            check, outcome, dialect=protocol, ask=ask, redactor=self._redactor, now_s=started.wall_us / US_PER_S
        )
        status = outcome.http_status
        now = self.clock.now()
        return Result(
            check.id, started, now, trigger, finding.verdict, status, TAKES_S * 1000, lag_ms=lag_ms, usage=finding.usage
        )

    async def _exchange(self, body: dict[str, Any], check: Check) -> Outcome:
        at_s = (self.clock.now().wall_us - MIDNIGHT_US) / US_PER_S
        if self.down is not None and self.down[0] <= at_s < self.down[1]:
            return await self._no_answer(check, timed_out=self.down[2])
        await asyncio.sleep(TAKES_S)
        asked = APIS["/chat/completions"].read(orjson.loads(orjson.dumps(body)))
        speech = speech_of(asked, ServedModel(id=check.model or "", tokens=self.tokens), sum(self.sent.values()), 0)
        return Answer(200, _JSON, orjson.dumps(APIS["/chat/completions"].whole(asked, speech)))

    async def _no_answer(self, check: Check, *, timed_out: bool) -> Outcome:
        if timed_out:
            await asyncio.sleep(check.timeout_s)
            return NoAnswer(NoAnswerKind.READ_TIMEOUT, "no answer in time")
        await asyncio.sleep(TAKES_S)
        return Answer(503, _JSON, b'{"error":{"message":"overloaded","type":"server_error","code":null}}')


class _EmptyDatabase:
    """Remembers nothing."""

    async def run(self, _work: Callable[..., Remembered]) -> Remembered:
        """At once."""
        return Remembered()


def example() -> str:
    """The example configuration."""
    path = ROOT / "config.example.toml"
    assert load(path).warnings == ()
    return path.read_text(encoding="utf-8")
