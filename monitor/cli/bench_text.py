"""How a benchmark is shown: a table and a plot for people, or one JSON document with every run.

Owns what is said where there were too few runs: nothing but how many it takes.
"""

import sys
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rich.text import Text

from monitor.alerting.plain import printable
from monitor.cli.render import console_on, milliseconds, print_parts, safe_json
from monitor.cli.spent import at_most, spent
from monitor.clock import iso
from monitor.domain.benchmark import SHARES, Figure, Sample, Summary, Way, differ, summaries
from monitor.domain.prices import dollars
from monitor.domain.quantiles import Quantile, runs_for_interval

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.config.load import Loaded
    from monitor.domain.check import Check
    from monitor.probes.bench import Ended

_TITLES = MappingProxyType(
    {
        Figure.CONNECT: "connecting (DNS, TCP, TLS)",
        Figure.FIRST_EVENT: "first event of the stream",
        Figure.TTFT: "first token (TTFT)",
        Figure.E2E: "whole answer (E2E)",
        Figure.TPOT: "time per token after it (TPOT)",
        Figure.TOKENS_PER_S: "tokens per second",
        Figure.MAX_STALL: "longest stall between tokens",
    }
)
"""TOTAL is in JSON only: it is connecting and the whole answer together."""
_PLOTTED = (Figure.TTFT, Figure.E2E)
_BARS = " ▁▂▃▄▅▆▇█"
_WAY_WIDTH = 14
_MOST_CELLS = 60
_DAMPED = "dim"
_HEADS = ("runs", "median", "95 % sure", "p95", "p99")


def title(loaded: "Loaded", check: "Check", ways: Sequence[Way], rounds: tuple[int, int]) -> None:
    """What will be done, and what it will cost at most."""
    runs, warm_ups = rounds
    console = console_on(sys.stdout)
    times = len(ways) * (runs + warm_ups)
    console.print(Text(printable(check.id), "bold"))
    plan = f"{_counted(runs, 'run')} of each of {_counted(len(ways), 'way')}, in turns, one after the other"
    warming = f", after {_counted(warm_ups, 'round')} to warm up" if warm_ups else ""
    console.print(Text(f"{plan}{warming}: {at_most(loaded, [check], times)}.", _DAMPED))
    console.print()


def show(loaded: "Loaded", check: "Check", ways: Sequence[Way], ended: "Ended") -> None:
    """All that was measured."""
    console, found = console_on(sys.stdout), summaries(ended.samples, ways)
    if found:
        print_parts(console, sys.stdout, _table(found), "")
        for figure in _PLOTTED:
            _plot(console, [summary for summary in found if summary.figure is figure])
    for line in (*_missing(found), *_went_wrong(ended, ways), *_conclusions(found)):
        console.print(Text(printable(line)))
    console.print(Text(_spent(loaded, check, ended), _DAMPED))
    if ended.stopped is not None:
        console.print(Text.assemble(("stopped early: ", "bold red"), printable(ended.stopped)))
        console.print(Text(f"relaywatch doctor {check.endpoint} looks for the cause, step by step", _DAMPED))


def _table(found: Sequence[Summary]) -> Text:
    """One block for each figure; the columns of all blocks are aligned."""
    heads = ("", *_HEADS[: 3 + _deepest(found)], "least", "most")
    lines = [_cells(row, len(heads)) for row in found if row.figure in _TITLES]
    widths = [max(len(line[number]) for line in (heads, *lines)) for number in range(len(heads))]
    parts: list[Text] = [Text(_aligned(heads, widths), "bold")]
    blocks = {figure: [row for row in found if row.figure is figure] for figure in _TITLES}
    for figure, rows in blocks.items():
        if rows:
            parts.append(Text(_TITLES[figure], "bold"))
            parts += [Text(_aligned(_cells(row, len(heads)), widths)) for row in rows]
    return Text("\n").join(parts)


def _deepest(found: Sequence[Summary]) -> int:
    """How many of the quantiles beyond the median at least one figure has."""
    return max(sum(one.value is not None for one in row.quantiles[1:]) for row in found)


def _cells(row: Summary, count: int) -> tuple[str, ...]:
    cells = (f"  {row.way}", str(len(row.values)), _value(row, row.median), _interval(row))
    more = tuple(_value(row, one) for one in row.quantiles[1:])[: count - len(cells) - 2]
    return (*cells, *more, _said(row, min(row.values)), _said(row, max(row.values)))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join((cells[0].ljust(widths[0]), *others))


def _value(summary: Summary, found: Quantile) -> str:
    return "-" if found.value is None else _said(summary, found.value)


def _interval(summary: Summary) -> str:
    low, high = summary.median.low, summary.median.high
    if low is None or high is None:
        return "-"
    first, _, unit = _said(summary, low).partition(" ")
    last, _, other = _said(summary, high).partition(" ")
    return f"{first}-{last} {unit}".rstrip() if unit == other else f"{first} {unit}-{last} {other}"


def _said(summary: Summary, value: float) -> str:
    if summary.figure is Figure.TOKENS_PER_S:
        return f"{value:.1f}"
    return f"{value:.1f} ms" if value < 10 else milliseconds(value)  # noqa: PLR2004  below it a tenth matters


def _plot(console: "Console", rows: Sequence[Summary]) -> None:
    """How the runs of each way are spread over one common axis."""
    if not rows:
        return
    least, most = min(min(row.values) for row in rows), max(max(row.values) for row in rows)
    width = min(_MOST_CELLS, max(20, console.width - _WAY_WIDTH - 6))
    ends = _said(rows[0], least), _said(rows[0], most)
    console.print(Text(_TITLES[rows[0].figure], "bold"))
    for row in rows:
        bars = "".join(_BARS[level] for level in spread(row.values, (least, most), width))
        console.print(Text.assemble(f"  {row.way!s:<{_WAY_WIDTH}}", ("|", _DAMPED), (bars, "cyan"), ("|", _DAMPED)))
    console.print(Text(f"{' ' * (_WAY_WIDTH + 3)}{ends[0]}{ends[1].rjust(width - len(ends[0]))}", _DAMPED))
    console.print()


def spread(values: Sequence[float], ends: tuple[float, float], width: int) -> list[int]:
    """How many of `values` lie in each of `width` equal parts between `ends`, as levels from 0 to 8.

    One value is always seen, the fullest part always has the highest level.
    """
    least, most = ends
    counts = [0] * width
    for value in values:
        share = 0.0 if most <= least else (value - least) / (most - least)
        counts[min(width - 1, int(share * width))] += 1
    top = max(counts)
    return [0 if not count else max(1, round(8 * count / top)) for count in counts]


def _missing(found: Sequence[Summary]) -> Iterator[str]:
    """How many runs a figure takes that is not there."""
    if not found:
        return
    fewest = min(len(summary.values) for summary in found)
    absent = [
        f"p{round(one.share * 100)} takes {one.needs} runs ({one.needs_for_interval} to be sure of it)"
        for one in found[0].quantiles
        if fewest < one.needs
    ]
    if fewest < runs_for_interval(0.5):
        absent.append(f"an interval of the median takes {runs_for_interval(0.5)}")
    if absent:
        yield f"Not enough runs for all: {'; '.join(absent)}."


def _went_wrong(ended: "Ended", ways: Sequence[Way]) -> Iterator[str]:
    for way in ways:
        runs = [sample for sample in ended.samples if sample.way == way and sample.run]
        failures = [sample for sample in runs if not sample.status.is_success]
        anew = sum(sample.reconnected and sample.status.is_success for sample in runs)
        if failures:
            last = failures[-1]
            yield f"{way}: {len(failures)} of {_counted(len(runs), 'run')} failed, last {last.status}: {last.reason}"
        if anew:
            yield f"{way}: {_counted(anew, 'run')} had to connect anew (the server had closed), and count nowhere"
        if way.stream and runs and all(sample.usage.output_tokens is None for sample in runs):
            yield f"{way}: the API counts no tokens in streams, so there is neither TPOT nor tokens per second"


def _conclusions(found: Sequence[Summary]) -> Iterator[str]:
    """What may be said of streaming against whole answers, and of cold against warm."""
    by = {(summary.figure, summary.way): summary for summary in found}
    for cold in (False, True):
        whole, streamed = by.get((Figure.E2E, Way(cold, False))), by.get((Figure.E2E, Way(cold, True)))
        first = by.get((Figure.TTFT, Way(cold, True)))
        where = "cold" if cold else "warm"
        if whole is not None and first is not None and first.median.value and whole.median.value:
            times = whole.median.value / first.median.value
            if differ(whole.median, first.median) and times > 1:
                yield f"Streaming ({where}) shows its first token {times:.1f} times as soon as a whole answer comes."
        if whole is not None and streamed is not None:
            yield from _ends(whole, streamed, where)
    connects = [summary.median.value for (figure, _), summary in by.items() if figure is Figure.CONNECT]
    if connects and all(value is not None for value in connects):
        worst = max(value or 0.0 for value in connects)
        yield f"A new connection costs {milliseconds(worst)} before anything is asked."


def _ends(whole: Summary, streamed: Summary, where: str) -> Iterator[str]:
    apart = differ(whole.median, streamed.median)
    if apart is None or whole.median.value is None or streamed.median.value is None:
        return
    if not apart:
        yield f"Whether a stream ({where}) ends sooner or later than a whole answer, these runs cannot tell."
        return
    percent = (streamed.median.value / whole.median.value - 1) * 100
    yield f"A stream ({where}) ends {abs(percent):.0f} % {'later' if percent > 0 else 'sooner'} than a whole answer."


def _spent(loaded: "Loaded", check: "Check", ended: "Ended") -> str:
    paid = spent(loaded, check, [sample.usage for sample in ended.samples])
    if paid["output_tokens"] is None:
        return f"Spent: {_counted(len(ended.samples), 'request')}; the API counted no tokens."
    money = "" if paid["cost_usd"] is None else f", {dollars(paid['cost_usd'])}"
    return f"Spent: {paid['input_tokens']} tokens of input, {paid['output_tokens']} of output{money}."


def as_json(loaded: "Loaded", check: "Check", ways: Sequence[Way], runs: int, ended: "Ended") -> str:
    """One document with every run and every summary."""
    document = {
        "check": check.id,
        "runs": runs,
        "max_tokens": check.max_tokens,
        "stopped": ended.stopped,
        "samples": [_sample(sample) for sample in ended.samples],
        "summaries": [_summary(summary) for summary in summaries(ended.samples, ways)],
        "spent": spent(loaded, check, [sample.usage for sample in ended.samples]),
    }
    return safe_json(document, indent=2)


def _way(way: Way) -> dict[str, Any]:
    return {"stream": way.stream, "connection": "cold" if way.cold else "warm"}


def _sample(sample: Sample) -> dict[str, Any]:
    return {
        **_way(sample.way),
        "run": sample.run,
        "counts": sample.counts,
        "status": str(sample.status),
        "reason": sample.reason,
        "http_status": sample.http_status,
        "reconnected": sample.reconnected,
        **{str(figure): _rounded(sample.figures.get(figure)) for figure in Figure},
        "input_tokens": sample.usage.input_tokens,
        "output_tokens": sample.usage.output_tokens,
        "started_at": iso(sample.started_us),
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        **_way(summary.way),
        "figure": str(summary.figure),
        "count": len(summary.values),
        "min": _rounded(min(summary.values)),
        "max": _rounded(max(summary.values)),
        "mean": _rounded(sum(summary.values) / len(summary.values)),
        **{
            f"p{round(share * 100)}": {
                "value": _rounded(found.value),
                "low": _rounded(found.low),
                "high": _rounded(found.high),
                "needs": found.needs,
                "needs_for_interval": found.needs_for_interval,
            }
            for share, found in zip(SHARES, summary.quantiles, strict=True)
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
