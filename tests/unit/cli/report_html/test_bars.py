"""Uptime bars: what each says can be seen without colour."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from monitor.cli.report_html.bars import FAILED_AT_LEAST, HEIGHT, bars
from monitor.cli.report_html.facts import Stretch

MakeStretch = Callable[..., Stretch]


def drawn(*stretches: Stretch, tells: bool = True) -> ET.Element:
    """The picture, which is well-formed."""
    return ET.fromstring(bars(stretches, "gw <&\"'>", (lambda _: "told <script>") if tells else None))  # noqa: S314  ours


def looks(picture: ET.Element) -> list[str]:
    """What its paths look like, in order."""
    return [path.get("class", "") for path in picture.iter("path")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["ok"]),
        ({"successes": 99}, ["bad", "ok"]),
        ({"successes": 0}, ["bad"]),
        ({"counted": 0, "successes": 0}, ["hollow"]),
        ({"counted": 0, "successes": 0, "due": 0, "excused": 5}, ["excused"]),
        ({"counted": 0, "successes": 0, "due": 0}, ["unwatched"]),
    ],
    ids=["fine", "one failure", "all failed", "not measured", "maintenance", "not watched"],
)
def test_every_state_has_a_look(stretch: MakeStretch, fields: dict[str, Any], expected: list[str]) -> None:
    """A shape or a pattern, not only a colour."""
    assert looks(drawn(stretch(0, **fields))) == expected


def test_a_single_failure_among_many_can_be_seen(stretch: MakeStretch) -> None:
    """One of a hundred thousand still hangs from the top."""
    picture = drawn(stretch(0, due=100_000, counted=100_000, successes=99_999))
    assert picture.findall(".//path")[0].get("d", "").endswith(f"v{FAILED_AT_LEAST}h-8z")


def test_a_short_outage_can_be_told_from_one_failure(stretch: MakeStretch) -> None:
    """Three hours of a day hang three times as low; a single success among failures can be seen too."""

    def height(successes: int) -> int:
        path = drawn(stretch(0, due=1440, counted=1440, successes=successes)).findall(".//path")[0].get("d", "")
        return int(path.split("v")[1].split("h")[0])

    assert height(1439) == FAILED_AT_LEAST
    assert height(1260) >= 2.5 * FAILED_AT_LEAST
    assert (height(1), height(0)) == (HEIGHT - FAILED_AT_LEAST, HEIGHT)


def test_a_bar_that_was_measured_in_part_is_narrow(stretch: MakeStretch) -> None:
    """Less than nine tenths of what was due."""
    assert "h4v24" in drawn(stretch(0, counted=89, successes=89)).findall(".//path")[0].get("d", "")
    assert "h8v24" in drawn(stretch(0, counted=90, successes=90)).findall(".//path")[0].get("d", "")


def test_bars_with_nothing_to_tell_are_one_path(stretch: MakeStretch) -> None:
    """So that a thousand checks stay a small file."""
    assert len(looks(drawn(*map(stretch, range(90))))) == 1


def test_a_report_of_very_many_does_not_tell_of_single_bars(stretch: MakeStretch) -> None:
    """All bars that look alike are one path."""
    several = [stretch(number, successes=50) for number in range(90)]
    assert looks(drawn(*several, tells=False)) == ["bad", "ok"]
    assert drawn(*several, tells=False).find(".//title") is None


def test_words_are_escaped(stretch: MakeStretch) -> None:
    """The picture's label, and what a bar tells."""
    picture = drawn(stretch(0, successes=1))
    assert picture.get("aria-label") == "gw <&\"'>"
    assert [title.text for title in picture.iter("title")] == ["told <script>"]


def test_no_bars_are_a_picture_too() -> None:
    """Of nothing."""
    assert looks(drawn()) == []
