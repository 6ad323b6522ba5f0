"""`POST /v1/embeddings` as OpenAI answers it; nothing of it is streamed.

Source: https://platform.openai.com/docs/api-reference/embeddings.
"""

import math
import struct
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from monitor.simulator.complaints import Complaint, Family, openai_error
from monitor.simulator.requests import Asked, tokens_in
from monitor.simulator.speech import Finish, Speech
from monitor.simulator.streams import StreamEvent

DIMENSIONS = 8
_MOST_DIMENSIONS = 8192


class Embeddings:
    """Embeddings of one text; of several, the first."""

    name = "openai-embeddings"
    family: Family = "openai"
    streams = False

    def read(self, body: Mapping[str, Any]) -> Asked:
        """Input as a text or as a list, and how many numbers are wanted."""
        model, given, dimensions = body.get("model"), body.get("input"), body.get("dimensions")
        first = given[0] if isinstance(given, list) and given else given
        fits = isinstance(dimensions, int) and 0 < dimensions <= _MOST_DIMENSIONS
        return Asked(
            model=model if isinstance(model, str) else None,
            prompt=first if isinstance(first, str) else None,
            lacks=None if given else "input",
            input_tokens=tokens_in(first),
            dimensions=dimensions if fits else None,
            packed=body.get("encoding_format") == "base64",
        )

    def whole(self, asked: Asked, speech: Speech) -> dict[str, Any]:
        """A list of one embedding, whose length is one; of a model that has nothing to say, one without numbers."""
        is_mute = not speech.tokens and speech.finish is Finish.STOP
        numbers = [] if is_mute else _unit_vector(asked.dimensions or DIMENSIONS, speech.number)
        written = b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode() if asked.packed else numbers
        entry = {"object": "embedding", "index": 0, "embedding": written}
        return {
            "object": "list",
            "data": [] if speech.hollow else [entry],
            "model": speech.model,
            "usage": {"prompt_tokens": speech.input_tokens, "total_tokens": speech.input_tokens},
        }

    def events(self, asked: Asked, speech: Speech) -> tuple[StreamEvent, ...]:
        """The whole answer as one event; nobody asks for it."""
        return (StreamEvent(self.whole(asked, speech)),)

    def error_event(self, complaint: Complaint, request_id: str) -> StreamEvent:
        """The same for an error."""
        del request_id
        return StreamEvent(openai_error(complaint))


def _unit_vector(dimensions: int, seed: int) -> list[float]:
    """Numbers that differ from answer to answer, of length one."""
    raw = [math.sin(1.0 + place + 0.1 * seed) for place in range(dimensions)]
    length = math.sqrt(sum(number * number for number in raw)) or 1.0
    return [number / length for number in raw]
