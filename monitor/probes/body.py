"""The body of a response: read within its bound, and decompressed within the same bound.

Owns whole bodies, and the decompression that streams need too (`streaming`).

aiohttp's own decompression is switched off because it has no bound on what comes out.
"""

import zlib
from dataclasses import dataclass

from aiohttp import StreamReader

from monitor.domain.outcome import NoAnswerKind

MAX_BODY_BYTES = 1 << 20

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_DEFLATE_METHOD = 8


@dataclass(frozen=True, slots=True)
class BodyFault:
    """Why a body that was received is no use."""

    kind: NoAnswerKind
    detail: str


NOT_ASKED_FOR = BodyFault(NoAnswerKind.UNDECODABLE, "the body has a content encoding that was not asked for")
_TOO_LARGE = BodyFault(NoAnswerKind.TOO_LARGE, "the body is larger than 1 MiB")


async def read_body(content: StreamReader, encoding: str) -> bytes | BodyFault:
    """The whole body, decompressed.

    Args:
        content: the raw body.
        encoding: the header `content-encoding` as it came; empty if there was none.

    Returns:
        At most `MAX_BODY_BYTES`, or why there is no body.

    Raises:
        aiohttp.ClientError: the connection ended before the body did.
    """
    decoder = Decoder(encoding)
    if decoder.is_plain:
        return await _read_plain(content)
    return await _read_compressed(content, decoder) if decoder.is_known else NOT_ASKED_FOR


async def _read_plain(content: StreamReader) -> bytes | BodyFault:
    body = await content.readany()
    if content.at_eof():
        return body if len(body) <= MAX_BODY_BYTES else _TOO_LARGE
    parts, size = [body], len(body)
    while size <= MAX_BODY_BYTES:
        part = await content.readany()
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    return _TOO_LARGE


async def _read_compressed(content: StreamReader, decoder: "Decoder") -> bytes | BodyFault:
    parts = []
    while part := await content.readany():
        plain = decoder.feed(part)
        if isinstance(plain, BodyFault):
            return plain
        parts.append(plain)
    return decoder.close() or b"".join(parts)


class Decoder:
    """Takes the compression off a body, part by part, within the bound.

    Args:
        encoding: the header `content-encoding` as it came; empty if there was none.
    """

    def __init__(self, encoding: str) -> None:
        self._name = encoding.strip().lower()
        self._inflater: zlib._Decompress | None = None
        self._room = self._received = MAX_BODY_BYTES

    @property
    def is_known(self) -> bool:
        """Whether this encoding can be taken off."""
        return self.is_plain or self._name in {"gzip", "x-gzip", "deflate"}

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to take off."""
        return self._name in {"", "identity"}

    def feed(self, part: bytes) -> bytes | BodyFault:
        """What these bytes hold."""
        self._received -= len(part)
        plain = part
        if not self.is_plain:
            window = _GZIP_WINDOW if self._name != "deflate" else _deflate_window(part)
            inflater = self._inflater = self._inflater or zlib.decompressobj(window)
            try:
                plain = inflater.decompress(part, self._room + 1)
            except zlib.error:
                return BodyFault(NoAnswerKind.UNDECODABLE, "the compressed body is damaged")
        self._room -= len(plain)
        if self._room < 0 or self._received < 0:
            return _TOO_LARGE
        if self._inflater is not None and self._inflater.unused_data:
            return BodyFault(NoAnswerKind.UNDECODABLE, "the compressed body has bytes after its end")
        return plain

    def close(self) -> BodyFault | None:
        """What is wrong with where the body ended; None if nothing is."""
        if self._inflater is not None and not self._inflater.eof:
            return BodyFault(NoAnswerKind.UNDECODABLE, "the compressed body ends too early")
        return None


def _deflate_window(start: bytes) -> int:
    # Some servers send the raw stream without the zlib frame that RFC 9110 asks for; every browser takes both.
    framed = start[0] & 0x0F == _DEFLATE_METHOD
    return zlib.MAX_WBITS if framed else -zlib.MAX_WBITS
