"""Which row of the tables rules an outcome, before anything is redacted. Owns the shape; `classify` finds the row."""

from dataclasses import dataclass

from monitor.domain.answer_rows import READING_ROWS
from monitor.domain.error_shapes import UpstreamError
from monitor.domain.model_kind import ToldKinds
from monitor.domain.reading import Reading
from monitor.domain.reply import Reply
from monitor.domain.result import Status
from monitor.domain.rulings import ErrorRow, NoAnswerRow, ReadingRow, SlowRow, StandInRow

Row = NoAnswerRow | ReadingRow | ErrorRow | SlowRow | StandInRow

_READING_ROW = {row.reading: row for row in READING_ROWS}
_OF_THE_MODEL = frozenset({Reading.NO_CONTENT, Reading.NOT_EXPECTED})
"""About what the model said: the code of the answer adds nothing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which row rules, and what it is told about.

    Attributes:
        says: the reason, not redacted yet; None for a plain UP.
        error: what upstream said, where it said something.
        reply: what the model said, where it was asked something and an answer came.
        listed, kinds: the ids of a model list, and what it says of them.
    """

    row: Row
    says: str | None = None
    error: UpstreamError | None = None
    reply: Reply | None = None
    listed: tuple[str, ...] | None = None
    kinds: ToldKinds = ()


def by_reading(reading: Reading, code: int, detail: str = "", reply: Reply | None = None) -> Judgement:
    """The row of what an answer turned out to be; `detail` goes into its reason."""
    row = _READING_ROW[reading]
    if row.says is None:
        return Judgement(row, reply=reply)
    says = row.says.replace("{}", detail)
    if row.ruling.status is not Status.UP and reading not in _OF_THE_MODEL:
        says = f"HTTP {code}: {says}"
    return Judgement(row, says, reply=reply)
