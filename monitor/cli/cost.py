"""What a configuration costs a month, as `check --dry-run`, `config check` and `init` tell it."""

from typing import TYPE_CHECKING, Any

from monitor.errors import RelayWatchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.cli.render import Sheet
    from monitor.config.load import Loaded
    from monitor.config.schema import Config
    from monitor.domain.check import Check
    from monitor.domain.estimate import Amount, Estimate, Line
    from monitor.domain.tokens import Average

FIELDS = (
    "check", "endpoint", "model", "interval_s", "probes", "input_tokens", "output_tokens", "input_price",
    "output_price", "at_most", "expected", "measured",
)  # fmt: skip
MEASURED_DAYS = 7
MOST_NAMED = 5


def cost_line(config: "Config") -> str:
    """One line: a month at most, and whose price is not known."""
    from monitor.config.checks import checks_of  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.config.prices import prices_of  # noqa: PLC0415  the same
    from monitor.domain.estimate import estimate, total  # noqa: PLC0415  the same

    found = estimate(checks_of(config), prices_of(config))
    amount = total(line.most for line in found.lines)
    said = "of unknown cost" if amount.nusd is None else f"at most {_dollars(amount)} a month by the known prices"
    return f"{said}{_without(found)}"


def dry_run(loaded: "Loaded", chosen: "Sequence[Check]") -> "Sheet":
    """The table of `check --dry-run`: each model, each endpoint, and all together. Sends nothing."""
    from monitor.cli.render import Column, Sheet  # noqa: PLC0415  the same
    from monitor.config.prices import prices_of  # noqa: PLC0415  the same
    from monitor.domain.estimate import estimate  # noqa: PLC0415  the same

    found = estimate(chosen, prices_of(loaded.config), _averages(loaded))
    return Sheet(
        rows=_rows(found),
        fields=FIELDS,
        columns=(
            Column("subject", "check", whole=True),
            Column("probes", "probes/month", _count, right=True),
            Column("input_tokens", "input tokens", _count, right=True, least_width=100),
            Column("output_tokens", "output tokens", _count, right=True, least_width=100),
            Column("at_most", "at most", _price, right=True),
            Column("expected", "expected", _price, right=True),
        ),
        empty="no model is asked anything, so nothing costs",
        notes=_notes(found),
    )


def cost_notes(window: str, rows: "Sequence[Mapping[str, Any]]") -> list[str]:
    """What monitoring cost in all, under a report's table, and what is not in it."""
    known = [row["cost"] for row in rows if row["check"] is not None and row["cost"] is not None]
    unpriced = [row["check"] for row in rows if row["check"] is not None and row["cost"] is None and row["tokens"]]
    if not known and not unpriced:
        return []
    said = f"monitoring cost {_price(sum(known))} in {window}" if known else "the cost is not known"
    return [f"{said}{_unpriced(unpriced)}"]


def _averages(loaded: "Loaded") -> "Mapping[str, Average]":
    """What answers used in the last days, where a database tells."""
    from monitor.cli.options import reader_of  # noqa: PLC0415  the same
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.domain.caps import day_of  # noqa: PLC0415  the same
    from monitor.storage.spending import averages  # noqa: PLC0415  the same

    try:
        with reader_of(loaded) as reader:
            return averages(reader, day_of(SystemClock().now().wall_us) - MEASURED_DAYS)
    except RelayWatchError:
        return {}  # none yet, or none that this version can read: nothing is known of answers


def _rows(found: "Estimate") -> list[dict[str, Any]]:
    lines, endpoints = found.lines, dict.fromkeys(line.check.endpoint for line in found.lines)
    rows = [_row(line) for line in lines]
    rows += [_sum([line for line in lines if line.check.endpoint == endpoint], endpoint) for endpoint in endpoints]
    return [*rows, _sum(lines, None)] if rows else []


def _row(line: "Line") -> dict[str, Any]:
    check, price = line.check, line.price
    return {
        **_figures([line]),
        "subject": check.id,
        "check": check.id,
        "endpoint": check.endpoint,
        "model": check.model,
        "interval_s": check.interval_s,
        "input_price": None if price is None else price.input,
        "output_price": None if price is None else price.output,
    }


def _sum(lines: "Sequence[Line]", endpoint: str | None) -> dict[str, Any]:
    return {**_figures(lines), "subject": "all" if endpoint is None else f"{endpoint} (all)", "endpoint": endpoint}


def _figures(lines: "Sequence[Line]") -> dict[str, Any]:
    from monitor.domain.estimate import total  # noqa: PLC0415  the same

    most, expected = total(line.most for line in lines), total(line.expected for line in lines)
    return {
        "probes": sum(line.probes for line in lines),
        "input_tokens": most.input_tokens,
        "output_tokens": most.output_tokens,
        "at_most": _usd(most),
        "expected": _usd(expected),
        "measured": any(line.measured for line in lines),
    }


def _notes(found: "Estimate") -> list[str]:
    from monitor.domain.estimate import DAYS  # noqa: PLC0415  the same

    expected = "what answers have used of late" if found.measured else "the same, since no answers are on record yet"
    notes = [
        f"Nothing was sent. A month is {DAYS} days at the configured intervals, in US dollars.",
        f"Besides, model lists are read {found.free:,} times, which is free.",
        f"At most: every answer uses all of max_tokens. Expected: {expected}.",
        "Probes that only failures cause are not in it, nor what a reasoning model is allowed beyond max_tokens.",
    ]
    return [*notes, f"Not in the sums{_without(found)}."] if found.unpriced else notes


def _without(found: "Estimate") -> str:
    return _unpriced([line.check.id for line in found.unpriced])


def _unpriced(names: "Sequence[str]") -> str:
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"; no price is known for {', '.join(names[:MOST_NAMED])}{more}: set [prices]"


def _usd(amount: "Amount") -> float | None:
    from monitor.domain.prices import usd  # noqa: PLC0415  the same

    return None if amount.nusd is None else round(usd(amount.nusd), 6)


def _dollars(amount: "Amount") -> str:
    return _price(_usd(amount) or 0.0)


def _price(value: float) -> str:
    from monitor.domain.prices import dollars  # noqa: PLC0415  the same

    return dollars(value)


def _count(value: int) -> str:
    return f"{value:,}"
