"""The past, as the web room asks for it: each question reads one snapshot of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from monitor.clock import Clock
from monitor.config.schema import Config
from monitor.storage.database import Database
from monitor.storage.outbox.outbox import Waiting
from monitor.storage.past.selection import Selection
from monitor.storage.reader import Reader
from monitor.web.sources import ResultPage, Span

if TYPE_CHECKING:
    from monitor.storage.past.incident_list import IncidentState


class Past:
    """Questions to the database, for threads; a question never waits for the writer.

    Args:
        database: the database.
        clock: for durations of open incidents.
        config: that which is in force: prices and tags of a report.
    """

    def __init__(self, database: Database, clock: Clock, config: Callable[[], Config]) -> None:
        self._database = database
        self._clock = clock
        self._config = config

    def incidents(self, state: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Rows of incidents, newest first."""
        from monitor.storage.past import timeline  # noqa: PLC0415  only who asks pays

        with Reader(self._database) as reader:
            return timeline.incidents(reader, self._clock.now(), cast("IncidentState", state), limit)

    def results(self, selection: Selection) -> ResultPage | None:
        """Rows of one check, and where the next ones begin; None where the check never was."""
        from monitor.storage.past import history  # noqa: PLC0415  the same

        with Reader(self._database) as reader:
            listed = history.ResultList(reader, selection)
            rows = list(listed)
            if not rows and selection.check not in history.known_checks(reader):
                return None
            return ResultPage(rows, listed.last if listed.more else None)

    def report(self, spans: Sequence[Span], by: str) -> Sequence[Mapping[str, Any]]:
        """Figures, period by period."""
        from monitor.app.billing import asked_of, groups_of  # noqa: PLC0415  the same
        from monitor.storage.reports.figures import Period  # noqa: PLC0415  the same
        from monitor.storage.reports.report import report_rows  # noqa: PLC0415  the same

        now, asked = self._clock.now(), asked_of(self._config(), groups_of(by))
        with Reader(self._database) as reader:
            return [row for span in spans for row in report_rows(reader, Period(*span), now, asked)]

    def silences(self, *, everything: bool) -> Sequence[Mapping[str, Any]]:
        """Rows of silences, oldest first."""
        from monitor.storage.past import silenced  # noqa: PLC0415  the same

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
        from monitor.storage.past import history  # noqa: PLC0415  the same

        with Reader(self._database) as reader:
            return history.backlog(reader)
