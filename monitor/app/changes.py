"""What is said of a change of the configuration: in the log, to systemd, on the page, and to people.

Owns the words for operators and the copy of the last valid file. What a reload does is `daemon`.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

import monitor
from monitor.alerting import notices
from monitor.alerting.audience import Audience
from monitor.app.setup import Setup
from monitor.clock import Clock
from monitor.config.last_good import keep
from monitor.errors import ConfigError, RelayWatchError, StorageError
from monitor.ledger import Ledger
from monitor.storage.registry import Renamed
from monitor.systemd import Notifier
from monitor.web.metrics import Metrics

if TYPE_CHECKING:
    from monitor.config.difference import Difference

_LOGGED = 20

log = structlog.get_logger("relaywatch.daemon")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a configuration is not in force.

    Attributes:
        is_fault_of_database: the file is fine, but what it changes cannot be recorded.
        problems: for people; at least one.
    """

    is_fault_of_database: bool
    problems: tuple[str, ...]

    @classmethod
    def of(cls, error: RelayWatchError) -> "Refusal":
        """From what was raised."""
        problems = [str(one) for one in error.problems] if isinstance(error, ConfigError) else [error.message]
        return cls(isinstance(error, StorageError), tuple(problems) or (error.message,))

    def __str__(self) -> str:
        more = len(self.problems) - 1
        return self.problems[0] + (f" (and {more} more)" if more else "")


@dataclass(frozen=True, slots=True)
class Fallback:
    """The daemon runs with an earlier configuration, because the present file was refused at the start.

    Attributes:
        kept_at_us: when that configuration was put in force, in microseconds since 1970.
    """

    refusal: Refusal
    kept_at_us: int


class Changes:
    """Tells of each change that comes into force, or does not.

    Args:
        fallback: of the start; None where the present file is in force.
        environ: says where the state folder is.
        notifier: shows what is the case in `systemctl status`.
    """

    def __init__(
        self,
        fallback: Fallback | None,
        environ: Mapping[str, str],
        clock: Clock,
        metrics: Metrics,
        *,
        ledger: Ledger,
        notifier: Notifier,
    ) -> None:
        self._fallback = fallback
        self._environ = environ
        self._clock = clock
        self._metrics = metrics
        self._ledger = ledger
        self._notifier = notifier

    async def started(self, setup: Setup, audience: Audience) -> None:
        """The first configuration is in force: the present file, or the last valid one."""
        fallback = self._fallback
        if fallback is None:
            await self._keep(setup)
            return
        self._metrics.set_config_problem(str(fallback.refusal))
        now = self._clock.now()
        kept = now.anchor(fallback.kept_at_us)
        notice = notices.runs_on_last_good(kept, fallback.refusal.problems, now, audience)
        self._ledger.notify(notice, audience.channels, now)

    async def reloaded(self, setup: Setup, audience: Audience) -> None:
        """The present file is in force."""
        self._metrics.set_config_problem(None)
        if self._fallback is not None:
            self._fallback, now = None, self._clock.now()
            self._ledger.notify(notices.runs_on_present(now, audience), audience.channels, now)
        await self._keep(setup)

    def not_renewed(self, error: RelayWatchError, kept: int, *, is_reload: bool) -> None:
        """A reload, or a change of what patterns stand for, changes nothing.

        Args:
            error: why.
            kept: how many checks are watched on.
            is_reload: it was a reload; else the next change of a list tries again.
        """
        if is_reload:
            self._notifier.ready(self.refused(error, kept))
        else:
            log.error("models_not_followed", error=error.message, kept=kept)

    def refused(self, error: RelayWatchError, kept: int) -> str:
        """A reload changes nothing; the status line for systemd."""
        refusal = Refusal.of(error)
        self._metrics.set_config_problem(str(refusal))
        because = "database" if refusal.is_fault_of_database else "file"
        log.error("config_reload_failed", because=because, error=error.message, kept=kept)
        what = "the changed configuration is invalid"
        if refusal.is_fault_of_database:
            what = "the changed configuration is not in force, because the database refuses"
        return f"{what}; still watching {kept} checks: {refusal}"

    def say_reloaded(self, before: Setup, setup: Setup, address: tuple[str, int] | None) -> None:
        """A reload is complete: what it changes, what is doubtful, and what needs a restart."""
        log_doubts(setup)
        for option in setup.needs_restart(before):
            log.warning("config_needs_restart", option=option)
        difference = changed(before, setup)
        self.say_ready("config_reloaded", setup, address, **difference.for_log())
        self._notifier.status(f"{self.summary(setup)}; reloaded: {difference.summary()}")

    def say_renewed(self, before: Setup, setup: Setup, address: tuple[str, int] | None, *, is_reload: bool) -> None:
        """Other checks are in force, after a reload or because a list has changed."""
        if is_reload:
            self.say_reloaded(before, setup, address)
        else:
            self.say_followed(before, setup)

    def say_followed(self, before: Setup, setup: Setup) -> None:
        """Patterns stand for other models than before."""
        log.info("models_followed", checks=len(setup.checks), **changed(before, setup).for_log())
        log_cut(setup)
        self.say_status(setup)

    def say_status(self, setup: Setup) -> None:
        """What the daemon does, for `systemctl status`."""
        self._notifier.status(self.summary(setup))

    def say_ready(self, event: str, setup: Setup, address: tuple[str, int] | None, **more: list[str]) -> None:
        """The start, or a reload, is complete; `address` is the page's."""
        log.info(
            event,
            version=monitor.__version__,
            pid=os.getpid(),
            checks=len(setup.checks),
            channels=list(setup.channels),
            page=None if address is None else "http://{}:{}/".format(*address),
            **more,
        )
        log_cut(setup)
        self._notifier.ready(self.summary(setup))

    def summary(self, setup: Setup) -> str:
        """What the daemon does, in a few words."""
        down = len({check for incident in self._ledger.open_incidents for check in incident.checks})
        return f"watching {len(setup.checks)} checks, {down} with an open incident"

    async def _keep(self, setup: Setup) -> None:
        try:
            await asyncio.to_thread(keep, setup.loaded, self._environ, self._clock.now().wall_us)
        except OSError as error:
            log.warning("last_good_not_kept", error=error.strerror or str(error))


def changed(before: Setup, after: Setup) -> "Difference":
    """What a reload changes."""
    from monitor.config.difference import View, difference, with_secrets  # noqa: PLC0415  only who reloads pays

    sides = (View(before.config, before.checks), View(after.config, after.checks))
    return with_secrets(difference(*sides, after.renaming), before.access, after.access)


def log_doubts(setup: Setup) -> None:
    """What is allowed in a configuration that comes into force, but perhaps not meant."""
    for warning in (*setup.loaded.warnings, *setup.access.warnings):
        log.warning("config_warning", path=warning.path, message=warning.message)


def log_cut(setup: Setup) -> None:
    """Which endpoints list more models than patterns may stand for, and how many are left out for what they are."""
    for endpoint, standing in setup.standings.items():
        followed, cut, unfit = len(standing.models), standing.cut, standing.unfit
        if cut:
            log.warning("models_cut", endpoint=endpoint, followed=followed, cut=len(cut), models=list(cut[:_LOGGED]))
        if unfit:
            log.info("models_unfit", endpoint=endpoint, unfit=len(unfit), models=list(unfit[:_LOGGED]))


def log_renamed(renamed: Renamed) -> None:
    """What came of `renamed_from`."""
    for former, present in renamed.checks.items():
        log.info("check_renamed", check=present, before=former)
    for former in renamed.kept_apart:
        log.warning("check_not_renamed", check=former, reason="the new name has a history of its own")
