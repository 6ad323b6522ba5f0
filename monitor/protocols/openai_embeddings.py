"""Protocol `openai-embeddings`: the model list, and the embedding of one short text.

Owns what is asked and how an answer is read; what a reading means is for the classification.
Source: https://platform.openai.com/docs/api-reference/embeddings.
"""

import binascii
import struct
from math import isfinite
from typing import Any

from monitor.domain.ask import Ask
from monitor.domain.error_shapes import error_in, marked_error
from monitor.domain.reading import Reading
from monitor.domain.reply import NOTHING_SAID, Piece, Reply, Usage, count_of, text_of
from monitor.protocols.content import object_in
from monitor.protocols.openai_ways import OpenAiWays
from monitor.protocols.wire import ApiRequest

_FLOAT_BYTES = 4
_NUMBERS = frozenset({int, float})


class OpenAiEmbeddings(OpenAiWays):
    """Embeddings; there is nothing in them that could be streamed."""

    name = "openai-embeddings"
    streams = False

    def question(self, base_url: str, ask: Ask) -> ApiRequest:
        """`POST {base_url}/embeddings` with one short text; no output is generated that could be limited."""
        del base_url
        return ApiRequest("POST", "/embeddings", body={"model": ask.model, "input": ask.prompt})

    def read(self, document: Any) -> Reply:
        """A list of embeddings, of which the first is looked at."""
        data = document.get("data") if isinstance(document, dict) else None
        error = marked_error(document) if data else error_in(document)
        if error is not None:
            return Reply(Reading.ERROR, error=error, usage=_usage(document))
        first = data[0] if isinstance(data, list) and data else None
        size = _size(first.get("embedding")) if isinstance(first, dict) else 0
        return Reply(
            Reading.ANSWER if size else Reading.NO_EMBEDDING,
            model=text_of(document.get("model")) if isinstance(document, dict) else None,
            usage=_usage(document),
            size=size or None,
        )

    def piece(self, name: str, document: Any) -> Piece:
        """Nothing, since no stream is asked for; an error where there is one all the same."""
        del name
        error = marked_error(document)
        return NOTHING_SAID if error is None else Piece(error=error)


def _size(embedding: Any) -> int:
    """How many numbers there are; 0 for what is no embedding."""
    try:
        if isinstance(embedding, str):
            raw = binascii.a2b_base64(embedding, strict_mode=True)
            embedding = list(struct.unpack(f"<{len(raw) // _FLOAT_BYTES}f", raw))
        is_vector = isinstance(embedding, list) and set(map(type, embedding)) <= _NUMBERS
        return len(embedding) if is_vector and all(map(isfinite, embedding)) else 0
    except (ValueError, OverflowError, struct.error):
        return 0


def _usage(document: Any) -> Usage:
    usage = object_in(document, "usage")
    counts = (count_of(usage.get(key)) for key in ("prompt_tokens", "input_tokens", "total_tokens"))
    return Usage(input_tokens=next((count for count in counts if count is not None), None))
