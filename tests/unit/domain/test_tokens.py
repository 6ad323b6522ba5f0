"""How many tokens a question uses: counted, or the most that it can be."""

from typing import Any

import pytest

from monitor.domain.check import Check, CheckKind
from monitor.domain.expect import Expect
from monitor.domain.reply import NOT_COUNTED, Usage
from monitor.domain.result import FaultDomain, Status
from monitor.domain.tokens import Tokens, input_tokens, mean_of, most_of, tokens_of


def check(**options: Any) -> Check:
    """A chat check."""
    return Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw", **options)


MOST = Tokens(17, 16, estimated=True)


@pytest.mark.parametrize(
    ("usage", "status", "fault", "http_status", "used"),
    [
        (Usage(12, 3), Status.UP, None, 200, Tokens(12, 3)),
        (Usage(12, 16, reasoning_tokens=14), Status.UP, None, 200, Tokens(12, 16)),
        (Usage(12, 3), Status.INVALID_RESPONSE, FaultDomain.MODEL, 200, Tokens(12, 3)),
        (Usage(0, 0), Status.UP, None, 200, Tokens(0, 0)),
        (Usage(None, 3), Status.UP, None, 200, Tokens(17, 3, estimated=True)),
        (Usage(12, None), Status.UP, None, 200, Tokens(12, 16, estimated=True)),
        (NOT_COUNTED, Status.UP, None, 200, MOST),
        (NOT_COUNTED, Status.INVALID_RESPONSE, FaultDomain.ENDPOINT, 200, MOST),
        (NOT_COUNTED, Status.TIMEOUT, FaultDomain.ENDPOINT, None, MOST),
        (NOT_COUNTED, Status.TIMEOUT, FaultDomain.NETWORK, None, None),
        (NOT_COUNTED, Status.TIMEOUT, FaultDomain.ENDPOINT, 504, None),
        (NOT_COUNTED, Status.CONNECTION_ERROR, FaultDomain.ENDPOINT, None, None),
        (NOT_COUNTED, Status.RATE_LIMITED, FaultDomain.QUOTA, 429, None),
        (NOT_COUNTED, Status.SERVER_ERROR, FaultDomain.ENDPOINT, 500, None),
        (NOT_COUNTED, Status.UNKNOWN, FaultDomain.MONITOR, None, None),
    ],
)
def test_what_an_answer_used(
    usage: Usage, status: Status, fault: FaultDomain | None, http_status: int | None, used: Tokens | None
) -> None:
    """As counted; what began or may have gone on without counts is taken at most; refusals cost nothing."""
    assert tokens_of(check(), usage, status, fault, http_status) == used


def test_what_asks_no_model_costs_nothing() -> None:
    """A model list; and an embedding has no output to be counted."""
    listed = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
    assert tokens_of(listed, NOT_COUNTED, Status.UP, None, 200) is None
    assert most_of(listed) == Tokens(0, 0)
    embedding = check(protocol="openai-embeddings")
    assert tokens_of(embedding, Usage(5, None), Status.UP, None, 200) == Tokens(5, 0)
    assert most_of(embedding).output == 0


def test_questions_that_expect_something_use_more() -> None:
    """A challenge is longer, a tool call has two turns; of ten turns one is full."""
    tool = check(expect=Expect(tool=True))
    assert most_of(check(expect=Expect(challenge=True))).input > MOST.input
    assert most_of(tool).output == 32
    assert most_of(check(expect=Expect(prompt="x" * 1000))).input > 500
    assert mean_of(check()) == (17, 16)
    full, (taken, given) = most_of(tool), mean_of(check(expect=Expect(tool=True), full_every=10))
    assert taken == pytest.approx(0.1 * full.input + 0.9 * MOST.input)
    assert given == pytest.approx(0.1 * 32 + 0.9 * 16)


@pytest.mark.parametrize(("seen", "most"), [(0, 16), (3, 16), (16, 16), (32, 64), (100, 200), (200, 256), (256, 256)])
def test_a_model_that_reasons_is_allowed_more(seen: int, most: int) -> None:
    """Twice what it used, up to the bound."""
    assert most_of(check(raise_max_tokens_to=256), seen).output == most


def test_a_guess_is_never_too_low_for_short_prompts() -> None:
    """Tokenizers give the plain question 16 to 18 tokens, its frame included."""
    assert input_tokens(18) == 17
    assert input_tokens(0) == 8
