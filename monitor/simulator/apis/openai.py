"""`POST /v1/chat/completions` as OpenAI answers it, and the gateways that are like it.

Source: https://platform.openai.com/docs/api-reference/chat, and streams recorded from it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.simulator.complaints import Complaint, Family, openai_error
from monitor.simulator.requests import Asked, OfferedTool, limit_of, prompt_of, tokens_in
from monitor.simulator.speech import Finish, Speech
from monitor.simulator.streams import Part, StreamEvent

_FINISH = {
    Finish.STOP: "stop",
    Finish.LENGTH: "length",
    Finish.TOOL_CALL: "tool_calls",
    Finish.FILTERED: "content_filter",
}


class ChatCompletions:
    """Chat completions."""

    name = "openai"
    family: Family = "openai"
    streams = True

    def read(self, body: Mapping[str, Any]) -> Asked:
        """Messages, a limit under one of two names, tools."""
        messages, model, options = body.get("messages"), body.get("model"), body.get("stream_options")
        listed = messages if isinstance(messages, list) else []
        name, limit = limit_of(body, "max_tokens", "max_completion_tokens")
        return Asked(
            model=model if isinstance(model, str) else None,
            prompt=prompt_of(messages),
            lacks=None if listed else "messages",
            limit_name=name,
            max_tokens=limit,
            stream=body.get("stream") is True,
            wants_usage=isinstance(options, dict) and options.get("include_usage") is True,
            tool=None if body.get("tool_choice") == "none" else offered(body.get("tools")),
            result=_result(listed),
            input_tokens=tokens_in(*listed),
        )

    def whole(self, asked: Asked, speech: Speech) -> dict[str, Any]:
        """A `chat.completion`."""
        del asked
        message: dict[str, Any] = {"role": "assistant", "content": speech.text, "refusal": None}
        if speech.call is not None:
            function = {"name": speech.call, "arguments": speech.text}
            call = {"id": f"call_sim{speech.number:08d}", "type": "function", "function": function}
            message |= {"content": None, "tool_calls": [call]}
        if speech.thoughts:
            message["reasoning_content"] = "".join(speech.thoughts)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(speech)}
        choices = [] if speech.hollow else [choice]
        return _frame(speech, "chat.completion", choices) | {"usage": usage_of(speech)}

    def events(self, asked: Asked, speech: Speech) -> tuple[StreamEvent, ...]:
        """The role, a chunk for each token, the finish reason, the counts if they are wanted, `[DONE]`."""
        return tuple(self._events(asked, speech))

    def error_event(self, complaint: Complaint, request_id: str) -> StreamEvent:
        """A chunk that is an error."""
        del request_id
        return StreamEvent(openai_error(complaint))

    def _events(self, asked: Asked, speech: Speech) -> Iterator[StreamEvent]:
        for part, delta in _deltas(speech):
            yield self._chunk(asked, speech, delta, part)
        if speech.finish is not None or speech.hollow:
            yield self._chunk(asked, speech, {}, Part.FINISH, _finish(speech))
        if asked.wants_usage:
            yield StreamEvent(_frame(speech, "chat.completion.chunk", []) | {"usage": usage_of(speech)})
        yield StreamEvent("[DONE]", part=Part.END)

    def _chunk(
        self, asked: Asked, speech: Speech, delta: dict[str, Any], part: Part, finish: str | None = None
    ) -> StreamEvent:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        document = _frame(speech, "chat.completion.chunk", [] if speech.hollow else [choice])
        return StreamEvent(document | ({"usage": None} if asked.wants_usage else {}), part=part)


def _result(messages: list[Any]) -> str | None:
    last = messages[-1] if messages else None
    if not isinstance(last, dict) or last.get("role") != "tool":
        return None
    return str(last.get("content"))


def _deltas(speech: Speech) -> Iterator[tuple[Part, dict[str, Any]]]:
    opening: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    if speech.call is not None:
        function = {"name": speech.call, "arguments": ""}
        call = {"index": 0, "id": f"call_sim{speech.number:08d}", "type": "function", "function": function}
        opening |= {"content": None, "tool_calls": [call]}
    yield Part.FRAME, opening
    for thought in speech.thoughts:
        yield Part.TOKEN, {"reasoning_content": thought}
    for token in speech.tokens:
        arguments = {"tool_calls": [{"index": 0, "function": {"arguments": token}}]}
        yield Part.TOKEN, {"content": token} if speech.call is None else arguments


def _frame(speech: Speech, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-sim{speech.number:08d}",
        "object": kind,
        "created": speech.created_s,
        "model": speech.model,
        "choices": choices,
        "system_fingerprint": "fp_simulated",
    }


def _finish(speech: Speech) -> str | None:
    return None if speech.finish is None else _FINISH[speech.finish]


def usage_of(speech: Speech) -> dict[str, Any]:
    """What the answer cost."""
    return {
        "prompt_tokens": speech.input_tokens,
        "completion_tokens": speech.output_tokens,
        "total_tokens": speech.input_tokens + speech.output_tokens,
        "prompt_tokens_details": {"cached_tokens": speech.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": speech.reasoning_tokens},
    }


def offered(tools: Any) -> OfferedTool | None:
    """The first function of a list; of OpenAI's chat or, without the `function` around it, of its Responses."""
    first = tools[0] if isinstance(tools, list) and tools else None
    if not isinstance(first, dict):
        return None
    inner = first.get("function")
    function = inner if isinstance(inner, dict) else first
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str):
        return None
    return OfferedTool(name, parameters if isinstance(parameters, dict) else {})
