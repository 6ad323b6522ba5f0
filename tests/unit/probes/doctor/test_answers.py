"""What is read from the answer to a model list: the clock, the protocol, the key, and where the API may be instead."""

from collections.abc import Mapping
from email.utils import formatdate
from types import MappingProxyType

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.diagnosis import Meaning, StepStatus
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind
from monitor.domain.result import FaultDomain, Finding, Status, Verdict
from monitor.probes.doctor.answers import Seen, clock_step, http_step
from monitor.probes.doctor.key import key_step
from monitor.probes.doctor.neighbours import neighbours

NOW_S = 1_800_000_000
REFUSED = Verdict(Status.AUTH_ERROR, FaultDomain.KEY, "HTTP 401: no")
UP = Verdict(Status.UP)
BUSY = Verdict(Status.OVERLOADED, FaultDomain.ENDPOINT, "HTTP 503")


def seen(
    verdict: Verdict = UP, status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] = MappingProxyType({})
) -> Seen:
    """One answer, heard at `NOW_S`."""
    return Seen("http://api.test/v1/models", Answer(status, headers, body), Finding(verdict), "1.1", NOW_S * 1_000_000)


@pytest.mark.parametrize(
    ("behind_s", "status"), [(0, "ok"), (29, "ok"), (-29, "ok"), (45, "warning"), (-45, "warning")]
)
def test_clocks(behind_s: int, status: str) -> None:
    """More than 30 s apart is a warning, in both directions."""
    step = clock_step(seen(headers={"date": formatdate(NOW_S - behind_s, usegmt=True)}))
    assert str(step.status) == status
    assert step.facts["server_ahead_s"] == 0.5 - behind_s


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": formatdate(1, usegmt=True), "age": "99"}])
def test_an_answer_whose_date_tells_nothing(headers: dict[str, str]) -> None:
    """None, nonsense, or one that a cache kept: nothing is claimed."""
    assert clock_step(seen(headers=headers)).status is StepStatus.SKIPPED


def test_a_redirect_is_shown_without_its_query() -> None:
    """Query and user may hold what nobody should see."""
    step = http_step(seen(status=302, headers={"location": "https://u:secret@login.test/in?token=secret"}))
    assert (step.status, step.meaning) == (StepStatus.FAILED, Meaning.REDIRECTED)
    assert step.facts["redirect"] == "https://login.test/in"
    assert "secret" not in step.says


def test_a_web_page_is_not_the_api() -> None:
    """Even with 200; with 404 it is an answer, and the rest says more."""
    page = b"<!doctype html><html>"
    assert http_step(seen(body=page, headers={"content-type": "text/html"})).meaning is Meaning.NOT_THE_API
    assert http_step(seen(body=page, status=404)).status is StepStatus.OK


def test_no_answer() -> None:
    """What happened is told in our own words."""
    silence = Seen("http://api.test/v1/models", NoAnswer(NoAnswerKind.RESET, "closed"), Finding(BUSY))
    step = http_step(silence)
    assert (step.status, step.says) == (StepStatus.FAILED, "closed")


@pytest.mark.parametrize(
    ("verdict", "code", "bare", "status", "meaning"),
    [
        (UP, 200, REFUSED, StepStatus.OK, None),
        (UP, 200, UP, StepStatus.OK, None),
        (UP, 200, None, StepStatus.OK, None),
        (REFUSED, 401, REFUSED, StepStatus.FAILED, Meaning.KEY_REFUSED),
        (REFUSED, 401, None, StepStatus.FAILED, Meaning.KEY_MISSING),
        (REFUSED, 401, UP, StepStatus.FAILED, Meaning.KEY_HARMS),
        (REFUSED, 403, REFUSED, StepStatus.WARNING, Meaning.KEY_REFUSED),
        (BUSY, 503, None, StepStatus.SKIPPED, None),
    ],
)
def test_what_becomes_of_the_key(
    verdict: Verdict, code: int, bare: Verdict | None, status: StepStatus, meaning: Meaning | None
) -> None:
    """Told from the same question with it and without it."""
    without = None if bare is None else seen(bare)
    step = key_step(seen(verdict, code), without, has_key=without is not None)
    assert (step.status, step.meaning) == (status, meaning)


@pytest.mark.parametrize(
    ("base_url", "first"),
    [
        ("https://api.test", "https://api.test/v1"),
        ("https://api.test/v1/v1", "https://api.test/v1"),
        ("https://api.test/openai", "https://api.test/openai/v1"),
        ("https://api.test:8443/api/v1", "https://api.test:8443/api"),
    ],
)
def test_where_the_api_may_be(base_url: str, first: str) -> None:
    """The likeliest mistake is looked at first."""
    assert next(neighbours(base_url)) == first


@given(st.lists(st.sampled_from(["v1", "api", "openai", "x", "v2"]), max_size=4))
def test_neighbours_are_few_and_on_the_same_host(parts: list[str]) -> None:
    """The key goes along, so nobody else may be asked."""
    base_url = "/".join(["https://api.test:8443", *parts])
    found = list(neighbours(base_url))
    assert all(url == "https://api.test:8443" or url.startswith("https://api.test:8443/") for url in found)
    assert base_url not in found
    assert len(found) == len(set(found)) <= 7


def test_a_json_body_is_read_once_asked_for() -> None:
    """And nothing else is."""
    assert seen(body=orjson.dumps({"a": 1})).document == {"a": 1}
    assert seen(body=b"<html>").document is None
