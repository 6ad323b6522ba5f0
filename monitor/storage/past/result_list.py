"""Single results as people ask for them: in the order of their times over all checks, as many as there are.

Results are clustered by check, so the newest of all checks are not found by any index. Here time is walked in slices,
each asked of every check at once and sorted by the database; a slice begins as long as the latest results let expect,
grows and shrinks with what it finds, jumps over what is empty, and looks at no more than some hundred thousand rows.
Owns that walk, which costs the memory of a page.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Row, Select, func, or_, select

from monitor.clock import US_PER_S
from monitor.domain.cursor import Position
from monitor.domain.result import Status
from monitor.storage import tables
from monitor.storage.faults import DatabaseFault, storage_error
from monitor.storage.past.presence import Presence, Stretch
from monitor.storage.past.result_rows import result_row, whole
from monitor.storage.past.selection import Selection, check_ids, filters
from monitor.storage.reader import Reader, question
from monitor.storage.retention.retention import pruned_before_us

PAGE = 2_000
# Of all checks together: at one probe in 30 s the first slice has some 200 rows, none has more than 300,000.
_FIRST_SLICE_US = 6_000 * US_PER_S
_LONGEST_SLICE_US = 100 * 86_400 * US_PER_S
_GROWTH = 4
# How often checks are probed is told by the latest result of each; a part of them, since others may be long gone.
_LIVELIEST = 4
_LEAST_TOLD = 4
_SPARE = 1.5
_DENSEST = 1000  # many that began at the same moment tell nothing of how often
_END_OF_TIME_US = 2**62


class ResultList:
    """The results of a selection, one after the other; to be walked once, on one thread.

    Args:
        reader: the snapshot from which all of them come.
        selection: which.

    Attributes:
        last: where the last row stands that was given; before the first, where it goes on.
        more: whether there may be others beyond the limit; known once all were given.
    """

    def __init__(self, reader: Reader, selection: Selection) -> None:
        self.last: Position | None = selection.after
        self.more = False
        self._connection = reader.connection
        self._wanted = selection
        self._backwards = not selection.oldest_first
        self._checks = check_ids(selection)
        self._filters = filters(selection)
        self._given = 0
        self._reached_us: int | None = None
        self._walked: Stretch | None = None
        self._slice_us = self._longest_us = 0  # measured when the walk begins

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Rows with the fields of the `history` command; `action` is the advice's code."""
        for page in self.pages():
            yield from page

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """The same in the pieces in which they were read, some of them empty.

        Raises:
            StorageError: the database refuses.
        """
        try:
            for stretch in self._stretches():
                yield from self._walk(stretch)
                if self._left() == 0:
                    break
        except DatabaseFault as fault:
            raise storage_error(fault) from fault

    def share(self) -> float:
        """How much of the work is done, by time or by rows, from 0 to 1."""
        if self._reached_us is None:
            return 0.0
        span = self._whole_span
        whole_us = max(1, span.until_us - span.since_us)
        done_us = span.until_us - self._reached_us if self._backwards else self._reached_us - span.since_us
        by_rows = self._given / self._wanted.limit if self._wanted.limit else 0.0
        return min(1.0, max(done_us / whole_us, by_rows))

    def _left(self) -> int | None:
        return None if self._wanted.limit is None else self._wanted.limit - self._given

    def _stretches(self) -> Iterator[Stretch]:
        wanted, span = self._wanted, self._span
        statuses = set(wanted.statuses or Status) - ({Status.UP} if wanted.faults else set())
        if self._left() == 0 or span.since_us >= span.until_us or not statuses:
            return
        self._measure()
        if Status.UP in statuses:
            yield span
        else:
            span = self._walked = self._whole_span
            since_us = max(span.since_us, pruned_before_us(self._connection))
            presence = Presence(self._connection, self._checks, statuses, backwards=self._backwards)
            yield from presence.stretches(Stretch(since_us, max(since_us, span.until_us)))

    @cached_property
    def _span(self) -> Stretch:
        """From the result where the walk begins to the end of what is asked for, whatever its status."""
        edges = self._edges
        if not self._latest:
            return Stretch(0, 0)
        if self._backwards:
            return edges._replace(until_us=max(self._latest) + 1)
        return edges._replace(since_us=min(self._latest))

    @cached_property
    def _latest(self) -> list[int]:
        """The result of each check nearest to where the walk begins."""
        return self._of_each_check(self._edges, backwards=self._backwards)

    @cached_property
    def _whole_span(self) -> Stretch:
        """The same to the last result: asking for it costs as much again, and a first page does not need it."""
        span = self._span
        farthest = self._nearest(span, backwards=not self._backwards)
        if farthest is None:
            return Stretch(0, 0)
        return span._replace(since_us=farthest) if self._backwards else span._replace(until_us=farthest + 1)

    @property
    def _edges(self) -> Stretch:
        wanted, after = self._wanted, self._wanted.after
        edges = Stretch(wanted.since_us or 0, _END_OF_TIME_US if wanted.until_us is None else wanted.until_us)
        if after is not None and self._backwards:
            return edges._replace(until_us=min(edges.until_us, after.at_us + 1))
        if after is not None:
            return edges._replace(since_us=max(edges.since_us, after.at_us))
        return edges

    def _measure(self) -> None:
        """How long slices may be and how long the first is."""
        count = max(1, len(self._latest))
        self._longest_us = _LONGEST_SLICE_US // count
        self._slice_us = _FIRST_SLICE_US // count
        told = count // _LIVELIEST
        if self._backwards and told >= _LEAST_TOLD:
            newest = sorted(self._latest, reverse=True)
            wanted = PAGE if self._wanted.limit is None else min(PAGE, self._wanted.limit + 1)
            expected_us = round(_SPARE * wanted * (newest[0] - newest[told]) / told)
            self._slice_us = max(1, self._slice_us // _DENSEST, min(self._slice_us, expected_us))

    def _walk(self, stretch: Stretch) -> Iterator[list[dict[str, Any]]]:
        edge: Position | None = self._first_edge(stretch)
        while edge is not None:
            rows, edge = self._slice(stretch, edge)
            left = self._left()
            taken = rows if left is None else rows[:left]
            if taken:
                self.last = Position(taken[-1].started_at_us, taken[-1].check_id)
            self._given += len(taken)
            self._reached_us = edge.at_us if edge is not None else self._far_end(stretch)
            yield [result_row(row) for row in taken]
            if left is not None and self._left() == 0:
                self.more = len(rows) > len(taken) or self._is_any_beyond(edge)
                return

    def _first_edge(self, stretch: Stretch) -> Position:
        after = self._wanted.after
        if self._backwards:
            begin = Position(stretch.until_us, 0)
            return begin if after is None else min(begin, after)
        begin = Position(stretch.since_us, 0)
        return begin if after is None else max(begin, after)

    def _far_end(self, stretch: Stretch) -> int:
        return stretch.since_us if self._backwards else stretch.until_us

    def _slice(self, stretch: Stretch, edge: Position) -> tuple[Sequence[Row[Any]], Position | None]:
        """The rows of one slice, at most a page of them, and where to go on; None at the end of the stretch."""
        left = self._left()
        most = PAGE if left is None else min(PAGE, left + 1)
        if self._backwards:
            far_us = max(stretch.since_us, edge.at_us - self._slice_us)
        else:
            far_us = min(stretch.until_us, edge.at_us + self._slice_us)
        rows = self._connection.execute(self._query(edge, far_us, most)).all()
        if len(rows) == most:
            self._slice_us = max(1, abs(edge.at_us - rows[-1].started_at_us))
            return rows, Position(rows[-1].started_at_us, rows[-1].check_id)
        if len(rows) < PAGE // _GROWTH:
            self._slice_us = min(self._slice_us * _GROWTH, self._longest_us)
        if far_us == self._far_end(stretch):
            return rows, None
        return rows, Position(far_us, 0) if rows else self._jump(stretch, far_us)

    def _jump(self, stretch: Stretch, far_us: int) -> Position | None:
        """Over what is empty."""
        rest = Stretch(stretch.since_us, far_us) if self._backwards else Stretch(far_us, stretch.until_us)
        nearest = self._nearest(rest, backwards=self._backwards)
        return None if nearest is None else Position(nearest + 1 if self._backwards else nearest, 0)

    def _is_any_beyond(self, edge: Position | None) -> bool:
        if edge is None:
            return self._reached_us != self._far_end(self._walked or self._span)
        return self._jump(self._span, edge.at_us) is not None

    def _nearest(self, span: Stretch, *, backwards: bool) -> int | None:
        """The newest (or oldest) moment in `span` at which any check has a result, of whatever status."""
        found = self._of_each_check(span, backwards=backwards)
        return (max if backwards else min)(found, default=None)

    def _of_each_check(self, span: Stretch, *, backwards: bool) -> list[int]:
        """The newest (or oldest) moment in `span` at which each check has a result; checks without any are missing."""
        began, extreme = tables.results.c.started_at_us, func.max if backwards else func.min
        of_check = (
            select(extreme(began))
            .where(tables.results.c.check_id == tables.checks.c.id)
            .where(began >= span.since_us, began < span.until_us)
            .correlate(tables.checks)
            .scalar_subquery()
        )
        each = self._checks.with_only_columns(of_check).select_from(tables.checks)
        return [at_us for at_us in self._connection.execute(each).scalars().all() if at_us is not None]

    def _query(self, edge: Position, far_us: int, most: int) -> Select[Any]:
        row = tables.results.c
        at, check = row.started_at_us, row.check_id
        if self._backwards:
            bounds = (at >= far_us, at <= edge.at_us, or_(at < edge.at_us, check < edge.id))
            order = (at.desc(), check.desc())
        else:
            bounds = (at >= edge.at_us, at < far_us, or_(at > edge.at_us, check > edge.id))
            order = (at.asc(), check.asc())
        keys = select(tables.results).where(check.in_(self._checks), *bounds, *self._filters)
        return whole(keys.order_by(*order).limit(most).subquery("r"), backwards=self._backwards)


@question
def results(reader: Reader, selection: Selection) -> list[dict[str, Any]]:
    """All rows of a selection at once."""
    return list(ResultList(reader, selection))
