"""The command `check`: probe now, once. Needs no database and writes none."""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import cost
from monitor.cli.followed import with_listed, with_stored
from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, nearest_names
from monitor.domain.action import Action
from monitor.domain.result import Trigger
from monitor.errors import EXIT_UNHEALTHY, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from monitor.cli.render import Sheet
    from monitor.config.load import Loaded
    from monitor.domain.check import Check
    from monitor.domain.result import Result
    from monitor.probes.prober import Prober

LOG_TEXT_AT_MOST = 1000
LESSONS_AT_MOST = 3
FIELDS = (
    "check", "endpoint", "kind", "model", "status", "fault_domain", "http_status", "latency_ms", "ttft_ms", "lag_ms",
    "reason", "action", "request_id", "started_at", "answered_by",
)  # fmt: skip


def check(
    checks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHECK]...", help="Ids, such as gw/models or gw/chat/openai/gpt-4.1; default: all."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing: say what probing these costs a month.")
    ] = False,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Probe now, once; exit 1 if any check is neither UP nor DEGRADED."""
    from monitor.cli.render import emit  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.config.followed import follows  # noqa: PLC0415  the same

    loaded = _without_channels(load_config(config))
    if dry_run:
        loaded = with_stored(loaded)
        emit(cost.dry_run(loaded, choose(loaded, checks or [])), output)
        return
    if not follows(loaded.config):
        choose(loaded, checks or [])  # a wrong name is told before anything is sent
    chosen, results = asyncio.run(_probe_all(*_prober(loaded), loaded, checks or []))
    emit(_sheet(loaded, chosen, results), output)
    if not all(result.status.is_success for result in results):
        raise typer.Exit(EXIT_UNHEALTHY)


def choose(loaded: "Loaded", names: Sequence[str]) -> "list[Check]":
    """The named checks in configured order, all if none is named; raises UsageError for an unknown one."""
    from monitor.config.checks import checks_of  # noqa: PLC0415  the same

    known = {check.id: check for check in checks_of(loaded.config)}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no check {name!r}", hint=nearest_names(name, known))
    return [check for check in known.values() if not names or check.id in names]


def _without_channels(loaded: "Loaded") -> "Loaded":
    """Nothing is sent, so a channel's secret need not exist."""
    warnings = tuple(warning for warning in loaded.warnings if not warning.path.startswith("channels"))
    return replace(loaded, config=loaded.config.model_copy(update={"channels": ()}), warnings=warnings)


def _prober(loaded: "Loaded") -> "tuple[Prober, Callable[[str], str]]":
    """Who probes, and who takes secrets out of texts."""
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.config.access import resolve_access  # noqa: PLC0415  the same
    from monitor.domain.redact import Redactor  # noqa: PLC0415  the same
    from monitor.logs import redact_with  # noqa: PLC0415  the same
    from monitor.probes.prober import Prober  # noqa: PLC0415  the same
    from monitor.probes.target import targets_of  # noqa: PLC0415  the same

    access = resolve_access(loaded, os.environ)
    for warning in (*loaded.warnings, *access.warnings):
        typer.echo(f"warning: {warning}", err=True)
    redactor = Redactor(access.secrets())

    def clean(text: str) -> str:
        return redactor.clean(text, LOG_TEXT_AT_MOST)

    redact_with(clean)
    targets, concurrency = targets_of(loaded.config, access), loaded.config.probes.concurrency
    return Prober(targets, concurrency=concurrency, clock=SystemClock(), redactor=redactor), clean


async def _probe_all(
    prober: "Prober", clean: "Callable[[str], str]", loaded: "Loaded", names: Sequence[str]
) -> "tuple[list[Check], list[Result]]":
    async with prober:
        chosen = choose(await with_listed(loaded, prober, names, clean), names)
        with _waiting(len(chosen)):
            return chosen, list(await asyncio.gather(*(_probe(prober, check) for check in chosen)))


async def _probe(prober: "Prober", check: "Check") -> "Result":
    """One probe; another where it only taught how this API wants to be asked: no later one would remember that."""
    result = await prober.probe(check, Trigger.MANUAL)
    for _ in range(LESSONS_AT_MOST):
        if result.verdict.action is not Action.ASK_ANEW:
            break
        result = await prober.probe(check, Trigger.MANUAL)
    return result


def _waiting(count: int) -> "AbstractContextManager[object]":
    """Something that moves while one waits, on a terminal only."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console  # noqa: PLC0415  only who needs it pays

    return Console(stderr=True).status(f"probing {count} checks")


def _sheet(loaded: "Loaded", chosen: "Sequence[Check]", results: "Sequence[Result]") -> "Sheet":
    from monitor.cli.render import Column, Sheet, milliseconds  # noqa: PLC0415  the same

    return Sheet(
        rows=[row_of(check, result) for check, result in zip(chosen, results, strict=True)],
        fields=FIELDS,
        columns=(
            Column("check", "check", whole=True),
            Column("status", "status", styled=True),
            Column("http_status", "HTTP", right=True),
            Column("latency_ms", "latency", milliseconds, right=True),
            Column("fault_domain", "fault", least_width=100),
            Column("reason", "reason", prose=True),
        ),
        notes=_advice(loaded, chosen, results),
    )


def _advice(loaded: "Loaded", chosen: "Sequence[Check]", results: "Sequence[Result]") -> list[str]:
    """What to do about each check that is not UP."""
    from monitor.domain.action import sentence  # noqa: PLC0415  the same

    found = ((check.id, result.verdict.action) for check, result in zip(chosen, results, strict=True))
    return [f"{check}: {sentence(action, loaded.config.language)}" for check, action in found if action is not None]


def row_of(check: "Check", result: "Result") -> dict[str, Any]:
    """One result with the fields of the interface."""
    from monitor.clock import iso  # noqa: PLC0415  the same

    return {
        "check": check.id,
        "endpoint": check.endpoint,
        "kind": str(check.kind),
        "model": check.model,
        "status": str(result.status),
        "fault_domain": result.verdict.fault_domain,
        "http_status": result.http_status,
        "latency_ms": _rounded(result.latency_ms),
        "ttft_ms": _rounded(result.ttft_ms),
        "lag_ms": _rounded(result.lag_ms),
        "reason": result.verdict.reason,
        "action": result.verdict.action,
        "request_id": result.request_id,
        "started_at": iso(result.started_at.wall_us),
        "answered_by": result.answered_by,
    }


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
