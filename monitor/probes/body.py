"""The body of a response: read within its bound, and decompressed within the same bound.

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
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return await _read_plain(content)
    if name not in {"gzip", "x-gzip", "deflate"}:
        return BodyFault(NoAnswerKind.UNDECODABLE, "the body has a content encoding that was not asked for")
    return await _read_compressed(content, gzip=name != "deflate")


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


async def _read_compressed(content: StreamReader, *, gzip: bool) -> bytes | BodyFault:
    inflater = None
    parts, room, received = [], MAX_BODY_BYTES, 0
    while part := await content.readany():
        received += len(part)
        inflater = inflater or zlib.decompressobj(_GZIP_WINDOW if gzip else _deflate_window(part))
        try:
            plain = inflater.decompress(part, room + 1)
        except zlib.error:
            return BodyFault(NoAnswerKind.UNDECODABLE, "the compressed body is damaged")
        if len(plain) > room or received > MAX_BODY_BYTES:
            return _TOO_LARGE
        if inflater.unused_data:
            return BodyFault(NoAnswerKind.UNDECODABLE, "the compressed body has bytes after its end")
        parts.append(plain)
        room -= len(plain)
    if inflater is not None and not inflater.eof:
        return BodyFault(NoAnswerKind.UNDECODABLE, "the compressed body ends too early")
    return b"".join(parts)


def _deflate_window(start: bytes) -> int:
    # Some servers send the raw stream without the zlib frame that RFC 9110 asks for; every browser takes both.
    framed = start[0] & 0x0F == _DEFLATE_METHOD
    return zlib.MAX_WBITS if framed else -zlib.MAX_WBITS
