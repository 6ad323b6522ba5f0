"""Whose fault it is: judged from siblings, not from one answer.

Pure. Owns which siblings are asked (`triage`), what their answers prove (`Evidence`) and what follows (`judge`). Key
and quota are known from the answer itself; everything else could be the model, its provider, the endpoint or the
network, and only the others tell which.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.clock import Moment
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import Health, State
from monitor.domain.incident import Family, Scope, family_of
from monitor.domain.limited import resting_until
from monitor.domain.result import FaultDomain, Status, Verdict

TOGETHER_S = 300.0
"""Failures that began within this many seconds of each other may have one cause."""

ASKED_AT_MOST = 6
NEIGHBOURS_ASKED_AT_MOST = 4
_BY_THE_ANSWER = frozenset({Family.KEY, Family.QUOTA})


class Evidence(StrEnum):
    """What a sibling proves about an outage that began at some moment."""

    FAILING = "failing"
    FINE = "fine"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Blame:
    """How much is concerned, and who must act."""

    scope: Scope
    fault_domain: FaultDomain | None


def evidence(health: Health, family: Family, since: Moment) -> Evidence:
    """What a sibling proves about an outage of this family that began at `since`.

    A success proves something only if it was asked for after the outage began; a failure only if its streak began
    together with the outage: a model that has been dead for days says nothing of its endpoint.
    """
    latest, at = health.latest, health.latest_at
    if latest is None or at is None:
        return Evidence.UNPROVEN
    if latest.status.is_success:
        return Evidence.FINE if at.mono_us >= since.mono_us else Evidence.UNPROVEN
    broken = health.state is State.DOWN or health.consecutive_failures > 0
    began = health.since if health.state is State.DOWN else health.streak_started
    together = began is not None and began.s_since(since) >= -TOGETHER_S
    same = latest.status.is_failure and family_of(latest.fault_domain) is family
    return Evidence.FAILING if broken and together and same else Evidence.UNPROVEN


def lost_on_the_way(verdict: Verdict | None) -> bool:
    """True of a failure that the network may have caused: nothing was heard, not even a refusal."""
    if verdict is None:
        return False
    return verdict.fault_domain is FaultDomain.NETWORK or verdict.status is Status.TIMEOUT


def judge(failing: Check, verdict: Verdict, siblings: Iterable[tuple[Check, Evidence]]) -> Blame:
    """Whose fault one failing check is.

    Args:
        failing: the check.
        verdict: its newest.
        siblings: the other checks of its endpoint, with what each proves; taken only until nothing can change it.
    """
    fault = verdict.fault_domain
    if family_of(fault) in _BY_THE_ANSWER:
        return Blame(Scope.ENDPOINT, fault)
    listed, same, others = _sorted(failing, siblings)
    if failing.kind is CheckKind.MODELS:
        return _blame_of_list(fault, {*same, *others})
    models = {*same, *others}
    if Evidence.FAILING not in {*models, *listed}:
        return _alone(fault, proven=Evidence.FINE in {*models, *listed})
    if Evidence.FINE in same:
        return _alone(fault, proven=True)
    if Evidence.FINE in others or (others and Evidence.FAILING not in {*others, *listed}):
        return _of_provider(fault) if Evidence.FAILING in same else _alone(fault, proven=True)
    return _of_endpoint(fault)


def is_network(endpoints: Iterable[Sequence[Evidence]]) -> bool:
    """True if every one of the endpoints, which stand on different hosts, fails and none has anything that works.

    Args:
        endpoints: per endpoint, what its checks prove; only failures that `lost_on_the_way` says so of are FAILING.
    """
    proofs = list(endpoints)
    return len(proofs) > 1 and all(Evidence.FAILING in proof and Evidence.FINE not in proof for proof in proofs)


def triage(failing: Check, siblings: Sequence[Check], healths: Mapping[str, Health], since: Moment) -> tuple[str, ...]:
    """Which siblings are probed at once on a first failure: the model list, and one model per provider.

    The failing check's own provider comes first. One that was asked since the failure began is not asked again, and
    none that rests after a rate limit.

    Args:
        failing: the check.
        siblings: the checks of its endpoint, in the order of the configuration.
        healths: of all of them.
        since: when the failing probe started.
    """
    chosen: dict[str, Check] = {}
    for check in siblings:
        if check.id == failing.id or _rests(check, healths[check.id], since):
            continue
        group = "" if check.kind is CheckKind.MODELS else check.provider
        present = chosen.get(group)
        if present is None or _preferred(healths[check.id], healths[present.id]):
            chosen[group] = check
    # Own provider first, then whoever was heard of longest ago: more than six are asked in turns.
    order = sorted(chosen, key=lambda group: (group != failing.provider, _heard_us(healths[chosen[group].id]), group))
    asked = (chosen[group].id for group in order)
    return tuple(check for check in asked if not _asked_since(healths[check], since))[:ASKED_AT_MOST]


def neighbours(failing: Check, endpoints: Mapping[str, Sequence[Check]]) -> tuple[str, ...]:
    """One check of each endpoint on another host, to learn whether it is the network; the free ones first.

    Args:
        failing: the check.
        endpoints: the checks of every endpoint.
    """
    others = [checks for checks in endpoints.values() if checks and checks[0].host != failing.host]
    firsts = (min(checks, key=lambda check: check.kind is not CheckKind.MODELS) for checks in others)
    return tuple(check.id for check in sorted(firsts, key=lambda check: check.kind is not CheckKind.MODELS))[
        :NEIGHBOURS_ASKED_AT_MOST
    ]


def _sorted(
    failing: Check, siblings: Iterable[tuple[Check, Evidence]]
) -> tuple[set[Evidence], set[Evidence], set[Evidence]]:
    """What the model list, the models of the same provider and all others prove, as far as it is needed."""
    listed: set[Evidence] = set()
    same: set[Evidence] = set()
    others: set[Evidence] = set()
    for check, proof in siblings:
        if check.kind is CheckKind.MODELS:
            listed.add(proof)
        else:
            (same if check.provider == failing.provider else others).add(proof)
        # One of the same provider works and anything else fails: only this model is to blame, whatever the rest says.
        if Evidence.FINE in same and (Evidence.FAILING in same or Evidence.FAILING in others):
            break
    return listed, same, others


def _blame_of_list(fault: FaultDomain | None, models: set[Evidence]) -> Blame:
    if Evidence.FAILING in models and Evidence.FINE not in models:
        return _of_endpoint(fault)
    return Blame(Scope.CHECK, fault)


def _alone(fault: FaultDomain | None, *, proven: bool) -> Blame:
    return Blame(Scope.CHECK, FaultDomain.MODEL if proven and fault is not FaultDomain.MONITOR else fault)


def _of_provider(fault: FaultDomain | None) -> Blame:
    return Blame(Scope.PROVIDER, fault if fault is FaultDomain.MONITOR else FaultDomain.PROVIDER)


def _of_endpoint(fault: FaultDomain | None) -> Blame:
    # That a name does not resolve or no route leads there is known from the answer, whoever else fails.
    known = fault in (FaultDomain.MONITOR, FaultDomain.NETWORK)
    return Blame(Scope.ENDPOINT, fault if known else FaultDomain.ENDPOINT)


def _preferred(candidate: Health, present: Health) -> bool:
    """A sibling that is believed to work proves more than one whose failure is old news."""
    return candidate.state is State.UP and present.state is not State.UP


def _rests(check: Check, health: Health, since: Moment) -> bool:
    until = resting_until(check, health)
    return until is not None and until.mono_us > since.mono_us


def _heard_us(health: Health) -> int:
    return -1 if health.latest_at is None else health.latest_at.mono_us


def _asked_since(health: Health, since: Moment) -> bool:
    return health.latest_at is not None and health.latest_at.mono_us >= since.mono_us
