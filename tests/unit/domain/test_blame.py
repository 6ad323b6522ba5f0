"""Whose fault it is: a row for every answer, and who is asked."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from monitor.clock import Moment
from monitor.domain.blame import (
    ASKED_AT_MOST,
    NEIGHBOURS_ASKED_AT_MOST,
    TOGETHER_S,
    Blame,
    Evidence,
    evidence,
    is_network,
    judge,
    lost_on_the_way,
    neighbours,
    triage,
)
from monitor.domain.check import Check, CheckKind, check_id, provider_of
from monitor.domain.health import Health, State
from monitor.domain.incident import Family, Scope
from monitor.domain.result import FaultDomain, Status, Verdict

START = Moment(1_700_000_000_000_000, 5_000_000_000)
SINCE = START.plus_s(1000)
UP = Verdict(Status.UP)
FAILED = Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT)
FINE, FAILING, UNPROVEN = Evidence.FINE, Evidence.FAILING, Evidence.UNPROVEN
MODEL, PROVIDER, ENDPOINT = FaultDomain.MODEL, FaultDomain.PROVIDER, FaultDomain.ENDPOINT
NETWORK, MONITOR = FaultDomain.NETWORK, FaultDomain.MONITOR
CHECK = Scope.CHECK


def check(name: str, endpoint: str = "gw", host: str = "gw.test") -> Check:
    """A model, or the endpoint's model list for "list"."""
    model = None if name == "list" else name
    kind = CheckKind.MODELS if model is None else CheckKind.CHAT
    return Check(check_id(endpoint, kind, model), endpoint, kind, model, provider_of(model, endpoint), host=host)


@pytest.mark.parametrize(
    ("failing", "fault", "siblings", "expected"),
    [
        pytest.param("o/a", FaultDomain.KEY, {"o/b": FINE}, (Scope.ENDPOINT, FaultDomain.KEY), id="a refused key"),
        pytest.param("o/a", FaultDomain.QUOTA, {}, (Scope.ENDPOINT, FaultDomain.QUOTA), id="a rate limit"),
        pytest.param("o/a", ENDPOINT, {}, (CHECK, ENDPOINT), id="nobody beside it"),
        pytest.param("o/a", ENDPOINT, {"o/b": UNPROVEN}, (CHECK, ENDPOINT), id="nobody has answered yet"),
        pytest.param("o/a", ENDPOINT, {"o/b": FINE}, (CHECK, MODEL), id="another of its provider works"),
        pytest.param("o/a", ENDPOINT, {"m/b": FINE}, (CHECK, MODEL), id="only another provider's model is known"),
        pytest.param("o/a", PROVIDER, {"list": FINE}, (CHECK, MODEL), id="only the list is known to work"),
        pytest.param("o/a", MONITOR, {"o/b": FINE}, (CHECK, MONITOR), id="our request, refused by one model"),
        pytest.param("o/a", ENDPOINT, {"o/b": FINE, "o/c": FAILING}, (CHECK, MODEL), id="its provider half works"),
        pytest.param("o/a", ENDPOINT, {"o/b": FINE, "m/a": FAILING}, (CHECK, MODEL), id="its provider works"),
        pytest.param("o/a", ENDPOINT, {"o/b": FINE, "list": FAILING}, (CHECK, MODEL), id="the list fails as well"),
        pytest.param("o/a", ENDPOINT, {"m/a": FAILING, "z/a": FINE}, (CHECK, MODEL), id="alone of its provider"),
        pytest.param("o/a", ENDPOINT, {"o/b": FAILING, "m/a": FINE}, (Scope.PROVIDER, PROVIDER), id="its provider"),
        pytest.param("o/a", MONITOR, {"o/b": FAILING, "m/a": FINE}, (Scope.PROVIDER, MONITOR), id="our request there"),
        pytest.param(
            "o/a", ENDPOINT, {"o/b": FAILING, "m/a": UNPROVEN}, (Scope.PROVIDER, PROVIDER), id="no other fails yet"
        ),
        pytest.param("o/a", ENDPOINT, {"o/b": FAILING}, (Scope.ENDPOINT, ENDPOINT), id="the only provider"),
        pytest.param("o/a", ENDPOINT, {"m/a": FAILING}, (Scope.ENDPOINT, ENDPOINT), id="models of every provider"),
        pytest.param(
            "o/a", ENDPOINT, {"m/a": FAILING, "list": FINE}, (Scope.ENDPOINT, ENDPOINT), id="at most the list works"
        ),
        pytest.param(
            "o/a", ENDPOINT, {"m/a": UNPROVEN, "list": FAILING}, (Scope.ENDPOINT, ENDPOINT), id="the list fails too"
        ),
        pytest.param("o/a", NETWORK, {"m/a": FAILING}, (Scope.ENDPOINT, NETWORK), id="no name, no route"),
        pytest.param("o/a", MONITOR, {"m/a": FAILING}, (Scope.ENDPOINT, MONITOR), id="our request everywhere"),
        pytest.param("list", ENDPOINT, {"o/a": FINE}, (CHECK, ENDPOINT), id="the list alone"),
        pytest.param("list", ENDPOINT, {"o/a": FAILING, "m/a": FINE}, (CHECK, ENDPOINT), id="the list and a model"),
        pytest.param("list", ENDPOINT, {}, (CHECK, ENDPOINT), id="a list without models"),
        pytest.param("list", ENDPOINT, {"o/a": FAILING}, (Scope.ENDPOINT, ENDPOINT), id="the list and every model"),
        pytest.param("o/a", None, {"o/b": UNPROVEN}, (CHECK, None), id="a failure that blames nobody"),
    ],
)
def test_judge(
    failing: str, fault: FaultDomain | None, siblings: Mapping[str, Evidence], expected: tuple[Scope, FaultDomain]
) -> None:
    """What the siblings prove tells how much is concerned and who must act, in whatever order they stand."""
    verdict = Verdict(Status.SERVER_ERROR, fault)
    proofs = [(check(name), proof) for name, proof in siblings.items()]
    assert judge(check(failing), verdict, proofs) == Blame(*expected)
    assert judge(check(failing), verdict, reversed(proofs)) == Blame(*expected)


def health(verdict: Verdict | None, at_s: float = 5, began_s: float = 0, *, down: bool = False) -> Health:
    """What is believed after a probe so many seconds after the outage began, and a streak that began then."""
    if verdict is None:
        return Health("gw/chat/a", since=START)
    at, began = SINCE.plus_s(at_s), SINCE.plus_s(began_s)
    if down:
        return Health("gw/chat/a", since=began, state=State.DOWN, latest=verdict, latest_at=at)
    known = Health("gw/chat/a", since=START, state=State.UP, latest=verdict, latest_at=at)
    return replace(known, consecutive_failures=1, streak_started=began) if verdict.status.is_failure else known


@pytest.mark.parametrize(
    ("believed", "family", "expected"),
    [
        pytest.param(health(None), Family.SERVICE, UNPROVEN, id="never probed"),
        pytest.param(health(UP), Family.SERVICE, FINE, id="works since"),
        pytest.param(health(UP, 0), Family.SERVICE, FINE, id="asked at the same moment"),
        pytest.param(health(UP, -1), Family.SERVICE, UNPROVEN, id="worked before"),
        pytest.param(health(UP, down=True), Family.SERVICE, FINE, id="down, but answers again"),
        pytest.param(health(FAILED), Family.SERVICE, FAILING, id="fails since"),
        pytest.param(health(FAILED, 5, -TOGETHER_S), Family.SERVICE, FAILING, id="began just near enough"),
        pytest.param(health(FAILED, 5, -TOGETHER_S - 1), Family.SERVICE, UNPROVEN, id="began long before"),
        pytest.param(health(FAILED, down=True), Family.SERVICE, FAILING, id="down since"),
        pytest.param(health(FAILED, 5, -3600, down=True), Family.SERVICE, UNPROVEN, id="dead for an hour"),
        pytest.param(health(FAILED), Family.KEY, UNPROVEN, id="another cause"),
        pytest.param(health(Verdict(Status.AUTH_ERROR, FaultDomain.KEY)), Family.KEY, FAILING, id="the same cause"),
        pytest.param(health(Verdict(Status.UNKNOWN, MONITOR)), Family.REQUEST, UNPROVEN, id="our own fault"),
        pytest.param(
            health(Verdict(Status.UNKNOWN, MONITOR), down=True), Family.REQUEST, UNPROVEN, id="our own fault while down"
        ),
        pytest.param(
            Health("gw/chat/a", since=START, latest=FAILED, latest_at=SINCE), Family.SERVICE, UNPROVEN, id="loading"
        ),
    ],
)
def test_evidence(believed: Health, family: Family, expected: Evidence) -> None:
    """Old news proves nothing, and neither does another cause."""
    assert evidence(believed, family, SINCE) is expected


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (None, False),
        (UP, False),
        (FAILED, False),
        (Verdict(Status.TIMEOUT, ENDPOINT), True),
        (Verdict(Status.CONNECTION_ERROR, NETWORK), True),
        (Verdict(Status.CONNECTION_ERROR, ENDPOINT), False),
    ],
)
def test_lost_on_the_way(verdict: Verdict | None, expected: bool) -> None:  # noqa: FBT001  a row of the table
    """Even a refused connection was an answer."""
    assert lost_on_the_way(verdict) is expected


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([[FAILING]], False, id="one host cannot tell"),
        pytest.param([[FAILING], [FAILING]], True, id="all"),
        pytest.param([[FAILING, UNPROVEN], [UNPROVEN, FAILING]], True, id="as far as is known"),
        pytest.param([[FAILING], [UNPROVEN]], False, id="one has not answered"),
        pytest.param([[FAILING], [FAILING, FINE]], False, id="something is heard of one"),
    ],
)
def test_is_network(hosts: list[list[Evidence]], expected: bool) -> None:  # noqa: FBT001  a row of the table
    """Every host fails, and nothing is heard of any."""
    assert is_network(hosts) is expected


def heard(at_s: float | None, state: State = State.UP) -> tuple[float | None, State]:
    """When a sibling was last heard of, from the failure on, and what is believed of it."""
    return at_s, state


def healths_of(known: Mapping[str, tuple[float | None, State]]) -> dict[str, Health]:
    """Healths by check id."""
    return {
        check(name).id: Health(
            check(name).id, since=START, state=state, latest_at=None if at_s is None else SINCE.plus_s(at_s)
        )
        for name, (at_s, state) in known.items()
    }


OLD = heard(-60)
DOWN = heard(-60, State.DOWN)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param({"o/a": heard(0)}, [], id="nobody else"),
        pytest.param({"o/a": heard(0), "list": OLD, "m/a": OLD, "o/b": OLD}, ["o/b", "list", "m/a"], id="own first"),
        pytest.param({"o/a": heard(0), "m/a": OLD, "m/b": OLD}, ["m/a"], id="one of each provider"),
        pytest.param({"o/a": heard(0), "m/a": DOWN, "m/b": OLD}, ["m/b"], id="one that is believed to work"),
        pytest.param({"o/a": heard(0), "m/a": DOWN, "m/b": DOWN}, ["m/a"], id="else the first"),
        pytest.param({"o/a": heard(0), "m/a": heard(0), "o/b": heard(1), "z/a": OLD}, ["z/a"], id="none asked since"),
        pytest.param(
            {"o/a": heard(0), "m/a": heard(-5), "n/a": heard(-9), "z/a": heard(None)},
            ["z/a", "n/a", "m/a"],
            id="heard of longest ago next",
        ),
        pytest.param(
            {"o/a": heard(0), **{f"p{number}/a": heard(number - 100) for number in range(9)}},
            [f"p{number}/a" for number in range(ASKED_AT_MOST)],
            id="at most six",
        ),
    ],
)
def test_triage(known: Mapping[str, tuple[float | None, State]], expected: list[str]) -> None:
    """On a first failure of `o/a` these are probed at once, in this order."""
    siblings = [check(name) for name in known]
    assert triage(check("o/a"), siblings, healths_of(known), SINCE) == tuple(check(name).id for name in expected)


def test_neighbours() -> None:
    """One check of each endpoint on another host, the free ones first, and not too many."""
    near = [check("a", "same", host="gw.test")]
    paid = [check("a", "paid", host="x.test"), check("b", "paid", host="x.test")]
    free = [check("a", "free", host="y.test"), check("list", "free", host="y.test")]
    endpoints = {"gw": [check("o/a")], "same": near, "paid": paid, "free": free, "empty": []}
    assert neighbours(check("o/a"), endpoints) == ("free/models", "paid/chat/a")
    many = {name: [check("a", name, host=f"{name}.test")] for name in "abcdef"}
    assert len(neighbours(check("o/a"), many)) == NEIGHBOURS_ASKED_AT_MOST


def test_triage_leaves_alone_who_rests_after_a_rate_limit() -> None:
    """Another model of the same provider is asked instead; when the rest is over, it may be asked again."""
    siblings = [check(name) for name in ("o/a", "o/b", "o/c")]
    limited = Verdict(Status.RATE_LIMITED, FaultDomain.QUOTA, retry_after_s=60.0)
    healths = {one.id: Health(one.id, START, State.UP, UP, START) for one in siblings}
    healths[siblings[1].id] = replace(healths[siblings[1].id], latest=limited, latest_at=SINCE.plus_s(-30))
    assert triage(siblings[0], siblings, healths, SINCE) == (siblings[2].id,)
    only = siblings[:2]
    assert triage(siblings[0], only, healths, SINCE) == ()
    assert triage(siblings[0], only, healths, SINCE.plus_s(41)) == (siblings[1].id,)
