"""Who is told in a channel's place, and the task that looks after what is stuck.

Owns the choice (pure, `Fallbacks`) and its rhythm (`Watch`). That a copy is made once, and together with its mark, is
`storage.detours`; what a copy says is `alerting.lateness`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from monitor.alerting.audience import FALLBACK_AFTER_S
from monitor.alerting.batch import Queued
from monitor.alerting.lateness import Detour, redirected
from monitor.alerting.notification import Notification
from monitor.alerting.texts import Voice
from monitor.clock import Clock
from monitor.delivery.announce import Announcer
from monitor.delivery.bell import Bell
from monitor.delivery.due import Outbox
from monitor.errors import StorageError

if TYPE_CHECKING:
    from monitor.storage.outbox.detours import Stuck

IDLE_S = 15.0
REFUSED_S = 1.0
SOON_S = 0.05

log = structlog.get_logger("relaywatch.delivery")


@dataclass(frozen=True, slots=True)
class FallbackRule:
    """When and where critical news of one channel go if it does not take them.

    Attributes:
        after_s: how long it may take; 0 is for ever.
        to: the other channel's name; None is the first that was not told itself.
    """

    after_s: float = FALLBACK_AFTER_S
    to: str | None = None


class Fallbacks:
    """Chooses who stands in, and makes the copies.

    Args:
        rules: by channel, every one, in the order of the configuration.
        announcer: knows which channels are dead.
        voice: the language of the copies.
        clock: for the time of the copies.
    """

    def __init__(self, rules: Mapping[str, FallbackRule], announcer: Announcer, voice: Voice, clock: Clock) -> None:
        self._rules = dict(rules)
        self._announcer = announcer
        self._voice = voice
        self._clock = clock
        self.after_s = {name: rule.after_s for name, rule in self._rules.items() if rule.after_s}

    def copy(self, stuck: "Stuck") -> Queued | None:
        """The copy for another channel; None where there is none to tell. Called in the writer's thread too."""
        to = stuck.to if stuck.to in self._rules else self._stand_in(stuck)
        if to is None:
            return None
        try:
            original = Notification.from_body(stuck.body)
        except (KeyError, TypeError, ValueError):
            return None
        detour = Detour(stuck.channel, stuck.why, stuck.waited_s, stuck.error)
        notification = redirected(original, detour, to, self._voice)
        return Queued(to, notification, stuck.incident_id, stuck.sequence, created_at=self._clock.now())

    def _stand_in(self, stuck: "Stuck") -> str | None:
        rule = self._rules.get(stuck.channel, FallbackRule())
        if stuck.to is not None or not rule.after_s:
            return None
        wanted = self._rules if rule.to is None else (rule.to,)
        free = [name for name in wanted if name in self._rules and name not in {*stuck.told, stuck.channel}]
        working = [name for name in free if not self._announcer.knows_dead(name)]
        # News of a dead channel must not run in circles between dead channels.
        return next(iter(working or (() if stuck.incident_id is None else free)), None)


class Watch:
    """Looks again and again for what is stuck.

    Args:
        wake: called when there is something new for other channels.
    """

    def __init__(self, outbox: Outbox, fallbacks: Fallbacks, clock: Clock, wake: Callable[[], None]) -> None:
        self._outbox = outbox
        self._fallbacks = fallbacks
        self._clock = clock
        self._wake_channels = wake
        self._bell = Bell()

    def wake(self) -> None:
        """There may be something new."""
        self._bell.ring()

    def stop(self) -> None:
        """Let `run` end."""
        self._bell.stop()

    async def run(self) -> None:
        """Look until `stop`."""
        while not self._bell.is_stopped:
            self._bell.begin_round()
            await self._bell.wait(await self._look())

    async def _look(self) -> float:
        """Seconds until the next look."""
        try:
            look = await self._outbox.fall_back(self._fallbacks.after_s, self._fallbacks.copy, self._clock.now())
        except StorageError:  # the workers say so
            return REFUSED_S
        for copy in look.copies:
            log.warning("notification_redirected", channel=copy.channel, notification=copy.notification.id)
        if look.copies:
            self._wake_channels()
        return IDLE_S if look.next_s is None else min(max(look.next_s, SOON_S), IDLE_S)
