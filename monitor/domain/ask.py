"""What one probe of a model asks for, in words that no protocol owns.

Owns no wording: the prompt is made where the probe is made, how it goes over the wire is a protocol's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
class Ask:
    """One question to one model.

    Attributes:
        max_tokens: of output, reasoning included.
        stream: the answer is wanted piece by piece.
        other_limit: the API refused the usual name of the token limit, so the other one is used.
        expected: the answer must hold this, whatever else it holds; None where anything will do.
        tool: the model must call this function; None offers none.
    """

    model: str
    prompt: str
    max_tokens: int
    stream: bool = False
    other_limit: bool = False
    expected: str | None = None
    tool: Tool | None = None
