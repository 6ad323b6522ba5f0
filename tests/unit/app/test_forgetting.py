"""When the daemon forgets, and by which clock it does not."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from monitor.app.forgetting import PRUNE_EVERY_S, Forgetting
from monitor.clock import US_PER_S, Moment
from monitor.domain.ages import Ages
from monitor.domain.clock_belief import WARY_US
from monitor.errors import StorageError
from monitor.storage.retention.retention import Fit, Pruned

AGES = Ages(86_400, 86_400, 86_400)
DAY_S = 86_400.0
WARY_S = WARY_US / US_PER_S


class SetClock:
    """Goes on and jumps as it is told."""

    def __init__(self) -> None:
        self.at = Moment(1_795_200_000_000_000, 5_000_000)
        self.asleep_us = 0

    def now(self) -> Moment:
        """The present moment."""
        return self.at

    def pass_s(self, seconds: float) -> None:
        """Time goes on."""
        self.at = self.at.plus_s(seconds)

    def jump_s(self, seconds: float) -> None:
        """The wall clock is set."""
        self.at = Moment(self.at.wall_us + round(seconds * US_PER_S), self.at.mono_us)

    def sleep_s(self, seconds: float) -> None:
        """The machine is suspended: the monotonic clock stands still."""
        self.jump_s(seconds)
        self.asleep_us += round(seconds * US_PER_S)


class Forgetful:
    """Remembers only when it was asked to forget."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self._ran_us = 0
        self._doubted_us = 0
        self.longest_bite_s = 0.0

    async def clock_doubted_since_us(self) -> int:
        """As it was told."""
        return self._doubted_us

    async def doubt_clock(self, since_us: int) -> None:
        """Remembers it."""
        self._doubted_us = since_us

    async def ran_at_us(self) -> int:
        """When it last was."""
        return self._ran_us

    async def is_too_large(self, limit: int | None) -> bool:
        """Never."""
        return bool(limit)

    async def prune(self, ages: Ages) -> Pruned:
        """It is, now."""
        del ages
        self._ran_us = self._clock.now().wall_us
        return Pruned(fit=Fit.UNLIMITED)


def forgetting(
    clock: SetClock, ages: Callable[[], Ages] = lambda: AGES, retention: Forgetful | None = None
) -> Forgetting:
    """With everything that it does not need here left out."""
    retention, nobody = retention or Forgetful(clock), cast("Any", None)
    return Forgetting(cast("Any", retention), ages, lambda: nobody, nobody, clock, asleep=lambda: clock.asleep_us)


async def test_once_an_hour() -> None:
    """And at once after a start."""
    clock = SetClock()
    daemon = forgetting(clock)
    assert await daemon.look() is not None
    clock.pass_s(PRUNE_EVERY_S - 1)
    assert await daemon.look() is None
    clock.pass_s(1)
    assert await daemon.look() is not None


async def test_nothing_goes_by_a_clock_that_has_just_leapt_ahead() -> None:
    """It may be wrong, and what it takes does not come back; after a day of it, it is believed."""
    clock = SetClock()
    daemon = forgetting(clock)
    await daemon.look()
    clock.jump_s(400 * DAY_S)
    assert await daemon.look() is None
    for _ in range(10):
        clock.pass_s(WARY_S / 11)
        assert await daemon.look() is None
    clock.pass_s(WARY_S / 10)
    assert await daemon.look() is not None


async def test_a_clock_that_comes_back_is_believed_at_once() -> None:
    """What it had been wary of is over."""
    clock = SetClock()
    daemon = forgetting(clock)
    await daemon.look()
    clock.jump_s(400 * DAY_S)
    assert await daemon.look() is None
    clock.jump_s(-400 * DAY_S)
    clock.pass_s(PRUNE_EVERY_S)
    assert await daemon.look() is not None


async def test_a_machine_that_has_slept_for_a_week_forgets_as_ever() -> None:
    """Its clock is right."""
    clock = SetClock()
    daemon = forgetting(clock)
    await daemon.look()
    clock.sleep_s(7 * DAY_S)
    assert await daemon.look() is not None


async def test_a_start_far_ahead_of_what_the_database_knows_forgets_nothing_for_a_day() -> None:
    """Whatever is restarted meanwhile; then it is believed, and a later start is as ever."""
    clock = SetClock()
    memory = Forgetful(clock)
    assert await forgetting(clock, retention=memory).look() is not None
    clock.jump_s(3650 * DAY_S)
    for _ in range(4):
        daemon = forgetting(clock, retention=memory)
        assert await daemon.look() is None
        clock.pass_s(WARY_S / 5)
        assert await daemon.look() is None
    clock.pass_s(WARY_S / 5)
    assert await daemon.look() is not None
    clock.pass_s(DAY_S / 2)
    assert await forgetting(clock, retention=memory).look() is not None


async def test_a_start_after_the_clock_came_back_forgets_as_ever() -> None:
    """It was wrong for one run only."""
    clock = SetClock()
    memory = Forgetful(clock)
    await forgetting(clock, retention=memory).look()
    clock.jump_s(400 * DAY_S)
    assert await forgetting(clock, retention=memory).look() is None
    clock.jump_s(-400 * DAY_S)
    clock.pass_s(PRUNE_EVERY_S)
    daemon = forgetting(clock, retention=memory)
    assert await daemon.look() is not None
    clock.pass_s(PRUNE_EVERY_S)
    assert await daemon.look() is not None


@pytest.mark.parametrize("fails", ["ran_at_us", "clock_doubted_since_us", "doubt_clock"])
async def test_a_database_that_refuses_makes_no_clock_right(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not read, or not written down, is looked at again."""
    clock = SetClock()
    memory = Forgetful(clock)
    await forgetting(clock, retention=memory).look()
    clock.jump_s(3650 * DAY_S)
    daemon = forgetting(clock, retention=memory)

    async def refuse(*_: object) -> int:
        raise StorageError("full")

    with monkeypatch.context() as patch:
        patch.setattr(memory, fails, refuse)
        with pytest.raises(StorageError):
            await daemon.look()
    assert await daemon.look() is None
    assert memory._doubted_us == clock.now().wall_us


async def test_two_starts_in_a_row_are_no_proof_of_a_clock() -> None:
    """The first of them may have ended before it looked."""
    clock = SetClock()
    memory = Forgetful(clock)
    await forgetting(clock, retention=memory).look()
    clock.jump_s(3650 * DAY_S)
    forgetting(clock, retention=memory)
    assert await forgetting(clock, retention=memory).look() is None
