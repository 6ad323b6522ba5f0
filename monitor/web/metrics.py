"""Prometheus metrics: what happened is counted here as it happens, what is believed is read when somebody asks.

Owns names, labels and buckets (`docs/metrics.md`). Whatever has one series per check is kept in plain dictionaries and
becomes metrics only at scrape time: a thousand bytes per series would be ten megabytes at 10,000 checks.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from platform import python_version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

import monitor
from monitor.clock import US_PER_S
from monitor.domain.check import Check
from monitor.domain.health import Health, State
from monitor.domain.result import Result, Status
from monitor.domain.severity import Severity
from monitor.logs import visible
from monitor.storage.outbox import Waiting
from monitor.web.sources import LedgerFace

# Source: OpenTelemetry GenAI semantic conventions, gen_ai.client.operation.duration.
PROBE_BUCKETS_S = tuple(0.01 * 2**power for power in range(14))
LAG_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
COMMIT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
MS_PER_S = 1000.0


class Metrics:
    """Every metric of one daemon, in a registry of its own.

    The `observe_` methods are called on the event loop and cost a few microseconds. `sample` is called there too and
    copies what a scrape reads; `render` may then run in a thread.

    Attributes:
        config_problem: why the newest configuration is not in force, for people; None while it is.
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=False)
        self._probes: dict[Status, Tally[str]] = {status: Tally() for status in Status}
        self._days: dict[str, float] = {}
        self._durations: dict[str, Histogram] = {}
        self._duration = Histogram(
            "relaywatch_probe_duration_seconds",
            "Start of the exchange to the last byte, of probes that had a response.",
            ["endpoint"],
            buckets=PROBE_BUCKETS_S,
            registry=self.registry,
        )
        self._lag = Histogram(
            "relaywatch_schedule_lag_seconds",
            "How late on-phase probes started.",
            buckets=LAG_BUCKETS_S,
            registry=self.registry,
        )
        self._commit = Histogram(
            "relaywatch_ledger_commit_seconds",
            "Duration of one ledger transaction.",
            buckets=COMMIT_BUCKETS_S,
            registry=self.registry,
        )
        self._notifications = Counter(
            "relaywatch_notifications",
            "Attempts to send a notification, by what came of them.",
            ["channel", "outcome"],
            registry=self.registry,
        )
        self._config_valid = self._flag("config_valid", "1 if the newest configuration was accepted.")
        self.config_problem: str | None = None
        self._pings: Counter | None = None
        self._last_ping: Gauge | None = None
        self._uplink_up = self._flag("uplink_up", "0 while the monitor's own network is closed.")
        self.registry.register(_BuildInfo())
        ProcessCollector(registry=self.registry)

    def observe_probe(self, result: Result, check: Check) -> None:
        """Count one result."""
        self._probes[result.status][result.check] += 1
        if result.latency_ms is not None:
            duration = self._durations.get(check.endpoint)
            if duration is None:
                duration = self._durations[check.endpoint] = self._duration.labels(check.endpoint)
            duration.observe(result.latency_ms / MS_PER_S)
        if result.trigger.is_turn:
            self._lag.observe(result.lag_ms / MS_PER_S)
        if result.certificate_days is not None:
            self._days[check.endpoint] = result.certificate_days

    def observe_commit(self, seconds: float) -> None:
        """Note how long one transaction took."""
        self._commit.observe(seconds)

    def observe_delivery(self, channel: str, outcome: str) -> None:
        """Count one attempt to send: `sent`, `retry`, `dead`, or whatever the delivery room calls it."""
        self._notifications.labels(channel, outcome).inc()

    def observe_deadman(self, signal: str, arrived: bool) -> None:  # noqa: FBT001  a callback
        """Count one ping of the dead-man switch: `well`, `start`, `fail` or `log`."""
        if self._pings is None:
            self._pings = Counter(
                "relaywatch_deadman_pings",
                "Pings of the dead-man switch, by what they said and whether they arrived.",
                ["signal", "outcome"],
                registry=self.registry,
            )
            self._last_ping = Gauge(
                "relaywatch_deadman_last_success_timestamp_seconds",
                "When the dead-man switch last took the word that all is well.",
                registry=self.registry,
            )
        self._pings.labels(signal, "arrived" if arrived else "lost").inc()
        if arrived and signal == "well" and self._last_ping is not None:
            self._last_ping.set_to_current_time()

    def set_config_problem(self, problem: str | None) -> None:
        """Note why the newest configuration is not in force; None when it is."""
        self.config_problem = problem
        self._config_valid.set(int(problem is None))

    def watch_uplink(self, is_up: Callable[[], bool]) -> None:
        """Ask `is_up` at every scrape, in any thread, whether the monitor's own network is open."""
        self._uplink_up.set_function(is_up)

    def sample(self, ledger: LedgerFace, backlog: Mapping[str, Waiting] | None) -> "Beliefs":
        """What is believed now, copied on the event loop. `backlog` is None while the database does not answer."""
        return Beliefs(self, ledger, backlog)

    def render(self, beliefs: "Beliefs", accept: str = "") -> tuple[bytes, str]:
        """The exposition and its content type, in the format that `accept` asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(_Both(self.registry, beliefs)), content_type

    def counted(self, checks: Mapping[str, Check]) -> dict[tuple[str, Status], int]:
        """Results by check and status, of the checks in force."""
        return {
            (check, status): count
            for status, counts in self._probes.items()
            for check, count in counts.items()
            if check in checks
        }

    def certificate_days(self, checks: Mapping[str, Check]) -> dict[str, float]:
        """Days until the certificate expires, by endpoint, of the endpoints in force."""
        endpoints = {check.endpoint for check in checks.values()}
        return {endpoint: days for endpoint, days in self._days.items() if endpoint in endpoints}

    def _flag(self, name: str, meaning: str) -> Gauge:
        """1 until it is set."""
        flag = Gauge(f"relaywatch_{name}", meaning, registry=self.registry)
        flag.set(1)
        return flag


class Beliefs(Collector):
    """What one scrape tells of the ledger and the outbox; lives for that scrape only."""

    def __init__(self, metrics: Metrics, ledger: LedgerFace, backlog: Mapping[str, Waiting] | None) -> None:
        self._checks: Mapping[str, Check] = dict(ledger.checks)
        self._healths: Mapping[str, Health] = dict(ledger.healths)
        self._severities = Tally(incident.severity for incident in ledger.open_incidents)
        self._pending = ledger.pending
        self._dropped = ledger.dropped
        self._last_commit = ledger.last_commit
        self._probes = metrics.counted(ledger.checks)
        self._days = metrics.certificate_days(ledger.checks)
        self._backlog = backlog

    def collect(self) -> Iterator[Metric]:
        """Every metric family that is not counted as it happens."""
        yield self._probes_total()
        yield self._check_up()
        yield self._incidents_open()
        yield self._certificates()
        yield from self._ledger()
        if self._backlog is not None:
            yield from self._outbox(self._backlog)

    def _probes_total(self) -> Metric:
        family = CounterMetricFamily("relaywatch_probes", "Results.", labels=["endpoint", "check", "model", "status"])
        for (check_id, status), count in self._probes.items():
            family.add_metric([*_labels(self._checks[check_id]), status], count)
        return family

    def _check_up(self) -> Metric:
        family = GaugeMetricFamily(
            "relaywatch_check_up",
            "1 if a check is UP, 0 if DOWN; absent while PENDING.",
            labels=["endpoint", "check", "model"],
        )
        for check_id, check in self._checks.items():
            health = self._healths.get(check_id)
            if health is not None and health.state is not State.PENDING:
                family.add_metric(_labels(check), int(health.state is State.UP))
        return family

    def _incidents_open(self) -> Metric:
        family = GaugeMetricFamily("relaywatch_incidents_open", "Open incidents.", labels=["severity"])
        for severity in Severity:
            family.add_metric([severity], self._severities[severity])
        return family

    def _certificates(self) -> Metric:
        family = GaugeMetricFamily(
            "relaywatch_certificate_days_left", "Days until the endpoint's certificate expires.", labels=["endpoint"]
        )
        for endpoint, days in self._days.items():
            family.add_metric([endpoint], days)
        return family

    def _ledger(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("relaywatch_ledger_pending", "Results that are not on disk yet.", value=self._pending)
        yield CounterMetricFamily(
            "relaywatch_results_dropped", "Results that found no room while the database refused.", value=self._dropped
        )
        if self._last_commit is not None:
            yield GaugeMetricFamily(
                "relaywatch_ledger_last_commit_timestamp_seconds",
                "When the newest transaction was committed.",
                value=self._last_commit.wall_us / US_PER_S,
            )

    def _outbox(self, backlog: Mapping[str, Waiting]) -> Iterator[Metric]:
        pending = GaugeMetricFamily("relaywatch_outbox_pending", "Notifications not sent yet.", labels=["channel"])
        dead = GaugeMetricFamily("relaywatch_outbox_dead", "Notifications given up.", labels=["channel"])
        for channel, waiting in backlog.items():
            pending.add_metric([channel], waiting.pending)
            dead.add_metric([channel], waiting.dead)
        yield from (pending, dead)


class _Both(Collector):
    """The standing metrics and those of one scrape, one after the other."""

    def __init__(self, registry: CollectorRegistry, beliefs: Beliefs) -> None:
        self._registry = registry
        self._beliefs = beliefs

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from self._beliefs.collect()


def _labels(check: Check) -> list[str]:
    return [check.endpoint, visible(check.id), visible(check.model or "")]


class _BuildInfo(Collector):
    """Which version runs; looked up when first asked, because that reads files."""

    def collect(self) -> Iterator[Metric]:
        labels = ["version", "python"]
        family = GaugeMetricFamily("relaywatch_build_info", "Always 1.", labels=labels)
        family.add_metric([monitor.__version__, python_version()], 1)
        yield family
