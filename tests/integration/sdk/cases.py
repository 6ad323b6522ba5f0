"""Every fault of the simulator as it is put to the SDKs and to the prober: a new kind must be placed here."""

from dataclasses import dataclass, field
from typing import Any

from monitor.simulator.faults import Fault
from monitor.simulator.kinds import ON_COMPLETIONS_ONLY, ON_STREAMS_ONLY, FaultKind
from tests.integration.sdk.parties import QUESTIONS, Question, Way


@dataclass(frozen=True, slots=True)
class Case:
    """One fault.

    Attributes:
        name: in the table of differences.
        timeout_s: of both, each as it understands it; short where somebody must run into it.
        patience_s: how long the SDK is waited for.
    """

    name: str
    kind: FaultKind
    options: dict[str, Any] = field(default_factory=dict)
    timeout_s: float = 20.0
    patience_s: float = 30.0

    @property
    def fault(self) -> Fault:
        """As it stands in a script."""
        return Fault.model_validate({"kind": self.kind.value} | self.options)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Where it has a meaning."""
        return tuple(question for question in QUESTIONS if self._strikes(question))

    def _strikes(self, question: Question) -> bool:
        if question.way is Way.LIST and self.kind in ON_COMPLETIONS_ONLY:
            return False
        return question.way is Way.STREAM or self.kind not in ON_STREAMS_ONLY


def _statuses(*codes: int) -> tuple[Case, ...]:
    return tuple(Case(f"status {code}", FaultKind.STATUS, {"status": code}) for code in codes)


CASES: dict[FaultKind, tuple[Case, ...]] = {
    FaultKind.STATUS: _statuses(400, 401, 402, 403, 404, 408, 422, 429, 500, 502, 503, 504, 529),
    FaultKind.BODY: (Case("body {}", FaultKind.BODY, {"body": "{}"}),),
    FaultKind.HTML: (
        Case("html", FaultKind.HTML),
        Case("html 403", FaultKind.HTML, {"status": 403}),
        Case("html 502", FaultKind.HTML, {"status": 502}),
    ),
    FaultKind.HOSTILE: (Case("hostile", FaultKind.HOSTILE),),
    FaultKind.TRUNCATED: (Case("truncated", FaultKind.TRUNCATED),),
    FaultKind.HANG: (Case("hang", FaultKind.HANG, timeout_s=1.5),),
    FaultKind.RESET: (Case("reset", FaultKind.RESET),),
    FaultKind.CLOSE_BEFORE_HEADERS: (Case("close before headers", FaultKind.CLOSE_BEFORE_HEADERS),),
    FaultKind.GARBAGE: (Case("garbage", FaultKind.GARBAGE),),
    FaultKind.SLOW: (Case("slow", FaultKind.SLOW, {"latency": "50ms"}),),
    FaultKind.SLOW_DRIP: (Case("slow drip", FaultKind.SLOW_DRIP, {"every": "50ms"}, timeout_s=2.0, patience_s=4.0),),
    FaultKind.HUGE_BODY: (Case("huge body", FaultKind.HUGE_BODY),),
    FaultKind.GZIP_BOMB: (Case("gzip bomb", FaultKind.GZIP_BOMB),),
    FaultKind.RATE_LIMIT: (Case("rate limit", FaultKind.RATE_LIMIT),),
    FaultKind.QUOTA: (Case("quota", FaultKind.QUOTA),),
    FaultKind.OVERLOADED: (Case("overloaded", FaultKind.OVERLOADED),),
    FaultKind.ERROR_ARRAY: (
        Case("error array 400", FaultKind.ERROR_ARRAY, {"status": 400}),
        Case("error array 429", FaultKind.ERROR_ARRAY, {"status": 429}),
        Case("error array 503", FaultKind.ERROR_ARRAY),
    ),
    FaultKind.PLAIN_TEXT_ERROR: (
        Case("plain text 401", FaultKind.PLAIN_TEXT_ERROR),
        Case("plain text 429", FaultKind.PLAIN_TEXT_ERROR, {"status": 429}),
        Case("plain text 503", FaultKind.PLAIN_TEXT_ERROR, {"status": 503}),
    ),
    FaultKind.ERROR_IN_200: (Case("error in 200", FaultKind.ERROR_IN_200),),
    FaultKind.EMPTY_CHOICES: (Case("empty choices", FaultKind.EMPTY_CHOICES),),
    FaultKind.EMPTY_CONTENT: (Case("empty content", FaultKind.EMPTY_CONTENT),),
    FaultKind.FINISH_NULL: (Case("finish null", FaultKind.FINISH_NULL),),
    FaultKind.CONTENT_FILTER: (
        Case("content filter", FaultKind.CONTENT_FILTER),
        Case("content filter 400", FaultKind.CONTENT_FILTER, {"status": 400}),
    ),
    FaultKind.OTHER_MODEL: (Case("other model", FaultKind.OTHER_MODEL),),
    FaultKind.FALLBACK: (Case("fallback", FaultKind.FALLBACK),),
    FaultKind.CACHED: (Case("cached", FaultKind.CACHED),),
    FaultKind.NOT_STREAMED: (Case("not streamed", FaultKind.NOT_STREAMED),),
    FaultKind.EMPTY_STREAM: (Case("empty stream", FaultKind.EMPTY_STREAM),),
    FaultKind.STREAM_CUT: (
        Case("stream cut", FaultKind.STREAM_CUT),
        Case("stream cut at once", FaultKind.STREAM_CUT, {"after": 0}),
    ),
    FaultKind.STREAM_ERROR: (
        Case("stream error", FaultKind.STREAM_ERROR),
        Case("stream error at once", FaultKind.STREAM_ERROR, {"after": 0}),
    ),
    FaultKind.STREAM_STALL: (Case("stream stall", FaultKind.STREAM_STALL, timeout_s=1.5),),
    FaultKind.STREAM_CORRUPT: (Case("stream corrupt", FaultKind.STREAM_CORRUPT, {"after": 0}),),
    FaultKind.STREAM_NO_DONE: (Case("stream no done", FaultKind.STREAM_NO_DONE),),
    FaultKind.STREAM_COMMENTS: (Case("stream comments", FaultKind.STREAM_COMMENTS),),
    FaultKind.STREAM_SPLIT: (Case("stream split", FaultKind.STREAM_SPLIT),),
}
