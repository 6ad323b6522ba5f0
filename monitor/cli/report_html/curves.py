"""Latency over time as inline SVG: median, 95th and 99th percentile, with axes. Pure.

The curves are stretched to the width of their place while the labels keep their size, so a chart is as readable on a
phone as on paper. Where nothing was measured there is no curve, and a hatched ground says so. The curves differ by
their dashes as well as by their colour.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from monitor.cli.report_html.edges import edges, step_s
from monitor.cli.report_html.facts import Stretch
from monitor.cli.report_html.scale import Scale, scale_of
from monitor.clock import US_PER_S

WIDTH = 1000
HEIGHT = 132
PERCENTILES = ("p50", "p95", "p99")
_TOP = 14
_BOTTOM = 22
_LEFT = 52
_PER_CENT = 100.0
_MS_PER_S = 1000.0
_TICKS_AT_MOST = 6
_AT_THE_EDGE = 8.0
_TICK_STEPS_S = (300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 2 * 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400)
_DAY_S = 86_400


def curves(stretches: Sequence[Stretch], label: str, zone: ZoneInfo) -> Markup:
    """The chart; empty where nothing was measured.

    Args:
        stretches: one point of each curve, in order, without a gap in time.
        label: what the chart says, for those who do not see it.
        zone: whose times the axis shows.
    """
    values = [value for stretch in stretches for value in _values(stretch) if value is not None]
    if not values:
        return Markup()
    scale = scale_of(values)
    place = _Place(stretches[0].since_us, stretches[-1].until_us, scale)
    plot = [f'<path class="grid" d="{"".join(f"M0 {place.y(tick)}h{WIDTH}" for tick in scale.ticks)}"/>']
    plot += _gaps(stretches, place)
    plot.append(f'<path class="band" d="{_band(stretches, place)}"/>')
    for index, name in reversed(list(enumerate(PERCENTILES))):
        plot.append(f'<path class="curve {name}" d="{_line(stretches, index, place)}"/>')
    return Markup(  # noqa: S704  numbers, and what is escaped here
        f'<div class="chart" role="img" aria-label="{escape(label)}">{_left_axis(place)}'
        f'<svg class="plot" width="100%" height="{HEIGHT + _BOTTOM}" aria-hidden="true">'
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f"{''.join(plot)}</svg>{_below(place, zone)}{_peak(stretches, place)}</svg></div>"
    )


class _Place:
    """Where a moment and a value lie in the plot."""

    def __init__(self, since_us: int, until_us: int, scale: Scale) -> None:
        self.since_us = since_us
        self.until_us = until_us
        self.scale = scale

    def share(self, wall_us: int) -> float:
        return (wall_us - self.since_us) / (self.until_us - self.since_us)

    def x(self, wall_us: int) -> int:
        return round(WIDTH * self.share(wall_us))

    def y(self, value: float) -> int:
        """Pixels from the top; what lies beyond the scale lies on its upper end."""
        return round(HEIGHT - 1 - (HEIGHT - 1 - _TOP) * min(1.0, value / self.scale.top))


def milliseconds(value: float, top: float) -> str:
    """A label of an axis that reaches `top`: `250 ms`, `1.5 s`."""
    return f"{value / _MS_PER_S:g} s" if top > _MS_PER_S else f"{value:g} ms"


def _values(stretch: Stretch) -> tuple[float | None, float | None, float | None]:
    return stretch.p50_ms, stretch.p95_ms, stretch.p99_ms


def _pieces(stretches: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    """The runs of stretches in which something was measured."""
    piece: list[Stretch] = []
    for stretch in stretches:
        if None not in _values(stretch):
            piece.append(stretch)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _points(piece: Sequence[Stretch], index: int, place: _Place) -> list[tuple[int, int]]:
    return [
        (place.x((stretch.since_us + stretch.until_us) // 2), place.y(_values(stretch)[index] or 0.0))
        for stretch in piece
    ]


def _line(stretches: Sequence[Stretch], index: int, place: _Place) -> str:
    """One curve; a lonely point becomes a dot, which a line of no length with a round end is."""
    return "".join(_path(_points(piece, index, place)) for piece in _pieces(stretches))


def _path(points: Sequence[tuple[int, int]]) -> str:
    (x, y), *others = points
    steps = [f"l{x2 - x1} {y2 - y1}" for (x1, y1), (x2, y2) in pairwise(points)]
    return f"M{x} {y}{''.join(steps) if others else 'h.01'}"


def _band(stretches: Sequence[Stretch], place: _Place) -> str:
    """The ground between median and 95th percentile."""
    found = []
    for piece in _pieces(stretches):
        lower, upper = _points(piece, 0, place), _points(piece, 1, place)
        found.append(f"{_path([*lower, *reversed(upper)])}z")
    return "".join(found)


def _gaps(stretches: Sequence[Stretch], place: _Place) -> Iterator[str]:
    """A ground for each run of stretches in which nothing was measured."""
    since_us: int | None = None
    for stretch in stretches:
        if None in _values(stretch):
            since_us = stretch.since_us if since_us is None else since_us
        elif since_us is not None:
            yield _gap(since_us, stretch.since_us, place)
            since_us = None
    if since_us is not None:
        yield _gap(since_us, place.until_us, place)


def _gap(since_us: int, until_us: int, place: _Place) -> str:
    x = place.x(since_us)
    return f'<path class="gap" d="M{x} {_TOP}h{place.x(until_us) - x}V{HEIGHT - 1}H{x}z"/>'


def _left_axis(place: _Place) -> str:
    scale = place.scale
    labels = [
        f'<text x="{_LEFT - 6}" y="{place.y(tick) + 4}" text-anchor="end">{milliseconds(tick, scale.top)}</text>'
        for tick in scale.ticks
    ]
    return f'<svg width="{_LEFT}" height="{HEIGHT + _BOTTOM}" aria-hidden="true">{"".join(labels)}</svg>'


def _below(place: _Place, zone: ZoneInfo) -> str:
    """The time axis: round moments of the reader's clock."""
    step = step_s(place.until_us - place.since_us, _TICK_STEPS_S, _TICKS_AT_MOST)
    moments = edges(place.since_us, place.until_us, step, zone)[1:-1]
    return "".join(
        _text(place.share(at_us), HEIGHT + 16, moment_label(at_us, zone, with_hours=step < _DAY_S)) for at_us in moments
    )


def moment_label(wall_us: int, zone: ZoneInfo, *, with_hours: bool) -> str:
    """A moment on an axis: `14:00`, or the day (`11-21`), which midnight is too."""
    local = datetime.fromtimestamp(wall_us // US_PER_S, zone)
    is_within_day = with_hours and (local.hour or local.minute)
    return f"{local:%H:%M}" if is_within_day else f"{local:%m-%d}"


def _peak(stretches: Sequence[Stretch], place: _Place) -> str:
    """How high the highest point is, where the scale does not reach it."""
    if not place.scale.is_cut:
        return ""
    highest = max((stretch for stretch in stretches if stretch.p99_ms is not None), key=lambda one: one.p99_ms or 0.0)
    value = highest.p99_ms or 0.0
    said = milliseconds(float(f"{value:.2g}"), value)
    return _text(place.share((highest.since_us + highest.until_us) // 2), _TOP - 4, f"↑ {said}")


def _text(share: float, y: int, said: str) -> str:
    x = _PER_CENT * share
    anchor = "start" if x < _AT_THE_EDGE else "end" if x > _PER_CENT - _AT_THE_EDGE else "middle"
    return f'<text x="{x:.1f}%" y="{y}" text-anchor="{anchor}">{escape(said)}</text>'
