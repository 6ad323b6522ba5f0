"""What one probe of a model asks for, in words that no protocol owns.

Owns no wording: the prompt is made where the probe is made, how it goes over the wire is a protocol's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.domain.expect import Expect
from monitor.domain.reply import ToolCall


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model is offered.

    Attributes:
        parameters: JSON Schema of its arguments, an object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolTurn:
    """The second turn of a conversation: the call that the model made, and what the function gave.

    Attributes:
        call: as the model made it; it goes back to whom it came from, and nowhere else.
        result: of the function, JSON text.
    """

    call: ToolCall
    result: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one model.

    Attributes:
        max_tokens: of output, reasoning included.
        stream: the answer is wanted piece by piece.
        other_limit: the API refused the usual name of the token limit, so the other one is used.
        expected: the answer must hold this, whatever else it holds; None where anything will do.
        tool: the model must call this function; None offers none.
        argument: what the function must be called with; None where any arguments of the right shape will do.
        turn: what has happened since the prompt: the answer to it is asked for, with the tool still on offer.
        expect: what else the answer is expected to be; None where any answer will do.
        with_counts: of a stream, its token counts are asked for.
        full: it is as configured; False for a plain, cheap question in between.
    """

    model: str
    prompt: str
    max_tokens: int
    stream: bool = False
    other_limit: bool = False
    expected: str | None = None
    tool: Tool | None = None
    argument: str | None = None
    turn: ToolTurn | None = None
    expect: Expect | None = None
    with_counts: bool = True
    full: bool = True
