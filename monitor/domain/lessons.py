"""How a model wants to be asked, learned from how it answered: a small machine, pure.

Owns what is learned and when. The next probe asks otherwise; nothing is repeated within a probe but the name of the
token limit, which the prober sees to. What was learned is a fact of `kept`, so that a restart need not learn it again.
"""

import re
from dataclasses import replace

from monitor.domain.ask import Ask
from monitor.domain.kept import Learned
from monitor.domain.reading import Reading
from monitor.domain.result import Finding, Refusal, Status

_TOO_SHORT = frozenset({Reading.LENGTH, Reading.CUT_SHORT})
_TWICE = 2
_OF_THE_LIMIT = re.compile(r"\bmax_\w*tokens\b|\bcontext.(?:length|window)\b", re.IGNORECASE)
_ALWAYS_ALLOWED = 64
"""A bound above what any API is known to demand at least: what it demands must be asked for."""


def budget(configured: int, known: Learned | None, bound: int) -> int:
    """How many output tokens a model is asked for.

    Args:
        configured: `max_tokens`.
        known: what was learned of it; None for nothing.
        bound: `raise_max_tokens_to`; it may have been lowered since. The least that APIs demand is allowed always.
    """
    if known is None or known.max_tokens is None:
        return configured
    return max(configured, min(known.max_tokens, max(bound, _ALWAYS_ALLOWED)))


def learned(before: Learned, ask: Ask, finding: Finding, raised_to: int) -> Learned:
    """What is known after an answer; the same value where it teaches nothing.

    A model that says nothing within its tokens is allowed twice as many the next time, up to a bound. If it says
    nothing within the bound either, more of the same money buys no more: it is asked for what is configured, and for
    more only once the bound is higher.

    Args:
        before: what was known.
        ask: what was asked.
        finding: what came of it.
        raised_to: the bound; 0 is no raising.
    """
    if finding.refused is Refusal.FEW_TOKENS:
        return _at_least(before, finding.least_tokens or 0, ask)
    if finding.refused is Refusal.COUNTS:
        return replace(before, without_counts=True)
    if is_too_much(before, finding):
        return _lowered(before, raised_to)
    if finding.verdict.status is Status.CLIENT_ERROR and before.other_limit:
        return replace(before, other_limit=False)  # refused although, or because, the other name was used
    if finding.reading in _TOO_SHORT:
        return _raised(before, ask, raised_to)
    return before


def is_too_much(before: Learned, finding: Finding) -> bool:
    """Whether an API refuses as many tokens as we have raised the limit to."""
    is_raised = before.max_tokens is not None and before.max_tokens > _ALWAYS_ALLOWED
    is_refused = finding.verdict.status is Status.CLIENT_ERROR and finding.refused is None
    return is_raised and is_refused and _OF_THE_LIMIT.search(finding.verdict.reason or "") is not None


def _lowered(before: Learned, bound: int) -> Learned:
    """Back to what was accepted before it was doubled, and no further than that under this bound."""
    return replace(before, max_tokens=(before.max_tokens or 0) // _TWICE, not_enough=bound)


def _at_least(before: Learned, least: int, ask: Ask) -> Learned:
    return replace(before, max_tokens=least) if least > ask.max_tokens else before


def _raised(before: Learned, ask: Ask, bound: int) -> Learned:
    if before.not_enough is not None and before.not_enough >= bound:
        return before
    if ask.max_tokens < bound:
        return replace(before, max_tokens=min(_TWICE * ask.max_tokens, bound))
    if before.max_tokens is None or not bound:
        return before
    return replace(before, max_tokens=None, not_enough=bound)
