"""Protocol `anthropic`: the model list, and the smallest message, whole or streamed.

Owns what is asked and how an answer is read; what a reading means is for the classification.
Source: https://docs.anthropic.com/en/api/messages and its pages on streaming and stop reasons, and what servers that
speak the same make of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from monitor.domain.ask import Ask, ToolTurn
from monitor.domain.body import read_body
from monitor.domain.error_shapes import error_in, marked_error
from monitor.domain.reading import Reading
from monitor.domain.reply import (
    NOT_COUNTED,
    NOTHING_SAID,
    TEXT_KEPT,
    Piece,
    Reply,
    ToolCall,
    Usage,
    count_of,
    reading_of,
    text_of,
)
from monitor.protocols.content import PARTS_READ, arguments_of, has_content, object_in, text_in
from monitor.protocols.wire import ApiRequest

VERSION = "2023-06-01"
_HEADERS = {"anthropic-version": VERSION}
_ENDS_IN_VERSION = re.compile(r"/v\d+[a-z0-9]*\Z", re.ASCII)
_NOT_GENERATED = frozenset({"signature_delta", "citations_delta"})
_INPUTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class Anthropic:
    """Messages."""

    name = "anthropic"
    streams = True

    def key_headers(self, key: str) -> Mapping[str, str]:
        """The key as it is."""
        return {"x-api-key": key}

    def model_list(self, base_url: str) -> ApiRequest:
        """`GET /v1/models` with as many models as one page may hold."""
        return ApiRequest("GET", f"{_version(base_url)}/models?limit=1000", _HEADERS)

    def question(self, base_url: str, ask: Ask) -> ApiRequest:
        """`POST /v1/messages` with one short message."""
        body: dict[str, Any] = {
            "model": ask.model,
            "max_tokens": ask.max_tokens,
            "messages": [{"role": "user", "content": ask.prompt}],
        }
        if ask.tool is not None:
            offered = {
                "name": ask.tool.name,
                "description": ask.tool.description,
                "input_schema": {"type": "object", **ask.tool.parameters},
            }
            body["tools"] = [offered]
            if ask.turn is None:
                body["tool_choice"] = {"type": "tool", "name": ask.tool.name}
        if ask.turn is not None:
            body["messages"] += _second_turn(ask.turn)
        if ask.stream:
            body["stream"] = True
        return ApiRequest("POST", f"{_version(base_url)}/messages", _HEADERS, body)

    def read(self, document: Any) -> Reply:
        """A message."""
        content = document.get("content") if isinstance(document, dict) else None
        error = marked_error(document) if content else error_in(document)
        if error is not None:
            return Reply(Reading.ERROR, error=error, usage=_usage(document))
        if not isinstance(document, dict):
            return Reply(Reading.NO_MESSAGE)
        finish = _finish(document)
        reading = reading_of(finish, spoken=has_content(content))
        if not isinstance(content, list) and reading is not Reading.FILTERED:
            reading = Reading.NO_MESSAGE
        return Reply(
            reading,
            finish,
            model=text_of(document.get("model")),
            text=text_in(content)[:TEXT_KEPT] if isinstance(content, list) else "",
            tool_calls=_tool_calls(content),
            usage=_usage(document),
        )

    def piece(self, name: str, document: Any) -> Piece:
        """One event; its type stands in the data, and in its name once more."""
        if not isinstance(document, dict):
            return NOTHING_SAID
        kind = text_of(document.get("type")) or name
        error = marked_error(document) or (error_in(document) if kind == "error" else None)
        if error is not None:
            return Piece(error=error)
        reader = _OF_EVENT.get(kind)
        return NOTHING_SAID if reader is None else reader(document)


def _version(base_url: str) -> str:
    """What the official SDK puts before each path, unless the URL already ends in a version."""
    return "" if _ENDS_IN_VERSION.search(base_url) else "/v1"


def _of_start(document: dict[str, Any]) -> Piece:
    message = object_in(document, "message")
    return Piece(model=text_of(message.get("model")), usage=_usage(message))


def _of_block(document: dict[str, Any]) -> Piece:
    """The start of a block: empty for text, with the name for a tool, all at once for what is not told in pieces."""
    block = object_in(document, "content_block")
    call = _tool_call(block, count_of(document.get("index")) or 0) if _is_call(block) else None
    if call is not None and not block.get("input"):
        call = replace(call, arguments="")  # what follows is added to it
    text = block.get("text")
    return Piece(generated=has_content(block), text=text if isinstance(text, str) else "", tool_call=call)


def _of_delta(document: dict[str, Any]) -> Piece:
    delta = object_in(document, "delta")
    part, text = text_of(delta.get("partial_json")), delta.get("text")
    return Piece(
        generated=text_of(delta.get("type")) not in _NOT_GENERATED and has_content(delta),
        text=text if isinstance(text, str) else "",
        tool_call=None if part is None else ToolCall(arguments=part, index=count_of(document.get("index")) or 0),
    )


def _of_message_delta(document: dict[str, Any]) -> Piece:
    finish = _finish(object_in(document, "delta"))
    return Piece(finish=finish, end_follows=finish is not None, usage=_usage(document))


_OF_EVENT: Mapping[str, Callable[[dict[str, Any]], Piece]] = {
    "message_start": _of_start,
    "content_block_start": _of_block,
    "content_block_delta": _of_delta,
    "message_delta": _of_message_delta,
    "message_stop": lambda _: Piece(ends=True),
}


def _second_turn(turn: ToolTurn) -> list[dict[str, Any]]:
    """The call that the model made, and what it gave."""
    name = turn.call.id or "toolu_0"
    arguments = read_body(turn.call.arguments.encode("utf-8", "replace")).document
    called = {"type": "tool_use", "id": name, "name": turn.call.name, "input": arguments or {}}
    given = {"type": "tool_result", "tool_use_id": name, "content": turn.result}
    return [{"role": "assistant", "content": [called]}, {"role": "user", "content": [given]}]


def _tool_calls(content: Any) -> tuple[ToolCall, ...]:
    blocks = content[:PARTS_READ] if isinstance(content, list) else ()
    return tuple(_tool_call(block, place) for place, block in enumerate(blocks) if _is_call(block))


def _is_call(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "tool_use"


def _tool_call(block: dict[str, Any], index: int) -> ToolCall:
    return ToolCall(
        id=text_of(block.get("id")) or "",
        name=text_of(block.get("name")) or "",
        arguments=arguments_of(block.get("input")),
        index=index,
    )


def _finish(document: dict[str, Any]) -> str | None:
    finish = text_of(document.get("stop_reason"))
    return None if finish is None else finish.lower()


def _usage(document: Any) -> Usage:
    """Counts; what was read from a cache or written to one is part of the input, as it is with other APIs."""
    usage = object_in(document, "usage")
    if not usage:
        return NOT_COUNTED
    inputs = [count for key in _INPUTS if (count := count_of(usage.get(key))) is not None]
    # A prompt has tokens: a sum of nothing is the placeholder of a server that counts at the other end of the stream.
    return Usage(
        input_tokens=count_of(sum(inputs)) or None,
        output_tokens=count_of(usage.get("output_tokens")),
        reasoning_tokens=count_of(object_in(usage, "output_tokens_details").get("thinking_tokens")),
        cached_tokens=count_of(usage.get("cache_read_input_tokens")),
    )
