"""The HTTP face on a TCP port and on the control socket: it opens them, closes them, and says clearly why it cannot.

Owns sockets and the lifetime of the web room. What is answered stands in `api` and `pages`, what is refused in `guard`.
"""

import asyncio
import errno
import os
import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from monitor.alerting.texts import Voice
from monitor.errors import StartError
from monitor.web.acts import Acts
from monitor.web.api import Api
from monitor.web.guard import BODY_AT_MOST, guard
from monitor.web.metrics import Metrics
from monitor.web.pages import Pages
from monitor.web.past_api import PastApi
from monitor.web.reading import Reading
from monitor.web.sources import Sources

SOCKET_MODE = 0o660
SOCKET_PATH_AT_MOST = 107  # bytes of sun_path on Linux, without its end mark
BACKLOG = 128
STOP_WITHIN_S = 2.0
KEEP_ALIVE_S = 15.0
LINE_AT_MOST = 4096


class Server:
    """The web room of one daemon.

    Args:
        sources: what is shown.
        metrics: what is counted.
        listen: host and port of the TCP face, port 0 for any free one; None for none.
        control: path of the control socket; None for none.
        public_url: the address people use, whose host is then accepted.
    """

    def __init__(
        self,
        sources: Sources,
        metrics: Metrics,
        *,
        listen: tuple[str, int] | None = None,
        control: Path | None = None,
        public_url: str | None = None,
    ) -> None:
        self._listen = listen
        self._control = control
        self._reading = Reading(sources.past)
        hosts = {host for host in (listen and listen[0], urlsplit(public_url or "").hostname) if host}
        app = web.Application(middlewares=[guard(frozenset(map(str.lower, hosts)))], client_max_size=BODY_AT_MOST)
        app.add_routes(Api(sources, self._reading, metrics).routes())
        app.add_routes(PastApi(self._reading, sources.clock).routes())
        app.add_routes(Acts(sources, self._reading).routes())
        self._pages = Pages(sources, self._reading, metrics)
        app.add_routes(self._pages.routes())
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=STOP_WITHIN_S,
            keepalive_timeout=KEEP_ALIVE_S,
            max_line_size=LINE_AT_MOST,
            max_field_size=LINE_AT_MOST,
        )
        self._socket_file: tuple[int, int] | None = None
        self.address: tuple[str, int] | None = None

    async def start(self) -> None:
        """Open both faces.

        Raises:
            StartError: a port or the socket is taken or cannot be opened; nothing is left open.
        """
        await self._runner.setup()
        try:
            if self._listen is not None:
                self.address = await self._open_port(*self._listen)
            if self._control is not None:
                await self._open_control(self._control)
        except BaseException:
            await self.stop()
            raise

    def speak(self, voice: Voice) -> None:
        """Show the page in another language or time zone from now on."""
        self._pages.voice = voice

    async def stop(self) -> None:
        """Answer what is under way, for two seconds at most, then close both faces."""
        await self._runner.cleanup()
        self._reading.close()
        if self._control is not None and self._socket_file is not None:
            await asyncio.to_thread(_remove_own, self._control, self._socket_file)
            self._socket_file = None

    async def _open_port(self, host: str, port: int) -> tuple[str, int]:
        # `localhost` may resolve to two addresses, which a free port number cannot serve at once.
        address = "127.0.0.1" if host == "localhost" else host
        site = web.TCPSite(self._runner, address, port, backlog=BACKLOG)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise StartError(
                f"cannot listen on {host}:{port}: {_reason(error)}", hint="choose another `listen` in [web], or omit it"
            ) from error
        bound: tuple[str, int] = self._runner.addresses[-1][:2]
        return bound

    async def _open_control(self, path: Path) -> None:
        if len(os.fsencode(path)) > SOCKET_PATH_AT_MOST:
            raise StartError(
                f"the path of the control socket is longer than {SOCKET_PATH_AT_MOST} bytes: {path}",
                hint="set a shorter `control` in [web]",
            )
        await asyncio.to_thread(remove_stale, path)
        try:
            listener, self._socket_file = await asyncio.to_thread(_bound, path)
            await web.SockSite(self._runner, listener, backlog=BACKLOG).start()
        except OSError as error:
            raise StartError(
                f"cannot open the control socket {path}: {_reason(error)}", hint="see `control` in [web]"
            ) from error


def _bound(path: Path) -> tuple[socket.socket, tuple[int, int] | None]:
    """A socket at `path`, and which file it is.

    Nobody can connect before it listens, so there is no moment with wider permissions.
    """
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(SOCKET_MODE)
    except BaseException:
        listener.close()
        raise
    return listener, _identity(path)


def _remove_own(path: Path, own: tuple[int, int]) -> None:
    """Remove the socket, unless a successor has put its own there."""
    if _identity(path) == own:
        path.unlink(missing_ok=True)


def remove_stale(path: Path) -> None:
    """Remove a control socket that nobody answers on.

    Raises:
        StartError: somebody answers, or the path is something else than a socket.
    """
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(kind):
        raise StartError(
            f"{path} is in the way of the control socket and is no socket", hint="remove it, or set `control`"
        )
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(1.0)
        try:
            caller.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise StartError(f"the control socket {path} cannot be looked at: {_reason(error)}") from error
    raise StartError(
        f"another RelayWatch answers on the control socket {path}", hint="stop it first, or set another `control`"
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _reason(error: OSError | OverflowError) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return "the address is in use"
    return os.strerror(number).lower() if number else str(error)
