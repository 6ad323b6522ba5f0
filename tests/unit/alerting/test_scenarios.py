"""Whole outages, from the first failure to the last message, on fake time: how often people are told, whom they blame.

Each story is played with many seeds: phases, latencies and what is random in it differ.
"""

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from monitor.domain.check import CheckKind
from monitor.domain.incident import Scope
from monitor.domain.result import Status

if TYPE_CHECKING:
    from monitor.domain.check import Check
    from tests.unit.alerting.conftest import Props, Stage

PROVIDERS = ("openai", "anthropic", "google", "meta", "mistral")
SEEDS = [pytest.param(seed, 20, id=f"seed{seed}") for seed in range(20)]
FULL = [pytest.param(seed, 100, id=f"full{seed}") for seed in range(2)]
BEGAN_S = 100.0
OVER_S = 600.0

big = pytest.mark.parametrize(("seed", "each"), [*SEEDS, *FULL])
small = pytest.mark.parametrize("seed", range(20))


def within(at_s: float) -> bool:
    """During the outage."""
    return BEGAN_S <= at_s < OVER_S


def told_once(stage: "Stage", *channels: str, updates: int = 3) -> None:
    """Each channel heard `opened` first and once, a few updates, and `resolved` last and once."""
    for channel in channels or ("ops",):
        counted = Counter(stage.told(channel))
        assert (counted["opened"], counted["resolved"]) == (1, 1), stage.told(channel)
        assert stage.told(channel)[0] == "opened"
        assert stage.told(channel)[-1] == "resolved"
        assert counted["updated"] <= updates
    assert len([incident for incident in stage.incidents.values() if incident.telling.first_at is not None]) == 1
    assert stage.desk.open_incidents == ()


@big
def test_an_endpoint_that_fails_at_once_is_one_message(props: "Props", seed: int, each: int) -> None:
    """All models of all providers and the list: one `opened` per channel within 15 s, the endpoint's fault."""
    audience = props.audience("ops", "hook")
    answer = props.broken(lambda _, at_s: within(at_s))
    stage = props.stage(props.endpoint("gw", PROVIDERS, each), answer, seed, audience).run(750)
    told_once(stage, "ops", "hook")
    first = stage.to("ops")[0]
    assert first.at_s - stage.first_down_s() <= 15
    assert first.blamed == ("endpoint", "endpoint")
    assert first.key == "endpoint:gw"
    (incident,) = stage.incidents.values()
    assert set(incident.checks) == set(stage.desk.checks)
    assert stage.to("ops", "resolved")[0].at_s - OVER_S <= 70


@big
def test_an_endpoint_that_fails_bit_by_bit_is_one_message(props: "Props", seed: int, each: int) -> None:
    """One model after another within a minute: one `opened`, a few updates, and the endpoint is blamed in the end."""
    checks, chance = props.endpoint("gw", PROVIDERS, each), random.Random(seed)  # noqa: S311  nothing is secret
    began = {check.id: BEGAN_S + chance.uniform(0, 60) for check in checks}
    stage = props.stage(checks, props.broken(lambda check, at_s: began[check.id] <= at_s < OVER_S), seed).run(750)
    told_once(stage)
    assert stage.to("ops")[-1].blamed == ("endpoint", "endpoint")
    assert stage.to("ops", "updated")


@big
def test_one_provider_is_blamed_for_its_models(props: "Props", seed: int, each: int) -> None:
    """The others work, so it is neither the endpoint nor one model."""
    answer = props.broken(lambda check, at_s: check.provider == "meta" and within(at_s))
    stage = props.stage(props.endpoint("gw", PROVIDERS, each), answer, seed).run(750)
    told_once(stage)
    assert {said.blamed for said in stage.to("ops")} == {("provider", "provider")}
    assert stage.to("ops")[0].key == "provider:gw/meta"


@big
def test_one_model_is_told_at_once(props: "Props", seed: int, each: int) -> None:
    """Nobody else is in doubt, so nothing waits; its siblings have shown that it is the model."""
    answer = props.broken(lambda check, at_s: check.model == "meta/m7" and within(at_s))
    stage = props.stage(props.endpoint("gw", PROVIDERS, each), answer, seed).run(750)
    told_once(stage, updates=0)
    first = stage.to("ops")[0]
    assert first.at_s == pytest.approx(stage.first_down_s(), abs=1e-3)
    assert first.blamed == ("check", "model")


@small
def test_a_model_list_that_fails_alone_is_no_outage_of_the_endpoint(props: "Props", seed: int) -> None:
    """The models answer."""
    answer = props.broken(lambda check, at_s: check.kind is CheckKind.MODELS and within(at_s))
    stage = props.stage(props.endpoint("gw", PROVIDERS, 3), answer, seed).run(750)
    told_once(stage, updates=0)
    assert stage.to("ops")[0].queued.notification.incident is not None
    assert stage.to("ops")[0].blamed[0] == "check"


@small
def test_what_does_not_recover_with_its_endpoint_is_told(props: "Props", seed: int) -> None:
    """The endpoint is resolved, and the model that is still down gets a message of its own."""

    def broken(check: "Check", at_s: float) -> bool:
        return within(at_s) or (check.model == "meta/m7" and BEGAN_S <= at_s < 1300)

    stage = props.stage(props.endpoint("gw", PROVIDERS, 10), props.broken(broken), seed).run(1450)
    told = [(said.event, said.key) for said in stage.to("ops") if said.event != "updated"]
    model = "gw/chat/meta/m7"
    assert told == [
        ("opened", "endpoint:gw"),
        ("resolved", "endpoint:gw"),
        ("opened", model),
        ("resolved", model),
    ]
    assert stage.to("ops", "opened")[1].blamed == ("check", "model")
    assert stage.to("ops", "opened")[1].at_s - OVER_S <= 130


@small
def test_a_provider_that_does_not_recover_with_its_endpoint_is_told(props: "Props", seed: int) -> None:
    """As one incident, of the provider."""

    def broken(check: "Check", at_s: float) -> bool:
        return within(at_s) or (check.provider == "meta" and BEGAN_S <= at_s < 1300)

    stage = props.stage(props.endpoint("gw", PROVIDERS, 10), props.broken(broken), seed).run(1450)
    told = [(said.event, said.key) for said in stage.to("ops") if said.event != "updated"]
    provider = "provider:gw/meta"
    assert told == [
        ("opened", "endpoint:gw"),
        ("resolved", "endpoint:gw"),
        ("opened", provider),
        ("resolved", provider),
    ]


@small
@pytest.mark.parametrize("status", [Status.CONNECTION_ERROR, Status.TIMEOUT])
def test_every_host_lost_at_once_is_the_network(props: "Props", seed: int, status: Status) -> None:
    """Endpoints on different hosts, and nothing is heard of any: one message, not one per endpoint."""
    checks = [*props.endpoint("gw", PROVIDERS, 3), *props.endpoint("gx", ("z",), 4), *props.endpoint("gy", ("q",), 1)]
    stage = props.stage(checks, props.broken(lambda _, at_s: within(at_s), status), seed).run(750)
    told_once(stage)
    first = stage.to("ops")[0]
    assert first.blamed == ("network", "network")
    assert first.key == "network"
    assert first.at_s - stage.first_down_s() <= 15


@small
def test_two_endpoints_that_answer_with_errors_are_two_incidents(props: "Props", seed: int) -> None:
    """A 503 was heard, so the network is open."""
    checks = [*props.endpoint("gw", PROVIDERS, 2), *props.endpoint("gx", ("z",), 4)]
    stage = props.stage(checks, props.broken(lambda _, at_s: within(at_s)), seed).run(750)
    assert sorted(said.key for said in stage.to("ops", "opened")) == ["endpoint:gw", "endpoint:gx"]
    assert sorted(said.key for said in stage.to("ops", "resolved")) == ["endpoint:gw", "endpoint:gx"]


@small
@pytest.mark.parametrize("status", [Status.CONNECTION_ERROR, Status.TIMEOUT])
def test_one_host_lost_is_its_endpoint(props: "Props", seed: int, status: Status) -> None:
    """The other host is heard."""
    checks = [*props.endpoint("gw", PROVIDERS, 3), *props.endpoint("gx", ("z",), 4)]
    answer = props.broken(lambda check, at_s: check.endpoint == "gw" and within(at_s), status)
    stage = props.stage(checks, answer, seed).run(750)
    told_once(stage)
    assert stage.to("ops")[0].key == "endpoint:gw"


@small
def test_a_refused_key_is_one_message(props: "Props", seed: int) -> None:
    """The answer itself says whose fault it is."""
    answer = props.broken(lambda _, at_s: within(at_s), Status.AUTH_ERROR)
    stage = props.stage(props.endpoint("gw", PROVIDERS, 10), answer, seed).run(750)
    told_once(stage)
    assert {said.blamed for said in stage.to("ops")} == {("endpoint", "key")}
    assert stage.to("ops")[0].key == "key:gw"


@small
def test_a_rate_limit_of_the_whole_account_is_one_warning(props: "Props", seed: int) -> None:
    """It is not critical, and one quota is one incident."""
    answer = props.broken(lambda _, at_s: within(at_s), Status.RATE_LIMITED)
    stage = props.stage(props.endpoint("gw", PROVIDERS, 10), answer, seed).run(1300)
    told_once(stage)
    assert stage.to("ops")[0].queued.notification.severity == "warning"
    assert stage.to("ops")[0].key == "quota:gw"


@small
def test_a_model_dead_for_long_does_not_widen_the_next_outage(props: "Props", seed: int) -> None:
    """What has failed for hours says nothing of what fails now."""

    def broken(check: "Check", at_s: float) -> bool:
        return (check.model == "meta/m1" and at_s > BEGAN_S) or (check.model == "meta/m2" and 8000 < at_s < 9000)

    stage = props.stage(props.endpoint("gw", PROVIDERS[:4], 3), props.broken(broken), seed).run(9200)
    second = stage.to("ops", "opened")[1]
    assert second.key == "gw/chat/meta/m2"
    assert second.blamed == ("check", "model")
    assert second.queued.notification.incident is not None
    assert second.queued.notification.incident.checks == ("gw/chat/meta/m2",)
    assert set(stage.told()) == {"opened", "reminder", "resolved"}


@small
def test_one_of_two_models_dead_for_long_does_not_make_the_other_a_provider_outage(props: "Props", seed: int) -> None:
    """Also where the only sibling is that one."""

    def broken(check: "Check", at_s: float) -> bool:
        return (check.model == "meta/m0" and at_s > BEGAN_S) or (check.model == "meta/m1" and 8000 < at_s < 9000)

    stage = props.stage(props.endpoint("gw", ("openai", "meta"), 2), props.broken(broken), seed).run(9200)
    second = stage.to("ops", "opened")[1]
    assert second.key == "gw/chat/meta/m1"
    assert second.blamed == ("check", "model")


@small
def test_half_of_all_requests_failing_for_an_hour_is_a_handful_of_messages(props: "Props", seed: int) -> None:
    """Every check goes up and down all the time; people are not told each time."""
    chance = random.Random(seed)  # noqa: S311  nothing is secret
    answer = props.broken(lambda _, at_s: BEGAN_S < at_s < 3800 and chance.random() < 0.5)
    stage = props.stage(props.endpoint("gw", PROVIDERS, 4), answer, seed).run(6500)
    assert len(stage.to("ops")) <= 15, stage.told()
    assert stage.desk.open_incidents == ()
    counted = Counter(said.incident for said in stage.to("ops") if said.event in ("opened", "resolved"))
    assert set(counted.values()) == {2}
    for incident in stage.incidents.values():
        providers = {stage.desk.checks[check].provider for check in incident.checks}
        assert incident.scope is not Scope.PROVIDER or providers == {incident.provider}


@small
def test_a_blip_is_told_to_nobody(props: "Props", seed: int) -> None:
    """Four seconds are below the threshold, whatever fails in them."""
    stage = props.stage(props.endpoint("gw", PROVIDERS, 10), props.broken(lambda _, at_s: 200 <= at_s < 204), seed)
    assert stage.run(600).said == []


@small
def test_slowness_of_everything_is_one_warning(props: "Props", seed: int) -> None:
    """Models that become slow within minutes of each other are one incident."""
    answer = props.broken(lambda check, at_s: check.kind is CheckKind.CHAT and within(at_s), Status.DEGRADED)
    stage = props.stage(props.endpoint("gw", PROVIDERS, 10), answer, seed).run(1450)
    told_once(stage)
    assert stage.to("ops")[0].queued.notification.severity == "warning"
