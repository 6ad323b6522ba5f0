"""Limits and balances while the daemon runs: one warning, one end, over a restart, and facts about once a minute."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.app.balances import BalanceWatch
from monitor.app.headroom import HeadroomWatch
from monitor.clock import Moment
from monitor.domain.balance import DAY_S, BalanceRule
from monitor.domain.check import Check, CheckKind, check_id
from monitor.domain.headroom import FORGOTTEN_AFTER_S, QUIET_S
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.kept import Balance, Headroom, Kept
from monitor.domain.limits import Limit, LimitKind
from monitor.domain.renaming import Renaming
from monitor.domain.reply import Usage
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.rules import Why
from monitor.domain.rules_judge import RuleFinding
from monitor.probes.target import BalanceSource

START = Moment(1_795_200_000_000_000, 5_000_000_000)
SOURCE = BalanceSource("http://127.0.0.1:1/balance", "/balance", 3600.0, BalanceRule(5.0, 7.0), {})


def check(name: str) -> Check:
    """A model."""
    return Check(check_id("gw", CheckKind.CHAT, name), "gw", CheckKind.CHAT, name, "gw")


@dataclass
class Book:
    """A ledger and a clock: what was found, kept, and is open."""

    checks: dict[str, Check] = field(default_factory=lambda: {one.id: one for one in map(check, "ab")})
    findings: list[RuleFinding] = field(default_factory=list)
    facts: list[Kept] = field(default_factory=list)
    open_incidents: tuple[Any, ...] = ()
    at_s: float = 0.0

    def now(self) -> Moment:
        """The present moment."""
        return START.plus_s(self.at_s)

    def judged(self, finding: RuleFinding) -> None:
        """Write it down."""
        self.findings.append(finding)

    def keep(self, *facts: Kept) -> None:
        """Write them down."""
        self.facts.extend(facts)

    def told(self) -> list[tuple[str, bool]]:
        """About which check, and whether it is low."""
        return [(one.check, one.broken) for one in self.findings]


def answers(book: Book, watch: HeadroomWatch, at_s: float, remaining: float, *, model: str = "a") -> None:
    """A probe's answer tells of its limit, a hundred a minute."""
    book.at_s = at_s
    now = book.now()
    limits = (Limit(LimitKind.REQUESTS, 100, remaining, 60.0), Limit(LimitKind.TOKENS, 1000, 900, 60.0))
    one = book.checks[check(model).id]
    usage = Usage(input_tokens=20, output_tokens=4)
    watch.observed(one, Result(one.id, now, now, Trigger.ON_PHASE, Verdict(Status.UP), limits=limits, usage=usage))


def test_a_low_limit_is_told_once_and_ended_once() -> None:
    """At once when it is seen; ended when the window has been whole for ten minutes."""
    book = Book()
    watch = HeadroomWatch(book, book)
    for minute, remaining in enumerate((50, 3, 90, 2, *[95] * 14)):
        answers(book, watch, 60.0 * minute, remaining)
        watch.turn()
    assert book.told() == [("gw/chat/a", True), ("gw/chat/a", False)]
    assert [one.why for one in book.findings] == [Why.BEYOND_LIMIT, Why.RECOVERED]
    assert book.findings[0].reason == "3 of 100 requests left of the rate limit; whole again in 1 min"
    assert book.findings[1].at.s_since(START) == 180 + QUIET_S


def test_facts_are_written_once_a_turn() -> None:
    """However many answers came: one row of each limit."""
    book = Book()
    watch = HeadroomWatch(book, book)
    for second in range(30):
        answers(book, watch, second, 80 - second)
    watch.turn()
    watch.turn()
    assert [(fact.kind, fact.remaining) for fact in book.facts if isinstance(fact, Headroom)] == [
        (LimitKind.REQUESTS, 51),
        (LimitKind.TOKENS, 900),
    ]


def test_a_warning_survives_a_restart_and_is_ended() -> None:
    """The next life knows the limit from the database and the warning from the open incident."""
    book = Book()
    watch = HeadroomWatch(book, book)
    answers(book, watch, 0.0, 3)
    watch.turn()
    facts = [fact for fact in book.facts if isinstance(fact, Headroom)]
    again = Book(open_incidents=(SimpleNamespace(kind=IncidentKind.HEADROOM, checks=("gw/chat/a", "gw/chat/gone")),))
    second = HeadroomWatch(again, again)
    second.begin(facts)
    assert [(one.remaining, one.low) for one in second.now() if one.kind is LimitKind.REQUESTS] == [(3, True)]
    answers(again, second, 30.0, 2)
    assert again.told() == []
    answers(again, second, 700.0, 95)
    second.turn()
    assert again.told() == [("gw/chat/a", False)]


def test_a_warning_that_nobody_remembers_the_reason_of_is_ended() -> None:
    """No answer tells of a limit any more: after an hour the incident is closed."""
    book = Book(open_incidents=(SimpleNamespace(kind=IncidentKind.HEADROOM, checks=("gw/chat/a",)),))
    watch = HeadroomWatch(book, book)
    watch.begin([])
    book.at_s = FORGOTTEN_AFTER_S - 1
    watch.turn()
    assert book.told() == []
    book.at_s = FORGOTTEN_AFTER_S
    watch.turn()
    assert book.told() == [("gw/chat/a", False)]


def test_switched_off_it_tells_nothing_and_ends_what_it_told() -> None:
    """`headroom_rule = false`: limits are still shown."""
    book = Book()
    watch = HeadroomWatch(book, book)
    answers(book, watch, 0.0, 3)
    book.checks = {name: replace(one, headroom_rule=False) for name, one in book.checks.items()}
    watch.turn()
    answers(book, watch, 60.0, 2)
    assert [(one.broken, one.why) for one in book.findings] == [(True, Why.BEYOND_LIMIT), (False, Why.RULE_REMOVED)]
    assert [one.remaining for one in watch.now() if one.kind is LimitKind.REQUESTS] == [2]


def test_a_removed_check_is_forgotten_and_a_renamed_one_is_not() -> None:
    """The ledger ends the incidents of what is removed by itself."""
    book = Book()
    watch = HeadroomWatch(book, book)
    answers(book, watch, 0.0, 3)
    answers(book, watch, 0.0, 3, model="b")
    book.checks = {one.id: one for one in [check("c")]}
    watch.rename(Renaming(models={("gw", "a"): "c"}))
    watch.turn()
    assert [one.check for one in watch.now()] == ["gw/chat/c", "gw/chat/c"]
    assert book.told() == [("gw/chat/a", True), ("gw/chat/b", True)]


@dataclass
class Bank:
    """Accounts that answer."""

    answers: dict[str, float | str]
    asked: list[str] = field(default_factory=list)

    async def ask(self, endpoint: str) -> float | str:
        """What is left."""
        self.asked.append(endpoint)
        return self.answers[endpoint]


def targets(**sources: BalanceSource | None) -> Mapping[str, Any]:
    """Endpoints with their accounts."""
    return {name: SimpleNamespace(balance=source) for name, source in sources.items()}


def test_a_low_balance_is_told_and_ended_by_a_top_up() -> None:
    """Each is asked on its interval; below the limit is a warning, above it again is its end."""
    book, bank = Book(), Bank({"gw": 9.0})
    watch = BalanceWatch(bank.ask, book, book)
    watch.put_in_force(targets(gw=SOURCE, other=None))
    for hour, amount in enumerate((9.0, 4.9, 4.8, 50.0, 49.0)):
        bank.answers["gw"] = amount
        for minute in range(60):
            book.at_s = hour * 3600.0 + minute * 60
            asyncio.run(watch.turn())
    assert bank.asked == ["gw"] * 5
    assert book.told() == [("gw/chat/a", True), ("gw/chat/a", False)]
    assert book.findings[0].reason == "the account's balance is 4.9; the limit is 5"
    assert [fact.amount for fact in book.facts if isinstance(fact, Balance)] == [9.0, 4.9, 4.8, 50.0, 49.0]


def test_a_forecast_is_told_from_what_is_remembered() -> None:
    """A dollar every two hours, fifty left, a warning at a week: told with the first answer after a restart."""
    book, bank = Book(), Bank({"gw": 50.0})
    watch = BalanceWatch(bank.ask, book, book)
    watch.put_in_force(targets(gw=SOURCE))
    hours = range(12, 0, -2)
    watch.begin(Balance("gw", 50.0 + hour / 2, START.wall_us - hour * 3_600_000_000) for hour in hours)
    asyncio.run(watch.turn())
    assert book.told() == [("gw/chat/a", True)]
    assert "at this rate it is empty in 4 d" in book.findings[0].reason
    shown = next(iter(watch.now()))
    assert (shown.amount, shown.low) == (50.0, True)
    assert shown.days_left == pytest.approx(50 / 12)


def test_a_request_that_fails_is_no_outage() -> None:
    """Logged once, shown with its age, and what is known stays believed."""
    book, bank = Book(), Bank({"gw": 4.0})
    watch = BalanceWatch(bank.ask, book, book)
    watch.put_in_force(targets(gw=SOURCE))
    asyncio.run(watch.turn())
    bank.answers["gw"] = "HTTP 500"
    with capture_logs() as logs:
        for hour in range(1, 4):
            book.at_s = hour * 3600.0
            asyncio.run(watch.turn())
    assert [one["event"] for one in logs] == ["balance_unknown"]
    shown = next(iter(watch.now()))
    assert (shown.amount, shown.seen_at_us, shown.error, shown.low) == (4.0, START.wall_us, "HTTP 500", True)
    assert book.told() == [("gw/chat/a", True)]


def test_a_balance_that_is_watched_no_more_ends_its_warning() -> None:
    """So does the next life of the daemon, of what this one told."""
    incident = SimpleNamespace(kind=IncidentKind.BALANCE, endpoint="gw", checks=("gw/chat/b",))
    book, bank = Book(open_incidents=(incident,)), Bank({"gw": 4.0})
    watch = BalanceWatch(bank.ask, book, book)
    watch.put_in_force(targets(gw=SOURCE))
    watch.begin([])
    asyncio.run(watch.turn())
    assert book.told() == []
    watch.put_in_force(targets(gw=None))
    asyncio.run(watch.turn())
    assert [(one.check, one.why) for one in book.findings] == [("gw/chat/b", Why.RULE_REMOVED)]


def test_a_renamed_endpoint_keeps_its_account() -> None:
    """What was read and told under the former name holds under the new one."""
    book, bank = Book(), Bank({"gw": 4.0, "new": 4.0})
    watch = BalanceWatch(bank.ask, book, book)
    watch.put_in_force(targets(gw=SOURCE))
    asyncio.run(watch.turn())
    book.checks = {"new/chat/a": replace(check("a"), id="new/chat/a", endpoint="new")}
    watch.rename(Renaming(endpoints={"gw": "new"}))
    watch.put_in_force(targets(new=SOURCE))
    asyncio.run(watch.turn())
    assert [(one.endpoint, one.amount, one.low) for one in watch.now()] == [("new", 4.0, True)]
    assert (bank.asked, len(book.findings)) == (["gw"], 1)


def test_another_account_is_another_story() -> None:
    """Another pointer: asked at once, and the old readings say nothing of it."""
    book, bank = Book(), Bank({"gw": 100.0})
    watch = BalanceWatch(bank.ask, book, book)
    watch.put_in_force(targets(gw=SOURCE))
    watch.begin([Balance("gw", 100.0 - day, START.wall_us + round((day - 5) * DAY_S * 1e6)) for day in range(5)])
    watch.put_in_force(targets(gw=replace(SOURCE, pointer="/other")))
    assert [one.amount for one in watch.now()] == [None]
    asyncio.run(watch.turn())
    assert [one.amount for one in watch.now()] == [100.0]
