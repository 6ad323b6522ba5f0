"""`report --format html`: from a database to one file, whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

pytestmark = pytest.mark.usefixtures("recorded")


def test_the_report_is_one_document_on_stdout(relaywatch: "Relaywatch") -> None:
    """With what was recorded: the check that is down, its incident, whose fault it is."""
    ended = relaywatch("report", "--format", "html")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("<!doctype html>")
    for words in ("gw/chat/openai/gpt-4.1", "overloaded", "this model", "still open", "=cmd()"):
        assert words in ended.out


def test_the_report_goes_into_a_file(relaywatch: "Relaywatch", tmp_path: Path) -> None:
    """An older one is replaced; nothing is printed and nothing is left beside it."""
    target = tmp_path / "report.html"
    target.write_text("old")
    assert relaywatch("report", "--format", "html", "--window", "7d", "-o", str(target)).out == ""
    assert target.read_text(encoding="utf-8").endswith("</html>\n")
    assert not list(tmp_path.glob(".report*"))


def test_a_file_that_cannot_be_written_is_said(relaywatch: "Relaywatch", tmp_path: Path) -> None:
    """One clear message."""
    ended = relaywatch("report", "--format", "html", "-o", str(tmp_path / "nowhere" / "report.html"))
    assert ended.code == 2
    assert "cannot be written" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [("--format", "html", "--window", "24h,7d"), ("--format", "html", "--evidence"), ("-o", "report.csv")],
    ids=["two periods", "evidence", "another format"],
)
def test_what_html_cannot_tell_is_refused(relaywatch: "Relaywatch", arguments: tuple[str, ...]) -> None:
    """With what to do instead."""
    ended = relaywatch("report", *arguments)
    assert ended.code == 2
    assert "hint:" in ended.err
