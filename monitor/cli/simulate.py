"""The command `simulate`: the fake gateway alone, for trying out any client against faults.

Owns its options, what it prints and how it ends; the gateway is in `monitor.simulator`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway


def simulate(
    script: Annotated[
        Path | None, typer.Option(help="TOML file that says what fails when; default: a built-in one.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", help='End after this long, such as "40s"; default: never.'),
    ] = None,
    key_env: Annotated[
        str | None,
        typer.Option(metavar="VAR", help="Environment variable with the one key to accept; default: any key."),
    ] = None,
) -> None:
    """Run a fake gateway that speaks OpenAI's and Anthropic's APIs, streams, and fails on a script."""
    import asyncio  # noqa: PLC0415  the command line imports only what the command needs

    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.simulator.demo import demo_script  # noqa: PLC0415  the same
    from monitor.simulator.gateway import Gateway  # noqa: PLC0415  the same
    from monitor.simulator.script import load_script  # noqa: PLC0415  the same

    run_s = None if duration is None else _seconds(duration)
    key = None if key_env is None else _key(key_env)
    read = demo_script() if script is None else load_script(script)
    gateway = Gateway(read, clock=SystemClock(), port=port, api_key=key)
    asyncio.run(_serve(gateway, run_s, key_env))


async def _serve(gateway: "Gateway", run_s: float | None, key_env: str | None) -> None:
    """Serves until the time is up or a signal comes; a signal that comes while starting counts too."""
    import asyncio  # noqa: PLC0415  the command line imports only what the command needs
    import signal  # noqa: PLC0415  the same

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with gateway:
        typer.echo(_welcome(gateway, key_env), nl=False)
        try:
            async with asyncio.timeout(run_s):
                await stop.wait()
        except TimeoutError:
            pass
        typer.echo(f"requests answered: {gateway.requests.total()}", err=True)


def _welcome(gateway: "Gateway", key_env: str | None) -> str:
    from monitor.simulator.configuration import endpoint_toml  # noqa: PLC0415  the command line imports only what it needs

    snippet = endpoint_toml(gateway.script, gateway.base_url, key_env=key_env)
    return f"Simulated gateway at {gateway.base_url}\n\n{snippet}"


def _seconds(text: str) -> float:
    from monitor.config.duration import parse_duration  # noqa: PLC0415  the command line imports only what it needs
    from monitor.errors import UsageError  # noqa: PLC0415  the same

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--for {text!r}: {error}") from None
    if seconds == 0:
        raise UsageError(f"--for {text!r}: must be longer than zero", hint="without --for it runs until it is stopped")
    return seconds


def _key(variable: str) -> str:
    import os  # noqa: PLC0415  the command line imports only what the command needs

    from monitor.errors import UsageError  # noqa: PLC0415  the same

    key = os.environ.get(variable, "").strip()
    if not key:
        raise UsageError(f"the environment variable {variable} is unset or empty", hint="it holds the key to accept")
    return key
