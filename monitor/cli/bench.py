"""The command `bench`: a check measured many times, streamed and whole, warm and cold. Needs no database."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.doctor import DoctorFormat
from monitor.cli.options import ConfigOption, load_config
from monitor.errors import EXIT_UNHEALTHY, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.load import Loaded
    from monitor.domain.benchmark import Sample, Way
    from monitor.domain.check import Check
    from monitor.probes.bench import Ended, MeasuringProber

MAX_TOKENS = 64


def bench(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="A model's check, such as gw/chat/openai/gpt-4.1.")],
    *,
    runs: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="Runs of each way.")] = 10,
    warm_up: Annotated[
        int, typer.Option("--warm-up", metavar="N", min=0, max=100, help="Rounds that do not count.")
    ] = 1,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", metavar="N", min=1, max=100_000, help="How long an answer may be.")
    ] = MAX_TOKENS,
    warm: Annotated[bool, typer.Option("--warm", help="Kept connections only.")] = False,
    cold: Annotated[bool, typer.Option("--cold", help="New connections only.")] = False,
    config: ConfigOption = None,
    output: Annotated[DoctorFormat, typer.Option("--format", help="Text for people, or one JSON document.")] = (
        DoctorFormat.TEXT
    ),
) -> None:
    """Measure streamed against whole answers, over kept and new connections. Exit 1 if a run failed."""
    from monitor.cli.bench_text import as_json, show, title  # noqa: PLC0415  imported only when called

    loaded = load_config(config)
    chosen, probers = _prepared(loaded, check, max_tokens)
    ways = ways_of(chosen, warm=warm, cold=cold)
    if output is DoctorFormat.TEXT:
        title(loaded, chosen, ways, (runs, warm_up))
    ended = asyncio.run(_measured(chosen, probers, ways, (runs, warm_up)))
    if output is DoctorFormat.JSON:
        typer.echo(as_json(loaded, chosen, ways, runs, ended))
    else:
        show(loaded, chosen, ways, ended)
    if ended.stopped is not None or not all(sample.status.is_success or not sample.run for sample in ended.samples):
        raise typer.Exit(EXIT_UNHEALTHY)


def ways_of(check: "Check", *, warm: bool, cold: bool) -> "list[Way]":
    """Every way that was asked for, as far as the check's protocol has it; warm and cold both without a wish."""
    from monitor.domain.benchmark import Way  # noqa: PLC0415  imported only when called
    from monitor.protocols.registry import protocol_named  # noqa: PLC0415  the same

    connections = [is_cold for is_cold, wanted in ((False, warm), (True, cold)) if wanted or warm == cold]
    streams = (False, True) if protocol_named(check.protocol).streams else (False,)
    return [Way(cold=is_cold, stream=stream) for is_cold in connections for stream in streams]


def _prepared(loaded: "Loaded", name: str, max_tokens: int) -> "tuple[Check, tuple[MeasuringProber, MeasuringProber]]":
    """The check as it is measured, and who asks it over kept connections and over new ones."""
    from monitor.cli.check import choose  # noqa: PLC0415  imported only when called
    from monitor.cli.doctor import subject_of  # noqa: PLC0415  the same
    from monitor.probes.bench import measured_check, prober_for  # noqa: PLC0415  the same

    found = choose(loaded, [name])[0]
    if found.model is None:
        raise UsageError(f"{name} is a model list, which has nothing to stream", hint="name the check of a model")
    subject = subject_of(loaded, found.endpoint, [], [])
    if subject.told.problems:
        first = subject.told.problems[0]
        raise UsageError(f"endpoint {found.endpoint}: {first.path}: {first.message}")
    target, redactor = subject.target, subject.redactor
    return measured_check(found, max_tokens), (prober_for(target, redactor), prober_for(target, redactor))


async def _measured(
    check: "Check", probers: "tuple[MeasuringProber, MeasuringProber]", ways: "Sequence[Way]", rounds: tuple[int, int]
) -> "Ended":
    from monitor.probes.bench import Bench  # noqa: PLC0415  imported only when called

    warm, cold = probers
    progress = _Progress(rounds[0])
    try:
        return await Bench(check, warm, cold, progress.told).run(ways, *rounds)
    finally:
        progress.close()
        await warm.aclose()
        await cold.aclose()


class _Progress:
    """Says on a terminal which run is under way; elsewhere nothing."""

    def __init__(self, runs: int) -> None:
        self._runs = runs
        self._status = None
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415  only who needs it pays

            self._status = Console(stderr=True).status("warming up")
            self._status.start()

    def told(self, sample: "Sample") -> None:
        """One run is done."""
        if self._status is not None and sample.run:
            self._status.update(f"run {sample.run} of {self._runs}: {sample.way}")

    def close(self) -> None:
        """Nothing moves any more."""
        if self._status is not None:
            self._status.stop()
