"""What works instead: only what is proven to."""

from dataclasses import replace

from monitor.alerting.alternatives import NAMED_AT_MOST, Ranking
from monitor.clock import Moment
from monitor.domain.check import Check, CheckKind
from monitor.domain.health import Health, State
from monitor.domain.result import Status, Verdict

BROKE = Moment(1_000_000_000, 1_000_000_000)
AFTER = BROKE.plus_s(1)
BEFORE = BROKE.plus_s(-1)


def chat(endpoint: str, model: str) -> Check:
    """A check of a model."""
    return Check(f"{endpoint}/chat/{model}", endpoint, CheckKind.CHAT, model, endpoint)


def up(check: Check, latency_ms: float | None, seen_at: Moment = AFTER, status: Status = Status.UP) -> Health:
    """A health that has just answered."""
    return Health(check.id, BEFORE, State.UP, Verdict(status), seen_at, latency_ms)


FAILING = chat("gw", "broken")
DOWN = Health(FAILING.id, BROKE, State.DOWN, Verdict(Status.SERVER_ERROR), AFTER)


def named(*healthy: tuple[Check, Health]) -> list[str]:
    """The models that are named instead of the failing one."""
    checks = {check.id: check for check, _ in healthy} | {FAILING.id: FAILING}
    healths = {check.id: health for check, health in healthy} | {FAILING.id: DOWN}
    return [alternative.model for alternative in Ranking.of(checks, healths, AFTER).best_for(FAILING, healths)]


def test_the_fastest_come_first_and_few_are_named() -> None:
    """Three names are enough at night; an unknown latency comes last."""
    others = [chat("other", name) for name in "abcd"]
    latencies = [None, 300.0, 100.0, 200.0]
    assert named(*((one, up(one, ms)) for one, ms in zip(others, latencies, strict=True))) == ["c", "d", "b"]
    assert NAMED_AT_MOST == 3


def test_a_sibling_must_have_answered_since_the_outage_began() -> None:
    """An answer from before the outage proves nothing about the same endpoint; another endpoint stands alone."""
    sibling, other = chat("gw", "sibling"), chat("other", "far")
    assert named((sibling, up(sibling, 1.0, BEFORE)), (other, up(other, 2.0, BEFORE))) == ["far"]
    assert named((sibling, up(sibling, 1.0, AFTER))) == ["sibling"]


def test_what_is_slow_down_failing_or_no_model_is_not_named() -> None:
    """Only a plain success counts, and only of something that can take the traffic."""
    slow, down, failing = chat("o", "slow"), chat("o", "down"), chat("o", "failing")
    models = Check("o/models", "o", CheckKind.MODELS, None, "o")
    assert (
        named(
            (slow, up(slow, 1.0, status=Status.DEGRADED)),
            (down, replace(up(down, 1.0), state=State.DOWN)),
            (failing, up(failing, 1.0, status=Status.TIMEOUT)),
            (models, up(models, 1.0)),
        )
        == []
    )


def test_an_older_ranking_is_checked_against_the_present() -> None:
    """What was healthy a second ago and is not any more, or is gone, is not named."""
    one, gone = chat("o", "one"), chat("o", "gone")
    checks = {one.id: one, gone.id: gone, FAILING.id: FAILING}
    then = {one.id: up(one, 1.0), gone.id: up(gone, 2.0), FAILING.id: DOWN}
    ranking = Ranking.of(checks, then, AFTER)
    now = {one.id: up(one, 1.0, status=Status.TIMEOUT), FAILING.id: DOWN}
    assert ranking.best_for(FAILING, now) == ()


def test_an_embedding_model_does_not_stand_in_for_one_that_talks() -> None:
    """Nobody who is woken can switch a conversation over to it."""
    embedding = replace(chat("gw", "embedder"), protocol="openai-embeddings")
    talker = chat("gw", "talker")
    assert named((embedding, up(embedding, 1.0)), (talker, up(talker, 90.0))) == ["talker"]
