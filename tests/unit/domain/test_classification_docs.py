"""`docs/classification.md` shows the tables as they are; run this file as a script to write them anew."""

from pathlib import Path

from monitor.domain.answer_rows import NO_ANSWER_ROWS, READING_ROWS, SLOW_ROWS, STAND_IN_ROWS
from monitor.domain.error_rows import ERROR_ROWS, IN_BAND_ROW
from monitor.domain.rulings import IN_BAND, ErrorRow, NoAnswerRow, ReadingRow, Ruling, SlowRow, StandInRow

DOCUMENT = Path(__file__).parents[3] / "docs" / "classification.md"
BEGIN, END = "<!-- {}: begin -->\n", "<!-- {}: end -->"


def ruling_cells(ruling: Ruling) -> str:
    """Status, fault domain and advice as cells of a table."""
    loading = " (loading)" if ruling.loading else ""
    fault = ruling.fault.value if ruling.fault else ""
    return f"{ruling.status.value}{loading} | {fault} | {f'`{ruling.action.value}`' if ruling.action else ''}"


def http_cell(row: ErrorRow) -> str:
    """The codes that a row is about."""
    if row.http is None:
        return "any"
    if isinstance(row.http, range):
        return f"{row.http[0]}-{row.http[-1]}"
    codes = [code for code in range(400, 600) if code in row.http]
    whole = "500-599" if set(range(500, 600)) <= set(codes) else ", ".join(map(str, codes))
    return ", ".join(part for part in (whole, "in a 2xx" if IN_BAND in row.http else "") if part)


def sign_cell(row: ErrorRow) -> str:
    """What else a row looks at."""
    signs = [f"`{code}`" for code in sorted(row.codes)]
    if row.words is not None:
        signs.append("words")
    signs = [" or ".join(signs)] if signs else []
    signs += [f"param `{row.param}`"] if row.param else []
    signs += [f"only {row.kind.value}"] if row.kind else []
    signs += [f"body is {row.shape.value}"] if row.shape else []
    signs += ["OpenRouter's shape"] if row.openrouter else []
    return "; ".join(signs)


def plain_table(rows: tuple[NoAnswerRow | ReadingRow | SlowRow | StandInRow, ...]) -> str:
    """A table of rows that are known by one sign."""
    head = "| row | when | status | fault | advice |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(f"| {row.name} | {row.when} | {ruling_cells(row.ruling)} |\n" for row in rows)


def error_table() -> str:
    """The table of errors."""
    head = "| row | what it is | HTTP | code, type or other sign | status | fault | advice |\n"
    rule = "| --- | --- | --- | --- | --- | --- | --- |\n"
    return (
        head
        + rule
        + "".join(
            f"| {row.name} | {row.when} | {http_cell(row)} | {sign_cell(row)} | {ruling_cells(row.ruling)} |\n"
            for row in (*ERROR_ROWS, IN_BAND_ROW)
        )
    )


TABLES = {
    "no answer": plain_table(NO_ANSWER_ROWS),
    "answers": plain_table(READING_ROWS),
    "stand-ins": plain_table(STAND_IN_ROWS),
    "slow": plain_table(SLOW_ROWS),
    "errors": error_table(),
}


def rendered(text: str) -> str:
    """The document with every table between its markers written anew."""
    for name, table in TABLES.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, rest = text.split(begin, 1)
        text = before + begin + table + end + rest.split(end, 1)[1]
    return text


def test_the_document_shows_the_tables_as_they_are() -> None:
    """Whoever changes a row writes the document anew."""
    text = DOCUMENT.read_text("utf-8")
    assert text == rendered(text)


if __name__ == "__main__":
    DOCUMENT.write_text(rendered(DOCUMENT.read_text("utf-8")), "utf-8")
