"""How the answers of one protocol are read: what classification needs of it, and nothing of how requests look."""

from typing import Any, Protocol

from monitor.domain.reply import Piece, Reply


class Dialect(Protocol):
    """Reads the answers of one protocol; pure, never raises, whatever it is given."""

    def read(self, document: Any) -> Reply:
        """What a JSON value is as a whole answer."""
        ...

    def piece(self, name: str, document: Any) -> Piece:
        """What one event of a stream says.

        Args:
            name: of the event; empty where it has none.
            document: the JSON value of its data.
        """
        ...
