"""Metrics: names and labels as documented, cheap to count, and readable by Prometheus' own parser."""

import re
import shutil
import subprocess
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.clock import Moment
from monitor.domain.check import Check
from monitor.domain.health import State
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.severity import Severity
from monitor.storage.outbox.outbox import Waiting
from monitor.web.metrics import Metrics

if TYPE_CHECKING:
    from tests.unit.web.conftest import FakeLedger

HOSTILE = 'a"b\\c\nd{e="f"}\x1b[31m\u202e'
DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"


def result(check: Check, status: Status = Status.UP, **facts: object) -> Result:
    """A result of 250 ms, on phase."""
    at = Moment(1_000_000, 1_000_000)
    made = Result(check.id, at, at, Trigger.ON_PHASE, Verdict(status), latency_ms=250.0, lag_ms=2.0)
    return replace(made, **facts)  # type: ignore[arg-type]


def values(metrics: Metrics, ledger: "FakeLedger", backlog: dict[str, Waiting] | None = None) -> dict[str, float]:
    """Every sample as `name{label="value",...}`."""
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in exposed(metrics, ledger, backlog)
        for sample in family.samples
    }


def exposed(metrics: Metrics, ledger: "FakeLedger", backlog: dict[str, Waiting] | None = None) -> list[Metric]:
    """What Prometheus' parser makes of a scrape."""
    body, _ = metrics.render(metrics.sample(ledger, backlog or {}))
    return list(parse_text(body.decode()))


def everything(metrics: Metrics, ledger: "FakeLedger") -> bytes:
    """An exposition in which every metric has a sample."""
    check = ledger.add("gw", "openai/gpt-4.1")
    ledger.last_commit = Moment(1_700_000_000_500_000, 0)
    cause, at = Cause(Status.TIMEOUT, None), Moment(0, 0)
    kind = IncidentKind.OUTAGE
    ledger.open_incidents = (
        Incident(1, "k", kind, "gw", (check.id,), Severity.CRITICAL, cause, None, None, None, at, at),
    )
    metrics.observe_probe(result(check, certificate_days=12.5), check)
    metrics.observe_commit(0.002)
    metrics.observe_delivery("ops", "sent")
    return metrics.render(metrics.sample(ledger, {"ops": Waiting(3, 1)}))[0]


def test_probes_are_counted_by_check_and_status(ledger: "FakeLedger") -> None:
    """Names and labels are an interface."""
    metrics, check = Metrics(), ledger.add("gw", "openai/gpt-4.1")
    metrics.observe_probe(result(check), check)
    metrics.observe_probe(result(check), check)
    metrics.observe_probe(result(check, Status.TIMEOUT, latency_ms=None), check)
    found = values(metrics, ledger)
    labels = [("check", "gw/chat/openai/gpt-4.1"), ("endpoint", "gw"), ("model", "openai/gpt-4.1")]
    assert found[f"relaywatch_probes_total{[*labels, ('status', 'UP')]}"] == 2
    assert found[f"relaywatch_probes_total{[*labels, ('status', 'TIMEOUT')]}"] == 1
    assert found["relaywatch_probe_duration_seconds_count[('endpoint', 'gw')]"] == 2
    assert found["relaywatch_probe_duration_seconds_sum[('endpoint', 'gw')]"] == 0.5


def test_only_turns_tell_of_schedule_lag(ledger: "FakeLedger") -> None:
    """A confirm or triage probe has no turn to be late for; a turn is one during maintenance too."""
    metrics, check = Metrics(), ledger.add("gw", None)
    metrics.observe_probe(result(check), check)
    metrics.observe_probe(result(check, trigger=Trigger.MAINTENANCE), check)
    metrics.observe_probe(result(check, trigger=Trigger.CONFIRM, lag_ms=900.0), check)
    metrics.observe_probe(result(check, trigger=Trigger.TRIAGE, lag_ms=900.0), check)
    found = values(metrics, ledger)
    assert found["relaywatch_schedule_lag_seconds_count[]"] == 2
    assert found["relaywatch_schedule_lag_seconds_sum[]"] == pytest.approx(0.004)


def test_a_bucket_counts_all_up_to_its_bound(ledger: "FakeLedger") -> None:
    """Prometheus' buckets are cumulative, and their bounds inclusive."""
    metrics, check = Metrics(), ledger.add("gw", None)
    for lag_ms in (0.0, 1.0, 1.1, 2.5, 60_000.0):
        metrics.observe_probe(result(check, lag_ms=lag_ms), check)
    found = values(metrics, ledger)
    name = "relaywatch_schedule_lag_seconds_bucket"
    below = {bound: found[f"{name}{[('le', bound)]}"] for bound in ("0.001", "0.0025", "0.005", "30.0", "+Inf")}
    assert below == {"0.001": 2, "0.0025": 4, "0.005": 4, "30.0": 4, "+Inf": 5}


def test_a_sample_stays_as_it_was_taken(ledger: "FakeLedger") -> None:
    """It is written in a thread while the loop counts on."""
    metrics, check = Metrics(), ledger.add("gw", None)
    metrics.observe_probe(result(check), check)
    sample = metrics.sample(ledger, None)
    metrics.observe_probe(result(check), check)
    metrics.observe_commit(0.1)
    assert sample.durations["gw"].counts.count(1) == 1
    assert sum(sample.commit.counts) == 0
    assert list(sample.probes.values()) == [1]


def test_a_pending_check_is_neither_up_nor_down(ledger: "FakeLedger") -> None:
    """An alert on `== 0` must not fire at start."""
    ledger.add("gw", "up")
    ledger.add("gw", "down", State.DOWN)
    ledger.add("gw", "pending", State.PENDING)
    found = {key: value for key, value in values(Metrics(), ledger).items() if key.startswith("relaywatch_check_up")}
    assert sorted(found.values()) == [0, 1]


def test_a_removed_check_has_no_series(ledger: "FakeLedger") -> None:
    """A reload must not leave stale series behind."""
    metrics, check = Metrics(), ledger.add("gw", "gone")
    metrics.observe_probe(result(check, certificate_days=3.0), check)
    ledger.checks.clear()
    assert not any("gone" in key or "certificate" in key for key in values(metrics, ledger))


def test_open_incidents_are_zero_rather_than_absent(ledger: "FakeLedger") -> None:
    """An absent series makes alerts silent."""
    found = values(Metrics(), ledger)
    assert found["relaywatch_incidents_open[('severity', 'critical')]"] == 0
    assert found["relaywatch_incidents_open[('severity', 'warning')]"] == 0


def test_the_outbox_by_channel(ledger: "FakeLedger") -> None:
    """What waits and what was given up."""
    found = values(Metrics(), ledger, {"ops": Waiting(3, 1)})
    assert found["relaywatch_outbox_pending[('channel', 'ops')]"] == 3
    assert found["relaywatch_outbox_dead[('channel', 'ops')]"] == 1


def test_a_database_that_does_not_answer_takes_only_the_outbox_away(ledger: "FakeLedger") -> None:
    """The scrape that tells of the trouble must not fail because of it."""
    metrics = Metrics()
    body, _ = metrics.render(metrics.sample(ledger, None))
    assert b"outbox" not in body
    assert b"relaywatch_build_info" in body


def test_a_refused_configuration_shows(ledger: "FakeLedger") -> None:
    """The reload failed; the old configuration still runs."""
    metrics = Metrics()
    assert values(metrics, ledger)["relaywatch_config_valid[]"] == 1
    metrics.set_config_problem("it is wrong")
    assert values(metrics, ledger)["relaywatch_config_valid[]"] == 0
    metrics.set_config_problem(None)
    assert values(metrics, ledger)["relaywatch_config_valid[]"] == 1


def test_hostile_names_stay_inside_their_label(ledger: "FakeLedger") -> None:
    """A model id cannot forge a series."""
    metrics, check = Metrics(), ledger.add("gw", HOSTILE)
    metrics.observe_probe(result(check), check)
    names = {key.partition("[")[0] for key in values(metrics, ledger)}
    assert all(re.fullmatch(r"(relaywatch|process)_[a-z_]+", name) for name in names)
    families = exposed(metrics, ledger)
    models = {sample.labels.get("model", "") for family in families for sample in family.samples}
    assert models == {"", 'a"b\\c\\nd{e="f"}\\x1b[31m\\u202e'}


def test_openmetrics_is_given_to_who_asks(ledger: "FakeLedger") -> None:
    """The other format parses too."""
    metrics = Metrics()
    everything(metrics, ledger)
    body, kind = metrics.render(metrics.sample(ledger, {}), "application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert len(list(parse_openmetrics(body.decode()))) > 10  # type: ignore[no-untyped-call]


def test_every_metric_is_documented(ledger: "FakeLedger") -> None:
    """The document is the interface."""
    document = DOCUMENT.read_text(encoding="utf-8")
    families = re.findall(r"^# TYPE (relaywatch_\w+)", everything(Metrics(), ledger).decode(), re.MULTILINE)
    assert len(families) >= 14
    assert [name for name in families if f"`{name}" not in document] == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="install promtool (Debian package prometheus)")
def test_promtool_finds_nothing(ledger: "FakeLedger") -> None:
    """Prometheus' own linter is silent, but for its wish that days were seconds."""
    ran = subprocess.run(
        ["promtool", "check", "metrics"], input=everything(Metrics(), ledger), capture_output=True, check=False
    )
    remarks = (ran.stdout + ran.stderr).decode().splitlines()
    assert [line for line in remarks if not line.startswith("relaywatch_certificate_days_left ")] == []


def test_ten_thousand_checks_cost_little_memory(ledger: "FakeLedger") -> None:
    """A metric object per series would be ten megabytes."""
    metrics = Metrics()
    checks = [ledger.add("gw", f"m{number}") for number in range(10_000)]
    results = [result(check) for check in checks]
    tracemalloc.start()
    for check, one in zip(checks, results, strict=True):
        metrics.observe_probe(one, check)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 3_000_000


def test_the_uplink_is_asked_for_at_every_scrape(ledger: "FakeLedger") -> None:
    """1 unless somebody knows better."""
    metrics = Metrics()
    assert values(metrics, ledger)["relaywatch_uplink_up[]"] == 1
    metrics.watch_uplink(lambda: False)
    assert values(metrics, ledger)["relaywatch_uplink_up[]"] == 0


def test_pings_of_the_dead_man_switch_are_counted(ledger: "FakeLedger") -> None:
    """Absent without one; only the word that all is well is a success."""
    metrics = Metrics()
    assert not [name for name in values(metrics, ledger) if "deadman" in name]
    metrics.observe_deadman("start", arrived=True)
    last = "relaywatch_deadman_last_success_timestamp_seconds[]"
    assert values(metrics, ledger)[last] == 0
    metrics.observe_deadman("well", arrived=False)
    assert values(metrics, ledger)[last] == 0
    metrics.observe_deadman("well", arrived=True)
    found = values(metrics, ledger)
    assert found[last] > 1_700_000_000
    assert found[f"relaywatch_deadman_pings_total{[('outcome', 'lost'), ('signal', 'well')]}"] == 1
    assert found[f"relaywatch_deadman_pings_total{[('outcome', 'arrived'), ('signal', 'well')]}"] == 1
