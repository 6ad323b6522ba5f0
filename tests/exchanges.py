"""The cases of `tests/corpus`: what a file says, and the bytes that its server sends.

Owns the format, which `tests/corpus/README.md` describes. Used by the replay over sockets, by the replay in pieces, and
as the seed of the fuzzer.
"""

import gzip
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
SEPARATOR = b"---- response ----\n"
_HEAD_ENDS = b"\r\n\r\n"
_PROTOCOLS = ("openai", "anthropic", "openai-responses", "openai-embeddings")
_ENDS = ("keep", "close", "reset", "hang")
_DUE = frozenset(
    {
        *("status", "fault", "reason", "action", "loading", "retry_after_s", "http_status", "requests", "never"),
        *("ttft", "pieces", "answered_by", "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens"),
    }
)


@dataclass(frozen=True, slots=True)
class Pause:
    """The server waits so many seconds before it sends these bytes of the body."""

    before: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """One case.

    Attributes:
        name: the path below the corpus, without its ending.
        about: one line on what the case shows.
        protocol: of the endpoint and the check.
        asks: `plain`, `stream` or `list`.
        configured: the models that the list should hold.
        responses: what is sent, one for each request, in the order of the requests; the last one again and again.
        due: the verdict.
        model: which is asked.
        then: what becomes of the connection after the last byte.
        repeat: how often the body is sent.
        timeout_s: of the probe.
        slow_after_s: of the check.
    """

    name: str
    about: str
    protocol: str
    asks: str
    responses: tuple[bytes, ...]
    due: Mapping[str, Any]
    model: str = ""
    configured: tuple[str, ...] = ()
    max_tokens: int = 16
    then: str = "keep"
    chunked: bool = False
    gzipped: bool = False
    repeat: int = 1
    pauses: tuple[Pause, ...] = ()
    timeout_s: float = 5.0
    slow_after_s: float | None = 5.0
    source: str = field(default="", repr=False)

    @property
    def head(self) -> bytes:
        """The first response up to the blank line, with it."""
        return self.responses[0].partition(_HEAD_ENDS)[0] + _HEAD_ENDS

    @property
    def body(self) -> bytes:
        """The body of the first response, before it is compressed or put in chunks."""
        return self.responses[0].partition(_HEAD_ENDS)[2] * self.repeat

    @property
    def http_status(self) -> int:
        """The code of the first response; 0 if there is none."""
        words = self.head.split(b" ")
        return int(words[1]) if len(words) > 1 else 0

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the first response; names in lower case."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {
            name.strip().lower(): value.strip() for name, found, value in (x.partition(":") for x in lines) if found
        }

    @property
    def is_plain_framing(self) -> bool:
        """Whether `body` is what a client sees: nothing of the transport stands in it."""
        as_it_stands = "transfer-encoding" in self.headers and not self.chunked
        return not as_it_stands and ("content-encoding" not in self.headers or self.gzipped)

    def sent(self, number: int) -> Iterator[tuple[float, bytes]]:
        """What goes out after request `number`, counted from 0: pauses in seconds, and the bytes after them."""
        head, found, body = self.responses[min(number, len(self.responses) - 1)].partition(_HEAD_ENDS)
        if not found:
            yield 0.0, head
            return
        body = gzip.compress(body * self.repeat, mtime=0) if self.gzipped else body * self.repeat
        yield 0.0, head + found
        for pause_s, part in self._parts(body):
            yield pause_s, _chunk(part) if self.chunked and part else part
        if self.chunked and self.then not in {"reset", "hang"} and not self._is_cut:
            yield 0.0, b"0\r\n\r\n"

    @property
    def _is_cut(self) -> bool:
        return self.chunked and self.then == "close"

    def _parts(self, body: bytes) -> Iterator[tuple[float, bytes]]:
        wait_s = 0.0
        for pause in self.pauses:
            before, found, after = body.partition(pause.before)
            assert found, f"{self.name}: {pause.before!r} is not in the body"
            yield wait_s, before
            wait_s, body = pause.seconds, found + after
        yield wait_s, body


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part)


@cache
def corpus() -> tuple[Exchange, ...]:
    """Every case, in the order of their names."""
    return tuple(read_exchange(path) for path in sorted(CORPUS.rglob("*.http")))


def read_exchange(path: Path) -> Exchange:
    """One file; a mistake in it fails with its name."""
    name = path.relative_to(CORPUS).with_suffix("").as_posix()
    try:
        front, *responses = path.read_bytes().split(SEPARATOR)
        return _exchange(name, tomllib.loads(front.decode("utf-8")), tuple(responses))
    except (TypeError, KeyError, AssertionError, ValueError) as error:
        raise ValueError(f"{path}: {type(error).__name__}: {error}") from error


def _exchange(name: str, front: dict[str, Any], responses: tuple[bytes, ...]) -> Exchange:
    protocol, asks, _ = name.split("/", 2)
    assert protocol in _PROTOCOLS, "the first folder is no protocol"
    assert asks in ("plain", "stream", "list"), "the second folder is none of plain, stream, list"
    assert responses, "no response"
    assert all(not response or _HEAD_ENDS in response or "torn" in name for response in responses), "a head has no end"
    due = front.pop("due")
    assert due.keys() <= _DUE, f"unknown in due: {sorted(due.keys() - _DUE)}"
    assert "fault" in due or due["status"] in ("UP", "DEGRADED"), "whose fault?"
    assert front.get("then", "keep") in _ENDS, "how does it end?"
    front["configured"] = tuple(front.get("configured", ()))
    front["pauses"] = tuple(Pause(pause["before"].encode(), pause["s"]) for pause in front.get("pauses", ()))
    return Exchange(name=name, protocol=protocol, asks=asks, responses=responses, due=MappingProxyType(due), **front)
