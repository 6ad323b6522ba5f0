"""What an answer is expected to be: the operator's wish, as a value. How it is judged stands in `truth`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expect:
    """What the answers of one model must fulfil.

    Attributes:
        challenge: they must repeat something random, different each time.
        prompt: what is asked; None for a question that fits the rest.
        matches: a pattern (RE2) that is found in the text; None is any text.
        min_length: characters of text, white space around it left out; None is any.
        json: the text is one JSON object, alone or in one fenced block.
        tool: the model calls the function that it is offered, and answers with what the function gave.
    """

    challenge: bool = False
    prompt: str | None = None
    matches: str | None = None
    min_length: int | None = None
    json: bool = False
    tool: bool = False
