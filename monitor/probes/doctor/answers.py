"""The steps `http`, `clock` and `protocol`: what the endpoint answers, and what its answer betrays.

Owns one exchange of the model list and what besides a verdict can be read from it. The list costs nothing, so it is
what is asked, whether it is probed or not.
"""

import asyncio
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.clock import US_PER_S
from monitor.domain.body import Shape, read_body
from monitor.domain.classify import classify
from monitor.domain.diagnosis import Meaning, Step, StepName, doubted, failed, passed, skipped
from monitor.domain.outcome import Answer, NoAnswer, Outcome
from monitor.domain.result import Finding
from monitor.probes.doctor.subject import Instruments, Subject
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.exchange import exchange
from monitor.probes.trace import current_trace
from monitor.protocols.recognition import family_of, recognised

CLOCK_OFF_S = 30.0
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer to a request for the model list.

    Attributes:
        url: what was asked, without a query.
        version: of HTTP, such as `1.1`; None without an answer.
        heard_us: wall time in the middle between request and headers, in microseconds; None without headers.
    """

    url: str
    outcome: Outcome
    finding: Finding
    version: str | None = None
    heard_us: int | None = None

    @property
    def shape(self) -> Shape:
        """What the body is."""
        return Shape.EMPTY if isinstance(self.outcome, NoAnswer) else self._body.shape

    @property
    def document(self) -> Any:
        """The body's JSON value; None for any other body."""
        return None if isinstance(self.outcome, NoAnswer) else self._body.document

    @property
    def is_elsewhere(self) -> bool:
        """Whether the API is perhaps not here but at another path."""
        code = self.outcome.http_status or 0
        return code in {404, 405, 410} or code in _REDIRECTS or self.shape is Shape.HTML

    @property
    def _body(self) -> Any:
        answer = self.outcome
        raw = answer.body if isinstance(answer, Answer) else b""
        return read_body(raw, answer.headers.get("content-type", ""))


async def ask_list(subject: Subject, instruments: Instruments, endpoint: LiveEndpoint | None = None) -> Seen:
    """Ask for the model list once, over a connection of its own.

    Args:
        subject: who is examined.
        instruments: what with.
        endpoint: the endpoint in another guise: without its key, at another address.
    """
    asked, check = endpoint or instruments.endpoint, subject.list_check
    now_s = subject.clock.now().wall_us / US_PER_S
    deadline = asyncio.get_running_loop().time() + check.timeout_s
    request = asked.request(check, None)
    url = str(request.url.with_query(None))
    outcome = await exchange(
        instruments.connections,
        request,
        asked.route(check, fresh=True),
        deadline=deadline,
        now_s=now_s,
    )
    finding = classify(
        check,
        outcome,
        dialect=asked.protocol(check),
        redactor=subject.redactor,
        now_s=now_s,
        configured_models=asked.target.models,
    )
    trace, now = current_trace(), subject.clock.now()
    if trace is None or trace.response is None or trace.headers_at is None or trace.sent_at is None:
        return Seen(url, outcome, finding)
    version = trace.response.version
    middle_us = round((trace.headers_at + trace.sent_at) / 2 * US_PER_S)
    heard_us = now.wall_us - (now.mono_us - middle_us)
    return Seen(url, outcome, finding, None if version is None else f"{version.major}.{version.minor}", heard_us)


def http_step(seen: Seen) -> Step:
    """Whether anything answers, whatever it says."""
    outcome, phases = seen.outcome, seen.outcome.phases
    headers = outcome.headers
    facts = {
        "url": seen.url,
        "http_status": outcome.http_status,
        "http_version": seen.version,
        "server": headers.get("server"),
        "content_type": headers.get("content-type"),
        "first_byte_ms": _rounded(phases.first_byte_ms),
        "request_id": seen.finding.request_id,
        "redirect": None,
    }
    if isinstance(outcome, NoAnswer):
        return failed(StepName.HTTP, Meaning.NO_HTTP_ANSWER, outcome.detail, phases.total_ms, **facts)
    code, server = outcome.http_status, headers.get("server")
    says = f"HTTP/{seen.version} {code}{f' from {server}' if server else ''}"
    if phases.first_byte_ms is not None:
        says += f", first byte after {max(1.0, phases.first_byte_ms):.0f} ms"
    if code in _REDIRECTS:
        facts["redirect"] = _without_query(headers.get("location", ""))
        says = f"HTTP {code}: go to {facts['redirect'] or 'nowhere'}"
        return failed(StepName.HTTP, Meaning.REDIRECTED, says, phases.total_ms, **facts)
    if seen.shape is Shape.HTML and code < 400:  # noqa: PLR2004  the first code that is an error
        return failed(StepName.HTTP, Meaning.NOT_THE_API, f"{says}, but a web page", phases.total_ms, **facts)
    return passed(StepName.HTTP, says, phases.total_ms, **facts)


def clock_step(seen: Seen) -> Step:
    """How far the two clocks are apart: the header `Date` against the middle of the round trip."""
    headers = seen.outcome.headers
    if seen.heard_us is None or "date" not in headers:
        return skipped(StepName.CLOCK, "the answer has no Date")
    if headers.get("age", "0").strip() != "0":
        return skipped(StepName.CLOCK, "the answer comes from a cache, so its Date is an old one")
    try:
        there_s = parsedate_to_datetime(headers["date"]).timestamp() + 0.5  # it is cut to whole seconds
    except (ValueError, TypeError, OverflowError, IndexError):
        return skipped(StepName.CLOCK, "the answer's Date is no date")
    ahead_s = there_s - seen.heard_us / US_PER_S
    facts = {"server_ahead_s": round(ahead_s, 1), "precision_s": 0.5}
    if abs(ahead_s) <= CLOCK_OFF_S:
        return passed(StepName.CLOCK, f"within {max(1.0, abs(ahead_s)):.0f} s of the server's", None, **facts)
    way = "ahead of" if ahead_s > 0 else "behind"
    return doubted(StepName.CLOCK, Meaning.CLOCK_OFF, f"the server is {abs(ahead_s):.0f} s {way} us", None, **facts)


def protocol_step(subject: Subject, seen: Seen) -> Step:
    """Whether what answers writes as the configured protocol does."""
    configured = subject.target.protocol
    found = recognised(seen.outcome.headers, seen.document)
    facts = {"configured": configured, "recognised": found}
    if found is None:
        return passed(StepName.PROTOCOL, f"{configured}; nothing in the answer tells otherwise", None, **facts)
    if found == family_of(configured):
        return passed(StepName.PROTOCOL, f"it answers as {found} does", None, **facts)
    if seen.finding.verdict.status.is_success:
        says = f"its list is written as {found} does, {configured} is configured; gateways may speak both"
        return passed(StepName.PROTOCOL, says, None, **facts)
    says = f"its error is written as {found} does, but {configured} is configured"
    return failed(StepName.PROTOCOL, Meaning.OTHER_PROTOCOL, says, None, **facts)


def _without_query(location: str) -> str:
    """Where a redirect leads; its query may hold what nobody should see."""
    try:
        parts = urlsplit(location.strip())
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return f"{f'{parts.scheme}://' if parts.scheme else ''}{host}{parts.path}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
