"""Who makes no progress, and when somebody outside should know."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from monitor.app.progress import Progress
from monitor.clock import Moment

NOW = Moment(1_763_690_000_000_000, 10_000_000_000)


@dataclass
class Parts:
    """A scheduler, a ledger, a delivery and a clock that say what they are told to."""

    moment: Moment = NOW
    fired_s_ago: float = 1.0
    committing_s: float = 0.0
    refusing_since: Moment | None = None
    last_commit: Moment | None = None
    progressed: Moment | None = None
    outside: list[str] = field(default_factory=list)

    def now(self) -> Moment:
        """The present."""
        return self.moment

    def stalled_s(self, _now: Moment) -> float:
        """Of the scheduler."""
        return self.fired_s_ago

    def busy_s(self, _now: Moment) -> float:
        """Of the ledger."""
        return self.committing_s

    def last_progress(self) -> Moment | None:
        """Of the delivery."""
        return self.progressed

    def progress(self) -> Progress:
        """Under test."""
        me: Any = self
        return Progress(me, me, lambda: me, lambda: self.outside, me)


@pytest.mark.parametrize(
    ("parts", "stalled"),
    [
        (Parts(), []),
        (Parts(fired_s_ago=16), ["scheduler"]),
        (Parts(committing_s=31), ["ledger"]),
        (Parts(committing_s=31, refusing_since=NOW), []),
        (Parts(progressed=NOW.plus_s(-61)), ["delivery"]),
        (Parts(progressed=NOW.plus_s(-59)), []),
        (Parts(fired_s_ago=16, committing_s=31, progressed=NOW.plus_s(-61)), ["scheduler", "ledger", "delivery"]),
    ],
)
def test_a_part_that_does_not_move_is_named(parts: Parts, stalled: list[str]) -> None:
    """Known trouble outside is progress."""
    progress = parts.progress()
    assert progress.stalled() == stalled
    assert progress.failing() == [f"the {part} makes no progress" for part in stalled]


def test_what_keeps_it_from_working_is_told_at_once() -> None:
    """To whoever asks whether it is ready."""
    parts = Parts(refusing_since=NOW, outside=["the way out is closed"])
    assert parts.progress().unready() == [
        "the way out is closed",
        "the database refuses; results wait in memory",
    ]


def test_a_hiccup_of_the_database_alarms_nobody_outside() -> None:
    """Half a minute does; and it is told once, not in two ways."""
    parts = Parts()
    progress = parts.progress()
    parts.refusing_since = NOW
    parts.moment = NOW.plus_s(29)
    assert progress.failing() == []
    parts.moment = NOW.plus_s(91)
    assert progress.failing() == ["the database refuses for 91 s"]


def test_silence_of_the_database_is_a_failure_whatever_the_parts_say() -> None:
    """A commit or a heartbeat ends it; with long intervals the heartbeat is all there is."""
    parts = Parts()
    progress = parts.progress()
    parts.moment = NOW.plus_s(61)
    assert progress.failing() == ["nothing was written to the database for 61 s"]
    parts.last_commit = NOW.plus_s(30)
    assert progress.failing() == []
    parts.moment = NOW.plus_s(100)
    assert progress.failing() == ["nothing was written to the database for 70 s"]
    progress.wrote_at = NOW.plus_s(95)
    assert progress.failing() == []
