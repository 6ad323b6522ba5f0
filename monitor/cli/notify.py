"""`relaywatch notify`: does a message get through, and what does the other side say.

Sends from its own process through the channel's own code; neither daemon nor database is needed. Everything heavy is
imported inside the commands, so that `--help` stays quick.
"""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.errors import EXIT_UNHEALTHY, UsageError

if TYPE_CHECKING:
    from monitor.config.load import Loaded
    from monitor.delivery.channel import Receipt

app = typer.Typer(help="Try the channels that notifications go to.", no_args_is_help=True)


@app.callback()
def notify() -> None:
    """Try the channels that notifications go to."""


@app.command("test")
def send_test(
    channels: Annotated[
        list[str] | None, typer.Argument(metavar="[CHANNEL]...", help="Names of channels; all if none is given.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("-c", "--config", metavar="FILE", help="The configuration file.", show_default=False),
    ] = None,
) -> None:
    """Send a test message and say what the other side answered; exit 1 if any channel failed."""
    from monitor.delivery.channel import Delivered  # noqa: PLC0415  the command line imports only what it needs

    loaded = _load(config)
    receipts = _send(loaded, _chosen(loaded, channels or []))
    for name, receipt in receipts.items():
        typer.echo(_line(name, receipt))
    if not all(isinstance(receipt, Delivered) for receipt in receipts.values()):
        raise typer.Exit(EXIT_UNHEALTHY)


def _load(option: Path | None) -> "Loaded":
    from monitor.config.load import find_path, load  # noqa: PLC0415  the same

    loaded = load(find_path(option, os.environ))
    # Endpoints are not needed, so neither are their keys: a channel can be tried before those exist.
    return replace(loaded, config=loaded.config.model_copy(update={"endpoints": ()}))


def _chosen(loaded: "Loaded", names: list[str]) -> list[str]:
    """The named channels, each once; all if none is named."""
    from monitor.config.model import nearest  # noqa: PLC0415  the same

    known = [channel.name for channel in loaded.config.channels]
    if not known:
        raise UsageError(f"{loaded.path}: no channel is configured", hint="add [[channels]] with name and type")
    for name in names:
        if name not in known:
            raise UsageError(f"{loaded.path}: there is no channel {name!r}", hint=nearest(name, known))
    return list(dict.fromkeys(names)) or known


def _send(loaded: "Loaded", names: list[str]) -> "dict[str, Receipt]":
    from monitor.alerting.texts import Voice  # noqa: PLC0415  the same
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.config.access import resolve_access  # noqa: PLC0415  the same
    from monitor.delivery.channels import build_channels  # noqa: PLC0415  the same
    from monitor.delivery.trial import try_channels  # noqa: PLC0415  the same

    config, clock = loaded.config, SystemClock()
    voice = Voice(config.language, ZoneInfo(config.timezone))
    built = build_channels(config, resolve_access(loaded, os.environ), voice, clock)
    return asyncio.run(try_channels({name: built[name] for name in names}, voice, clock))


def _line(name: str, receipt: "Receipt") -> str:
    from monitor.delivery.channel import Delivered, Permanent  # noqa: PLC0415  the same

    match receipt:
        case Delivered(answer):
            return f"{name}: delivered ({answer})"
        case Permanent(reason):
            return f"{name}: FAILED, and would not get better by itself: {reason}"
        case _:
            return f"{name}: FAILED, may pass: {receipt.reason}"
