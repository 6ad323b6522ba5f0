"""What each model is asked, and what was learned of how it wants to be asked.

Owns which question comes next and the second turn of a tool call. The words are `wordings`, what is learned from an
answer is `domain.lessons`; how a question goes over the wire is a protocol's.
"""

from dataclasses import replace

from monitor.domain.ask import Ask
from monitor.domain.check import Check, CheckKind
from monitor.domain.full_turns import AT_FIRST, FullTurns
from monitor.domain.kept import Learned
from monitor.domain.lessons import budget, is_too_much, learned
from monitor.domain.reading import Reading
from monitor.domain.result import Finding, Trigger
from monitor.probes import wordings
from monitor.probes.lessons import Lessons

_NOT_AN_ANSWER = frozenset({Reading.LENGTH, Reading.CUT_SHORT, Reading.FILTERED})


class Questions:
    """The questions to the models of one endpoint.

    Args:
        lessons: what was learned, of all endpoints; None for a memory of its own.
    """

    def __init__(self, lessons: Lessons | None = None) -> None:
        self._lessons = Lessons() if lessons is None else lessons
        self._turns: dict[str, FullTurns] = {}

    def ask(self, check: Check, trigger: Trigger = Trigger.MANUAL) -> Ask | None:
        """The next question of a check, different each time; None where no model is asked.

        A prompt that never repeats cannot be answered from a cache.

        Args:
            check: whose model is asked.
            trigger: why; some are asked plainly where `full_every` says so.
        """
        if check.kind is CheckKind.MODELS or check.model is None:
            return None
        known = self._lessons.of(check.id)
        asked = Ask(
            model=check.model,
            prompt=wordings.plain(),
            max_tokens=budget(check.max_tokens, known, check.raise_max_tokens_to),
            other_limit=known is not None and known.other_limit,
            with_counts=known is None or not known.without_counts,
        )
        if check.full_every > 1 and not self._turns.get(check.id, AT_FIRST).is_full(trigger):
            return replace(asked, full=False)
        if check.stream or check.expect is not None:
            return _in_full(asked, check)
        return asked

    def second_turn(self, ask: Ask | None, finding: Finding) -> Ask | None:
        """What the model is asked after it has called the function as it was told; None where there is no such turn."""
        if ask is None or ask.tool is None or ask.turn is not None or not finding.calls:
            return None
        if not finding.verdict.status.is_success or finding.reading in _NOT_AN_ANSWER:
            return None
        found = wordings.number()
        expects_it = ask.expect is not None and ask.expect.challenge
        return replace(ask, turn=wordings.given(finding.calls[0], found), expected=found if expects_it else None)

    def wants_again(self, check: Check, finding: Finding) -> bool:
        """Whether the question should be put once more, at once, with the other name of the token limit."""
        if not finding.token_parameter_refused:
            return False
        known = self._known(check)
        self._lessons.put(replace(known, other_limit=not known.other_limit))
        return not known.other_limit

    def learn(self, check: Check, ask: Ask | None, finding: Finding, trigger: Trigger = Trigger.MANUAL) -> bool:
        """What the end of a probe tells of how to ask the next time.

        Returns:
            True if the answer was a refusal of how we asked, and the next question will be put otherwise.
        """
        if ask is None:
            return False
        if check.full_every > 1:
            turns = self._turns.get(check.id, AT_FIRST)
            self._turns[check.id] = turns.after(check.full_every, trigger, finding.verdict.status, full=ask.full)
        before = self._known(check)
        after = learned(before, ask, finding, check.raise_max_tokens_to)
        if after is before or after == before:
            return False
        self._lessons.put(after)
        return finding.refused is not None or is_too_much(before, finding)

    def _known(self, check: Check) -> Learned:
        return self._lessons.of(check.id) or Learned(check.id)


def _in_full(asked: Ask, check: Check) -> Ask:
    expect = check.expect
    if expect is None:
        return replace(asked, stream=check.stream)
    if expect.tool:
        where = wordings.town()
        return replace(
            asked,
            stream=check.stream,
            prompt=wordings.for_tool(where),
            tool=wordings.WEATHER_STATION,
            argument=where,
            expect=expect,
        )
    if expect.challenge:
        wanted = wordings.words()
        prompt = wordings.challenge(wanted, expect)
        return replace(asked, stream=check.stream, prompt=prompt, expected=wanted, expect=expect)
    return replace(asked, stream=check.stream, prompt=wordings.for_expected(expect), expect=expect)
