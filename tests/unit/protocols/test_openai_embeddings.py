"""OpenAI's embeddings: what is asked, and how an answer is read."""

import base64
import struct
from typing import Any

import pytest

from monitor.domain.ask import Ask
from monitor.domain.reading import Reading
from monitor.domain.reply import NOTHING_SAID, Usage
from monitor.protocols.openai_embeddings import OpenAiEmbeddings

PROTOCOL = OpenAiEmbeddings()


def embeddings(*vectors: Any, **more: Any) -> dict[str, Any]:
    """A whole answer."""
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return {"object": "list", "data": data, "model": "text-embedding-3-small", **more}


def packed(*numbers: float) -> str:
    """A vector as base64."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def test_a_question() -> None:
    """One text; nothing is generated, so there is neither a limit nor a stream."""
    question = PROTOCOL.question("https://api.openai.com/v1", Ask("m", "Say OK.", 16, stream=True))
    assert (question.path, question.body) == ("/embeddings", {"model": "m", "input": "Say OK."})
    assert not PROTOCOL.streams


@pytest.mark.parametrize(
    ("vector", "size"),
    [
        ([0.1, -0.2, 3], 3),
        ([0], 1),
        (packed(0.5, 0.25), 2),
        ([], None),
        ("", None),
        ("not base64!", None),
        (base64.b64encode(b"abc").decode(), None),
        (packed(float("nan")), None),
        ([0.1, None], None),
        ([0.1, float("nan")], None),
        ([0.1, float("inf")], None),
        ([10**400], None),
        ([True], None),
        ([[0.1, 0.2]], None),
        (["0.1"], None),
        (None, None),
        ({"0": 0.1}, None),
    ],
)
def test_an_embedding_is_made_of_finite_numbers(vector: Any, size: int | None) -> None:
    """As a list, or as base64 of 32-bit floats; its size is how many there are."""
    reply = PROTOCOL.read(embeddings(vector))
    assert (reply.reading, reply.size) == (Reading.ANSWER if size else Reading.NO_EMBEDDING, size)


@pytest.mark.parametrize(
    ("document", "reading"),
    [
        (embeddings(), Reading.NO_EMBEDDING),
        ({"data": None}, Reading.NO_EMBEDDING),
        ({"data": ["x"]}, Reading.NO_EMBEDDING),
        ({"embeddings": [[0.1]]}, Reading.NO_EMBEDDING),
        ({"choices": [{"message": {"content": "OK"}}]}, Reading.NO_EMBEDDING),
        ([], Reading.NO_EMBEDDING),
        ({"error": {"message": "no", "code": 400}}, Reading.ERROR),
        (embeddings([0.1], error={"message": "no"}), Reading.ERROR),
    ],
)
def test_what_is_no_embedding(document: Any, reading: Reading) -> None:
    """Nothing else will do."""
    assert PROTOCOL.read(document).reading is reading


def test_what_is_read_of_an_answer() -> None:
    """Who answered, and the tokens of the input: there are no others."""
    reply = PROTOCOL.read(embeddings([0.1], usage={"prompt_tokens": 6, "total_tokens": 6}))
    assert (reply.model, reply.usage) == ("text-embedding-3-small", Usage(6))


def test_an_event_is_at_most_an_error() -> None:
    """A server that streams all the same is not listened to."""
    assert PROTOCOL.piece("", embeddings([0.1])) is NOTHING_SAID
    assert PROTOCOL.piece("error", {"error": {"message": "no"}}).error is not None
