"""How many tokens a question to a model uses: as it was counted, or at most.

Pure. Owns the guess of what a prompt takes, and which answers without counts may have cost something all the same.
"""

from dataclasses import dataclass
from math import ceil

from monitor.domain.check import Check
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Status

PROMPT_CHARACTERS = 18
"""Of the plain question, a random word included."""
_EXPECTING_CHARACTERS = 96
"""Of a question whose answer is expected to be something: a challenge, JSON."""
_TOOL_CHARACTERS = 300
"""Of the function that is offered, and of its call and result in the second turn."""
_FRAME_TOKENS = 8
"""What a chat format puts around one message: OpenAI's takes seven, others less."""
_CHARACTERS_PER_TOKEN = 2
"""English has four to a token, the random letters of a prompt hardly more than one."""
_EMBEDDINGS = "openai-embeddings"
FIRST_REFUSAL = 300


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one question used.

    Attributes:
        output: reasoning included.
        estimated: the answer did not say, so the most that it can be stands here.
    """

    input: int
    output: int
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Average:
    """What one probe of a check has used of late, in tokens."""

    probes: int
    input_tokens: float
    output_tokens: float


def input_tokens(characters: int) -> int:
    """A guess, rather too high, of what a prompt of so many characters takes."""
    return _FRAME_TOKENS + ceil(characters / _CHARACTERS_PER_TOKEN)


def most_of(check: Check, seen: int = 0) -> Tokens:
    """The most that one probe of a check uses; nothing for a model list.

    Args:
        check: what is probed.
        seen: the most output that an answer of it had: a model that reasons is allowed more than `max_tokens`, at most
            twice as much each time, up to a bound.
    """
    if check.model is None:
        return Tokens(0, 0)
    output = 0 if check.protocol == _EMBEDDINGS else check.max_tokens
    if output and seen > output:
        output = max(output, min(2 * seen, check.raise_max_tokens_to))
    turns, characters = _full_question(check)
    return Tokens(turns * input_tokens(characters), turns * output, estimated=True)


def mean_of(check: Check) -> tuple[float, float]:
    """What one turn of a check uses at most on average, input and output: of several, one may be asked in full."""
    full = most_of(check)
    if check.full_every <= 1 or check.model is None:
        return full.input, full.output
    share, output = 1 / check.full_every, 0 if check.protocol == _EMBEDDINGS else check.max_tokens
    plain = input_tokens(PROMPT_CHARACTERS)
    return share * full.input + (1 - share) * plain, share * full.output + (1 - share) * output


def _full_question(check: Check) -> tuple[int, int]:
    """How many turns a question as configured has, and the characters of each."""
    expect = check.expect
    if expect is None:
        return 1, PROMPT_CHARACTERS
    characters = _EXPECTING_CHARACTERS if expect.prompt is None else len(expect.prompt) + PROMPT_CHARACTERS
    return (2, characters + _TOOL_CHARACTERS) if expect.tool else (1, characters)


def tokens_of(
    check: Check, usage: Usage, status: Status, fault: FaultDomain | None, http_status: int | None
) -> Tokens | None:
    """What one result of a check used; None where nothing was charged.

    Errors cost nothing, nor does what never reached the model. An answer that began, or that the model was still
    making when the time was up, may be charged in full.
    """
    if check.model is None:
        return None
    if usage.input_tokens is None and usage.output_tokens is None:
        return most_of(check) if _may_cost(status, fault, http_status) else None
    most = most_of(check)
    missing = usage.input_tokens is None or (usage.output_tokens is None and most.output > 0)
    return Tokens(
        most.input if usage.input_tokens is None else usage.input_tokens,
        most.output if usage.output_tokens is None else usage.output_tokens,
        estimated=missing,
    )


def _may_cost(status: Status, fault: FaultDomain | None, http_status: int | None) -> bool:
    if http_status is not None:
        return http_status < FIRST_REFUSAL
    return status is Status.TIMEOUT and fault is not FaultDomain.NETWORK
