"""What a good answer is worth: is it as expected, who gave it, and how fast did it come. Pure.

Owns the order of these questions and how their reasons are joined; how each is answered stands in `truth` and
`identity`, what it means in `answer_rows`.
"""

from dataclasses import replace

from monitor.domain.answer_rows import SLOW_ROWS, STAND_IN_ROWS
from monitor.domain.ask import Ask
from monitor.domain.check import Check
from monitor.domain.identity import doubt_of
from monitor.domain.judgement import Judgement, by_reading
from monitor.domain.outcome import Answer
from monitor.domain.reading import Reading
from monitor.domain.result import Status
from monitor.domain.rulings import ReadingRow
from monitor.domain.truth import is_cut, shortfall

_SLOW_ROW = {row.kind: row for row in SLOW_ROWS}
_STAND_IN_ROW = {row.stand_in: row for row in STAND_IN_ROWS}


def weighed(check: Check, answer: Answer, ask: Ask | None, judgement: Judgement) -> Judgement:
    """What becomes of a judgement that says UP."""
    if ask is not None and _is_judged(ask):
        judgement = _held_to(ask, answer, judgement)
    if check.model is not None and judgement.reply is not None:
        judgement = _named(check, check.model, answer, judgement)
    return _slowed(check, answer, judgement) if judgement.row.ruling.status.is_success else judgement


def _is_judged(ask: Ask) -> bool:
    return ask.expect is not None or ask.expected is not None or ask.tool is not None


def _held_to(ask: Ask, answer: Answer, judgement: Judgement) -> Judgement:
    """An answer that lacks what was expected; one without content is only alive, and nothing is expected of it."""
    row, reply = judgement.row, judgement.reply
    if reply is None or not isinstance(row, ReadingRow) or row.reading is not Reading.ANSWER:
        return judgement
    lacks = shortfall(ask, reply)
    if lacks is None:
        return judgement
    reading = Reading.CUT_SHORT if is_cut(ask, reply) else Reading.NOT_EXPECTED
    return by_reading(reading, answer.http_status, lacks, reply)


def _named(check: Check, asked: str, answer: Answer, judgement: Judgement) -> Judgement:
    """Another model, a fallback or a cache answered: a rescue must not hide that the model itself did not."""
    answered = None if judgement.reply is None else judgement.reply.model
    doubt = doubt_of(asked, answered, answer.headers, check.answered_by)
    if doubt is None:
        return judgement
    row = _STAND_IN_ROW[doubt.stand_in]
    says = row.says.replace("{asked}", asked).replace("{}", doubt.detail)
    if judgement.row.ruling.status is not Status.UP:
        return replace(judgement, says=f"{judgement.says}; {says}")
    return replace(judgement, row=row, says=says if judgement.says is None else f"{says}; {judgement.says}")


def _slowed(check: Check, answer: Answer, judgement: Judgement) -> Judgement:
    """A success that took longer than the check allows is DEGRADED; who gave it matters more than how long it took."""
    total_ms, limit_s = answer.phases.total_ms, check.slow_after_s
    if total_ms is None or limit_s is None or not total_ms > limit_s * 1000:
        return judgement
    slow = f"slow: {round(total_ms / 1000, 2):g} s, limit {limit_s:g} s"
    if judgement.row.ruling.status is Status.DEGRADED:
        return replace(judgement, says=f"{judgement.says}; {slow}")
    says = slow if judgement.says is None else f"{slow}; {judgement.says}"
    return replace(judgement, row=_SLOW_ROW[check.kind], says=says)
