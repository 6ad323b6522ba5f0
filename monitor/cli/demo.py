"""The command `demo`: nothing to configure, everything real but the gateway.

A simulated gateway fails and recovers on a script; the real daemon watches it on a temporary database, serves the page
on a free port, and prints alerts as they go.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from monitor import logs
from monitor.app.daemon import Daemon
from monitor.app.serve import run_in_loop, serve
from monitor.clock import SystemClock
from monitor.config.duration import format_duration, parse_duration
from monitor.config.load import Loaded, loads
from monitor.errors import UsageError
from monitor.simulator.configuration import demo_toml
from monitor.simulator.demo import demo_script
from monitor.simulator.gateway import Gateway

SURROUNDINGS = """
[web]
listen = "127.0.0.1:0"

[[channels]]
name = "terminal"
type = "console"
"""


def demo(
    context: typer.Context,
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", help='End after this long, such as "40s"; default: until stopped.'),
    ] = None,
) -> None:
    """Watch a simulated gateway that fails and recovers: a look at RelayWatch without configuring anything."""
    run_s = None if duration is None else _seconds(duration)
    if not _asked_for_a_level(context):
        logs.configure(logs.Level.ERROR)  # the alerts are the show
    with tempfile.TemporaryDirectory(prefix="relaywatch-demo-") as folder:
        for line in run_in_loop(_demo(Path(folder), run_s)):
            typer.echo(f"  {line}")


async def _demo(folder: Path, run_s: float | None) -> list[str]:
    async with Gateway(demo_script(), clock=SystemClock()) as gateway:
        loaded = _configured(gateway, folder)
        lines = await serve(lambda: loaded, {}, _welcome(gateway, run_s), run_s)
    typer.echo("\nThe demo has ended. Availability of each check in that time:")
    return lines


def _configured(gateway: Gateway, folder: Path) -> Loaded:
    return loads(demo_toml(gateway.script, gateway.base_url) + SURROUNDINGS, folder)


def _welcome(gateway: Gateway, run_s: float | None) -> Callable[[Daemon], None]:
    def say(daemon: Daemon) -> None:
        host, port = daemon.address or ("", 0)
        length = "until Ctrl-C" if run_s is None else f"for {format_duration(run_s)}"
        typer.echo(
            f"RelayWatch watches a simulated gateway with {len(gateway.script.models)} models {length}.\n"
            f"  status page  http://{host}:{port}/\n"
            f"  metrics      http://{host}:{port}/metrics\n"
            f"  gateway      {gateway.base_url}\n"
            "One model fails soon and recovers ten seconds later; another is slow for a while, which is no outage.\n"
            "Alerts appear here as they are sent:\n"
        )

    return say


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None


def _asked_for_a_level(context: typer.Context) -> bool:
    sources = (one.get_parameter_source("log_level") for one in (context, context.find_root()))
    return any(source is not None and source.name == "COMMANDLINE" for source in sources)
