"""Reading an endpoint's model list once, for a person who is choosing models.

The exchange and its judgement are those of a probe; here only the ids are taken out of the answer.
"""

import asyncio
import json
from dataclasses import dataclass

from monitor.clock import US_PER_S, SystemClock
from monitor.config.draft import is_anthropic
from monitor.config.secrets import Secret
from monitor.domain.action import sentence
from monitor.domain.body import read_body
from monitor.domain.check import Check, CheckKind
from monitor.domain.classify import classify
from monitor.domain.model_list import listed_models
from monitor.domain.outcome import Answer, Outcome
from monitor.domain.redact import Redactor
from monitor.domain.result import Verdict
from monitor.probes.connections import Connections
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.exchange import exchange
from monitor.probes.target import EndpointTarget
from monitor.protocols.recognition import ANTHROPIC, OPENAI, recognised

_NOT_FOUND = 404
_MOST_ID = 256
_NAME = "init"


@dataclass(frozen=True, slots=True)
class Listing:
    """What an endpoint says of its models.

    Attributes:
        models: printable ids, each once, sorted.
        problem: why there are none, for people; None when the list was read.
        is_absent: the endpoint has no model list at all.
        protocol: what the endpoint was seen to speak.
    """

    models: tuple[str, ...] = ()
    problem: str | None = None
    is_absent: bool = False
    protocol: str = OPENAI


def read_models(base_url: str, key: Secret | None) -> Listing:
    """Ask an endpoint for its models; whatever goes wrong is in the answer.

    Anthropic's own address is known; any other is asked as OpenAI's, and once more as Anthropic's where that leads
    nowhere. Only what looks like Anthropic's answer counts for it, because servers of others listen at its paths too.

    Args:
        base_url: as the configuration has it.
        key: None asks without one.
    """
    return asyncio.run(_read(base_url, key))


async def _read(base_url: str, key: Secret | None) -> Listing:
    if is_anthropic(base_url):
        return (await _asked(base_url, key, ANTHROPIC)).listing
    first = await _asked(base_url, key, OPENAI)
    if first.speaks != ANTHROPIC and (first.listing.problem is None or not first.answered):
        return first.listing
    second = await _asked(base_url, key, ANTHROPIC)
    return second.listing if second.speaks == ANTHROPIC else first.listing


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of asking in one protocol.

    Attributes:
        speaks: the protocol by which the answer was written; None where nothing tells.
        answered: an HTTP answer came.
    """

    listing: Listing
    speaks: str | None
    answered: bool


async def _asked(base_url: str, key: Secret | None, protocol: str) -> _Asked:
    check = Check(id=f"{_NAME}/models", endpoint=_NAME, kind=CheckKind.MODELS, model=None, provider=_NAME)
    endpoint = LiveEndpoint(_target(base_url, key, protocol))
    now_s = SystemClock().now().wall_us / US_PER_S
    deadline = asyncio.get_running_loop().time() + check.timeout_s
    connections = Connections()
    try:
        route = endpoint.route(check, fresh=True)
        outcome = await exchange(connections, endpoint.request(check, None), route, deadline=deadline, now_s=now_s)
    finally:
        await connections.aclose()
    redactor = Redactor([] if key is None else [key.reveal()])
    finding = classify(check, outcome, dialect=endpoint.protocol(check), redactor=redactor, now_s=now_s)
    if not isinstance(outcome, Answer):
        return _Asked(_listing(outcome, finding.verdict, protocol), None, answered=False)
    speaks = recognised(outcome.headers, read_body(outcome.body, outcome.headers.get("content-type", "")).document)
    return _Asked(_listing(outcome, finding.verdict, protocol), speaks, answered=True)


def _target(base_url: str, key: Secret | None, protocol: str) -> EndpointTarget:
    return EndpointTarget(
        name=_NAME,
        base_url=base_url,
        protocol=protocol,
        api_key=key,
        headers={},
        proxy=None,
        ca_file=None,
        concurrency=1,
        models=(),
        keepalive_s=0.0,
    )


def _listing(outcome: Outcome, verdict: Verdict, protocol: str) -> Listing:
    if isinstance(outcome, Answer) and verdict.status.is_success:
        ids = {model for model in listed_models(json.loads(outcome.body)) if model.isprintable()}
        models = tuple(sorted(model for model in ids if model.strip() and len(model) <= _MOST_ID))
        return Listing(models, protocol=protocol)
    advice = "" if verdict.action is None else f". {sentence(verdict.action)}"
    problem = f"{verdict.status}: {verdict.reason}{advice}"
    return Listing(problem=problem, is_absent=outcome.http_status == _NOT_FOUND, protocol=protocol)
