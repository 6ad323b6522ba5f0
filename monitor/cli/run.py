"""The command `run`: the daemon in the foreground, for a terminal or for systemd."""

import os
import sys
from pathlib import Path
from typing import Annotated, clear_overloads

import typer

from monitor.app.serve import run_in_loop, serve
from monitor.config.load import find_path, load


def run(
    config: Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration file.")] = None,
    last_good: Annotated[
        bool, typer.Option("--last-good", help="If the file is invalid, start with the last one that was valid.")
    ] = False,
) -> None:
    """Run the daemon until it is told to stop; SIGHUP reloads the configuration."""
    clear_overloads()  # 0.3 MB of signatures that only type checkers ask for
    path = find_path(config, os.environ).absolute()
    lines = run_in_loop(serve(lambda: load(path), os.environ, last_good=path if last_good else None))
    sys.stdout.write("availability since the start\n" + "".join(f"  {line}\n" for line in lines))
