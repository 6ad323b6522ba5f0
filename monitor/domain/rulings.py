"""What the rows of the classification tables are.

Owns how a row is written and when it matches. The tables themselves are `answer_rows` (no answer, and answers that
are no error) and `error_rows` (what an error says). In each table the first row that matches rules.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field

from monitor.domain.action import Action
from monitor.domain.body import Shape
from monitor.domain.check import CheckKind
from monitor.domain.error_shapes import UpstreamError
from monitor.domain.identity import StandIn
from monitor.domain.outcome import NoAnswerKind
from monitor.domain.reading import Reading
from monitor.domain.result import FaultDomain, Refusal, Status

IN_BAND = 200
"""Stands for the code of an error inside a 2xx that names no code of its own."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a row says: the status, who must act, and how.

    Attributes:
        loading: the model is being loaded: starting, not down.
    """

    status: Status
    fault: FaultDomain | None = None
    action: Action | None = None
    loading: bool = False


@dataclass(frozen=True, slots=True)
class NoAnswerRow:
    """No complete answer came."""

    name: str
    kinds: tuple[NoAnswerKind, ...]
    ruling: Ruling
    when: str


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """An answer came that is no error; `says` is the reason, with `{}` for the detail."""

    name: str
    reading: Reading
    ruling: Ruling
    when: str
    says: str | None = None


@dataclass(frozen=True, slots=True)
class SlowRow:
    """An answer is good but slow."""

    name: str
    kind: CheckKind
    ruling: Ruling
    when: str


@dataclass(frozen=True, slots=True)
class StandInRow:
    """An answer is good, but not of the model that was asked; `says` is the reason, `{}` for who answered."""

    name: str
    stand_in: StandIn
    ruling: Ruling
    when: str
    says: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an error row looks at.

    Attributes:
        http_status: the answer's code from 400; for an error inside a 2xx the code that its body names, else IN_BAND.
        words: the message, cut, its white space collapsed.
    """

    kind: CheckKind
    http_status: int
    shape: Shape
    error: UpstreamError
    words: str


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One rule about errors.

    Attributes:
        http: the codes it is about; None for all.
        codes: codes, types, status names or reasons of the body; a `*` at one end stands for anything.
        words: a pattern that the message holds.
        param: the parameter complained of.
        kind: only for checks of this kind.
        shape: only for bodies of this shape.
        openrouter: only for errors written as OpenRouter does.
        action_without_list: the advice where the endpoint's model list gives 404 too.
        refuses_max_tokens: the probe may be repeated with `max_completion_tokens`.
        refuses: what else of the request the API does not want; the next probe asks without it.
        says: the reason where the message shall not be the reason.
        reading: what the answer would have been had it been told with a good code.
        when: for the documentation.
    """

    name: str
    ruling: Ruling
    when: str
    http: Container[int] | None = None
    codes: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = None
    param: str | None = None
    kind: CheckKind | None = None
    shape: Shape | None = None
    openrouter: bool = False
    action_without_list: Action | None = None
    refuses_max_tokens: bool = False
    refuses: Refusal | None = None
    says: str | None = None
    reading: Reading | None = None
    _wild: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_wild", tuple(code for code in self.codes if "*" in code))

    def matches(self, seen: Evidence) -> bool:
        """Whether everything that the row names is so."""
        return (
            (self.http is None or seen.http_status in self.http)
            and (self.kind is None or seen.kind is self.kind)
            and (self.shape is None or seen.shape is self.shape)
            and (self.param is None or seen.error.param == self.param)
            and (not self.openrouter or seen.error.openrouter)
            and self._signs_match(seen)
        )

    def _signs_match(self, seen: Evidence) -> bool:
        if not self.codes and self.words is None:
            return True
        if not self.codes.isdisjoint(seen.error.codes):
            return True
        if any(_is_like(code, wild) for wild in self._wild for code in seen.error.codes):
            return True
        return self.words is not None and self.words.search(seen.words) is not None


def _is_like(code: str, wild: str) -> bool:
    return code.endswith(wild[1:]) if wild[0] == "*" else code.startswith(wild[:-1])
