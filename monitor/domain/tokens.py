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


def most_of(check: Check) -> Tokens:
    """The most that one probe of a check uses; nothing for a model list."""
    if check.model is None:
        return Tokens(0, 0)
    output = 0 if check.protocol == _EMBEDDINGS else check.max_tokens
    return Tokens(input_tokens(PROMPT_CHARACTERS), output, estimated=True)


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
