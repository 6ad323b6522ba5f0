"""What is probed while measuring: nginx where it is installed, else a server of our own on uvloop.

Both answer every request with one fixed completion, as fast as they can. A third server waits for a known time and
remembers how long it really took, for the figure of measured latency.
"""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server

COMPLETION = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1763690000,"model":"m","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":1,'
    b'"total_tokens":13}}'
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
ANSWER = HEAD % len(COMPLETION) + COMPLETION

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
worker_cpu_affinity {cpu};
events {{ worker_connections 20000; }}
http {{
  access_log off; keepalive_timeout 3600s; keepalive_requests 100000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=4096;
    location / {{ default_type application/json; return 200 '{body}'; }} }}
}}
"""


def free_port() -> int:
    """A port of loopback that is free now."""
    with create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def fast_target() -> AsyncIterator[str]:
    """The base URL of a server that costs almost nothing, in a process of its own."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(_command(Path(folder), port))  # noqa: ASYNC220  starts at once
        try:
            await until_open(port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait()


async def until_open(port: int) -> None:
    """Wait until something listens, for ten seconds at most."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


def target_name() -> str:
    """Which server `fast_target` is."""
    return "nginx" if shutil.which("nginx") else "own server"


def _command(folder: Path, port: int) -> list[str]:
    nginx = shutil.which("nginx")
    if nginx is None:
        import sys  # noqa: PLC0415  only where nginx is not installed

        return [sys.executable, "-m", "bench.target", str(port)]
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, port=port, body=COMPLETION.decode(), cpu="10"))
    return [nginx, "-c", str(path), "-p", str(folder)]


class Fixed(asyncio.Protocol):
    """Answers each request with the fixed completion; knows just enough HTTP to find where a request ends."""

    delay_s = 0.0
    took_s: list[float]

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            marker = head.find(b"content-length:")
            length = int(head[marker + 15 :].split(b"\r\n", 1)[0]) if marker >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self.answer()

    def answer(self) -> None:
        """Write the completion."""
        self._transport.write(ANSWER)


class Waiting(Fixed):
    """Waits for a known time before it answers, and remembers how long it took."""

    def answer(self) -> None:
        """Write the completion after the wait."""
        began = time.perf_counter()

        def write() -> None:
            self._transport.write(ANSWER)
            type(self).took_s.append(time.perf_counter() - began)

        asyncio.get_running_loop().call_later(self.delay_s, write)


async def _serve(port: int, protocol: type[Fixed]) -> None:
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    import sys

    import uvloop

    uvloop.run(_serve(int(sys.argv[1]), Fixed))
