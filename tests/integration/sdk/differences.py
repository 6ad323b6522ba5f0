"""Where the official SDKs and the probe do not agree, and why the probe is right.

Owns the table. Each row says what the SDK makes of a fault and what the probe must make of it. A difference without a
row fails the tests, and so does a row of which nothing is left.
"""

from dataclasses import dataclass

from tests.integration.sdk.cases import Case
from tests.integration.sdk.parties import Outcome, Question, Way


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the SDK and the probe do not agree.

    Attributes:
        cases: names of cases.
        sdk: what the SDK makes of it.
        probe: what the probe must make of it.
        why: the probe is right.
        protocols: where; none named: everywhere.
        ways: the same.
    """

    cases: tuple[str, ...]
    sdk: Outcome
    probe: Outcome
    why: str
    protocols: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()

    def holds(self, case: Case, question: Question) -> bool:
        """Whether it is about this."""
        return (
            case.name in self.cases
            and (not self.protocols or question.protocol in self.protocols)
            and (not self.ways or question.way in self.ways)
        )


_CHATS = ("openai", "openai-responses", "anthropic")
_MODEL = (Way.WHOLE, Way.STREAM)
DIFFERENCES = (
    Difference(
        ("body {}",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the SDK builds its object of any JSON: choices, content and data are None, which only their reader notices",
        protocols=_CHATS,
    ),
    Difference(
        ("html",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the SDK hands out a body that is not JSON as a string, and reads no event out of a page",
        protocols=_CHATS,
        ways=_MODEL,
    ),
    Difference(
        ("html 403",),
        Outcome.AUTH,
        Outcome.REQUEST,
        "a page with 403 is a firewall's or a country's: the API has not looked at the key",
    ),
    Difference(
        ("status 404",),
        Outcome.NOT_FOUND,
        Outcome.REQUEST,
        "a list of models has no model that could be missing: the base URL is wrong",
        ways=(Way.LIST,),
    ),
    Difference(
        ("status 504",),
        Outcome.SERVER,
        Outcome.TIMEOUT,
        "`timeout_error` says by its own word that it came too late",
        protocols=("anthropic",),
    ),
    Difference(
        ("truncated", "garbage"),
        Outcome.CONNECTION,
        Outcome.INVALID,
        "the SDK has one word for all that breaks; the other side was reached and answered, if not what it promised",
    ),
    Difference(
        ("slow drip",),
        Outcome.WAITS,
        Outcome.TIMEOUT,
        "the SDK's timeout begins anew with each byte; the probe's bounds the whole",
    ),
    Difference(
        ("huge body",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the SDK reads whatever comes; a monitor must not, and an answer of some words has no megabytes",
    ),
    Difference(
        ("gzip bomb",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the same, packed: blanks are no events, so the SDK sees a stream that ended well",
        ways=(Way.STREAM,),
    ),
    Difference(
        ("error array 400",),
        Outcome.REQUEST,
        Outcome.AUTH,
        "Gemini tells of a bad key with 400 and API_KEY_INVALID; the SDK looks at the code alone",
    ),
    Difference(
        ("error in 200",),
        Outcome.SUCCESS,
        Outcome.SERVER,
        "the SDK looks for errors where the code is one, not in a good answer",
        protocols=_CHATS,
    ),
    Difference(
        ("error in 200",),
        Outcome.INVALID,
        Outcome.SERVER,
        "the SDK only misses the data; the body says what happened",
        protocols=("openai-embeddings",),
    ),
    Difference(
        ("empty choices",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the SDK hands out the empty list; who reads the first choice stumbles",
        protocols=_CHATS,
    ),
    Difference(
        ("empty content",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "a model that stops by itself without a word, or an embedding without numbers, has not answered",
    ),
    Difference(
        ("content filter 400",),
        Outcome.REQUEST,
        Outcome.SUCCESS,
        "the filter refused our prompt: whoever filters is alive",
    ),
    Difference(
        ("other model", "fallback", "cached"),
        Outcome.SUCCESS,
        Outcome.DEGRADED,
        "the SDK does not compare who answered with who was asked; a rescue must not hide a dead primary",
    ),
    Difference(
        ("not streamed",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the SDK finds no event in a whole answer, and a stream without events is fine with it",
    ),
    Difference(
        ("empty stream",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the SDK takes any end of a stream for its end",
    ),
    Difference(
        ("stream cut", "stream cut at once"),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the SDK takes any end of a stream for its end, whatever is missing before",
    ),
    Difference(
        ("stream no done",),
        Outcome.SUCCESS,
        Outcome.INVALID,
        "the same: here the last event is the end; of chunks a finish reason is, and [DONE] is optional",
        protocols=("openai-responses", "anthropic"),
    ),
    Difference(
        ("stream error", "stream error at once"),
        Outcome.SUCCESS,
        Outcome.SERVER,
        "the SDK hands the error out as one more event; only chat chunks with an `error` make it raise",
        protocols=("openai-responses",),
    ),
)
