"""How lists are printed: exact fields, and nothing that acts on a terminal or in a spreadsheet."""

import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.options import Format
from monitor.cli.render import Column, Sheet, csv_cell, duration, emit, local_time, milliseconds, percent, safe_json

HOSTILE = "=cmd|' /C calc'!A0 \x1b[2J\x9b31m\u202e[red]x[/red] <b>\r\n\t"
ROWS: list[dict[str, Any]] = [
    {"check": "gw/chat/m", "status": "UP", "ms": 86.4, "checks": ["a", "b"], "reason": None, "extra": 1},
    {"check": "gw/chat/n", "status": "TIMEOUT", "ms": None, "checks": [], "reason": HOSTILE},
]
FIELDS = ("check", "status", "ms", "checks", "reason")
COLUMNS = (
    Column("check", "check", whole=True),
    Column("status", "status", styled=True),
    Column("ms", "latency", milliseconds, right=True),
    Column("reason", "reason", prose=True),
)


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def printed(form: Format, rows: list[dict[str, Any]] | None = None, out: io.StringIO | None = None) -> str:
    """What `emit` writes."""
    out = io.StringIO() if out is None else out
    emit(Sheet(ROWS if rows is None else rows, FIELDS, COLUMNS), form, out)
    return out.getvalue()


def test_json_has_exactly_the_fields_in_their_order() -> None:
    """A field that is not of the interface stays out, one that is missing is null."""
    rows = json.loads(printed(Format.JSON))
    assert [list(row) for row in rows] == [list(FIELDS)] * 2
    assert rows[0] == {"check": "gw/chat/m", "status": "UP", "ms": 86.4, "checks": ["a", "b"], "reason": None}
    assert rows[1]["reason"] == HOSTILE


def test_json_of_nothing_is_an_empty_array() -> None:
    """Still JSON."""
    assert json.loads(printed(Format.JSON, [])) == []


@given(st.text(st.characters(exclude_categories=())))
def test_json_never_acts_on_a_terminal_and_keeps_every_character(text: str) -> None:
    """Control characters and marks are escaped, and come back when parsed."""
    shown = safe_json([text])
    assert json.loads(shown) == [text]
    assert not set(shown) & {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u202e", "\u2066", "\u2028"}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\x1f=1", "\N{FULLWIDTH EQUALS SIGN}1"]
)
def test_a_csv_cell_is_never_a_formula(text: str) -> None:
    """A model id may begin like one."""
    assert str(csv_cell(text)).startswith("'")


@given(st.text())
def test_csv_reads_back_as_a_grid(text: str) -> None:
    """Whatever a cell holds, it stays one cell, on one line, and no formula."""
    written = printed(Format.CSV, [{"check": text, "status": text}])
    lines = list(csv.reader(io.StringIO(written, newline="")))
    assert [len(line) for line in lines] == [len(FIELDS)] * 2
    assert not lines[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_csv_cells_of_every_kind() -> None:
    """Numbers stay numbers, also negative ones; None is empty; lists and counts are words."""
    assert [csv_cell(value) for value in (None, True, -1.5, 7, ["a", "b"], {"UP": 2, "TIMEOUT": 1})] == [
        "",
        "true",
        -1.5,
        7,
        "a b",
        "UP=2 TIMEOUT=1",
    ]


def test_a_table_takes_markup_and_escapes_as_text() -> None:
    """Text from an upstream is shown, not obeyed."""
    shown = printed(Format.TABLE)
    assert "[red]x[/red]" in shown
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "\u202e" not in shown


def test_colour_only_on_a_terminal_and_not_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of escapes helps nobody."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[32mUP" in printed(Format.TABLE, out=Terminal())
    assert "\x1b" not in printed(Format.TABLE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in printed(Format.TABLE, out=Terminal())


@pytest.mark.parametrize("width", [80, 200])
def test_a_table_fits_its_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Ids and prose are broken where they must be, numbers never; nothing is cut off."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    row = {"check": "gw/chat/" + "long-name-" * 6, "status": "MODEL_NOT_FOUND", "ms": 1234.5, "reason": "why " * 25}
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed(Format.TABLE, [row], out=Terminal())).splitlines()
    assert max(len(line) for line in lines) <= width
    assert any("MODEL_NOT_FOUND" in line and "1.23 s" in line for line in lines)
    assert sum(line.count("why") for line in lines) == 25
    assert ("gw/chat/" + "long-name-" * 6 in lines[1]) == (width == 200)


def test_an_id_is_broken_after_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a narrow terminal; elsewhere only where a part of it is too long by itself."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    row = {"status": "MODEL_NOT_FOUND", "ms": 1.0, "reason": "a reason of several words"}
    rows = [{"check": check, **row} for check in ("gateway/chat/vendor/model-2", "게이트웨이/chat/솔라-프로-2")]
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed(Format.TABLE, rows, out=Terminal()))
    firsts = [line.split()[0] for line in text.splitlines()]
    assert firsts == ["check", "gateway/", "chat/vendor/", "model-2", "게이트웨이/", "chat/", "솔라-프로-2"]


def test_where_columns_find_no_room_values_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the sheet wants it: nothing is left out, and rows are counted on from piece to piece."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    columns = [Column(f"c{number}", f"column_{number}") for number in range(9)]
    rows = [{f"c{number}": f"{row}-{number}" for number in range(9)} for row in range(501)]

    def shown(chosen: list[Column]) -> list[str]:
        out = Terminal()
        emit(Sheet(rows, (), chosen, stacks=True), Format.TABLE, out)
        return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()]

    lines = shown(columns)
    assert lines[:3] == ["row 1", "column_0  0-0", "column_1  0-1"]
    assert lines[-10:-8] == ["row 501", "column_0  500-0"]
    assert len(lines) == 501 * 10
    assert shown(columns[:3])[:2] == ["column_0  column_1  column_2", "0-0       0-1       0-2"]


def test_a_column_may_have_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's own statement may call it anything, in any script."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    columns = [Column("a", "", prose=True), Column("b", " "), Column("c", "이름")]
    out = Terminal()
    emit(Sheet([{"a": "why " * 30, "b": 1, "c": 2}], (), columns), Format.TABLE, out)
    assert out.getvalue().count("why") == 30
    pipe = io.StringIO()
    emit(Sheet([{"a": 1, "c": 2}], (), columns[::2]), Format.TABLE, pipe)
    assert pipe.getvalue() == "   이름\n1  2\n"


def test_into_a_pipe_nothing_is_broken() -> None:
    """`relaywatch history | grep` finds whole ids on one line."""
    row = {"check": "gw/chat/" + "x" * 200, "status": "UP", "reason": "y" * 200}
    lines = printed(Format.TABLE, [row]).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(row["check"])
    assert all(line == line.rstrip() for line in lines)


def test_a_table_of_nothing_says_so() -> None:
    """Silence would be a riddle."""
    assert printed(Format.TABLE, []) == "nothing found\n"


def test_words_for_figures() -> None:
    """Short, with units, and never rounded up to perfection."""
    assert [milliseconds(86.4), milliseconds(1234.0)] == ["86 ms", "1.23 s"]
    assert [percent(100.0), percent(99.999), percent(0.0)] == ["100 %", "99.99 %", "0.00 %"]
    assert [duration(0), duration(59.6), duration(3600 * 26), duration(754)] == [
        "0 s",
        "1 min",
        "1 d 2 h",
        "12 min 34 s",
    ]
    assert local_time("Asia/Seoul")("2026-11-21T12:00:00.000Z") == "2026-11-21 21:00:00"
