"""One HTTP server on one port, for the gateway and the sinks.

Owns starting and stopping, and the one clear message when the port cannot be had. It knows no route.
"""

import asyncio
import errno

from aiohttp import web

from monitor.errors import StartError

STOP_TIMEOUT_S = 0.1
SETTLING_TURNS = 5


class Server:
    """Serves an application between `start` and `stop`.

    Args:
        app: what to serve.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        keepalive_timeout: seconds after which an idle connection is closed.
    """

    def __init__(self, app: web.Application, *, host: str, port: int, keepalive_timeout: float) -> None:
        self._host = host
        self._port = port
        self._listener: asyncio.Server | None = None
        self._runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            keepalive_timeout=keepalive_timeout,
            handler_cancellation=True,
            shutdown_timeout=STOP_TIMEOUT_S,
        )

    @property
    def authority(self) -> str:
        """`host:port`, as it stands in a URL; the port is real once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    async def start(self) -> None:
        """Begins to listen.

        Raises:
            StartError: the port is in use, or not ours to take.
        """
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("the runner has no server after its setup")
        try:
            self._listener = await asyncio.get_running_loop().create_server(self._runner.server, self._host, self._port)
        except OSError as error:
            await self._runner.cleanup()
            reason = "it is in use" if error.errno == errno.EADDRINUSE else (error.strerror or "not allowed")
            raise StartError(
                f"cannot listen on {self.authority}: {reason}", hint="choose another port, or 0 for a free one"
            ) from None
        self._port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stops listening, ends hung answers, closes all connections."""
        if self._listener is not None:
            for listening in self._listener.sockets:
                asyncio.get_running_loop().remove_reader(listening)
            await _settle()
            self._listener.close()
        await self._runner.cleanup()
        await _settle()


async def _settle() -> None:
    """Lets the loop finish what it has begun.

    Before the listener closes: a connection accepted in that very turn would find it gone and be left open, on Python
    3.11. Afterwards: sockets close one turn after their connections.
    """
    for _ in range(SETTLING_TURNS):
        await asyncio.sleep(0)
