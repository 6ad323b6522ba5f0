"""The questions that the SQL dashboards ask, for SQLite and for PostgreSQL.

Owns the SQL; panels and their places are `make_dashboards`. What a time range means is told in `README.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.domain.result import Status
from monitor.storage.codes import ON_PHASE_CODE, STATUS_CODES, SUCCESS_CODES, UNKNOWN_CODE

FROM_US, TO_US = "$__from * 1000", "$__to * 1000"
CHECKS = (
    """c.endpoint IN (${endpoint:sqlstring}) AND (c."check" IN (${check:sqlstring}) OR '' IN (${check:sqlstring}))"""
)
SUBJECT = """CASE WHEN '' IN (${check:sqlstring}) THEN c.endpoint ELSE c."check" END AS subject"""
"""A line for each endpoint, or for each check where some are chosen: four hundred lines are no picture."""
INCIDENTS = f"""(i.endpoint IN (${{endpoint:sqlstring}}) OR i.scope = 'network')
  AND i.started_at_us < {TO_US} AND (i.resolved_at_us IS NULL OR i.resolved_at_us >= {FROM_US})"""
FAILURES = [status for status in Status if STATUS_CODES[status] not in (*SUCCESS_CODES, UNKNOWN_CODE)]
_WEEK_MS = 7 * 86_400_000
_BUCKET_US = """CASE WHEN $__to - $__from <= 21600000 THEN 300000000
  WHEN $__to - $__from <= 259200000 THEN 3600000000 ELSE 21600000000 END"""


@dataclass(frozen=True, slots=True)
class Query:
    """One question; a series has a column `time`, and perhaps one of names before its values."""

    sql: str
    is_series: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """What the two engines say differently.

    Attributes:
        time: from microseconds since 1970 to what Grafana takes for a time; `{}` is the expression.
        greatest: the function that gives the greater of two numbers.
        join: checks first, then their rows by key; without a word SQLite may read every row there is instead.
    """

    time: str
    greatest: str
    join: str

    def at(self, expression: str) -> str:
        """A time."""
        return self.time.format(expression)

    @property
    def rollups(self) -> str:
        """The chosen roll-ups of the chosen checks in the range."""
        return f"""FROM checks c
{self.join} $resolution r ON r.check_id = c.id AND r.started_at_us >= {FROM_US} AND r.started_at_us < {TO_US}
WHERE {CHECKS}"""

    def newest_week(self) -> str:
        """Single results of the range's last seven days at most, however long it is."""
        since = f"{self.greatest}({FROM_US}, ($__to - {_WEEK_MS}) * 1000)"
        return f"""FROM checks c
{self.join} results r ON r.check_id = c.id AND r.started_at_us >= {since} AND r.started_at_us < {TO_US}"""


SQLITE = Engine("{} / 1000000", "max", "CROSS JOIN")
POSTGRESQL = Engine("to_timestamp({} / 1000000.0)", "greatest", "JOIN")


def queries(engine: Engine) -> Mapping[str, Query]:
    """By the name of the panel that asks."""
    return {**_totals(engine), **_over_time(engine), **_results(engine), **_incidents(engine), **_states(engine)}


def _totals(engine: Engine) -> dict[str, Query]:
    rollups = engine.rollups
    expected = "SUM(r.due - r.excused)"
    return {
        "Availability": Query(
            f"SELECT 100.0 * SUM(r.successes) / NULLIF(SUM(r.counted), 0) AS availability\n{rollups}"
        ),
        "Coverage": Query(
            f"SELECT 100.0 * CASE WHEN SUM(r.counted) > {expected} THEN {expected} ELSE SUM(r.counted) END\n"
            f"  / NULLIF({expected}, 0) AS coverage\n{rollups}"
        ),
        "Probes": Query(f"SELECT SUM(r.probes) AS probes\n{rollups}"),
        "Outages": Query(f"SELECT COUNT(*) AS outages\nFROM incidents i\nWHERE i.kind = 'outage' AND {INCIDENTS}"),
        "Open now": Query("SELECT COUNT(*) AS open\nFROM incidents i\nWHERE i.resolved_at_us IS NULL"),
        "Cost": Query(f"SELECT SUM(r.cost_nusd) / 1000000000.0 AS cost\n{rollups}"),
    }


def _over_time(engine: Engine) -> dict[str, Query]:
    time = f"{engine.at('r.started_at_us')} AS time"
    rollups = engine.rollups
    by_subject = f"{rollups} AND r.counted > 0\nGROUP BY r.started_at_us, 2\nORDER BY r.started_at_us"
    by_time = f"{rollups}\nGROUP BY r.started_at_us\nORDER BY r.started_at_us"
    failures = ", ".join(f'SUM(r.{status.value.lower()}) AS "{status}"' for status in FAILURES)
    average = "SUM(r.{0}_sum_100us) / 10.0 / NULLIF(SUM(r.{0}_count), 0) AS {1}"
    return {
        "Availability over time": Query(
            f"SELECT {time}, {SUBJECT},\n  100.0 * SUM(r.successes) / SUM(r.counted) AS availability\n{by_subject}",
            is_series=True,
        ),
        "Coverage over time": Query(
            f"SELECT {time}, 100.0 * SUM(r.counted) / NULLIF(SUM(r.due - r.excused), 0) AS coverage\n{by_time}",
            is_series=True,
        ),
        "Average latency over time": Query(
            f"SELECT {time}, {SUBJECT},\n  {average.format('latency', 'latency')}\n{by_subject}",
            is_series=True,
        ),
        "Longest and shortest answer": Query(
            f"SELECT {time}, MIN(r.latency_min_100us) / 10.0 AS shortest, {average.format('latency', 'average')},\n"
            f"  MAX(r.latency_max_100us) / 10.0 AS longest\n{by_time}",
            is_series=True,
        ),
        "Failures by status": Query(f"SELECT {time}, {failures}\n{by_time}", is_series=True),
        "Cost over time": Query(
            f"SELECT {time}, c.endpoint AS endpoint, SUM(r.cost_nusd) / 1000000000.0 AS cost\n{rollups}\n"
            "  AND r.cost_nusd IS NOT NULL\nGROUP BY r.started_at_us, c.endpoint\nORDER BY r.started_at_us",
            is_series=True,
        ),
        "Tokens over time": Query(
            f"SELECT {time}, SUM(r.input_tokens) AS input, SUM(r.output_tokens) AS output\n{by_time}", is_series=True
        ),
    }


def _results(engine: Engine) -> dict[str, Query]:
    """What no sum can tell: percentiles and reasons, from single results."""
    failed = f"r.status NOT IN ({', '.join(map(str, (*SUCCESS_CODES, UNKNOWN_CODE)))})"
    words = " ".join(f"WHEN {code} THEN '{status}'" for status, code in STATUS_CODES.items())
    recent = engine.newest_week()
    return {
        "Latency percentiles": Query(_percentiles(engine, "latency_100us"), is_series=True),
        "Time to first token, percentiles": Query(_percentiles(engine, "ttft_100us"), is_series=True),
        "Failures by fault domain": Query(
            "SELECT COALESCE(NULLIF(w.fault_domain, ''), 'unknown') AS fault_domain, COUNT(*) AS failures\n"
            f"{recent}\nJOIN reasons w ON w.id = r.reason_id\nWHERE {CHECKS} AND {failed}\n"
            "GROUP BY 1\nORDER BY 2 DESC"
        ),
        "Newest failures": Query(
            f'SELECT {engine.at("r.started_at_us")} AS time, c."check" AS "check",\n'
            f"  CASE r.status {words} END AS status,\n"
            "  r.http_status AS http_status, w.fault_domain AS fault_domain, w.reason AS reason\n"
            f"{recent}\nLEFT JOIN reasons w ON w.id = r.reason_id\nWHERE {CHECKS} AND {failed}\n"
            "ORDER BY r.started_at_us DESC\nLIMIT 100"
        ),
    }


def _percentiles(engine: Engine, column: str) -> str:
    """By nearest rank, as the report does."""
    bucket = f"r.started_at_us - r.started_at_us % ({_BUCKET_US})"
    codes = ", ".join(map(str, SUCCESS_CODES))
    shares = ",\n  ".join(
        f"MIN(CASE WHEN place >= {share} * answers THEN ms END) AS {name}"
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    )
    return f"""WITH timed AS (
SELECT {bucket} AS bucket_us, r.{column} / 10.0 AS ms
{engine.newest_week()}
WHERE {CHECKS} AND r."trigger" = {ON_PHASE_CODE} AND r.status IN ({codes}) AND r.{column} IS NOT NULL
), ranked AS (
SELECT bucket_us, ms, ROW_NUMBER() OVER (PARTITION BY bucket_us ORDER BY ms) AS place,
  COUNT(*) OVER (PARTITION BY bucket_us) AS answers
FROM timed
)
SELECT {engine.at("bucket_us")} AS time, {shares}
FROM ranked
GROUP BY bucket_us
ORDER BY bucket_us"""  # noqa: S608  constants of the code only


def _incidents(engine: Engine) -> dict[str, Query]:
    return {
        "Incidents": Query(
            f"SELECT i.id AS id, {engine.at('i.started_at_us')} AS started,\n"  # noqa: S608  constants of the code only
            f"  {engine.at('i.resolved_at_us')} AS resolved,\n"
            "  i.duration_us / 1000000.0 AS duration, i.severity AS severity, i.kind AS kind, i.endpoint AS endpoint,\n"
            "  i.status AS status, i.fault_domain AS fault_domain,\n"
            "  (SELECT COUNT(*) FROM incident_checks k WHERE k.incident_id = i.id) AS checks, i.reason AS reason\n"
            f"FROM incidents i\nWHERE {INCIDENTS}\nORDER BY i.id DESC\nLIMIT 200"
        ),
        "Outages by fault domain": Query(
            "SELECT COALESCE(i.fault_domain, 'unknown') AS fault_domain, COUNT(*) AS outages\n"
            f"FROM incidents i\nWHERE i.kind = 'outage' AND {INCIDENTS}\nGROUP BY 1\nORDER BY 2 DESC"
        ),
    }


def _states(engine: Engine) -> dict[str, Query]:
    words = " ".join(f"WHEN {code} THEN '{status}'" for status, code in STATUS_CODES.items())
    return {
        "Checks now": Query(
            'SELECT c."check" AS "check",\n'
            "  CASE s.state WHEN 1 THEN 'UP' WHEN 2 THEN 'DOWN' ELSE 'PENDING' END AS state,\n"
            f"  {engine.at('s.since_us')} AS since, CASE s.status {words} END AS status, s.latency_ms AS latency\n"
            f"FROM states s\nJOIN checks c ON c.id = s.check_id\nWHERE c.removed_at_us IS NULL AND {CHECKS}\n"
            "ORDER BY s.state DESC, s.since_us DESC"
        ),
        "Notifications": Query(
            "SELECT o.channel AS channel, o.state AS state, COUNT(*) AS notifications\nFROM outbox o\n"
            f"WHERE o.settled_at_us IS NULL OR (o.created_at_us >= {FROM_US} AND o.created_at_us < {TO_US})\n"
            "GROUP BY o.channel, o.state\nORDER BY o.channel, o.state"
        ),
        "Notifications given up": Query(
            f"SELECT {engine.at('o.created_at_us')} AS time, o.channel AS channel, o.event AS event,\n"
            "  o.incident_id AS incident, o.attempts AS attempts, o.last_error AS error\n"
            "FROM outbox o\nWHERE o.state = 'dead'\nORDER BY o.created_at_us DESC\nLIMIT 50"
        ),
    }
