"""What the status page shows, decided: which checks first, which words, which times. Pure; the template only places it.

Down comes first and with its reason, what is up comes last and in one short line, so that hundreds of checks stay
readable. Nothing here is escaped for HTML (the template does that); what could disturb a screen is taken out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.alerting.plain import printable
from monitor.alerting.texts import Voice
from monitor.clock import Moment
from monitor.domain.action import sentence
from monitor.domain.check import Check
from monitor.domain.health import Health, State
from monitor.domain.result import Status
from monitor.storage.outbox.outbox import Waiting
from monitor.web.cards import Card, Cards, Hush, Instant, instant, more, shown_name, status_words
from monitor.web.sources import LedgerFace
from monitor.web.texts import LOOKS, Look, Text, say

INCIDENTS_AT_MOST = 200
SILENCES_AT_MOST = 20
LEVELS = {look: level for level, look in enumerate(Look)}
DOUBTFUL = (Look.FAILING, Look.SLOW)


@dataclass(frozen=True, slots=True)
class Row:
    """One check.

    Attributes:
        latency: of its newest success, with unit; None before one.
        availability: in percent; None without counted results.
        status: the failing status with its words; None where it is up.
    """

    look: Look
    state: str
    name: str
    since: Instant
    lasted: str
    latency: str | None
    availability: str | None
    status: str | None
    streak: str | None
    reason: str | None
    action: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """The checks of one endpoint; those that need a look first."""

    name: str
    look: Look
    summary: str
    needing_a_look: tuple[tuple[Check, Health], ...]
    fine: tuple[tuple[Check, Health], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    look: Look
    headline: str
    as_of: Instant
    counts: tuple[tuple[Look, str, int], ...]
    troubles: tuple[str, ...]
    incidents: tuple[Card, ...]
    incidents_left_out: str | None
    silences: tuple[Hush, ...]
    silences_left_out: str | None
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom and when the page is made."""

    voice: Voice
    now: Moment

    def page(self, ledger: LedgerFace, troubles: Sequence[str], backlog: Mapping[str, Waiting] | None) -> Page:
        """The page, of a snapshot: later changes of the ledger do not reach it."""
        believed = _believed(ledger)
        counts = Counter(look_of(health) for _, health in believed)
        cards = Cards(self.voice, self.now)
        hushes = [silence for silence in ledger.silences if silence.holds(self.now)]
        shown = sorted(ledger.open_incidents, key=lambda one: (one.severity, -one.started_at.wall_us))
        return Page(
            look=_overall(counts),
            headline=self._headline(counts, len(shown)),
            as_of=instant(self.now, self.voice),
            counts=tuple((look, self.voice.word(LOOKS[look]), counts[look]) for look in Look),
            troubles=(*map(printable, troubles), *self._dead(backlog or {})),
            incidents=tuple(cards.card(incident) for incident in shown[:INCIDENTS_AT_MOST]),
            incidents_left_out=more(len(shown) - INCIDENTS_AT_MOST, self.voice),
            silences=tuple(map(cards.hush, hushes[:SILENCES_AT_MOST])),
            silences_left_out=more(len(hushes) - SILENCES_AT_MOST, self.voice),
            groups=tuple(self._groups(believed)),
        )

    def row(self, check: Check, health: Health) -> Row:
        """One check as the page shows it."""
        look, verdict, since = look_of(health), health.latest, since_of(health)
        troubled = verdict is not None and verdict.status is not Status.UP
        available = health.recent.availability(self.now.wall_us)
        streak = health.consecutive_failures
        return Row(
            look=look,
            state=self.voice.word(LOOKS[look]),
            name=say(Text.MODEL_LIST, self.voice) if check.model is None else shown_name(check.model),
            since=instant(since, self.voice),
            lasted=self.voice.duration(self.now.s_since(since)),
            latency=None if health.latency_ms is None else self.latency(health.latency_ms),
            availability=None if available is None else percent_words(available),
            status=status_words(verdict.status, self.voice) if verdict is not None and troubled else None,
            streak=say(Text.IN_A_ROW, self.voice, count=streak) if streak > 1 else None,
            reason=printable(verdict.reason) if verdict is not None and troubled and verdict.reason else None,
            action=sentence(verdict.action, self.voice.language) if verdict is not None and verdict.action else None,
        )

    def latency(self, milliseconds: float) -> str:
        """`86 ms` below a second, `1.2 s` above."""
        return f"{milliseconds:.0f} ms" if milliseconds < 1000.0 else self.voice.latency(milliseconds)  # noqa: PLR2004

    def _headline(self, counts: Counter[Look], open_incidents: int) -> str:
        everything = counts.total()
        doubt = sum(counts[look] for look in DOUBTFUL)
        text = {
            Look.DOWN: Text.SOME_DOWN,
            Look.FAILING: Text.SOME_DOUBT,
            Look.SLOW: Text.SOME_DOUBT,
            Look.PENDING: Text.NOTHING_KNOWN if everything else Text.NO_CHECKS,
            Look.UP: Text.UP_BUT if open_incidents else Text.ALL_UP,
        }[_overall(counts)]
        numbers = {"up": counts[Look.UP], "down": counts[Look.DOWN], "doubt": doubt, "warnings": open_incidents}
        return say(text, self.voice, all=everything, **numbers)

    def _dead(self, backlog: Mapping[str, Waiting]) -> Iterator[str]:
        for channel, waiting in backlog.items():
            if waiting.dead:
                yield say(Text.DEAD, self.voice, channel=channel, count=waiting.dead)

    def _groups(self, believed: Sequence[tuple[Check, Health]]) -> Iterator[Group]:
        by_endpoint: dict[str, list[tuple[Check, Health]]] = {}
        for check, health in believed:
            by_endpoint.setdefault(check.endpoint, []).append((check, health))
        groups = [self._group(name, members) for name, members in by_endpoint.items()]
        yield from sorted(groups, key=lambda group: LEVELS[group.look])

    def _group(self, name: str, members: list[tuple[Check, Health]]) -> Group:
        ranked = sorted(members, key=lambda member: LEVELS[look_of(member[1])])
        fine = [member for member in ranked if look_of(member[1]) in (Look.UP, Look.PENDING)]
        up = sum(look_of(health) is Look.UP for _, health in fine)
        summary = say(Text.UP_OF, self.voice, up=up, all=len(members))
        return Group(
            shown_name(name), look_of(ranked[0][1]), summary, tuple(ranked[: len(ranked) - len(fine)]), tuple(fine)
        )


def look_of(health: Health) -> Look:
    """How a check is shown. A failure below the threshold is a doubt, not yet a state."""
    if health.state is State.DOWN:
        return Look.DOWN
    if health.consecutive_failures:
        return Look.FAILING
    if health.state is State.PENDING:
        return Look.PENDING
    return Look.SLOW if health.slow else Look.UP


def since_of(health: Health) -> Moment:
    """Since when a check is as it is shown: the streak's begin for a doubt, the state's for a state."""
    began = {Look.FAILING: health.streak_started, Look.SLOW: health.slow_since}.get(look_of(health))
    return began or health.since


def percent_words(percent: float) -> str:
    """`100 %` only if nothing failed: 99.996 must not look like it."""
    return "100 %" if percent == 100.0 else f"{min(percent, 99.99):.2f} %"  # noqa: PLR2004


def _believed(ledger: LedgerFace) -> list[tuple[Check, Health]]:
    healths = ledger.healths
    return [(check, healths[check_id]) for check_id, check in ledger.checks.items() if check_id in healths]


def _overall(counts: Counter[Look]) -> Look:
    known = (look for look in Look if counts[look] and look is not Look.PENDING)
    return next(known, Look.PENDING)
