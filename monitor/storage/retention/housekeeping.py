"""What forgetting means to an engine: how single results go, what the rest takes, how its room is given back.

Owns the contract; the engines' own ways stand beside their dialects, the choice is `engine`. A file deletes
rows and gives pages back; where results stand in partitions, whole ones are dropped.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from monitor.domain.ages import Grain
from monitor.storage.retention.sweeps import Sweep


class TableSize(NamedTuple):
    """How large a table is.

    Attributes:
        rows: how many.
        size: bytes, its indexes included; None where that is not known.
        exact: False where both are estimates.
    """

    rows: int
    size: int | None = None
    exact: bool = True


class Housekeeping(Protocol):
    """How one engine forgets.

    Attributes:
        step_us: the least time whose single results can go together.
    """

    @property
    def step_us(self) -> int:
        """See above."""
        ...

    def whole(self, before_us: int) -> int:
        """The latest moment, not after this one, before which single results can go."""
        ...

    def shrinks_by(self, grain: Grain) -> bool:
        """Whether the database takes less when rows of this kind are deleted."""
        ...

    def raw(self, before_us: int) -> Sequence[Sweep]:
        """Single results that started before this moment, and their details. May leave some for later."""
        ...

    def give_back(self) -> Sweep | None:
        """Hands room that deleted rows have left back to the disk; None where the engine sees to that."""
        ...

    def make_room(self, connection: Connection) -> None:
        """Whatever lets a little more be written where the disk is full; `connection` has written nothing yet."""
        ...

    def used_bytes(self, connection: Connection) -> int:
        """What the database would take if all free room were given back."""
        ...

    def table_sizes(self, connection: Connection, names: Sequence[str]) -> dict[str, TableSize]:
        """How large these tables are, by name; large ones may be estimated, never read whole."""
        ...
