"""Inputs for the targets: the corpus as seeds, mutated as bytes and as JSON, and bodies made to be slow.

Owns no target and no clock. The same seed of the generator gives the same inputs.
"""

import gzip
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.exchanges import Exchange, corpus
from tests.fuzz.targets import CODES, PROTOCOLS, SECRET, TARGETS, as_json, prefix

LARGEST = 1 << 20
_OFTEN_AT_MOST = 20_000
_SEED = 65_536
_VOCABULARY = """
error message code type status choices delta content finish_reason stop length content_filter data object list id
models usage prompt_tokens completion_tokens param max_tokens metadata raw detail success base_resp retryDelay
request_id reasoning tool_calls function arguments index event message_start message_delta message_stop output
response.completed response.failed content_block_delta text_delta stop_reason embedding incomplete_details model
overloaded_error insufficient_quota [DONE] Loading
"""
WORDS = tuple(_VOCABULARY.split())
TOKENS = (
    *(word.encode() for word in WORDS),
    *(b"data: ", b"event: ", b"\n\n", b"\r\n", b"\r", b": \n", b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"\0"),
    *(b"NaN", b"1e999", b"-0", b"9" * 40, b"\\ud800", b"[" * 50, b'{"a":' * 50, b"null", b"true", b'""', b"{}", b"[]"),
    *(
        "모델 不存在 😀".encode(),
        b"Loading model",
        b"model not found",
        b"try again in 20s",
        b"rate limit",
        SECRET.encode(),
    ),
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        2**31,
        2**70,
        1e308,
        "",
        "x",
        "error",
        "stop",
        "502",
        502,
        429,
        [],
        {},
        [[]],
        [None],
    ),
    *({"error": {}}, {"error": "x"}, [{"error": {"code": 400}}], "x" * 9000, SECRET, "\ud800", ["a"] * 40),
)


def seeds(target: str) -> tuple[bytes, ...]:
    """The bodies of the corpus as inputs of a target, each read by its own protocol."""
    found = [
        prefix(target, _choices(exchange, number)) + exchange.body[:_SEED] for number, exchange in enumerate(corpus())
    ]
    if target == "encoding":
        found += [prefix(target, (0, number, 0)) + gzip.compress(body[2:]) for number, body in enumerate(found[:40])]
    return tuple(found)


def _choices(exchange: Exchange, number: int) -> tuple[int, int, int]:
    protocol = [known.name for known in PROTOCOLS].index(exchange.protocol)
    if exchange.asks == "stream":
        return protocol, number % 5, 1
    return protocol, CODES.index(exchange.http_status) if exchange.http_status in CODES else 0, number % 5


class Mutator:
    """An endless supply of inputs.

    Args:
        seed: of the generator.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  the same seed shall give the same inputs
        self._seeds = {target: seeds(target) for target in TARGETS}

    def inputs(self) -> Iterator[tuple[str, bytes]]:
        """A target, and what to give it, for ever."""
        names = tuple(TARGETS)
        while True:
            target = self._random.choice(names)
            yield target, self.mutated(target)

    def mutated(self, target: str) -> bytes:
        """One seed, changed a few times."""
        raw = bytearray(self._random.choice(self._seeds[target]))
        for _ in range(self._random.choice((0, 1, 1, 2, 3, 5, 8))):
            self._random.choice(_CHANGES)(self, raw, target)
        return bytes(raw[: LARGEST if self._random.random() < 0.01 else _OFTEN_AT_MOST])

    def _place(self, raw: bytearray) -> int:
        return self._random.randint(0, len(raw))

    def _flip(self, raw: bytearray, _target: str) -> None:
        if raw:
            raw[self._random.randrange(len(raw))] ^= 1 << self._random.randrange(8)

    def _insert(self, raw: bytearray, _target: str) -> None:
        place = self._place(raw)
        raw[place:place] = self._random.choice(TOKENS)

    def _replace(self, raw: bytearray, _target: str) -> None:
        place = self._place(raw)
        raw[place : place + self._random.randint(1, 12)] = self._random.choice(TOKENS)

    def _delete(self, raw: bytearray, _target: str) -> None:
        place = self._place(raw)
        del raw[place : place + self._random.choice((1, 2, 8, 64, 512))]

    def _cut(self, raw: bytearray, _target: str) -> None:
        del raw[self._place(raw) :]

    def _repeat(self, raw: bytearray, _target: str) -> None:
        place = self._place(raw)
        part = raw[place : place + self._random.choice((1, 3, 16, 200))]
        raw[place:place] = part * min(self._random.choice((2, 10, 100, 1000)), LARGEST // (len(part) or 1))

    def _splice(self, raw: bytearray, target: str) -> None:
        other = self._random.choice(self._seeds[target])
        raw[self._place(raw) :] = other[self._random.randint(0, len(other)) :]

    def _json(self, raw: bytearray, _target: str) -> None:
        """Another value somewhere in one of the JSON values of this input."""
        lines = bytes(raw).split(b"\n")
        number = self._random.randrange(len(lines))
        before, found, text = lines[number].partition(b"{")
        document = as_json(found + text)
        if isinstance(document, dict):
            lines[number] = before + json.dumps(
                self._changed(document), ensure_ascii=self._random.random() < 0.9
            ).encode("utf-8", "surrogatepass")
            raw[:] = b"\n".join(lines)

    def _changed(self, value: Any) -> Any:
        if isinstance(value, dict) and value and self._random.random() < 0.85:
            key = self._random.choice(list(value))
            if self._random.random() < 0.15:
                return {**value, self._random.choice(WORDS): self._random.choice(VALUES)}
            return {**value, key: self._changed(value[key])}
        if isinstance(value, list) and value and self._random.random() < 0.85:
            place = self._random.randrange(len(value))
            return [*value[:place], self._changed(value[place]), *value[place + 1 :]]
        return self._random.choice(VALUES)


_CHANGES = (
    Mutator._flip,
    Mutator._insert,
    Mutator._replace,
    Mutator._delete,
    Mutator._cut,
    Mutator._repeat,
    Mutator._splice,
    Mutator._json,
    Mutator._json,
    Mutator._json,
)

_EVENT = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n'
_UNITS = (
    *(
        b"[",
        b'{"a":',
        b"9",
        b"\r",
        b"\n",
        b":",
        b":\n",
        b"data\n",
        b"data: x\n",
        b"data: {}\n\n",
        b"event: a\n",
        b"\xff",
    ),
    *(
        b"\xef\xbb\xbf",
        b" ",
        b"\0",
        b"<",
        b"model ",
        b"model 'x' ",
        b"no available ",
        b"try again in 1s ",
        b"sk-",
        b"eyJ",
    ),
    *(
        b"https://a:b@",
        b"1h",
        b"context ",
        b"country ",
        b"max_tokens ",
        b"API key ",
        "模型".encode(),
        b"@",
        b"\\",
        b"%41",
    ),
    *(b'{"error":{"message":"x"}}\n', b'{"id":"a"},', b'data: {"choices":[]}\n\n', b": keep-alive\n\n", _EVENT % b"x"),
    *(
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":""}}]}}]}\n\n',
        b"-",
        b"a.",
        b"Bearer ",
    ),
)
_AROUND = (
    *(
        (b"", b""),
        (b'{"error":{"message":"', b'"}}'),
        (b'data: {"error":{"message":"', b'"}}\n\n'),
        (b"data: ", b"\n\n"),
    ),
    *((b'{"data":[', b'{"id":"b"}]}'), (b'{"choices":[{"message":{"content":"', b'"}}]}'), (b'{"model":"', b'"}')),
    *(
        (b'{"error":{"code":"', b'"}}'),
        (b'{"choices":[', b"1]}"),
        (b'{"detail":[', b"1]}"),
        (b'{"retryDelay":"', b'"}'),
    ),
)


def hostile(size: int = LARGEST) -> Iterator[tuple[str, bytes]]:
    """Targets, and large inputs of one thing again and again, in whatever it may stand."""
    for unit in _UNITS:
        for before, after in _AROUND:
            raw = before + unit * ((size - len(before) - len(after)) // len(unit)) + after
            for target in TARGETS:
                for choices in ((0, 0, 0), (1, 4, 3), (2, 6, 1)) if target in ("stream", "answer") else ((0, 0, 0),):
                    yield target, prefix(target, choices) + raw
