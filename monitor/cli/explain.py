"""Why was I told, or why not? Every decision about one incident in people's words, event by event.

Works on the rows of `incidents show`; the words are `alerting.reasons`. Decides nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.alerting.lateness import LATE_AFTER_S
from monitor.alerting.plain import printable
from monitor.alerting.reasons import FATES, Fate, reason_for
from monitor.alerting.texts import Voice
from monitor.clock import US_PER_S, from_iso
from monitor.domain.incident import IncidentEventKind, Told

_Row = Mapping[str, Any]
_NOTES = ("by", "note", "withheld", "because")


@dataclass(frozen=True, slots=True)
class Explained:
    """One event of an incident's timeline.

    Attributes:
        event: its row, as it is.
        said: why people were told of it or not: one sentence about all, or one for each channel.
    """

    event: _Row
    said: tuple[str, ...]


def explained(incident: _Row, voice: Voice) -> tuple[Explained, ...]:
    """Every event of an incident, oldest first."""
    return tuple(Explained(event, tuple(_Event(event, incident, voice).said())) for event in incident["timeline"])


def so_far(incident: _Row, voice: Voice) -> str | None:
    """Why nobody has been told of an open incident; None once somebody was."""
    if incident["resolved_at"] is not None or incident["withheld"] is None:
        return None
    return voice.word(FATES[Fate.SO_FAR]).format(why=_why(incident["withheld"], voice))


def outcome(delivery: _Row, voice: Voice) -> str:
    """What became of one message."""
    facts = {
        "at": _at(delivery["settled_at"] or delivery["next_attempt"], voice),
        "attempts": delivery["attempts"],
        "error": printable(delivery["error"] or ""),
        "late": voice.duration(_late_s(delivery)),
    }
    said = voice.word(FATES[_fate(delivery)]).format(**facts)
    if delivery["fell_back_to"] is None:
        return said
    return voice.word(FATES[Fate.FELL_BACK]).format(fate=said, channel=delivery["fell_back_to"])


@dataclass(frozen=True, slots=True)
class _Event:
    row: _Row
    incident: _Row
    voice: Voice

    def said(self) -> Iterator[str]:
        if self.row["event"] == IncidentEventKind.ACKNOWLEDGED:
            known = self.row["explanation"]
            note = f": {printable(known['note'])}" if known.get("note") else ""
            yield f"{printable(known.get('by', ''))}{note}"
        withheld = self.row["explanation"].get("withheld")
        if withheld is not None:
            yield self._fate(Fate.BY_THEN, why=_why(withheld, self.voice))
        channels = list(self._channels())
        if not channels or self.row["decision"] == Told.CHECK_REMOVED:
            yield self._overall()
        yield from channels

    def _overall(self) -> str:
        why = _why(self.row["decision"], self.voice)
        return why if self.row["notifications"] else self._fate(Fate.NOBODY, why=why)

    def _channels(self) -> Iterator[str]:
        sent = {row["channel"]: row for row in self.incident["deliveries"] if row["sequence"] == self.row["sequence"]}
        asked = {name: word for name, word in self.row["explanation"].items() if name not in _NOTES or name in sent}
        for name, word in asked.items():
            yield f"{name}: {outcome(sent[name], self.voice) if name in sent else self._refusal(word)}"
        for name, row in sent.items():
            if name not in asked:
                fate = outcome(row, self.voice)
                stood_in = bool(asked)  # what an older version wrote has no explanation
                yield f"{name}: {self._fate(Fate.STOOD_IN, fate=fate) if stood_in else fate}"

    def _refusal(self, word: str) -> str:
        if word == Told.TOLD:
            return self._fate(Fate.TOLD_BEFORE)
        return self._fate(Fate.NOT_TOLD, why=_why(word, self.voice))

    def _fate(self, said: Fate, **facts: str) -> str:
        return self.voice.word(FATES[said]).format(**facts)


def _why(word: str, voice: Voice) -> str:
    reason = reason_for(word)
    if reason is None:
        return word
    why = voice.word(reason.why)
    return why if reason.then is None else f"{why} ({voice.word(reason.then)})"


def _fate(delivery: _Row) -> Fate:
    by_state = {"dead": Fate.GIVEN_UP, "merged": Fate.MERGED}
    state = delivery["state"]
    if state == "sent":
        return Fate.LATE if _late_s(delivery) > LATE_AFTER_S else Fate.SENT
    if state in by_state:
        return by_state[state]
    return Fate.RETRIED if delivery["error"] and delivery["next_attempt"] else Fate.WAITING


def _late_s(delivery: _Row) -> float:
    if delivery["settled_at"] is None:
        return 0.0
    return (from_iso(delivery["settled_at"]) - from_iso(delivery["created_at"])) / US_PER_S


def _at(text: str | None, voice: Voice) -> str:
    return "" if text is None else voice.time(from_iso(text))
