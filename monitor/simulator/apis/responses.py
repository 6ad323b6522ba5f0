"""`POST /v1/responses` as OpenAI answers it.

Source: https://platform.openai.com/docs/api-reference/responses and .../responses-streaming.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.simulator.apis.openai import offered
from monitor.simulator.complaints import Complaint, Family
from monitor.simulator.requests import Asked, limit_of, prompt_of, tokens_in
from monitor.simulator.speech import Finish, Speech
from monitor.simulator.streams import Part, StreamEvent

_INCOMPLETE = {Finish.LENGTH: "max_output_tokens", Finish.FILTERED: "content_filter"}
_SIGNS = "function_call_arguments"


class Responses:
    """Responses."""

    name = "openai-responses"
    family: Family = "openai"
    streams = True

    def read(self, body: Mapping[str, Any]) -> Asked:
        """Input as a text or as messages, a limit, tools."""
        model, given = body.get("model"), body.get("input")
        name, limit = limit_of(body, "max_output_tokens")
        return Asked(
            model=model if isinstance(model, str) else None,
            prompt=given if isinstance(given, str) else prompt_of(given),
            lacks=None if given else "input",
            limit_name=name,
            max_tokens=limit,
            stream=body.get("stream") is True,
            tool=None if body.get("tool_choice") == "none" else offered(body.get("tools")),
            result=_result(given),
            input_tokens=tokens_in(*(given if isinstance(given, list) else (given or "",))),
        )

    def whole(self, asked: Asked, speech: Speech) -> dict[str, Any]:
        """A `response`."""
        del asked
        return _response(speech, _status(speech), [whole for _, whole, _ in _items(speech)], usage=_usage(speech))

    def events(self, asked: Asked, speech: Speech) -> tuple[StreamEvent, ...]:
        """Created, in progress, its items, and how it ended; each event with its number."""
        del asked
        numbered = enumerate(_documents(speech))
        return tuple(
            StreamEvent(document | {"sequence_number": number}, str(document["type"]), part)
            for number, (part, document) in numbered
        )

    def error_event(self, complaint: Complaint, request_id: str) -> StreamEvent:
        """`event: error`."""
        del request_id
        document = {
            "type": "error",
            "code": complaint.code or complaint.kind,
            "message": complaint.message,
            "param": complaint.param,
            "sequence_number": 99,
        }
        return StreamEvent(document, "error")


def _result(given: Any) -> str | None:
    last = given[-1] if isinstance(given, list) and given else None
    if not isinstance(last, dict) or last.get("type") != "function_call_output":
        return None
    return str(last.get("output"))


def _documents(speech: Speech) -> Iterator[tuple[Part, dict[str, Any]]]:
    opened = _response(speech, "in_progress", [])
    yield Part.FRAME, {"type": "response.created", "response": opened}
    yield Part.FRAME, {"type": "response.in_progress", "response": opened}
    done = []
    for index, (begun, whole, parts) in enumerate(_items(speech)):
        yield Part.FRAME, {"type": "response.output_item.added", "output_index": index, "item": begun}
        for part, document in parts:
            yield part, {"item_id": whole["id"], "output_index": index} | document
        yield Part.FRAME, {"type": "response.output_item.done", "output_index": index, "item": whole}
        done.append(whole)
    status = _status(speech)
    closed = _response(speech, status, done, usage=_usage(speech))
    yield Part.END, {"type": f"response.{status}", "response": closed}


Parts = list[tuple[Part, dict[str, Any]]]


def _items(speech: Speech) -> Iterator[tuple[dict[str, Any], dict[str, Any], Parts]]:
    """Each item as it begins, as it ends, and the events between."""
    number = f"sim{speech.number:08d}"
    if speech.thoughts:
        yield _thinking(speech, f"rs_{number}")
    if speech.call is not None:
        yield _calling(speech, speech.call, number)
    elif speech.tokens or (speech.finish is Finish.STOP and not speech.hollow):
        yield _saying(speech, f"msg_{number}")


def _thinking(speech: Speech, name: str) -> tuple[dict[str, Any], dict[str, Any], Parts]:
    place: dict[str, Any] = {"summary_index": 0}
    text = "".join(speech.thoughts)
    summary = {"type": "summary_text", "text": text}
    kind = "response.reasoning_summary"
    parts: Parts = [(Part.FRAME, place | {"type": f"{kind}_part.added", "part": summary | {"text": ""}})]
    parts += [(Part.TOKEN, place | {"type": f"{kind}_text.delta", "delta": thought}) for thought in speech.thoughts]
    parts += [
        (Part.FRAME, place | {"type": f"{kind}_text.done", "text": text}),
        (Part.FRAME, place | {"type": f"{kind}_part.done", "part": summary}),
    ]
    begun: dict[str, Any] = {"id": name, "type": "reasoning", "summary": []}
    return begun, begun | {"summary": [summary]}, parts


def _calling(speech: Speech, called: str, number: str) -> tuple[dict[str, Any], dict[str, Any], Parts]:
    begun = {
        "id": f"fc_{number}",
        "type": "function_call",
        "status": "in_progress",
        "call_id": f"call_{number}",
        "name": called,
        "arguments": "",
    }
    parts: Parts = [(Part.TOKEN, {"type": f"response.{_SIGNS}.delta", "delta": token}) for token in speech.tokens]
    parts.append((Part.FRAME, {"type": f"response.{_SIGNS}.done", "arguments": speech.text}))
    return begun, begun | {"status": _status(speech), "arguments": speech.text}, parts


def _saying(speech: Speech, name: str) -> tuple[dict[str, Any], dict[str, Any], Parts]:
    place: dict[str, Any] = {"content_index": 0}
    begun = {"id": name, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    text: dict[str, Any] = {"type": "output_text", "annotations": [], "logprobs": [], "text": speech.text}
    kind = "response.output_text"
    parts: Parts = [(Part.FRAME, place | {"type": "response.content_part.added", "part": text | {"text": ""}})]
    parts += [
        (Part.TOKEN, place | {"type": f"{kind}.delta", "delta": token, "logprobs": []}) for token in speech.tokens
    ]
    parts += [
        (Part.FRAME, place | {"type": f"{kind}.done", "text": speech.text, "logprobs": []}),
        (Part.FRAME, place | {"type": "response.content_part.done", "part": text}),
    ]
    return begun, begun | {"status": _status(speech), "content": [text]}, parts


def _status(speech: Speech) -> str:
    return "incomplete" if speech.finish in _INCOMPLETE else "completed"


def _response(
    speech: Speech, status: str, output: list[dict[str, Any]], *, usage: dict[str, Any] | None = None
) -> dict[str, Any]:
    reason = _INCOMPLETE.get(speech.finish) if speech.finish is not None and status == "incomplete" else None
    return {
        "id": f"resp_sim{speech.number:08d}",
        "object": "response",
        "created_at": speech.created_s,
        "status": status,
        "error": None,
        "incomplete_details": None if reason is None else {"reason": reason},
        "instructions": None,
        "metadata": {},
        "model": speech.model,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage,
    }


def _usage(speech: Speech) -> dict[str, Any]:
    return {
        "input_tokens": speech.input_tokens,
        "input_tokens_details": {"cached_tokens": speech.cached_tokens},
        "output_tokens": speech.output_tokens,
        "output_tokens_details": {"reasoning_tokens": speech.reasoning_tokens},
        "total_tokens": speech.input_tokens + speech.output_tokens,
    }
