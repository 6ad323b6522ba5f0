"""Protocol `openai`: the model list, and the smallest chat completion, whole or streamed.

Owns what is asked and how an answer is read; what a reading means is for the classification.
Source: https://platform.openai.com/docs/api-reference/chat, and what gateways make of it.
"""

from typing import Any

from monitor.domain.ask import Ask, ToolTurn
from monitor.domain.error_shapes import error_in, error_in_choice, marked_error
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
from monitor.protocols.content import has_content, text_in
from monitor.protocols.openai_ways import OpenAiWays
from monitor.protocols.wire import ApiRequest

_SPOKEN = (
    "content",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
    "refusal",
    "tool_calls",
    "function_call",
    "audio",
)
_CHOICES_READ = 16
_RANK = (Reading.ERROR, Reading.ANSWER, Reading.LENGTH, Reading.FILTERED, Reading.NO_CONTENT, Reading.NO_MESSAGE)


class OpenAi(OpenAiWays):
    """Chat completions."""

    name = "openai"
    streams = True

    def question(self, base_url: str, ask: Ask) -> ApiRequest:
        """`POST {base_url}/chat/completions` with one short message."""
        del base_url
        body: dict[str, Any] = {
            "model": ask.model,
            "messages": [{"role": "user", "content": ask.prompt}],
            "max_completion_tokens" if ask.other_limit else "max_tokens": ask.max_tokens,
        }
        if ask.tool is not None:
            function = {
                "name": ask.tool.name,
                "description": ask.tool.description,
                "parameters": dict(ask.tool.parameters),
            }
            body["tools"] = [{"type": "function", "function": function}]
            if ask.turn is None:
                body["tool_choice"] = {"type": "function", "function": {"name": ask.tool.name}}
        if ask.turn is not None:
            body["messages"] += _second_turn(ask.turn)
        if ask.stream:
            body["stream"] = True
        if ask.stream and ask.with_counts:
            body["stream_options"] = {"include_usage": True}
        return ApiRequest("POST", "/chat/completions", body=body)

    def read(self, document: Any) -> Reply:
        """A completion."""
        choices = document.get("choices") if isinstance(document, dict) else None
        error = marked_error(document) if choices else error_in(document)
        if error is not None:
            return Reply(Reading.ERROR, error=error, usage=_usage(document))
        if not isinstance(choices, list) or not choices:
            return Reply(Reading.NO_CHOICES, usage=_usage(document))
        replies = [_read_choice(choice, document) for choice in choices[:_CHOICES_READ]]
        # Of several choices an error tells most, then an answer.
        return min(replies, key=lambda reply: _RANK.index(reply.reading)) if len(replies) > 1 else replies[0]

    def piece(self, name: str, document: Any) -> Piece:
        """A `chat.completion.chunk`."""
        if not isinstance(document, dict):
            return NOTHING_SAID
        error = marked_error(document) or (error_in(document) if name == "error" else None)
        if error is not None:
            return Piece(error=error, usage=_usage(document))
        model, usage = text_of(document.get("model")), _usage(document)
        choices = document.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return Piece(model=model, usage=usage)
        finish = _finish(choice)
        if finish == "error" or choice.get("error"):
            return Piece(error=error_in_choice(choice), usage=usage)
        delta = choice.get("delta")
        said: dict[str, Any] = delta if isinstance(delta, dict) else {}
        calls = _tool_calls(said.get("tool_calls"))
        return Piece(
            generated=any(has_content(said.get(key)) for key in _SPOKEN),
            text=text_in(said.get("content")),
            tool_call=calls[0] if calls else None,
            finish=finish or None,
            usage=usage,
            model=model,
        )


def _second_turn(turn: ToolTurn) -> list[dict[str, Any]]:
    """The call that the model made, and what it gave."""
    name = turn.call.id or "call_0"
    function = {"name": turn.call.name, "arguments": turn.call.arguments}
    called = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": name, "type": "function", "function": function}],
    }
    return [called, {"role": "tool", "tool_call_id": name, "content": turn.result}]


def _read_choice(choice: Any, document: dict[str, Any]) -> Reply:
    usage, model = _usage(document), text_of(document.get("model"))
    if not isinstance(choice, dict):
        return Reply(Reading.NO_MESSAGE, usage=usage, model=model)
    finish = _finish(choice)
    if finish == "error" or choice.get("error"):
        return Reply(Reading.ERROR, finish, error_in_choice(choice), model=model, usage=usage)
    message = choice.get("message")
    said: dict[str, Any] = message if isinstance(message, dict) else {}
    spoken = any(has_content(said.get(key)) for key in _SPOKEN)
    reading = reading_of(finish, spoken=spoken)
    return Reply(
        Reading.NO_MESSAGE if said is not message and reading is not Reading.FILTERED else reading,
        finish or None,
        model=model,
        text=text_in(said.get("content"))[:TEXT_KEPT],
        tool_calls=_tool_calls(said.get("tool_calls")),
        usage=usage,
    )


def _finish(choice: dict[str, Any]) -> str:
    finish = choice.get("finish_reason")
    return finish.lower() if isinstance(finish, str) else ""


def _tool_calls(value: Any) -> tuple[ToolCall, ...]:
    calls = value[:_CHOICES_READ] if isinstance(value, list) else ()
    return tuple(_tool_call(call, place) for place, call in enumerate(calls) if isinstance(call, dict))


def _tool_call(call: dict[str, Any], place: int) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index = count_of(call.get("index"))
    return ToolCall(
        id=text_of(call.get("id")) or "",
        name=text_of(function.get("name")) or "",
        arguments=(text_of(function.get("arguments")) or "")[:TEXT_KEPT],
        index=place if index is None else index,
    )


def _usage(document: Any) -> Usage:
    usage = document.get("usage") if isinstance(document, dict) else None
    if not isinstance(usage, dict):
        return NOT_COUNTED
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return Usage(
        input_tokens=_first_count(usage, "prompt_tokens", "input_tokens"),
        output_tokens=_first_count(usage, "completion_tokens", "output_tokens"),
        reasoning_tokens=count_of(completion.get("reasoning_tokens")) if isinstance(completion, dict) else None,
        cached_tokens=count_of(prompt.get("cached_tokens")) if isinstance(prompt, dict) else None,
    )


def _first_count(usage: dict[str, Any], *keys: str) -> int | None:
    return next((count for key in keys if (count := count_of(usage.get(key))) is not None), None)
