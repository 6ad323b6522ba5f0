"""Model lists while the daemon runs: what is told, what is written down, and when followers are woken."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.app import catalogues
from monitor.app.catalogues import Catalogues
from monitor.app.setup import Setup, prepare
from monitor.clock import US_PER_S, Moment, SystemClock
from monitor.config.load import loads
from monitor.domain.catalogue import Listing
from monitor.domain.check import Check
from monitor.domain.follow_up import AS_PLANNED, FollowUp
from monitor.domain.incident import Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.kept import Catalogue, CatalogueChange, Kept
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.rules import Why
from monitor.domain.rules_judge import RuleFinding
from monitor.domain.severity import Severity
from monitor.storage.catalogues import remembered
from monitor.storage.engine import open_for_writing
from monitor.storage.kept import KeptWriter
from monitor.storage.names import Names
from monitor.storage.sqlite.database import SqliteDatabase

GPT, CLAUDE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
FULL = (CLAUDE, GPT, "openai/gpt-4.1-mini")


@dataclass
class Double:
    """A ledger and an intake that remember."""

    checks: Mapping[str, Check]
    open_incidents: tuple[Incident, ...] = ()
    findings: list[RuleFinding] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def judged(self, finding: RuleFinding) -> None:
        """Remember a finding."""
        self.findings.append(finding)

    def keep(self, *facts: Kept) -> None:
        """Remember facts."""
        self.kept.extend(facts)

    def report(self, _result: Result) -> FollowUp:
        """Nothing is asked."""
        return AS_PLANNED

    def clean(self, text: str) -> str:
        """One secret is known."""
        return text.replace("SECRET", "***")

    @property
    def told(self) -> list[tuple[str, bool]]:
        """What was said of which check."""
        return [(finding.check.removeprefix("gw/chat/"), finding.broken) for finding in self.findings]


def setup_of(options: str) -> Setup:
    """One endpoint, made ready."""
    text = f'[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\n{options}\n'
    return prepare(loads(text, Path("/")), {}, SystemClock())


class Bench:
    """Catalogues that attend to doubles."""

    def __init__(self, options: str) -> None:
        self.setup = setup_of(options)
        self.now = 0
        self.watch = Catalogues(SystemClock())
        self.watch._following = self.setup.following_endpoints
        self.double = Double({check.id: check for check in self.setup.checks})
        self.attend()

    def attend(self) -> None:
        """The ledger is there."""
        self.watch.attend(self.double, self.double)

    def read(
        self, *models: str, times: int = 1, trigger: Trigger = Trigger.ON_PHASE, status: Status = Status.UP
    ) -> None:
        """The list is read."""
        for _ in range(times):
            self.now += 30
            at = Moment(self.now * US_PER_S, self.now * US_PER_S)
            result = Result("gw/models", at, at, trigger, Verdict(status), listed=models)
            assert self.watch.report(result) is AS_PLANNED


def test_a_configured_model_that_vanishes_is_told_with_the_nearest_names() -> None:
    """Once, as a warning, when two lists agree; and when it is back."""
    bench = Bench(f'models = ["{GPT}"]')
    bench.read(*FULL)
    bench.read(CLAUDE, "openai/gpt-4.1-mini", times=5)
    (finding,) = bench.double.findings
    assert (finding.kind, finding.broken, finding.severity) == (IncidentKind.CATALOGUE, True, Severity.WARNING)
    assert finding.reason == "the endpoint's model list no longer holds it; nearest: openai/gpt-4.1-mini"
    bench.read(*FULL, times=4)
    assert bench.double.told == [(GPT, True), (GPT, False)]
    assert bench.double.findings[1].reason == "the endpoint's model list holds it again"


def test_a_model_that_was_never_listed_is_no_drift() -> None:
    """An alias works without being listed."""
    bench = Bench('models = ["alias"]')
    bench.read(*FULL, times=3)
    bench.read(GPT, times=9)
    assert bench.double.told == []


def test_a_list_form_of_an_id_is_the_id() -> None:
    """`models/` and `:latest` come and go without a word, as long as the model is there."""
    bench = Bench('models = ["llama3"]')
    bench.read("llama3", "b", "c")
    bench.read("llama3:latest", "b", "c", times=9)
    assert bench.double.told == []
    bench.read("b", "c", times=40)
    assert bench.double.told == [("llama3", True)]


@pytest.mark.parametrize(
    "options", [f'models = ["{GPT}"]\ndrift = false', f'models = [{{ id = "{GPT}", drift = false }}]']
)
def test_it_can_be_switched_off(options: str) -> None:
    """For an endpoint or a model."""
    bench = Bench(options)
    bench.read(*FULL)
    bench.read(CLAUDE, "openai/gpt-4.1-mini", times=5)
    assert bench.double.told == []


def test_what_came_and_went_is_written_down_and_logged() -> None:
    """The list and each change, for models that nobody configured too; only when it has changed."""
    bench = Bench("")
    with capture_logs() as logs:
        bench.read(*FULL, times=3)
        bench.read(*FULL, "new", times=3)
    first, second, change = bench.double.kept
    assert isinstance(first, Catalogue)
    assert first.models == FULL
    assert isinstance(second, Catalogue)
    assert second.models == tuple(sorted((*FULL, "new")))
    assert change == CatalogueChange("gw", "new", appeared=True, at_us=150 * US_PER_S)
    assert [line["event"] for line in logs] == ["catalogue_read", "catalogue_changed"]
    assert logs[1]["appeared"] == ["new"]


def test_only_lists_whose_turn_it_was_and_that_were_good_count() -> None:
    """A triage probe a second later is not a second list."""
    bench = Bench(f'models = ["{GPT}"]')
    bench.read(*FULL)
    bench.read(CLAUDE, "openai/gpt-4.1-mini", trigger=Trigger.TRIAGE, times=5)
    bench.read(CLAUDE, "openai/gpt-4.1-mini", status=Status.INVALID_RESPONSE, times=5)
    assert bench.double.told == []


def test_an_id_with_a_secret_is_none() -> None:
    """It is neither written down nor logged."""
    bench = Bench("")
    bench.read(GPT, "x-SECRET")
    assert bench.double.kept[0] == Catalogue("gw", (GPT,), 30 * US_PER_S)


def _incident(*checks: str) -> Incident:
    fields: dict[str, Any] = dict.fromkeys(Incident.__dataclass_fields__)
    return SimpleNamespace(**{**fields, "kind": IncidentKind.CATALOGUE, "checks": checks})  # type: ignore[return-value]


def test_what_was_open_at_the_stop_is_ended_when_the_model_is_back() -> None:
    """A restart neither tells again nor forgets."""
    bench = Bench(f'models = ["{GPT}", "{CLAUDE}"]')
    bench.read(*FULL)
    bench.read("openai/gpt-4.1-mini", times=8)
    again = Bench(f'models = ["{GPT}", "{CLAUDE}"]')
    again.watch._listings = bench.watch._listings
    again.double.open_incidents = (_incident(f"gw/chat/{GPT}", f"gw/chat/{CLAUDE}", "gw/chat/removed"),)
    again.attend()
    again.now = bench.now
    again.read("openai/gpt-4.1-mini", times=8)
    assert again.double.told == []
    again.read(GPT, "openai/gpt-4.1-mini", times=20)
    assert again.double.told == [(GPT, False)]


def test_what_came_back_before_the_stop_or_is_switched_off_is_ended_at_the_start() -> None:
    """An incident of several may last although this one is back."""
    bench = Bench(f'models = ["{GPT}", {{ id = "{CLAUDE}", drift = false }}]')
    bench.read(GPT)
    bench.double.open_incidents = (_incident(f"gw/chat/{GPT}", f"gw/chat/{CLAUDE}"),)
    bench.attend()
    assert sorted((finding.check, finding.why) for finding in bench.double.findings) == [
        (f"gw/chat/{CLAUDE}", Why.RULE_REMOVED),
        (f"gw/chat/{GPT}", Why.RECOVERED),
    ]


class Loop:
    """An event loop that only remembers who wants to be called."""

    def __init__(self) -> None:
        self.rung: list[tuple[float, Callable[[], object]]] = []

    def call_later(self, delay_s: float, wake: Callable[[], object]) -> Any:
        """Remember."""
        self.rung.append((delay_s, wake))
        return SimpleNamespace(cancel=int)


def test_followers_are_woken_at_once_by_the_first_list_and_later_a_minute_after_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Several changes within the minute wake once; who follows nothing is never woken."""
    loop, bench, alone = Loop(), Bench('models = "*"'), Bench(f'models = ["{GPT}"]')
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    bench.read(GPT)
    assert bench.watch.due.is_set()
    bench.setup = bench.watch.followed(bench.setup, bench.setup)
    assert [check.model for check in bench.setup.checks] == [None, GPT]
    assert not bench.watch.due.is_set()
    bench.read(GPT, CLAUDE, times=2)
    bench.read(GPT, CLAUDE, "new", times=2)
    ((delay_s, wake),) = loop.rung
    assert delay_s == catalogues.SETTLE_S
    wake()
    assert bench.watch.due.is_set()
    bench.setup = bench.watch.followed(bench.setup, bench.setup)
    assert [check.model for check in bench.setup.checks] == [None, CLAUDE, "new", GPT]
    alone.read(GPT)
    assert not alone.watch.due.is_set()


def test_endpoints_without_patterns_keep_their_checks() -> None:
    """And the order of the file."""
    text = "".join(
        f'[[endpoints]]\nname = "{name}"\nbase_url = "https://{name}.example.com/v1"\nmodels = {models}\n'
        for name, models in (("a", '["x"]'), ("b", '"*"'), ("c", '["y"]'))
    )
    setup = prepare(loads(text, Path("/")), {}, SystemClock())
    bench = Bench("")
    bench.watch._listings = {"b": Listing(frozenset({"m"}))}
    made = bench.watch.followed(setup, setup)
    assert [check.id for check in made.checks] == [
        "a/models",
        "a/chat/x",
        "b/models",
        "b/chat/m",
        "c/models",
        "c/chat/y",
    ]
    assert made.standings.keys() == {"b"}
    assert replace(made, checks=setup.checks, standings={}) == setup


def test_what_was_written_down_comes_back(tmp_path: Path) -> None:
    """The list, what it said of models, and what left within the hour."""
    bench = Bench("")
    bench.read(*FULL)
    bench.read(GPT, "openai/gpt-4.1-mini", times=2)
    engine = open_for_writing(SqliteDatabase(tmp_path / "x.db"))
    with engine.begin() as connection:
        KeptWriter(engine.dialect, Names()).write(connection, bench.double.kept)
        soon = remembered(connection, bench.now * US_PER_S).listings["gw"]
        later = remembered(connection, (bench.now + 4000) * US_PER_S).listings["gw"]
    engine.dispose()
    assert soon.models == later.models == frozenset({GPT, "openai/gpt-4.1-mini"})
    assert soon.followed == set(FULL)
    assert later.followed == later.models
