"""Rules on a real history: they break, stay within their hysteresis, heal; too few samples say nothing."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from monitor.app.rules import EVERY_S, RuleWatch
from monitor.clock import US_PER_S, Moment
from monitor.domain.check import Check, CheckKind, HealthRules
from monitor.domain.incident import Cause, Incident, incident_key
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Status, Trigger
from monitor.domain.rules import (
    AvailabilityRule,
    CertificateRule,
    CoverageRule,
    LatencyRule,
    Rule,
    SloRule,
    Timing,
    Why,
)
from monitor.domain.rules_judge import CAUSE_OF, RuleFinding
from monitor.domain.severity import Severity
from monitor.storage.codes import STATUS_CODES, TRIGGER_CODES
from monitor.storage.engine import open_for_writing
from monitor.storage.reports.measures import measure
from monitor.storage.sqlite.database import SqliteDatabase

START = Moment(1_795_200_000_000_000, 0)
CHECK = "gw/chat/m"
AVAILABILITY = AvailabilityRule(below=90.0, recovery=95.0)
COVERAGE = CoverageRule(below=90.0, recovery=95.0)
LATENCY = LatencyRule(Timing.LATENCY, 95, above_ms=3000.0, recovery_ms=2700.0)
TTFT = LatencyRule(Timing.TTFT, 50, above_ms=800.0, recovery_ms=700.0, severity=Severity.CRITICAL)
FAR_US = 1 << 62


def check(name: str = "m", *rules: Rule, endpoint: str = "gw", **options: Any) -> Check:
    """A chat check with these rules."""
    return Check(f"{endpoint}/chat/{name}", endpoint, CheckKind.CHAT, name, endpoint, window_rules=rules, **options)


@dataclass
class Clock:
    """Seconds since the start, moved by hand."""

    at_s: float = 0.0
    lags: list[float] = field(default_factory=list)

    def now(self) -> Moment:
        """The present moment; every reading takes as long as the next of `lags`."""
        self.at_s += self.lags.pop(0) if self.lags else 0.0
        return START.plus_s(self.at_s)


class Ledger:
    """Keeps findings as the real one does: one incident per check and kind, or the one that it is told to share."""

    def __init__(self, *checks: Check) -> None:
        self.checks = {one.id: one for one in checks}
        self.findings: list[RuleFinding] = []
        self.refusing_since: Moment | None = None
        self._open: list[Incident] = []

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident."""
        return tuple(self._open)

    def open(self, kind: IncidentKind, *checks: str, severity: Severity = Severity.WARNING) -> None:
        """An incident that a former run left open, or one of several checks."""
        one = Incident(
            id=len(self.findings) + len(self._open) + 1,
            key=incident_key(checks[0], kind),
            kind=kind,
            endpoint="gw",
            checks=checks,
            severity=severity,
            cause=CAUSE_OF.get(kind, Cause(Status.TIMEOUT, None)),
            because=None,
            reason=None,
            action=None,
            started_at=START,
            detected_at=START,
        )
        self._open.append(one)

    def judged(self, finding: RuleFinding) -> None:
        """Open, raise or end."""
        self.findings.append(finding)
        mine = next((one for one in self._open if one.kind is finding.kind and finding.check in one.checks), None)
        if mine is None:
            self.open(finding.kind, finding.check, severity=finding.severity)
        elif finding.broken:
            self._open[self._open.index(mine)] = replace(mine, severity=finding.severity)
        elif len(mine.checks) == 1:
            self._open.remove(mine)

    def told(self) -> list[tuple[str, bool, str]]:
        """Check, broken and severity of what came since the last time."""
        findings, self.findings = self.findings, []
        return [(one.check.rpartition("/")[2], one.broken, str(one.severity)) for one in findings]


class History:
    """Rows written straight into a database."""

    def __init__(self, path: Path) -> None:
        open_for_writing(SqliteDatabase(path)).dispose()
        self.path = path
        self.connection = sqlite3.connect(path)

    def register(self, *checks: Check) -> None:
        """Checks that are due every minute from the start on."""
        for number, one in enumerate(checks, 1):
            row = (number, one.id, one.endpoint, str(one.kind), one.model, one.provider, START.wall_us, None)
            self.connection.execute("INSERT INTO checks VALUES (?,?,?,?,?,?,?,?)", row)
            minute = 60 * US_PER_S
            rhythm = (number, START.wall_us, START.wall_us + minute, minute, FAR_US)
            self.connection.execute("INSERT INTO rhythms VALUES (?,?,?,?,?)", rhythm)
        self.connection.commit()

    def add(self, *minutes: int, number: int = 1, **fields: Any) -> None:
        """One result each at these minutes after the start."""
        given = {"status": Status.UP, "trigger": Trigger.ON_PHASE, "latency_ms": 500.0, "ttft_ms": None, **fields}
        ttft = None if given["ttft_ms"] is None else round(given["ttft_ms"] * 10)
        values = (STATUS_CODES[given["status"]], TRIGGER_CODES[given["trigger"]], 200, round(given["latency_ms"] * 10))
        rows = [(number, START.plus_s(60 * minute).wall_us, *values, ttft, 0, *[None] * 3) for minute in minutes]
        self.connection.executemany("INSERT INTO results VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
        self.connection.commit()

    def fail(self, *minutes: int, **fields: Any) -> None:
        """The same, failed."""
        self.add(*minutes, status=Status.TIMEOUT, **fields)


@dataclass
class Scene:
    """A history, a ledger, a clock, and what watches them."""

    history: History
    ledger: Ledger
    clock: Clock
    watch: RuleWatch
    days: dict[str, float]

    def at(self, minute: float) -> list[tuple[str, bool, str]]:
        """What is told in the turn of that minute (after its probe)."""
        self.clock.at_s = 60 * minute + 30
        asyncio.run(self.watch.turn())
        return self.ledger.told()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """An empty one."""
    one = History(tmp_path / "relaywatch.db")
    yield one
    one.connection.close()


def scene_of(history: History, *checks: Check) -> Scene:
    """A scene with these checks, registered."""
    history.register(*checks)
    return again(history, *checks)


def again(history: History, *checks: Check) -> Scene:
    """A new life of the daemon on a history."""
    ledger, clock, days = Ledger(*checks), Clock(), dict[str, float]()
    return Scene(history, ledger, clock, RuleWatch(ledger, SqliteDatabase(history.path), lambda _: days, clock), days)


def test_availability(history: History) -> None:
    """Below 90 % it breaks, from 95 % on it holds; the same news is not told again."""
    scene = scene_of(history, check("m", AVAILABILITY))
    history.fail(0, 1, 2)
    history.add(*range(3, 18))
    assert scene.at(17) == []  # 18 results are too few
    history.add(18, 19)
    assert scene.at(19) == [("m", True, "warning")]  # 17 of 20
    assert scene.at(20) == []
    history.add(*range(20, 56))
    assert scene.at(55) == []  # 53 of 56 are 94.6 %
    history.add(*range(56, 60))
    assert scene.at(59) == [("m", False, "warning")]  # 57 of 60
    assert scene.at(60) == []


def test_a_finding_says_why(history: History) -> None:
    """In one sentence that is stored, with the figures behind it."""
    scene = scene_of(history, check("m", AVAILABILITY))
    history.fail(0, 1, 2)
    history.add(*range(3, 20))
    scene.clock.at_s = 20 * 60
    asyncio.run(scene.watch.turn())
    (finding,) = scene.ledger.findings
    assert finding.reason == "85% of 20 probes in the last 1 h succeeded; the limit is 90%"
    assert (finding.why, finding.kind, finding.at) == (Why.BEYOND_LIMIT, IncidentKind.AVAILABILITY, START.plus_s(1200))
    assert finding.facts is not None
    assert finding.facts.samples == 20


def test_too_few_samples_keep_what_was_believed(history: History) -> None:
    """After a night without the daemon nothing ends, and nothing begins."""
    scene = scene_of(history, check("m", AVAILABILITY))
    scene.ledger.open(IncidentKind.AVAILABILITY, CHECK)
    history.add(*range(5))
    assert scene.at(5) == []
    history.add(*range(5, 20))
    assert scene.at(20) == [("m", False, "warning")]


def test_a_restart_forgets_nothing(history: History) -> None:
    """What is broken is known from the open incidents."""
    scene = scene_of(history, check("m", AVAILABILITY, CertificateRule()))
    history.fail(*range(10))
    history.add(*range(10, 60))
    assert scene.at(60) == [("m", True, "warning")]
    second = again(history, check("m", AVAILABILITY, CertificateRule()))
    second.ledger.open(IncidentKind.AVAILABILITY, CHECK)
    history.add(*range(61, 66))
    assert second.at(65) == []  # 93 % is above the limit, and not yet recovered


def test_latency_and_time_to_first_token_are_one_kind(history: History) -> None:
    """The graver of both is told; the incident ends when both hold."""
    scene = scene_of(history, check("m", LATENCY, TTFT))
    history.add(*range(9), latency_ms=4000.0)
    assert scene.at(9) == []
    history.add(9, latency_ms=4000.0)
    assert scene.at(9.1) == []
    assert scene.at(10.1) == [("m", True, "warning")]
    history.add(*range(11, 26), latency_ms=2800.0, ttft_ms=900.0)
    assert scene.at(25) == [("m", True, "critical")]
    history.add(*range(26, 41), latency_ms=2800.0, ttft_ms=600.0)
    assert scene.at(40) == []  # 2.8 s are not yet 2.7 s
    history.add(*range(41, 56), latency_ms=2700.0, ttft_ms=600.0)
    assert scene.at(55) == [("m", False, "critical")]


def test_failures_have_no_latency(history: History) -> None:
    """An outage leaves too few answers: what was believed stays."""
    scene = scene_of(history, check("m", LATENCY))
    history.fail(*range(30), latency_ms=9000.0)
    assert scene.at(30) == []


def test_coverage(history: History) -> None:
    """Missing and UNKNOWN results were due; maintenance was not."""
    scene = scene_of(history, check("m", COVERAGE))
    history.add(*range(10))
    history.add(*range(10, 20), trigger=Trigger.MAINTENANCE)
    history.add(*range(20, 40))
    assert scene.at(39) == []
    history.add(*range(40, 45), status=Status.UNKNOWN)
    assert scene.at(44) == [("m", True, "warning")]  # 30 of 35
    history.add(*range(45, 105))
    assert scene.at(104) == [("m", False, "warning")]


def test_coverage_of_a_check_that_gives_nothing(history: History) -> None:
    """The widest gap of all."""
    scene = scene_of(history, check("m", COVERAGE))
    assert scene.at(15) == []
    assert scene.at(25) == [("m", True, "warning")]


def test_burn_rate(history: History) -> None:
    """A fast burn is critical, and holds again only by the longer of the short windows."""
    scene = scene_of(history, check("m", SloRule(objective=99.0)))
    history.add(*range(-4000, 0))
    assert scene.at(0) == []
    history.fail(*range(9))
    assert scene.at(8) == [("m", True, "critical")]  # 9 of 60 and 5 of 5
    history.add(*range(9, 200))
    assert scene.at(20) == []
    assert scene.at(199) == [("m", False, "critical")]
    assert scene.at(200) == []


def test_one_failure_burns_no_budget(history: History) -> None:
    """1 of 60 is 16.7 times a budget of 0.1 %, but the hour has too few results to say so."""
    scene = scene_of(history, check("m", SloRule(objective=99.9)))
    history.add(*range(-4400, 0))
    history.fail(0)
    assert scene.at(0) == []
    history.fail(1, 2)
    assert scene.at(6) == [("m", True, "critical")]  # 3 of 360, and 3 of 30


def test_a_certificate_is_told_once_per_endpoint(history: History) -> None:
    """Under its first check that has the rule, graver when it becomes urgent, and until the old one is gone."""
    rule = CertificateRule()
    checks = (check("plain"), check("a", rule), check("b", rule), check("c", rule, endpoint="other"))
    scene = scene_of(history, *checks)
    assert scene.at(0) == []
    scene.days.update({"gw": 13.5, "other": 80.0})
    assert scene.at(1) == [("a", True, "warning")]
    assert scene.at(2) == []
    scene.days["gw"] = 2.9
    assert scene.at(3) == [("a", True, "critical")]
    scene.days["gw"] = 89.0
    assert scene.at(4) == []
    assert scene.at(70) == [("a", False, "critical")]


def test_an_incident_of_several_checks_is_not_ended_by_one(history: History) -> None:
    """Each check is told to hold again once, and to break anew if it does."""
    scene = scene_of(history, check("m", AVAILABILITY), check("n", AVAILABILITY))
    scene.ledger.open(IncidentKind.AVAILABILITY, "gw/chat/m", "gw/chat/n")
    history.add(*range(30))
    history.fail(*range(30), number=2)
    assert scene.at(30) == [("m", False, "warning")]
    assert scene.at(31) == []
    history.fail(*range(31, 41))
    assert scene.at(41) == [("m", True, "warning")]
    assert scene.at(42) == []
    history.add(*range(42, 102))
    assert scene.at(102) == [("m", False, "warning")]


def test_a_rule_that_was_taken_out_ends_its_incident(history: History) -> None:
    """Nobody would ever judge it again."""
    scene = scene_of(history, check("m"))
    scene.ledger.open(IncidentKind.AVAILABILITY, CHECK)
    scene.ledger.open(IncidentKind.OUTAGE, CHECK)
    scene.clock.at_s = 60
    asyncio.run(scene.watch.turn())
    (finding,) = scene.ledger.findings
    assert (finding.broken, finding.why, finding.reason) == (
        False,
        Why.RULE_REMOVED,
        "the rule is no longer configured",
    )
    assert [one.kind for one in scene.ledger.open_incidents] == [IncidentKind.OUTAGE]


@pytest.mark.parametrize("override", list(Severity))
def test_the_severity_of_the_check_counts_before_the_rules(history: History, override: Severity) -> None:
    """As of every incident; and it is not told again and again that the rule would have said otherwise."""
    scene = scene_of(history, check("m", SloRule(99.0), rules=HealthRules(severity=override)))
    history.add(*range(-400, 0))
    history.fail(*range(9))
    assert scene.at(8) == [("m", True, str(override))]
    assert scene.at(9) == []


def test_nothing_is_judged_while_the_database_refuses(history: History) -> None:
    """What waits in memory would look like a gap."""
    scene = scene_of(history, check("m", COVERAGE))
    scene.ledger.refusing_since = START
    assert scene.at(60) == []
    scene.ledger.refusing_since = None
    assert scene.at(61) == [("m", True, "warning")]


def test_a_database_that_cannot_be_read_is_no_finding(history: History, tmp_path: Path) -> None:
    """The next turn tries again; certificates need no database."""
    scene = scene_of(history, check("m", AVAILABILITY, CertificateRule()))
    history.fail(*range(30))
    scene.days["gw"] = 1.0
    moved = history.path.rename(tmp_path / "away.db")
    assert scene.at(30) == [("m", True, "critical")]
    moved.rename(history.path)
    assert scene.at(31) == [("m", True, "warning")]


def _reads(monkeypatch: pytest.MonkeyPatch) -> list[set[float]]:
    """The windows, in minutes, that each reading asks for from now on."""
    asked: list[set[float]] = []

    def noted(reader: Any, due: Any, now: Moment) -> Any:
        asked.append({question.window_s / 60 for question in due})
        return measure(reader, due, now)

    monkeypatch.setattr("monitor.storage.reports.measures.measure", noted)
    return asked


def test_long_windows_are_read_less_often(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes every minute, hours every five, days every ten; all of them at once for another check."""
    scene = scene_of(history, check("m", SloRule(99.0)), check("n"))
    asked = _reads(monkeypatch)
    for minute in range(11):
        scene.at(minute)
    minutes, hours, days = {5.0, 30.0, 60.0}, {120.0, 360.0}, {1440.0, 4320.0}
    assert asked == [
        minutes | hours | days,
        *[minutes] * 4,
        minutes | hours,
        *[minutes] * 4,
        minutes | hours | days,
    ]
    scene.ledger.checks["gw/chat/n"] = check("n", SloRule(99.0))
    scene.at(11)
    assert asked[-1] == minutes | hours | days


def test_without_rules_nothing_is_read(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for certificates, which are on by default."""
    scene = scene_of(history, check("m", CertificateRule()), check("n"))
    asked = _reads(monkeypatch)
    scene.at(1)
    assert asked == []


def test_a_slow_turn_is_followed_by_a_long_pause(history: History) -> None:
    """So that rules never take more than a twentieth of the time."""
    scene = scene_of(history, check("m", AVAILABILITY))
    scene.at(1)
    assert scene.watch.pause_s == EVERY_S
    scene.clock.lags = [0.0, 9.0]
    scene.at(2)
    assert scene.watch.pause_s == 180.0


async def test_a_reading_ends_when_the_daemon_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop waits for no window of thirty days."""
    path = tmp_path / "relaywatch.db"
    await asyncio.to_thread(lambda: open_for_writing(SqliteDatabase(path)).dispose())
    watch = RuleWatch(Ledger(check("m", AVAILABILITY)), SqliteDatabase(path), lambda _: {}, Clock())
    reading, ended = threading.Event(), threading.Event()

    def endless(reader: Any, due: Any, now: Moment) -> Any:
        del due, now
        reading.set()
        try:
            reader.connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n"
            )
        except Exception:
            ended.set()
            raise

    monkeypatch.setattr("monitor.storage.reports.measures.measure", endless)
    turn = asyncio.create_task(watch.turn())
    assert await asyncio.to_thread(reading.wait, 10)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert await asyncio.to_thread(ended.wait, 10)
