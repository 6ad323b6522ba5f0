"""What is counted for Prometheus, as it happens and in plain numbers; and the sample of all that one scrape shows.

Owns what is counted, and the buckets. Names and labels are `exposition`, which is imported with the first scrape: until
then nobody pays for the library. A metric object per series would be ten megabytes at 10,000 checks.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from monitor.clock import SystemClock
from monitor.domain.caps import SpendingNow
from monitor.domain.check import Check
from monitor.domain.quota import QuotaNow
from monitor.domain.result import Result, Status
from monitor.storage.outbox.outbox import Waiting
from monitor.web.sample import Histogram, Pings, Sample
from monitor.web.sources import LedgerFace

# Source: OpenTelemetry GenAI semantic conventions, gen_ai.client.operation.duration.
PROBE_BUCKETS_S = tuple(0.01 * 2**power for power in range(14))
LAG_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
COMMIT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
MS_PER_S = 1000.0
ALL_IS_WELL = "well"


class Metrics:
    """Everything that one daemon counts.

    The `observe_` methods are called on the event loop and cost a microsecond. `sample` is called there too and copies
    what a scrape reads; `render` may then run in a thread.

    Attributes:
        config_problem: why the newest configuration is not in force, for people; None while it is.
        quota: tells what is left of rate limits and balances.
        spending: tells what probing has cost until now; None where nobody counts.
    """

    def __init__(self) -> None:
        self._probes: dict[Status, Counter[str]] = {status: Counter() for status in Status}
        self._durations: dict[str, Histogram] = {}
        self._days: dict[str, float] = {}
        self._lag = Histogram(LAG_BUCKETS_S)
        self._commit = Histogram(COMMIT_BUCKETS_S)
        self._hold = Histogram(COMMIT_BUCKETS_S)
        self._notifications: Counter[tuple[str, str]] = Counter()
        self._pings: Pings | None = None
        self._is_uplink_up: Callable[[], bool] = lambda: True
        self._spooled: Callable[[], int] | None = None
        self.spending: Callable[[], SpendingNow] | None = None
        self.quota: Callable[[], QuotaNow] = QuotaNow
        self.config_problem: str | None = None

    def observe_probe(self, result: Result, check: Check) -> None:
        """Count one result."""
        self._probes[result.status][result.check] += 1
        if result.latency_ms is not None:
            duration = self._durations.get(check.endpoint)
            if duration is None:
                duration = self._durations[check.endpoint] = Histogram(PROBE_BUCKETS_S)
            duration.observe(result.latency_ms / MS_PER_S)
        if result.trigger.is_turn:
            self._lag.observe(result.lag_ms / MS_PER_S)
        if result.certificate_days is not None:
            self._days[check.endpoint] = result.certificate_days

    def observe_commit(self, seconds: float) -> None:
        """Note how long one transaction took."""
        self._commit.observe(seconds)

    def observe_hold(self, seconds: float) -> None:
        """Note how long the writer was held by one piece of work; called in its thread, and only there."""
        self._hold.observe(seconds)

    def observe_delivery(self, channel: str, outcome: str) -> None:
        """Count one attempt to send: `sent`, `retry`, `dead`, or whatever the delivery room calls it."""
        self._notifications[channel, outcome] += 1

    def observe_deadman(self, signal: str, arrived: bool) -> None:  # noqa: FBT001  a callback
        """Count one ping of the dead-man switch: `well`, `start`, `fail` or `log`."""
        pings = self._pings = self._pings or Pings()
        pings.counts[signal, arrived] += 1
        if arrived and signal == ALL_IS_WELL:
            pings.last_well_us = SystemClock().now().wall_us

    def set_config_problem(self, problem: str | None) -> None:
        """Note why the newest configuration is not in force; None when it is."""
        self.config_problem = problem

    def watch_uplink(self, is_up: Callable[[], bool]) -> None:
        """Ask `is_up` at every scrape whether the monitor's own network is open."""
        self._is_uplink_up = is_up

    def watch_spool(self, spooled: Callable[[], int]) -> None:
        """Ask `spooled` at every scrape how many results wait on this machine's disk."""
        self._spooled = spooled

    def watch_spending(self, spending: Callable[[], SpendingNow]) -> None:
        """Ask `spending` at every scrape what probing has cost."""
        self.spending = spending

    def watch_quota(self, quota: Callable[[], QuotaNow]) -> None:
        """Ask `quota` at every scrape, and for the API, what is left of limits and balances."""
        self.quota = quota

    def certificate_days(self, checks: Mapping[str, Check]) -> dict[str, float]:
        """Days until the certificate expires, by endpoint, of the endpoints in force."""
        endpoints = {check.endpoint for check in checks.values()}
        return {endpoint: days for endpoint, days in self._days.items() if endpoint in endpoints}

    def sample(self, ledger: LedgerFace, backlog: Mapping[str, Waiting] | None) -> Sample:
        """What is counted and believed now. `backlog` is None while the database does not answer."""
        return Sample(
            checks=dict(ledger.checks),
            healths=dict(ledger.healths),
            open_incidents=tuple(ledger.open_incidents),
            pending=ledger.pending,
            dropped=ledger.dropped,
            last_commit_us=None if ledger.last_commit is None else ledger.last_commit.wall_us,
            probes=self._probes_of(ledger.checks),
            durations={endpoint: duration.copy() for endpoint, duration in self._durations.items()},
            lag=self._lag.copy(),
            commit=self._commit.copy(),
            hold=self._hold.copy(),
            notifications=dict(self._notifications),
            certificate_days=self.certificate_days(ledger.checks),
            config_valid=self.config_problem is None,
            uplink_up=self._is_uplink_up(),
            spooled=None if self._spooled is None else self._spooled(),
            spending=None if self.spending is None else self.spending(),
            quota=self.quota(),
            pings=None if self._pings is None else Pings(self._pings.counts.copy(), self._pings.last_well_us),
            backlog=backlog,
        )

    @staticmethod
    def render(sample: Sample, accept: str = "") -> tuple[bytes, str]:
        """The exposition and its content type, in the format that `accept` asks for."""
        from monitor.web.exposition import render  # noqa: PLC0415  only who is scraped pays for the library

        return render(sample, accept)

    def _probes_of(self, checks: Mapping[str, Check]) -> dict[tuple[str, Status], int]:
        return {
            (check, status): count
            for status, counts in self._probes.items()
            for check, count in counts.items()
            if check in checks
        }
