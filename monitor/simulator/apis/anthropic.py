"""`POST /v1/messages` as Anthropic answers it.

Source: https://docs.anthropic.com/en/api/messages and https://docs.anthropic.com/en/docs/build-with-claude/streaming.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.simulator.complaints import Complaint, Family, anthropic_error
from monitor.simulator.requests import Asked, OfferedTool, limit_of, prompt_of, tokens_in
from monitor.simulator.speech import Finish, Speech
from monitor.simulator.streams import Part, StreamEvent

_STOP = {
    Finish.STOP: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALL: "tool_use",
    Finish.FILTERED: "refusal",
}
_SIGNATURE = "c2ltdWxhdGVk"


class Messages:
    """Messages."""

    name = "anthropic"
    family: Family = "anthropic"
    streams = True

    def read(self, body: Mapping[str, Any]) -> Asked:
        """Messages, a limit that must be there, tools."""
        messages, model, choice = body.get("messages"), body.get("model"), body.get("tool_choice")
        listed = messages if isinstance(messages, list) else []
        name, limit = limit_of(body, "max_tokens")
        barred = isinstance(choice, dict) and choice.get("type") == "none"
        return Asked(
            model=model if isinstance(model, str) else None,
            prompt=prompt_of(messages),
            lacks=("messages" if not listed else "max_tokens" if name is None else None),
            limit_name=name,
            max_tokens=limit,
            stream=body.get("stream") is True,
            tool=None if barred else _offered(body.get("tools")),
            result=_result(listed),
            input_tokens=tokens_in(*listed),
        )

    def whole(self, asked: Asked, speech: Speech) -> dict[str, Any]:
        """A `message`."""
        del asked
        blocks = [block | whole for block, _, whole in _blocks(speech)]
        usage = _input(speech) | {"output_tokens": speech.output_tokens}
        return _message(speech, blocks) | {"stop_reason": _stop(speech), "usage": usage}

    def events(self, asked: Asked, speech: Speech) -> tuple[StreamEvent, ...]:
        """The message, its blocks with a ping among them, the stop reason with the counts, the end."""
        del asked
        return tuple(_named(document, part) for part, document in _documents(speech))

    def error_event(self, complaint: Complaint, request_id: str) -> StreamEvent:
        """`event: error`."""
        return _named(anthropic_error(complaint, request_id), Part.FRAME)


def _named(document: dict[str, Any], part: Part) -> StreamEvent:
    return StreamEvent(document, str(document["type"]), part)


def _documents(speech: Speech) -> Iterator[tuple[Part, dict[str, Any]]]:
    opening = _message(speech, []) | {"stop_reason": None, "usage": _input(speech) | {"output_tokens": 1}}
    yield Part.FRAME, {"type": "message_start", "message": opening}
    for index, (block, deltas, _) in enumerate(_blocks(speech)):
        yield Part.FRAME, {"type": "content_block_start", "index": index, "content_block": block}
        if index == 0:
            yield Part.FRAME, {"type": "ping"}
        for part, delta in deltas:
            yield part, {"type": "content_block_delta", "index": index, "delta": delta}
        yield Part.FRAME, {"type": "content_block_stop", "index": index}
    yield (
        Part.FINISH,
        {
            "type": "message_delta",
            "delta": {"stop_reason": _stop(speech), "stop_sequence": None},
            "usage": {"output_tokens": speech.output_tokens},
        },
    )
    yield Part.END, {"type": "message_stop"}


Block = tuple[dict[str, Any], list[tuple[Part, dict[str, Any]]], dict[str, Any]]


def _blocks(speech: Speech) -> Iterator[Block]:
    """Each block as it begins, its deltas, and what it holds in the end."""
    if speech.thoughts:
        thinking = [(Part.TOKEN, {"type": "thinking_delta", "thinking": thought}) for thought in speech.thoughts]
        signed = (Part.FRAME, {"type": "signature_delta", "signature": _SIGNATURE})
        whole = {"thinking": "".join(speech.thoughts), "signature": _SIGNATURE}
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*thinking, signed], whole
    if speech.call is not None:
        parts = [(Part.TOKEN, {"type": "input_json_delta", "partial_json": token}) for token in speech.tokens]
        block = {"type": "tool_use", "id": f"toolu_sim{speech.number:08d}", "name": speech.call, "input": {}}
        yield block, parts, {"input": _arguments(speech)}
    elif speech.tokens:
        parts = [(Part.TOKEN, {"type": "text_delta", "text": token}) for token in speech.tokens]
        yield {"type": "text", "text": ""}, parts, {"text": speech.text}


def _arguments(speech: Speech) -> Any:
    try:
        return json.loads(speech.text)
    except ValueError:  # cut by the limit
        return {}


def _message(speech: Speech, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"msg_sim{speech.number:08d}",
        "type": "message",
        "role": "assistant",
        "model": speech.model,
        "content": content,
        "stop_sequence": None,
    }


def _input(speech: Speech) -> dict[str, Any]:
    return {
        "input_tokens": speech.input_tokens - speech.cached_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": speech.cached_tokens,
    }


def _stop(speech: Speech) -> str | None:
    return None if speech.finish is None else _STOP[speech.finish]


def _result(messages: list[Any]) -> str | None:
    last = messages[-1] if messages else None
    content = last.get("content") if isinstance(last, dict) else None
    parts = content if isinstance(content, list) else ()
    results = (part for part in parts if isinstance(part, dict) and part.get("type") == "tool_result")
    return next((str(result.get("content")) for result in results), None)


def _offered(tools: Any) -> OfferedTool | None:
    first = tools[0] if isinstance(tools, list) and tools else None
    if not isinstance(first, dict) or not isinstance(first.get("name"), str):
        return None
    schema = first.get("input_schema")
    return OfferedTool(first["name"], schema if isinstance(schema, dict) else {})
