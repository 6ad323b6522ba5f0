"""From a sample to what Prometheus reads. Owns the metrics' names, labels and texts (`docs/metrics.md`)."""

from collections import Counter
from collections.abc import Callable, Iterator
from platform import python_version

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

import monitor
from monitor.clock import US_PER_S
from monitor.domain.caps import Span, SpendingNow
from monitor.domain.check import Check
from monitor.domain.health import State
from monitor.domain.prices import usd
from monitor.domain.severity import Severity
from monitor.logs import visible
from monitor.web.sample import Histogram, Sample

ABOVE_ALL = "+Inf"
_PROCESS = ProcessCollector(registry=CollectorRegistry())  # of its own: else it joins the library's global one


def render(sample: Sample, accept: str) -> tuple[bytes, str]:
    """The exposition and its content type, in the format that `accept` asks for."""
    encode, content_type = choose_encoder(accept)
    return encode(_Exposed(sample)), content_type


class _Exposed(Collector):
    """Everything of one sample, and of the process."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample

    def collect(self) -> Iterator[Metric]:
        for part in _PARTS:
            yield from part(self._sample)
        yield from _PROCESS.collect()


def _probes(sample: Sample) -> Iterator[Metric]:
    total = CounterMetricFamily("relaywatch_probes", "Results.", labels=["endpoint", "check", "model", "status"])
    for (check_id, status), count in sample.probes.items():
        total.add_metric([*_labels(sample.checks[check_id]), status], count)
    yield total
    duration = HistogramMetricFamily(
        "relaywatch_probe_duration_seconds",
        "Start of the exchange to the last byte, of probes that had a response.",
        labels=["endpoint"],
    )
    for endpoint, counted in sample.durations.items():
        _add(duration, counted, endpoint)
    yield duration
    lag = HistogramMetricFamily("relaywatch_schedule_lag_seconds", "How late on-phase probes started.")
    _add(lag, sample.lag)
    yield lag


def _beliefs(sample: Sample) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "relaywatch_check_up",
        "1 if a check is UP, 0 if DOWN; absent while PENDING.",
        labels=["endpoint", "check", "model"],
    )
    for check_id, check in sample.checks.items():
        health = sample.healths.get(check_id)
        if health is not None and health.state is not State.PENDING:
            up.add_metric(_labels(check), int(health.state is State.UP))
    yield up
    severities = Counter(incident.severity for incident in sample.open_incidents)
    incidents = GaugeMetricFamily("relaywatch_incidents_open", "Open incidents.", labels=["severity"])
    for severity in Severity:
        incidents.add_metric([severity], severities[severity])
    yield incidents
    certificates = GaugeMetricFamily(
        "relaywatch_certificate_days_left", "Days until the endpoint's certificate expires.", labels=["endpoint"]
    )
    for endpoint, days in sample.certificate_days.items():
        certificates.add_metric([endpoint], days)
    yield certificates


def _ledger(sample: Sample) -> Iterator[Metric]:
    commit = HistogramMetricFamily("relaywatch_ledger_commit_seconds", "Duration of one ledger transaction.")
    _add(commit, sample.commit)
    yield commit
    hold = HistogramMetricFamily("relaywatch_writer_hold_seconds", "How long one piece of work held the writer.")
    _add(hold, sample.hold)
    yield hold
    yield GaugeMetricFamily("relaywatch_ledger_pending", "Results that are not on disk yet.", value=sample.pending)
    yield CounterMetricFamily(
        "relaywatch_results_dropped", "Results that found no room while the database refused.", value=sample.dropped
    )
    if sample.last_commit_us is not None:
        yield GaugeMetricFamily(
            "relaywatch_ledger_last_commit_timestamp_seconds",
            "When the newest transaction was committed.",
            value=sample.last_commit_us / US_PER_S,
        )


def _delivery(sample: Sample) -> Iterator[Metric]:
    attempts = CounterMetricFamily(
        "relaywatch_notifications",
        "Attempts to send a notification, by what came of them.",
        labels=["channel", "outcome"],
    )
    for (channel, outcome), count in sample.notifications.items():
        attempts.add_metric([channel, outcome], count)
    yield attempts
    if sample.backlog is None:
        return
    pending = GaugeMetricFamily("relaywatch_outbox_pending", "Notifications not sent yet.", labels=["channel"])
    dead = GaugeMetricFamily("relaywatch_outbox_dead", "Notifications given up.", labels=["channel"])
    for channel, waiting in sample.backlog.items():
        pending.add_metric([channel], waiting.pending)
        dead.add_metric([channel], waiting.dead)
    yield from (pending, dead)


def _itself(sample: Sample) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "relaywatch_config_valid", "1 if the newest configuration was accepted.", value=int(sample.config_valid)
    )
    yield GaugeMetricFamily(
        "relaywatch_uplink_up", "0 while the monitor's own network is closed.", value=int(sample.uplink_up)
    )
    if sample.spooled is not None:
        yield GaugeMetricFamily(
            "relaywatch_spool_results", "Results that wait on this machine's disk.", value=sample.spooled
        )
    build = GaugeMetricFamily("relaywatch_build_info", "Always 1.", labels=["version", "python"])
    build.add_metric([monitor.__version__, python_version()], 1)
    yield build
    if sample.pings is None:
        return
    pings = CounterMetricFamily(
        "relaywatch_deadman_pings",
        "Pings of the dead-man switch, by what they said and whether they arrived.",
        labels=["signal", "outcome"],
    )
    for (signal, arrived), count in sample.pings.counts.items():
        pings.add_metric([signal, "arrived" if arrived else "lost"], count)
    yield pings
    yield GaugeMetricFamily(
        "relaywatch_deadman_last_success_timestamp_seconds",
        "When the dead-man switch last took the word that all is well.",
        value=sample.pings.last_well_us / US_PER_S,
    )


def _money(sample: Sample) -> Iterator[Metric]:
    if sample.spending is None:
        return
    today = GaugeMetricFamily(
        "relaywatch_spending_today_usd", "What probing cost since 00:00 UTC, by known prices.", labels=["endpoint"]
    )
    month = GaugeMetricFamily(
        "relaywatch_spending_month_usd", "The same since the first of the month, UTC.", labels=["endpoint"]
    )
    for endpoint, spent in sample.spending.endpoints.items():
        today.add_metric([endpoint], usd(spent.today_nusd))
        month.add_metric([endpoint], usd(spent.month_nusd))
    yield from (today, month)
    yield GaugeMetricFamily(
        "relaywatch_spending_unpriced_checks",
        "Checks asked today whose price is not known: they are in no sum.",
        value=sample.spending.unpriced,
    )
    yield from _caps(sample.spending)


def _quota(sample: Sample) -> Iterator[Metric]:
    labels = ["endpoint", "check", "model", "kind"]
    allowed = GaugeMetricFamily("relaywatch_ratelimit_limit", "What a rate limit allows per window.", labels=labels)
    left = GaugeMetricFamily("relaywatch_ratelimit_remaining", "What is left of it, as last told.", labels=labels)
    for one in sample.quota.limits:
        series = [one.endpoint, visible(one.check), visible(one.model or ""), one.kind]
        for family, value in ((allowed, one.limit), (left, one.remaining)):
            if value is not None:
                family.add_metric(series, value)
    amount = GaugeMetricFamily("relaywatch_balance", "What an account has, in its own currency.", labels=["endpoint"])
    days = GaugeMetricFamily("relaywatch_balance_days_left", "Days until it is empty.", labels=["endpoint"])
    seen = GaugeMetricFamily(
        "relaywatch_balance_timestamp_seconds", "When the account last answered.", labels=["endpoint"]
    )
    for account in sample.quota.balances:
        seen_s = None if account.seen_at_us is None else account.seen_at_us / US_PER_S
        for family, value in ((amount, account.amount), (days, account.days_left), (seen, seen_s)):
            if value is not None:
                family.add_metric([account.endpoint], value)
    yield from (family for family in (allowed, left, amount, days, seen) if family.samples)


def _caps(spending: SpendingNow) -> Iterator[Metric]:
    labels = ["endpoint", "span"]
    limit = GaugeMetricFamily("relaywatch_cost_cap_usd", "What may be spent; no endpoint: all together.", labels=labels)
    spent = GaugeMetricFamily(
        "relaywatch_cost_cap_reached", "1 while a cap is spent, so that models are not asked.", labels=labels
    )
    reached = {(held.endpoint or "", held.span) for held in spending.held}
    for endpoint, cap in (("", spending.caps.all), *spending.caps.endpoints.items()):
        for span in Span:
            nusd = cap.limit_nusd(span)
            if nusd is not None:
                limit.add_metric([endpoint, span], usd(nusd))
                spent.add_metric([endpoint, span], int((endpoint, span) in reached))
    yield from (limit, spent)


_PARTS: tuple[Callable[[Sample], Iterator[Metric]], ...] = (
    _probes,
    _beliefs,
    _ledger,
    _delivery,
    _itself,
    _money,
    _quota,
)


def _add(family: HistogramMetricFamily, counted: Histogram, *labels: str) -> None:
    """One series; Prometheus' buckets count all that is below their bound."""
    bounds = (*map(floatToGoString, counted.bounds), ABOVE_ALL)
    below, buckets = 0, []
    for bound, count in zip(bounds, counted.counts, strict=True):
        below += count
        buckets.append((bound, below))
    family.add_metric(labels, buckets, counted.total)


def _labels(check: Check) -> list[str]:
    return [check.endpoint, visible(check.id), visible(check.model or "")]
