"""The bytes of an answer read as what they are: JSON, a web page, a stream, plain text, nothing.

Owns the reading of bytes only; what a document says is the business of `error_shapes`, `completion` and `model_list`.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

_TEXT_KEPT = 8192
_STREAM_BEGINS = ("data:", "event:", "id:", "retry:", ": ")


class Shape(StrEnum):
    """What an answer's body is."""

    JSON = "json"
    HTML = "html"
    STREAM = "stream"
    TEXT = "text"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's body, read.

    Attributes:
        document: the JSON value; None unless the shape is JSON.
        text: the beginning of what is not JSON.
        damaged: it is not valid UTF-8, so that no client can read it as it stands.
    """

    shape: Shape
    document: Any = None
    text: str = ""
    damaged: bool = False


def read_body(raw: bytes, content_type: str = "") -> Body:
    """What the bytes are; never raises.

    JSON is known by its look, not by its content type, which many gateways get wrong. What only Python's own parser
    accepts (`NaN`, lone surrogates) counts as JSON, because it is what the official SDK would have accepted.
    """
    try:
        return Body(Shape.JSON, orjson.loads(raw))
    except orjson.JSONDecodeError:
        return _read_text(raw, content_type)


def _read_text(raw: bytes, content_type: str) -> Body:
    text = raw.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    damaged = "\ufffd" in text and not _is_utf8(raw)
    if not text.strip("\0 \t\r\n"):
        return Body(Shape.EMPTY)
    try:
        return Body(Shape.JSON, json.loads(text), damaged=damaged)
    except (ValueError, RecursionError):
        return Body(_shape_of(text, content_type), text=text[:_TEXT_KEPT], damaged=damaged)


def _shape_of(text: str, content_type: str) -> Shape:
    if text.startswith("<"):
        return Shape.HTML
    if text.startswith(_STREAM_BEGINS):
        return Shape.STREAM
    return Shape.HTML if is_html(content_type) and text[0] not in "{[" else Shape.TEXT


def is_html(content_type: str) -> bool:
    """Whether the content type is that of a web page."""
    return "html" in content_type.lower()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
