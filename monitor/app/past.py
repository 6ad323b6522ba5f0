"""The past, as the web room asks for it: each question reads one snapshot of its own."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from monitor.clock import Clock
from monitor.storage.database import Database
from monitor.storage.outbox import Waiting
from monitor.storage.reader import Reader

if TYPE_CHECKING:
    from monitor.storage.timeline import IncidentState


class Past:
    """Questions to the database, for threads; a question never waits for the writer.

    Args:
        database: the database.
        clock: for durations of open incidents.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def incidents(self, state: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Rows of incidents, newest first."""
        from monitor.storage import timeline  # noqa: PLC0415  only who asks pays

        with Reader(self._database) as reader:
            return timeline.incidents(reader, self._clock.now(), cast("IncidentState", state), limit)

    def silences(self, *, everything: bool) -> Sequence[Mapping[str, Any]]:
        """Rows of silences, oldest first."""
        from monitor.storage import silenced  # noqa: PLC0415  the same

        with Reader(self._database) as reader:
            return silenced.silences(reader, self._clock.now(), everything=everything)

    def catalogue(self, endpoint: str) -> Sequence[Mapping[str, Any]]:
        """The models of an endpoint's list."""
        from monitor.storage import catalogues  # noqa: PLC0415  the same

        with Reader(self._database) as reader:
            return catalogues.models(reader, endpoint)

    def catalogue_changes(self, endpoint: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Which of them came and went, newest first."""
        from monitor.storage import catalogues  # noqa: PLC0415  the same

        with Reader(self._database) as reader:
            return catalogues.changes(reader, endpoint, limit=limit)

    def backlog(self) -> Mapping[str, Waiting]:
        """What waits and what died, by channel."""
        from monitor.storage import history  # noqa: PLC0415  the same

        with Reader(self._database) as reader:
            return history.backlog(reader)
