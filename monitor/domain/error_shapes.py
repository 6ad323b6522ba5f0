"""The many shapes in which LLM APIs and gateways write an error, read into one.

Owns where a code, a message, a parameter and a wait stand in a body; what they mean is the business of the table.
Shapes read: OpenAI's object, Google's (alone or in an array), OpenRouter's, the flat ones of vLLM, Mistral, relay
stations and FastAPI, a bare string, a stream that carries an error, plain text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from monitor.domain.body import Body, Shape, read_body

_MESSAGE_KEYS = ("message", "msg", "detail", "error", "error_msg", "status_msg", "error_description", "title")
_CODE_KEYS = ("code", "type", "status", "reason", "error_code", "error_type")
_NUMBER_KEYS = ("code", "status", "status_code", "statusCode", "http_status")
_WAIT_KEYS = (("retryDelay", ""), ("retry_after_ms", "ms"), ("retry_after", "s"), ("estimated_time", "s"))
_NO_CODES = frozenset({"", "0", "none", "null"})
_CODE_KEPT = 80
_ENTRIES_READ = 16
_DEPTH = 4
_GENERIC = "provider returned error"  # OpenRouter's words for: see what the provider said


@dataclass(frozen=True, slots=True)
class UpstreamError:
    """What an error says, as it stands there: hostile until it is redacted.

    Attributes:
        message: empty where there is none.
        codes: every code, type, status name and reason, in lower case.
        param: the parameter complained of, in lower case.
        http_status: 400 to 599 where the body itself names one.
        openrouter: written as OpenRouter does: an integer code and no type.
        waits: durations such as `3.5s`.
        request_id: the request's id in the body.
    """

    message: str = ""
    codes: frozenset[str] = frozenset()
    param: str | None = None
    http_status: int | None = None
    openrouter: bool = False
    waits: tuple[str, ...] = ()
    request_id: str | None = None


def error_of(body: Body) -> UpstreamError | None:
    """What a body that is known to be an error says; None where it says nothing that may be quoted."""
    if body.shape is Shape.JSON:
        return error_in(body.document) or _from_any(body.document)
    if body.shape is Shape.STREAM:
        return _in_stream(body.text)
    return UpstreamError(body.text) if body.shape is Shape.TEXT else None


def error_in(document: Any) -> UpstreamError | None:
    """The error in a document that holds no answer, a bare message included; None if it says nothing of one."""
    marked = marked_error(document)
    if marked or not isinstance(document, dict):
        return marked
    flat = _from_dict(document, document)
    return flat if flat.message or flat.http_status else None


def marked_error(document: Any) -> UpstreamError | None:
    """The error in a document that says it is one, whatever else it holds; None if there is none."""
    if isinstance(document, dict):
        return _marked(document)
    entries = document[:_ENTRIES_READ] if isinstance(document, list) else ()
    return next((error for entry in entries if isinstance(entry, dict) and (error := _marked(entry))), None)


def error_in_choice(choice: dict[str, Any]) -> UpstreamError:
    """The error of a choice whose finish reason is `error`."""
    return _from_any(choice.get("error"), choice) or UpstreamError()


def _in_stream(text: str) -> UpstreamError | None:
    for line in text.splitlines():
        if line.startswith("data:") and (error := marked_error(read_body(line[5:].encode()).document)):
            return error
    return None


def _marked(document: dict[str, Any]) -> UpstreamError | None:
    error = document.get("error")
    if error and (not isinstance(error, dict) or any(error.values())):
        return _from_any(error, document)
    base = document.get("base_resp")  # MiniMax
    if isinstance(base, dict) and base.get("status_code"):
        return _from_dict(base, base)
    is_marked = "error" in (document.get("object"), document.get("type")) or document.get("success") is False
    return _from_dict(document, document) if is_marked else None


def _from_any(value: Any, around: Any = None) -> UpstreamError | None:
    """An error from whatever stands where one should be."""
    around = around if isinstance(around, dict) else {}
    if isinstance(value, list):
        value = next((entry for entry in value[:_ENTRIES_READ] if entry), None)
    if isinstance(value, dict):
        return _from_dict(value, around)
    if isinstance(value, bool) or value is None:
        return _from_dict(around, around) if value else None
    beside = _from_dict(around, around)
    said = value if isinstance(value, str) else ""
    return replace(
        beside,
        message=beside.message if " " not in said and beside.message else said,
        codes=beside.codes | frozenset(_code(value)),
        http_status=_status(value) or beside.http_status,
    )


def _from_dict(error: dict[str, Any], around: dict[str, Any]) -> UpstreamError:
    parts = tuple(_parts(error))
    param = error.get("param")
    code = error.get("code")
    return UpstreamError(
        message=_message(error),
        codes=frozenset(code for part in parts for key in _CODE_KEYS for code in _code(part.get(key))),
        param=param.lower() if isinstance(param, str) else None,
        http_status=next((number for key in _NUMBER_KEYS if (number := _status(error.get(key)))), None),
        openrouter=_is_integer(code) and not {"type", "status", "param"} & error.keys(),
        waits=tuple(_waits((*parts, around))),
        request_id=next((i for d in (around, error) if isinstance(i := d.get("request_id"), str)), None),
    )


def _parts(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The error and the places beside its message where codes stand."""
    yield error
    for key in ("details", "innererror", "metadata"):
        part = error.get(key)
        for entry in part[:_ENTRIES_READ] if isinstance(part, list) else (part,):
            if isinstance(entry, dict):
                yield entry


def _message(error: dict[str, Any]) -> str:
    message = _text(error)
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f"{message}: {raw}" if raw and isinstance(raw, str) and message.lower() == _GENERIC else message


def _text(value: Any, depth: int = _DEPTH) -> str:
    """The first words in a value that should have been a string."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, dict):
        text = next((text for key in _MESSAGE_KEYS if (text := _text(value.get(key), depth - 1))), "")
        return _with_place(text, value.get("loc"))
    if depth and isinstance(value, list):
        return next((text for entry in value[:_ENTRIES_READ] if (text := _text(entry, depth - 1))), "")
    return ""


def _with_place(text: str, place: Any) -> str:
    """FastAPI tells apart from its words which part of the request it complains of."""
    if not text or not isinstance(place, list):
        return text
    parts = (str(part)[:_CODE_KEPT] for part in place[:_ENTRIES_READ] if isinstance(part, str | int))
    where = ".".join(parts)
    return f"{text} ({where})" if where else text


def _code(value: Any) -> Iterator[str]:
    if _is_integer(value):
        value = str(value) if abs(value) < 10**9 else ""
    if isinstance(value, str) and len(value) <= _CODE_KEPT and value.strip().lower() not in _NO_CODES:
        yield value.strip().lower()


def _status(value: Any) -> int | None:
    if isinstance(value, str) and len(value) == len("400") and value.isascii() and value.isdigit():
        value = int(value)
    return value if _is_integer(value) and 400 <= value <= 599 else None  # noqa: PLR2004  HTTP's own range of errors


def _waits(parts: tuple[dict[str, Any], ...]) -> Iterator[str]:
    for part in parts:
        for key, unit in _WAIT_KEYS:
            value = part.get(key)
            if isinstance(value, str) and value:
                yield f"{value}{unit}" if value[-1].isdigit() else value
            elif isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9:
                yield f"{value:.3f}{unit or 's'}"


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
