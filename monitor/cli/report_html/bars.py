"""Uptime bars as inline SVG: one small bar for each stretch of time. Pure.

What a bar says can be seen without colour: what failed hangs from its top, hatched, as high as the square root of its
share, so that one failure can be seen and three hours of a day can be told from it; a narrow bar was measured less than
it was due; a hollow one was due and not measured at all; a dotted line was maintenance; a short line was not watched.
Bars with nothing to tell are one path together, and so are all of them where a report has so many checks that telling
would make a large file.
"""

from collections.abc import Callable, Sequence
from math import sqrt

from markupsafe import Markup, escape

from monitor.cli.report_html.facts import Stretch

HEIGHT = 24
SLOT = 10
WIDTH = 8
NARROW = 4
FAILED_AT_LEAST = 3
COVERED_SHARE = 0.9


def bars(stretches: Sequence[Stretch], label: str, tell: Callable[[Stretch], str] | None = None) -> Markup:
    """The bars, as wide as their place allows.

    Args:
        stretches: one bar each, in order.
        label: what all of them together say, for those who do not see them.
        tell: what one bar says, shown when it is pointed at; asked only of bars with something to tell.
    """
    together: dict[str, list[str]] = {}
    single = []
    for number, stretch in enumerate(stretches):
        parts = _parts(stretch, number * SLOT + (SLOT - WIDTH) // 2)
        if tell is None or _is_fine(stretch):
            for name, path in parts:
                together.setdefault(name, []).append(path)
        else:
            single.append(f"<g><title>{escape(tell(stretch))}</title>{''.join(_path(*part) for part in parts)}</g>")
    shared = "".join(_path(name, "".join(paths)) for name, paths in together.items())
    return Markup(  # noqa: S704  numbers, and what was escaped above
        f'<svg class="bars" viewBox="0 0 {max(1, len(stretches)) * SLOT} {HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{escape(label)}">{shared}{"".join(single)}</svg>'
    )


def _path(name: str, path: str) -> str:
    return f'<path class="{name}" d="{path}"/>'


def _is_fine(stretch: Stretch) -> bool:
    return stretch.counted > 0 and stretch.successes == stretch.counted and not is_thin(stretch)


def is_thin(stretch: Stretch) -> bool:
    """Whether clearly less was measured than was due."""
    return stretch.counted < COVERED_SHARE * stretch.due


def _parts(stretch: Stretch, x: int) -> list[tuple[str, str]]:
    """The paths of one bar: what each looks like, and its outline."""
    if stretch.counted:
        return _measured(stretch, x)
    if stretch.due:
        return [("hollow", f"M{x} 1h{WIDTH}v{HEIGHT - 2}h-{WIDTH}z")]
    return [("excused" if stretch.excused else "unwatched", f"M{x} {HEIGHT - 2}h{WIDTH}")]


def _measured(stretch: Stretch, x: int) -> list[tuple[str, str]]:
    width = NARROW if is_thin(stretch) else WIDTH
    failed = _failed_height(1 - stretch.successes / stretch.counted)
    bad = [("bad", _column(x, width, 0, failed))] if failed else []
    return [*bad, ("ok", _column(x, width, failed, HEIGHT - failed))] if failed < HEIGHT else bad


def _failed_height(share: float) -> int:
    """Neither one failure nor one success of very many is lost."""
    if share in (0, 1):
        return round(share * HEIGHT)
    return min(HEIGHT - FAILED_AT_LEAST, max(FAILED_AT_LEAST, round(sqrt(share) * HEIGHT)))


def _column(x: int, width: int, top: int, height: int) -> str:
    return f"M{x + (WIDTH - width) // 2} {top}h{width}v{height}h-{width}z"
