"""The questions that the Prometheus dashboard asks; names and labels are those of `docs/metrics.md`."""

from collections.abc import Mapping
from dataclasses import dataclass

_OF = 'endpoint=~"$endpoint",check=~"$check"'
_HISTOGRAM = "histogram_quantile({share}, sum by (le{by}) (rate({name}_bucket{labels}[$__rate_interval])))"


@dataclass(frozen=True, slots=True)
class Expression:
    """One question and how its lines are called."""

    expr: str
    legend: str = "__auto"


def _quantiles(name: str, labels: str = "", by: str = "", legend: str = "") -> tuple[Expression, ...]:
    return tuple(
        Expression(
            _HISTOGRAM.format(share=share, by=f", {by}" if by else "", name=name, labels=labels), f"{legend}{quantile}"
        )
        for quantile, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    )


EXPRESSIONS: Mapping[str, tuple[Expression, ...]] = {
    "Probes that succeeded": (
        Expression(
            f'100 * sum(increase(relaywatch_probes_total{{{_OF},status=~"UP|DEGRADED"}}[$__range]))'
            f' / sum(increase(relaywatch_probes_total{{{_OF},status!="UNKNOWN"}}[$__range]))'
        ),
    ),
    "Checks up": (Expression(f"sum(relaywatch_check_up{{{_OF}}})"),),
    "Checks down": (Expression(f"sum(1 - relaywatch_check_up{{{_OF}}})"),),
    "Open incidents": (Expression("sum by (severity) (relaywatch_incidents_open)", "{{severity}}"),),
    "Spent today": (Expression('sum(relaywatch_spending_today_usd{endpoint=~"$endpoint"})'),),
    "Given up": (Expression("sum(relaywatch_outbox_dead)"),),
    "Probes that succeeded over time": (
        Expression(
            f'100 * sum by (check) (rate(relaywatch_probes_total{{{_OF},status=~"UP|DEGRADED"}}[$__rate_interval]))'
            f' / sum by (check) (rate(relaywatch_probes_total{{{_OF},status!="UNKNOWN"}}[$__rate_interval]))',
            "{{check}}",
        ),
    ),
    "State of checks": (Expression(f"relaywatch_check_up{{{_OF}}}", "{{check}}"),),
    "Latency percentiles": _quantiles(
        "relaywatch_probe_duration_seconds", '{endpoint=~"$endpoint"}', "endpoint", "{{endpoint}} "
    ),
    "Failures by status": (
        Expression(
            f'sum by (status) (increase(relaywatch_probes_total{{{_OF},status!~"UP|DEGRADED"}}[$__rate_interval]))',
            "{{status}}",
        ),
    ),
    "Probes by endpoint": (
        Expression(f"sum by (endpoint) (rate(relaywatch_probes_total{{{_OF}}}[$__rate_interval]))", "{{endpoint}}"),
    ),
    "Notifications": (
        Expression(
            "sum by (channel, outcome) (increase(relaywatch_notifications_total[$__rate_interval]))",
            "{{channel}} {{outcome}}",
        ),
    ),
    "Outbox": (
        Expression("sum by (channel) (relaywatch_outbox_pending)", "{{channel}} waiting"),
        Expression("sum by (channel) (relaywatch_outbox_dead)", "{{channel}} given up"),
    ),
    "Spent this month": (
        Expression('relaywatch_spending_month_usd{endpoint=~"$endpoint"}', "{{endpoint}}"),
        Expression("relaywatch_cost_cap_usd", "cap {{endpoint}} {{span}}"),
    ),
    "Left of rate limits": (
        Expression(
            f"100 * relaywatch_ratelimit_remaining{{{_OF}}} / (relaywatch_ratelimit_limit{{{_OF}}} > 0)",
            "{{check}} {{kind}}",
        ),
    ),
    "Balance, days left": (Expression('relaywatch_balance_days_left{endpoint=~"$endpoint"}', "{{endpoint}}"),),
    "Certificates, days left": (Expression('relaywatch_certificate_days_left{endpoint=~"$endpoint"}', "{{endpoint}}"),),
    "How late probes start": _quantiles("relaywatch_schedule_lag_seconds"),
    "How long a commit takes": _quantiles("relaywatch_ledger_commit_seconds"),
    "RelayWatch itself": (
        Expression("relaywatch_uplink_up", "network open"),
        Expression("relaywatch_config_valid", "configuration valid"),
        Expression("relaywatch_ledger_pending", "results not on disk"),
        Expression("relaywatch_results_dropped_total", "results dropped"),
    ),
    "Since the newest commit": (Expression("time() - relaywatch_ledger_last_commit_timestamp_seconds"),),
    "Version": (Expression("relaywatch_build_info", "{{version}}"),),
}

VARIABLES: Mapping[str, str] = {
    "endpoint": "label_values(relaywatch_check_up, endpoint)",
    "check": 'label_values(relaywatch_check_up{endpoint=~"$endpoint"}, check)',
}
