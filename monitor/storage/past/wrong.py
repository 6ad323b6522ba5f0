"""What engines and `statement` tell each other of statements that people write."""

from dataclasses import dataclass

PIECE = 500
"""So many rows are read at once."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why an engine does not take a statement.

    Attributes:
        says: in its own words, or in ours where we refuse.
        at: the place in the statement, counted from 0; None if it is not known.
        refused: whether it would have done more than read.
        stopped: whether it was ended from outside.
    """

    says: str
    at: int | None = None
    refused: bool = False
    stopped: bool = False
