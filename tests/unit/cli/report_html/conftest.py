"""Facts of an HTML report, made up: steady checks, and whatever a test wants to be different."""

from collections.abc import Callable
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.texts import Voice
from monitor.cli.report_html.facts import Facts, Row, Stretch, Subject
from monitor.cli.report_html.page import render
from monitor.clock import US_PER_S, iso
from monitor.domain.action import Language

UNTIL_US = 1_795_219_200_000_000  # 2026-11-21 00:00 UTC
DAY_US = 86_400 * US_PER_S
DAYS = 30
SINCE_US = UNTIL_US - DAYS * DAY_US


def _stretch(number: int, **fields: Any) -> Stretch:
    given = {"due": 100, "counted": 100, "successes": 100, "p50_ms": 400.0, "p95_ms": 700.0, "p99_ms": 900.0}
    return Stretch(SINCE_US + number * DAY_US, SINCE_US + (number + 1) * DAY_US, **{**given, **fields})


def _row(endpoint: str | None, model: str | None = None, check: str | None = None, **fields: Any) -> Row:
    shown = dict.fromkeys(("ttft_p95_ms", "mttr_s", "mtbf_s", "cost"))
    latencies = {"latency_p50_ms": 400.0, "latency_p95_ms": 700.0, "latency_p99_ms": 900.0}
    counted = {"availability": 100.0, "coverage": 100.0, "probes": 3000, "incidents": 0, "downtime_s": 0.0}
    return {"check": check, "endpoint": endpoint, "model": model, **shown, **latencies, **counted, **fields}


def _subject(endpoint: str | None = "gw", model: str | None = None, check: str | None = None, **fields: Any) -> Subject:
    stretches = [_stretch(number) for number in range(DAYS)]
    own = {name: fields.pop(name) for name in ("before", "bars", "curve") if name in fields}
    return Subject(_row(endpoint, model, check, **fields), **{"bars": stretches, "curve": stretches, **own})


def _incident(number: int = 1, **fields: Any) -> Row:
    began = UNTIL_US - 3 * DAY_US
    given = {
        "id": number, "key": "k", "endpoint": "gw", "severity": "critical", "status": "SERVER_ERROR", "kind": "outage",
        "fault_domain": "endpoint", "checks": ["gw/chat/m"], "started_at": iso(began), "duration_s": 1320.0,
        "resolved_at": iso(began + 1320 * US_PER_S),
    }  # fmt: skip
    return {**given, **fields}


def _facts(*subjects: Subject, language: Language = Language.EN, **fields: Any) -> Facts:
    given = subjects or (_subject(model="m", check="gw/chat/m"), _subject())
    voice = Voice(language, ZoneInfo("Asia/Seoul"))
    overall = {"overall": _subject(None)}
    return Facts("30d", SINCE_US, UNTIL_US, UNTIL_US, voice, **{"subjects": given, **overall, **fields})


def _rendered(facts: Facts) -> str:
    out = StringIO()
    render(facts, out)
    return out.getvalue()


@pytest.fixture
def stretch() -> Callable[..., Stretch]:
    """One day of a steady check; its number counts from the report's first day."""
    return _stretch


@pytest.fixture
def subject() -> Callable[..., Subject]:
    """A steady endpoint, or a check of it."""
    return _subject


@pytest.fixture
def incident() -> Callable[..., Row]:
    """An outage of 22 minutes."""
    return _incident


@pytest.fixture
def facts() -> Callable[..., Facts]:
    """A report of thirty days about these subjects, or about one check on one endpoint."""
    return _facts


@pytest.fixture
def rendered() -> Callable[[Facts], str]:
    """The whole document."""
    return _rendered
