"""Every expression of the Prometheus dashboard, asked of a real Prometheus that scrapes our real exposition."""

import http.server
import json
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.alerting.silences import Silence
from monitor.clock import Moment
from monitor.domain.caps import Cap, Caps, SpendingNow, Spent
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import Health, State
from monitor.domain.incident import Cause, Incident
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.limits import LimitKind
from monitor.domain.quota import BalanceNow, LimitNow, QuotaNow
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.domain.severity import Severity
from monitor.storage.outbox.outbox import Waiting
from monitor.web.metrics import Metrics

if TYPE_CHECKING:
    from tests.integration.grafana.conftest import Dashboard

MakeDashboard = Callable[[str], "Dashboard"]
AT = Moment(1_795_200_000_000_000, 0)
WAIT_S = 60.0
SCRAPES = 4
CHECK = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw")
_SELECTOR = re.compile(r"(relaywatch_\w+)(?:{([^}]*)})?")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_BY = re.compile(r"by \(([^)]*)\)")


@dataclass
class _Ledger:
    """One check that is up, and an open incident."""

    checks: dict[str, Check] = field(default_factory=lambda: {CHECK.id: CHECK})
    healths: dict[str, Health] = field(default_factory=lambda: {CHECK.id: Health(CHECK.id, AT, State.UP)})
    open_incidents: tuple[Incident, ...] = (
        Incident(1, "k", IncidentKind.OUTAGE, "gw", (CHECK.id,), Severity.CRITICAL,
                 Cause(Status.TIMEOUT, None), None, None, None, AT, AT),
    )  # fmt: skip
    silences: tuple[Silence, ...] = ()
    pending: int = 0
    last_commit: Moment | None = AT
    refusing_since: Moment | None = None
    dropped: int = 0


def _metrics() -> Metrics:
    """With everything that a daemon may have to tell."""
    metrics = Metrics()
    caps = Caps(Cap(10**9, 10**10))
    metrics.watch_spending(lambda: SpendingNow(Spent(5, 6), {"gw": Spent(5, 6)}, caps))
    limit = LimitNow("gw", CHECK.id, "m", next(iter(LimitKind)), 100.0, 50.0, None, AT.wall_us, low=False)
    metrics.watch_quota(lambda: QuotaNow((limit,), (BalanceNow("gw", 5.0, AT.wall_us, 3.0, low=False, error=None),)))
    return metrics


class _Exposition(http.server.BaseHTTPRequestHandler):
    """`/metrics` of a daemon that probes between two scrapes."""

    metrics: Metrics

    def do_GET(self) -> None:
        """One scrape."""
        for status in (Status.UP, Status.UP, Status.TIMEOUT):
            result = Result(CHECK.id, AT, AT, Trigger.ON_PHASE, Verdict(status), latency_ms=250.0, certificate_days=9.0)
            self.metrics.observe_probe(result, CHECK)
        self.metrics.observe_commit(0.002)
        self.metrics.observe_delivery("ops", "sent")
        body, content_type = _exposed(self.metrics, self.headers.get("Accept", ""))
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is said of it."""


def _exposed(metrics: Metrics, accept: str = "") -> tuple[bytes, str]:
    return metrics.render(metrics.sample(_Ledger(), {"ops": Waiting(3, 1)}), accept)


@pytest.fixture(scope="module")
def scraped() -> Iterator[str]:
    """The address of an exposition."""
    handler = type("Handler", (_Exposition,), {"metrics": _metrics()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def prometheus(scraped: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has scraped it several times."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    job = {"job_name": "relaywatch", "static_configs": [{"targets": [scraped]}]}
    config.write_text(
        json.dumps({"global": {"scrape_interval": "250ms", "scrape_timeout": "250ms"}, "scrape_configs": [job]})
    )
    address = f"127.0.0.1:{_free_port()}"
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", "--log.level=error"]
    process = subprocess.Popen([*command, f"--web.listen-address={address}"])
    try:
        _wait(address)
        yield address
    finally:
        process.terminate()
        process.wait(WAIT_S)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait(address: str) -> None:
    """Until there is enough for a rate."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            found = _asked(address, "count_over_time(relaywatch_build_info[1m])")
        except OSError:
            found = []
        if found and float(found[0]["value"][1]) >= SCRAPES:
            return
        time.sleep(0.2)
    pytest.fail("Prometheus has not scraped in time")


def _asked(address: str, expression: str) -> list[dict[str, Any]]:
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"http://{address}/api/v1/query?{query}", timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found


def _filled(expression: str) -> str:
    """Variables as Grafana puts them in; all of a choice."""
    values = {"endpoint": "(b|gw)", "check": ".*", "__range": "60s", "__rate_interval": "30s"}
    return re.sub(r"\$(\w+)", lambda found: values[found[1]], expression)


def _expressions(dashboard: "Dashboard") -> dict[str, str]:
    """By panel and letter."""
    return {
        f"{title} {target['refId']}": target["expr"]
        for title, panel in dashboard.panels.items()
        for target in panel["targets"]
    }


@pytest.mark.needs("prometheus")
def test_every_expression_has_an_answer(dashboard_of: MakeDashboard, prometheus: str) -> None:
    """A name or a label that is not there would be an empty panel for ever."""
    for panel, expression in _expressions(dashboard_of("prometheus")).items():
        found = _asked(prometheus, _filled(expression))
        assert found, panel
        assert not [one for one in found if one["value"][1] == "NaN"], panel


@pytest.mark.needs("prometheus")
def test_shares_and_percentiles_are_right(dashboard_of: MakeDashboard, prometheus: str) -> None:
    """Two of three probes succeed; each takes a quarter of a second."""
    asked = _expressions(dashboard_of("prometheus"))
    (share,) = _asked(prometheus, _filled(asked["Probes that succeeded A"]))
    assert float(share["value"][1]) == pytest.approx(100 * 2 / 3)
    (median,) = _asked(prometheus, _filled(asked["Latency percentiles A"]))
    assert 0.16 <= float(median["value"][1]) <= 0.32


def test_every_metric_and_label_is_exposed(dashboard_of: MakeDashboard) -> None:
    """Also where there is no Prometheus to ask."""
    metrics = _metrics()
    metrics.observe_probe(Result(CHECK.id, AT, AT, Trigger.ON_PHASE, Verdict(Status.UP), latency_ms=1.0), CHECK)
    metrics.observe_delivery("ops", "sent")
    known: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(_exposed(metrics)[0].decode()):
        for sample in family.samples:
            known.setdefault(sample.name, set()).update(sample.labels)
    known["relaywatch_certificate_days_left"] = {"endpoint"}
    for panel, expression in _expressions(dashboard_of("prometheus")).items():
        selectors = _SELECTOR.findall(expression)
        assert selectors, panel
        labels = {label for _, inside in selectors for label in _LABEL.findall(inside)}
        labels |= {label.strip() for inside in _BY.findall(expression) for label in inside.split(",")}
        for name, _ in selectors:
            assert labels <= known[name], (panel, name)
