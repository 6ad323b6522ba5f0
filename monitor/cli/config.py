"""`relaywatch config`: is the configuration right, what holds, what may stand in it, what another one would tell.

Everything heavy is imported inside the commands, so that `--help` stays quick.
"""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli.followed import notes, with_stored
from monitor.errors import ConfigError, Problem

if TYPE_CHECKING:
    from monitor.config.load import Loaded

app = typer.Typer(help="Check, show, describe and try the configuration.", no_args_is_help=True)


class CheckFormat(StrEnum):
    """How `config check` and `config try` answer."""

    TEXT = "text"
    JSON = "json"


class ShowFormat(StrEnum):
    """How `config show` prints."""

    TOML = "toml"
    JSON = "json"


ConfigOption = Annotated[
    Path | None,
    typer.Option("-c", "--config", metavar="FILE", help="The configuration file.", show_default=False),
]


@app.command()
def check(
    config: ConfigOption = None,
    output: Annotated[CheckFormat, typer.Option("--format", help="Problems and warnings as text or JSON.")] = (
        CheckFormat.TEXT
    ),
    skip_secrets: Annotated[bool, typer.Option("--skip-secrets", help="Do not read keys and CA files.")] = False,
) -> None:
    """Validate the configuration: every problem at once, exit 2 if there is one."""
    try:
        loaded, warnings = _examined(config, skip_secrets=skip_secrets)
    except ConfigError as error:
        if output is CheckFormat.JSON:
            typer.echo(_as_json("error", error.problems))
        raise
    if output is CheckFormat.JSON:
        typer.echo(_as_json("warning", warnings))
        return
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(_summary(loaded))


@app.command()
def show(
    config: ConfigOption = None,
    output: Annotated[ShowFormat, typer.Option("--format", help="TOML or JSON.")] = ShowFormat.TOML,
) -> None:
    """Print the effective values, every override resolved and secrets masked."""
    from monitor.config.effective import effective_table, to_json, to_toml  # noqa: PLC0415  the command line imports only what the command needs

    table = effective_table(_load(config).config)
    if output is ShowFormat.JSON:
        typer.echo(json.dumps(to_json(table), indent=2, ensure_ascii=False))
    else:
        typer.echo(to_toml(table), nl=False)


@app.command()
def diff(
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The file that is to take the configuration's place.")],
    config: ConfigOption = None,
) -> None:
    """Say what a reload with NEW in the configuration's place would change."""
    from monitor.config.checks import checks_of  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.config.difference import View, difference  # noqa: PLC0415  the same
    from monitor.config.load import load, loads  # noqa: PLC0415  the same
    from monitor.config.renames import renaming_of  # noqa: PLC0415  the same

    present = with_stored(_load(config))
    tried = loads(load(new).text, present.base_dir, new)  # its relative paths will start where the present's do
    after = with_stored(tried, present).config
    sides = View(present.config, checks_of(present.config)), View(after, checks_of(after))
    typer.echo("\n".join(difference(*sides, renaming_of(after)).lines()) or "nothing differs")


@app.command("try")
def try_(
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The configuration to be tried.")],
    since: Annotated[str, typer.Option(metavar="TIME", help='ISO 8601, or how long ago: "30d".')] = "30d",
    config: ConfigOption = None,
    output: Annotated[CheckFormat, typer.Option("--format", help="Text for people, JSON for programs.")] = (
        CheckFormat.TEXT
    ),
) -> None:
    """Replay the recorded past under NEW: which messages would have been sent. Sends and writes nothing."""
    from monitor.cli import config_try  # noqa: PLC0415  the same
    from monitor.cli.options import moment_us  # noqa: PLC0415  the same
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.config.load import load  # noqa: PLC0415  the same

    present, now_us = with_stored(_load(config)), SystemClock().now().wall_us
    tried = with_stored(load(new), present)
    for warning in tried.warnings:
        typer.echo(f"warning: {warning}", err=True)
    result = config_try.tried(present, tried, moment_us(since, "--since", now_us, present.config.timezone), now_us)
    if output is CheckFormat.JSON:
        typer.echo(config_try.as_json(result))
    else:
        config_try.tell(result, (present.path.name, new.name), tried.config.timezone)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from monitor.config.schema import json_schema  # noqa: PLC0415  the same

    typer.echo(json.dumps(json_schema(), indent=2))


def _load(option: Path | None) -> "Loaded":
    from monitor.config.load import find_path, load  # noqa: PLC0415  the same

    return load(find_path(option, os.environ))


def _examined(option: Path | None, *, skip_secrets: bool) -> "tuple[Loaded, list[Problem]]":
    """All that can be checked without sending anything."""
    from monitor.alerting.texts import Voice  # noqa: PLC0415  the same
    from monitor.config.access import read_templates, resolve_access  # noqa: PLC0415  the same
    from monitor.config.paths import control_path  # noqa: PLC0415  the same
    from monitor.delivery.channels import build_channels, template_problems  # noqa: PLC0415  the same

    loaded = _load(option)
    warnings = list(loaded.warnings)
    control_path(loaded, os.environ)
    if skip_secrets:
        problems = template_problems(read_templates(loaded).values())
        if problems:
            raise ConfigError(str(loaded.path), problems)
    else:
        access = resolve_access(loaded, os.environ)
        voice = Voice(loaded.config.language, ZoneInfo(loaded.config.timezone))
        build_channels(loaded.config, access, voice)
        warnings.extend(access.warnings)
    return loaded, warnings


def _as_json(level: str, problems: list[Problem]) -> str:
    rows = [
        {"level": level, "path": problem.path, "message": problem.message, "value": problem.value}
        for problem in problems
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _summary(loaded: "Loaded") -> str:
    from monitor.cli.cost import cost_line  # noqa: PLC0415  the same
    from monitor.config.budget import budget_of  # noqa: PLC0415  the same
    from monitor.config.checks import checks_of  # noqa: PLC0415  the same
    from monitor.config.followed import follows  # noqa: PLC0415  the same

    patterns = "".join(f"\n  {note}" for note in notes(loaded)) if follows(loaded.config) else ""
    loaded = with_stored(loaded)
    budget = budget_of(checks_of(loaded.config))
    return (
        f"OK: {loaded.path}\n"
        f"  endpoints {len(loaded.config.endpoints)}, channels {len(loaded.config.channels)}, checks {budget.checks}\n"
        f"  probes a day {budget.probes_per_day:,}, requests a month {budget.requests_per_month:,}\n"
        f"  completions a month {budget.completions_per_month:,}, "
        f"at most {budget.output_tokens_per_month:,} output tokens\n"
        f"  {cost_line(loaded.config)}{patterns}"
    )
