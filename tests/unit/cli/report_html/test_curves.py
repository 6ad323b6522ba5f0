"""Latency curves: axes with units, gaps where nothing was measured, peaks that do not hide the rest."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from monitor.cli.report_html.curves import curves
from monitor.cli.report_html.facts import Stretch

MakeStretch = Callable[..., Stretch]
SEOUL = ZoneInfo("Asia/Seoul")
NOTHING: dict[str, Any] = {"counted": 0, "successes": 0, "p50_ms": None, "p95_ms": None, "p99_ms": None}


def drawn(*stretches: Stretch) -> ET.Element:
    """The chart, which is well-formed."""
    return ET.fromstring(curves(stretches, 'gw "<&>"', SEOUL))  # noqa: S314  our own


def path(picture: ET.Element, name: str) -> str:
    """The outline of one path."""
    (found,) = [one for one in picture.iter("path") if one.get("class") == name]
    return found.get("d", "")


def texts(picture: ET.Element) -> list[str]:
    """The labels: of the left axis, below, and at a peak."""
    return [text.text or "" for text in picture.iter("text")]


def test_axes_have_units_and_the_readers_days(stretch: MakeStretch) -> None:
    """Values on the left, from 0; days below."""
    labels = texts(drawn(*map(stretch, range(30))))
    assert labels[:4] == ["0 ms", "250 ms", "500 ms", "750 ms"]
    assert "11-02" in labels


def test_seconds_are_written_as_seconds(stretch: MakeStretch) -> None:
    """From one second on."""
    assert texts(drawn(stretch(0, p99_ms=4000.0), stretch(1)))[:5] == ["0 s", "1 s", "2 s", "3 s", "4 s"]


def test_a_gap_breaks_the_curves_and_says_so(stretch: MakeStretch) -> None:
    """Two pieces, and a ground between them."""
    picture = drawn(stretch(0), stretch(1), stretch(2, **NOTHING), stretch(3), stretch(4))
    assert path(picture, "curve p50").count("M") == 2
    assert path(picture, "gap").startswith("M400 ")
    assert "h200V" in path(picture, "gap")


def test_gaps_at_both_ends(stretch: MakeStretch) -> None:
    """Watched from later on, until earlier."""
    picture = drawn(stretch(0, **NOTHING), stretch(1), stretch(2, **NOTHING))
    assert sum(one.get("class") == "gap" for one in picture.iter("path")) == 2


def test_a_lonely_point_is_a_dot(stretch: MakeStretch) -> None:
    """A line of no length with round ends."""
    assert path(drawn(stretch(0)), "curve p99").endswith("h.01")


def test_nothing_measured_is_no_chart(stretch: MakeStretch) -> None:
    """Not an empty one."""
    assert curves([stretch(0, **NOTHING)], "gw", SEOUL) == ""
    assert curves([], "gw", SEOUL) == ""


def test_zeros_lie_on_the_ground(stretch: MakeStretch) -> None:
    """An answer that took no time at all."""
    zero = {"p50_ms": 0.0, "p95_ms": 0.0, "p99_ms": 0.0}
    assert path(drawn(stretch(0, **zero), stretch(1, **zero)), "curve p50") == "M250 131l500 0"


def test_a_huge_outlier_is_told_and_does_not_flatten_the_rest(stretch: MakeStretch) -> None:
    """The peak's height stands at its place."""
    picture = drawn(*(stretch(number, p99_ms=90_000.0 if number == 20 else 900.0) for number in range(30)))
    assert texts(picture)[-1] == "↑ 90 s"
    assert path(picture, "curve p99").startswith("M17 61l")


def test_the_label_is_escaped(stretch: MakeStretch) -> None:
    """It names what an upstream may have named."""
    assert drawn(stretch(0)).get("aria-label") == 'gw "<&>"'
