"""Protocol `openai-responses`: the model list, and the smallest response, whole or streamed.

Owns what is asked and how an answer is read; what a reading means is for the classification.
Source: https://platform.openai.com/docs/api-reference/responses and its page on streaming events.
"""

from dataclasses import replace
from typing import Any

from monitor.domain.ask import Ask, ToolTurn
from monitor.domain.error_shapes import UpstreamError, error_in, marked_error
from monitor.domain.reading import Reading
from monitor.domain.reply import (
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
from monitor.protocols.openai_ways import OpenAiWays
from monitor.protocols.wire import ApiRequest

LEAST_TOKENS = 16
"""OpenAI refuses a lower limit here with a 400."""
_SPOKEN = ("content", "summary", "encrypted_content", "name", "arguments", "input", "result")
_CALLS = frozenset({"function_call", "custom_tool_call"})
_BROKEN = frozenset({"failed", "cancelled"})
_LAST = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})


class OpenAiResponses(OpenAiWays):
    """Responses."""

    name = "openai-responses"
    streams = True

    def question(self, base_url: str, ask: Ask) -> ApiRequest:
        """`POST {base_url}/responses` with one short text, of which nothing is stored."""
        del base_url
        body: dict[str, Any] = {
            "model": ask.model,
            "input": ask.prompt,
            "max_output_tokens": max(ask.max_tokens, LEAST_TOKENS),
            "store": False,
        }
        if ask.tool is not None:
            offered = {
                "type": "function",
                "name": ask.tool.name,
                "description": ask.tool.description,
                "parameters": dict(ask.tool.parameters),
                "strict": False,
            }
            body["tools"] = [offered]
            if ask.turn is None:
                body["tool_choice"] = {"type": "function", "name": ask.tool.name}
        if ask.turn is not None:
            body["input"] = [{"role": "user", "content": ask.prompt}, *_second_turn(ask.turn)]
        if ask.stream:
            body["stream"] = True
        return ApiRequest("POST", "/responses", body=body)

    def read(self, document: Any) -> Reply:
        """A response."""
        output = document.get("output") if isinstance(document, dict) else None
        error = marked_error(document) if output else error_in(document)
        if error is not None:
            return Reply(Reading.ERROR, error=error, usage=_usage(document))
        if not isinstance(document, dict):
            return Reply(Reading.NO_MESSAGE)
        finish, model, usage = _finish(document), text_of(document.get("model")), _usage(document)
        if finish in _BROKEN:
            return Reply(Reading.ERROR, finish, UpstreamError(codes=frozenset({finish})), model=model, usage=usage)
        items = [item for item in output[:PARTS_READ] if isinstance(item, dict)] if isinstance(output, list) else []
        reading = reading_of(finish, spoken=any(map(_is_spoken, items)))
        if not isinstance(output, list) and reading is not Reading.FILTERED:
            reading = Reading.NO_MESSAGE
        return Reply(
            reading,
            finish,
            model=model,
            text="".join(text_in(item.get("content")) for item in items if item.get("type") == "message")[:TEXT_KEPT],
            tool_calls=tuple(_tool_call(item, place) for place, item in enumerate(items) if _is_call(item)),
            usage=usage,
        )

    def piece(self, name: str, document: Any) -> Piece:
        """One event; its type stands in the data, and in its name once more."""
        if not isinstance(document, dict):
            return NOTHING_SAID
        kind = text_of(document.get("type")) or name
        error = marked_error(document) or (error_in(document) if kind == "error" else None)
        if error is not None:
            return Piece(error=error)
        if kind.endswith(".delta"):
            return _of_delta(kind, document)
        if kind == "response.output_item.added":
            return _of_item(object_in(document, "item"), document)
        response = object_in(document, "response")
        if kind in _LAST:
            return self._last(kind, response)
        return Piece(model=text_of(response.get("model"))) if response else NOTHING_SAID

    def _last(self, kind: str, response: dict[str, Any]) -> Piece:
        """The end, which holds the whole response once more."""
        reply = self.read(response)
        if kind == "response.failed" and reply.error is None:
            reply = replace(reply, error=UpstreamError(codes=frozenset({"failed"})))
        finish = reply.finish or kind.removeprefix("response.")
        return Piece(finish=finish, ends=True, usage=reply.usage, model=reply.model, error=reply.error, whole=reply)


def _of_delta(kind: str, document: dict[str, Any]) -> Piece:
    """Text, reasoning, a refusal, or a part of a call's arguments; audio and the like are generated as well."""
    delta = document.get("delta")
    text = delta if isinstance(delta, str) else ""
    if kind.endswith(("_arguments.delta", "_input.delta")):
        call = ToolCall(arguments=text, index=count_of(document.get("output_index")) or 0)
        return Piece(generated=bool(text), tool_call=call)
    is_text = kind == "response.output_text.delta"
    return Piece(generated=has_content(delta), text=text if is_text else "")


def _of_item(item: dict[str, Any], document: dict[str, Any]) -> Piece:
    """The start of an item: empty but for a call, whose name is there at once."""
    if not _is_call(item):
        return NOTHING_SAID
    call = replace(_tool_call(item, count_of(document.get("output_index")) or 0), arguments="")
    return Piece(generated=bool(call.name), tool_call=call)


def _is_spoken(item: dict[str, Any]) -> bool:
    return any(has_content(item.get(key)) for key in _SPOKEN)


def _is_call(item: dict[str, Any]) -> bool:
    return text_of(item.get("type")) in _CALLS


def _second_turn(turn: ToolTurn) -> list[dict[str, Any]]:
    """The call that the model made, and what it gave."""
    name, call = turn.call.id or "call_0", turn.call
    called = {"type": "function_call", "call_id": name, "name": call.name, "arguments": call.arguments}
    return [called, {"type": "function_call_output", "call_id": name, "output": turn.result}]


def _tool_call(item: dict[str, Any], index: int) -> ToolCall:
    arguments = item.get("arguments")
    return ToolCall(
        id=text_of(item.get("call_id")) or text_of(item.get("id")) or "",
        name=text_of(item.get("name")) or "",
        arguments=arguments_of(item.get("input") if arguments is None else arguments),
        index=index,
    )


def _finish(response: dict[str, Any]) -> str | None:
    """Why it ended: the reason of what is incomplete, else the status."""
    finish = text_of(object_in(response, "incomplete_details").get("reason")) or text_of(response.get("status"))
    return None if finish is None else finish.lower()


def _usage(document: Any) -> Usage:
    usage = object_in(document, "usage")
    return Usage(
        input_tokens=count_of(usage.get("input_tokens")),
        output_tokens=count_of(usage.get("output_tokens")),
        reasoning_tokens=count_of(object_in(usage, "output_tokens_details").get("reasoning_tokens")),
        cached_tokens=count_of(object_in(usage, "input_tokens_details").get("cached_tokens")),
    )
