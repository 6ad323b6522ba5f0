"""What a fault makes of what a model says (pure).

Owns the lies of well-formed answers: no choices, no content, another model. What is broken about a stream is in
`streams`, what is broken about the connection in `wire`.
"""

from collections.abc import Callable
from dataclasses import replace

from monitor.simulator.faults import Fault
from monitor.simulator.kinds import FaultKind
from monitor.simulator.speech import Finish, Speech, tokens_of

OTHER_MODEL = "simulated/granite-1b"
_SPLIT_TEXT = ("OK", " \u2713", " \uc88b\uc544\uc694", " \U0001f642")
_HEADERS = {
    FaultKind.FALLBACK: {"x-litellm-attempted-fallbacks": "1", "x-litellm-model-id": "simulated-fallback"},
    FaultKind.CACHED: {"x-litellm-cache-key": "simulated-5f0c1a2b"},
}


def deviated(speech: Speech, fault: Fault | None) -> Speech:
    """What is said under this fault; the same where the fault is of another sort."""
    bend = None if fault is None else _BENT.get(fault.kind)
    return speech if bend is None else bend(speech)


def telling_headers(fault: Fault) -> dict[str, str]:
    """The headers with which an honest gateway tells of such an answer."""
    return _HEADERS.get(fault.kind, {})


def _hollow(speech: Speech) -> Speech:
    return replace(speech, tokens=(), thoughts=(), call=None, hollow=True)


def _mute(speech: Speech) -> Speech:
    return replace(speech, tokens=(), thoughts=(), call=None, finish=Finish.STOP)


def _filtered(speech: Speech) -> Speech:
    return replace(_mute(speech), finish=Finish.FILTERED)


def _unfinished(speech: Speech) -> Speech:
    return replace(speech, finish=None)


def _from_another(speech: Speech) -> Speech:
    return replace(speech, model=OTHER_MODEL)


def _old(speech: Speech) -> Speech:
    """The answer to somebody else's question, long ago."""
    return replace(speech, number=0, created_s=1_700_000_000, tokens=tokens_of("OK"), call=None, finish=Finish.STOP)


def _in_many_letters(speech: Speech) -> Speech:
    return speech if speech.call else replace(speech, tokens=(*speech.tokens, *_SPLIT_TEXT))


_BENT: dict[FaultKind, Callable[[Speech], Speech]] = {
    FaultKind.EMPTY_CHOICES: _hollow,
    FaultKind.EMPTY_CONTENT: _mute,
    FaultKind.CONTENT_FILTER: _filtered,
    FaultKind.FINISH_NULL: _unfinished,
    FaultKind.OTHER_MODEL: _from_another,
    FaultKind.FALLBACK: _from_another,
    FaultKind.CACHED: _old,
    FaultKind.STREAM_SPLIT: _in_many_letters,
}
