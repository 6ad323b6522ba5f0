"""`report --format html`: into a file, or onto stdout. Owns that a report is written whole or not at all."""

import sys
from collections.abc import Sequence
from io import StringIO, TextIOWrapper
from pathlib import Path

from monitor.cli.report_html.gather import gather
from monitor.cli.report_html.page import render
from monitor.clock import Moment
from monitor.config.load import Loaded
from monitor.errors import UsageError
from monitor.storage.reader import Reader
from monitor.storage.reports.figures import Period
from monitor.storage.reports.report import Asked


def write(
    reader: Reader,
    loaded: Loaded,
    periods: Sequence[Period],
    asked: Asked,
    now: Moment,
    *,
    target: Path | None = None,
) -> None:
    """Write the report of one period.

    Args:
        reader: of the database.
        loaded: the configuration: language and time zone.
        periods: one.
        asked: tags and prices; its rows and its trend are the report's own business.
        now: the present.
        target: the file, replaced if it is there; None is stdout.

    Raises:
        UsageError: several periods, or the file cannot be written.
    """
    if len(periods) != 1:
        raise UsageError("--format html tells of one period", hint="make one report for each of them")
    text = StringIO()
    render(gather(reader, periods[0], loaded.config, asked, now), text)
    if target is None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # the document says so, whatever the terminal speaks
        sys.stdout.write(text.getvalue())
    else:
        _replace(target, text.getvalue())


def _replace(target: Path, text: str) -> None:
    new = target.with_name(f".{target.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(target)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise UsageError(f"{target} cannot be written: {error.strerror or error}") from None
