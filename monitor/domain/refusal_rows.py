"""The rows for APIs that refuse how they are asked: by what the next question is put otherwise.

Owns how such a refusal is known. Each is our request's fault as long as nothing was learned of it.
"""

import re

from monitor.domain.action import Action
from monitor.domain.check import CheckKind
from monitor.domain.result import FaultDomain, Refusal, Status
from monitor.domain.rulings import IN_BAND, ErrorRow, Ruling

_OUR_REQUEST = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_REQUEST)
_MODEL = frozenset({400, 404, 422, IN_BAND})
_NOT_UNDERSTOOD = frozenset({400, 422, 500, IN_BAND})
_COUNTS = re.compile(r"\b(?:stream_options|include_usage)\b", re.IGNORECASE)
_FEW_TOKENS = re.compile(
    r"\bmax_(?:completion_|output_)?tokens\b.{0,80}?(?:below\s+minimum|at\s+least|greater\s+than\s+or\s+equal|>=)",
    re.IGNORECASE | re.DOTALL,
)

REFUSAL_ROWS = (
    ErrorRow(
        "few-tokens",
        _OUR_REQUEST,
        "so few output tokens are refused: the next probe asks for as many as are wanted, else 16",
        http=_MODEL,
        codes=frozenset({"integer_below_min_value"}),
        words=_FEW_TOKENS,
        kind=CheckKind.CHAT,
        refuses=Refusal.FEW_TOKENS,
    ),
    ErrorRow(
        "stream-options",
        _OUR_REQUEST,
        "the counts of a stream are refused: the next probe does not ask for them",
        http=_NOT_UNDERSTOOD,
        words=_COUNTS,
        kind=CheckKind.CHAT,
        refuses=Refusal.COUNTS,
    ),
)

_LEAST = re.compile(
    r"(?:>=|at\s+least|minimum(?:\s+value)?(?:\s+of|\s+is)?|equal\s+to)\D{0,12}(\d{1,6})", re.IGNORECASE
)
LEAST_TOKENS = 16
_MOST_BELIEVED = 4096


def least_tokens(message: str) -> int:
    """How many output tokens an API wants to be asked for at least, by its own words, else 16."""
    match = _LEAST.search(message)
    number = int(match[1]) if match else LEAST_TOKENS
    return number if 1 <= number <= _MOST_BELIEVED else LEAST_TOKENS
