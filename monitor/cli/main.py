"""The command `relaywatch`: which commands there are, and how each of them ends.

Owns the list of commands, the options common to all, and the way from an error to one clear message and an exit code.
A command's module is imported only when that command is called, so that `--help` stays quick.
"""

import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from monitor.errors import EXIT_INTERNAL, RelayWatchError, UsageError

NAME = "relaywatch"
EXIT_INTERRUPTED = 130
EXIT_NOBODY_READS = 141  # what a shell shows of a program that died of SIGPIPE
_OF_TYPER = ("install_completion", "show_completion")
LEVELS = ("debug", "info", "warning", "error")

COMMANDS = MappingProxyType(
    {
        "init": "Write a short valid configuration.",
        "run": "Watch: the daemon.",
        "demo": "See it work, with nothing to configure.",
        "check": "Probe now, once.",
        "doctor": "Examine an endpoint step by step.",
        "bench": "Measure a model: streamed against whole, warm against cold.",
        "status": "What is believed now.",
        "history": "Single results.",
        "catalogue": "What an endpoint lists, and what came and went.",
        "incidents": "Past and open incidents.",
        "report": "Availability, latency and incidents of a period.",
        "ack": "Say that you are on an incident.",
        "silence": "Let nobody be told of something for a while.",
        "notify": "Try the channels.",
        "config": "Check, show, describe and try the configuration.",
        "db": "Look after the database.",
        "simulate": "A fake gateway that fails on a script.",
    }
)


class Commands(TyperGroup):
    """Every command, imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order in which one meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command; raises UsageError with the nearest name if there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f"did you mean `{NAME} {close[0]}`?" if close else f"`{NAME} --help` lists what there is"
            raise UsageError(f"there is no command {cmd_name!r}", hint=hint)
        return load_command(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Their names and what they do, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def load_command(name: str) -> Any:
    """Import a command: its module's `app`, or the function of its name."""
    module = import_module(f"monitor.cli.{name}")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command(name)(getattr(module, name))
    command = get_command(app)
    command.name = name
    return _finished(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code."""
    _open_standard_streams()
    try:
        get_command(app)(args=arguments, prog_name=NAME)
    except SystemExit as end:
        # The command line library has caught it and made it a failure.
        sys.exit(_nobody_reads() if isinstance(end.__context__, BrokenPipeError) else _flushed(end.code))
    except RelayWatchError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.exit(_nobody_reads())
    except Exception:  # noqa: BLE001  the last line of defence: a traceback in the log, and a code that means it
        import structlog  # noqa: PLC0415  only here

        structlog.get_logger(NAME).critical("crashed", exc_info=True)
        sys.exit(EXIT_INTERNAL)
    sys.exit(_flushed(0))


def _open_standard_streams() -> None:
    """Whoever started this without one of them gets the null device in its place.

    Else the next file that is opened (the database, a connection) would take its number, and be written into.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


app = typer.Typer(
    name=NAME,
    cls=Commands,
    help="Health monitor for LLM APIs and the gateways in front of them.",
    epilog=f"{NAME} COMMAND --help tells the options of a command.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _set_level(level: str | None) -> str | None:
    if level is None:
        return None
    if level.lower() not in LEVELS:
        raise typer.BadParameter(f"must be one of {', '.join(LEVELS)}")
    from monitor import logs  # noqa: PLC0415  structlog costs a tenth of a second

    logs.configure(logs.Level(level.lower()))
    return level


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  the same

        typer.echo(f"{NAME} {version(NAME)}")
        raise typer.Exit


LogLevel = Annotated[
    str | None,
    typer.Option(
        "--log-level",
        metavar="LEVEL",
        help=f"Least weight of what is logged: {', '.join(LEVELS)}; default info.",
        callback=_set_level,
        show_default=False,
        expose_value=False,
    ),
]


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
    log_level: LogLevel = "info",
) -> None:
    """Health monitor for LLM APIs and the gateways in front of them."""
    del version, log_level


def _finished(command: Any) -> Any:
    """Every command, and every one below it, takes `--log-level`, has plain help, and no options of Typer's own."""
    command.rich_markup_mode = None
    kept = [parameter for parameter in command.params if parameter.name not in _OF_TYPER]
    command.params[:] = [*kept, _log_level_option()]
    for below in getattr(command, "commands", {}).values():
        _finished(below)
    return command


def _log_level_option() -> Any:
    carrier = typer.Typer(add_completion=False)

    @carrier.command()
    def nothing(log_level: LogLevel = None) -> None:
        del log_level

    return get_command(carrier).params[0]


def _say(message: str) -> None:
    from monitor.logs import reaches_journal, visible  # noqa: PLC0415  structlog costs a tenth of a second

    mark = "<3>" if reaches_journal(sys.stderr) else ""
    lines = f"error: {message}".split("\n")
    print("\n".join(f"{mark}{visible(line)}" for line in lines), file=sys.stderr)  # noqa: T201  a message for people


def _flushed(code: Any) -> Any:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_reads()
    return code


def _nobody_reads() -> int:
    # The interpreter flushes once more at its end; it must find somewhere to put it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_NOBODY_READS


if __name__ == "__main__":
    main()
