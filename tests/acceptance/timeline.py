"""Timelines: what is done to a daemon at which second, and which message must then arrive where, and when.

A timeline is written down first and performed afterwards. Each time is relative to a mark: the beginning, something
that is done, or a message that is expected. A message counts if it arrives within a window after its mark; whatever
arrives beside the expected messages is a failure. Owns performing, matching and the report; `play` has the daemon.
"""

import asyncio
import inspect
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

LOOK_AGAIN_S = 0.02
QUIET_S = 1.2  # nothing may arrive for so long after the last expected message
SHOWN = 58


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as a channel has received it.

    Attributes:
        at_s: seconds on the monotonic clock.
        event: what kind of message it is, in the words of its channel.
        about: the incident's key; empty where the channel does not tell.
        text: all that it says.
        body: as it came.
    """

    at_s: float
    event: str
    about: str
    text: str
    body: Any = None


Source = Callable[[], Sequence[Arrival]]
"""All that a channel has received so far, oldest first; the place of an arrival never changes."""


class Mark:
    """Something from which seconds are counted.

    Attributes:
        what: for the report.
        at_s: when it came to pass, on the monotonic clock; None before.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.at_s: float | None = None


class Act(Mark):
    """Something that is done `delay_s` after a mark; what it does may be asynchronous.

    Attributes:
        done: when it was done; the act itself marks its beginning.
    """

    def __init__(self, what: str, do: Callable[[], object], after: Mark, delay_s: float) -> None:
        super().__init__(what)
        self.do = do
        self.done = Mark(f"{what}, done")
        self.after = after
        self.delay_s = delay_s


class Expected(Mark):
    """A message that must arrive in a window after a mark.

    Args:
        channel: where.
        event: as `Arrival.event`.
        after: the mark.
        within: the window's bounds in seconds after the mark.
        about: a part of the incident's key.
        says: a regular expression that must be found in the text.
    """

    def __init__(
        self,
        channel: str,
        event: str,
        after: Mark,
        *,
        within: tuple[float, float],
        about: str = "",
        says: str = "",
    ) -> None:
        super().__init__(" ".join(filter(None, (event, about, says and f"/{says}/"))))
        self.channel = channel
        self.event = event
        self.after = after
        self.within = within
        self.about = about
        self.says = says
        self.arrival: Arrival | None = None

    @property
    def window(self) -> tuple[float, float] | None:
        """The bounds on the monotonic clock; None while the mark has not come."""
        if self.after.at_s is None:
            return None
        return self.after.at_s + self.within[0], self.after.at_s + self.within[1]

    def fits(self, arrival: Arrival) -> bool:
        """Whether this is the message."""
        window = self.window
        in_time = window is not None and window[0] <= arrival.at_s <= window[1]
        alike = arrival.event == self.event and self.about in arrival.about
        return in_time and alike and re.search(self.says, arrival.text, re.DOTALL) is not None

    def is_overdue(self, now_s: float) -> bool:
        """Whether it can not arrive in time any more."""
        return self.at_s is None and self.window is not None and now_s > self.window[1] + 2 * LOOK_AGAIN_S


class Timeline:
    """What is done and what is expected, and whether that came to pass.

    Attributes:
        begin: when every check was UP.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.begin = Mark("the beginning")
        self._acts: list[Act] = []
        self._expected: list[Expected] = []
        self._sources: dict[str, Source] = {}
        self._claimed: set[tuple[str, int]] = set()
        self._checks: list[Callable[[], object]] = []

    def listen(self, channel: str, source: Source) -> None:
        """Watch one more channel; without an expectation nothing may arrive there."""
        self._sources[channel] = source

    def at(self, delay_s: float, what: str, do: Callable[[], object], *, after: Mark | None = None) -> Act:
        """Do something so long after a mark, or after the beginning. Acts are done in the order of these calls."""
        act = Act(what, do, after or self.begin, delay_s)
        self._acts.append(act)
        return act

    def expect(self, channel: str, event: str, *, after: Mark | None = None, **details: Any) -> Expected:
        """A message that must arrive; details as in `Expected`."""
        expected = Expected(channel, event, after or self.begin, **details)
        self._expected.append(expected)
        return expected

    def at_last(self, check: Callable[[], object]) -> None:
        """Assert something more once everything has arrived; may be asynchronous."""
        self._checks.append(check)

    async def perform(self) -> None:
        """Do it all and watch.

        Raises:
            AssertionError: something did not arrive, or not in time, or something else did; shows both side by side.
        """
        self.begin.at_s = time.monotonic()
        done = True
        for act in self._acts:
            done = done and await self._is_due(act)
            if done:
                act.at_s = time.monotonic()
                await _await(act.do())
                act.done.at_s = time.monotonic()
        while self._claim() and self._missing():  # noqa: ASYNC110  what comes in on any channel wakes nobody here
            await asyncio.sleep(LOOK_AGAIN_S)
        await asyncio.sleep(QUIET_S if done else 0)
        self._claim()
        if not done or self._missing() or self._unexpected():
            raise AssertionError(self._report())
        for check in self._checks:
            await _await(check())

    async def _is_due(self, act: Act) -> bool:
        """Wait for the moment of an act; False if the mark before it can not come any more."""
        while self._claim():
            if act.after.at_s is not None and time.monotonic() >= act.after.at_s + act.delay_s:
                return True
            await asyncio.sleep(LOOK_AGAIN_S)
        return False

    def _claim(self) -> bool:
        """Give every arrival to the first expectation that it fits; False once something is overdue."""
        received = {channel: source() for channel, source in self._sources.items()}
        for expected in self._expected:
            if expected.at_s is None:
                for place, arrival in enumerate(received[expected.channel]):
                    if (expected.channel, place) not in self._claimed and expected.fits(arrival):
                        self._claimed.add((expected.channel, place))
                        expected.arrival, expected.at_s = arrival, arrival.at_s
                        break
        now_s = time.monotonic()
        return not any(expected.is_overdue(now_s) for expected in self._expected)

    def _missing(self) -> bool:
        return any(expected.at_s is None for expected in self._expected)

    def _unexpected(self) -> list[tuple[str, Arrival]]:
        return [
            (channel, arrival)
            for channel, source in self._sources.items()
            for place, arrival in enumerate(source())
            if (channel, place) not in self._claimed
        ]

    def _report(self) -> str:
        rows = sorted(self._rows(), key=lambda row: row[0])
        lines = [f"{at_s:7.2f}  {left:<{SHOWN}}  {right}".rstrip() for at_s, left, right in rows]
        head = f"{'seconds':>7}  {'done, expected':<{SHOWN}}  received"
        return "\n".join((f"the timeline {self.name!r} went otherwise:", head, *lines))

    def _rows(self) -> Iterator[tuple[float, str, str]]:
        begin_s = self.begin.at_s or 0.0
        for act in self._acts:
            if act.at_s is not None:
                yield act.at_s - begin_s, f"-- {act.what}", ""
        for one in self._expected:
            if one.window is None:
                yield (
                    float("inf"),
                    f"{one.channel}: {one.what} (after {one.after.what})",
                    "MISSING, as what is before it",
                )
                continue
            low_s, high_s = (bound - begin_s for bound in one.window)
            what = f"{one.channel}: {one.what} [{low_s:.1f}, {high_s:.1f}]"
            if one.arrival is None:
                yield high_s, what, "MISSING"
            else:
                yield one.arrival.at_s - begin_s, what, _shown(one.channel, one.arrival)
        for channel, arrival in self._unexpected():
            yield arrival.at_s - begin_s, "", f"{_shown(channel, arrival)}  UNEXPECTED"


def _shown(channel: str, arrival: Arrival) -> str:
    said = " ".join(arrival.text.split())
    return f"{channel}: {arrival.event} {arrival.about} {said[:100]!r}"


async def _await(outcome: object) -> None:
    if inspect.isawaitable(outcome):
        await outcome
