"""The bodies that a simulated gateway answers with, in the shapes of OpenAI's API (pure).

Owns what is said; `wire` owns how badly it is sent, `gateway` when.
"""

import gzip
from collections.abc import Iterable, Mapping
from typing import Any

DEFAULT_TOKENS = 16
OWNER = "simulator"
HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>Welcome</title></head>"
    "<body><h1>Just a moment...</h1><p>Checking your browser.</p></body></html>"
)
_STATUS_ERRORS = {
    400: ("Invalid request.", "invalid_request_error", None),
    401: ("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
    402: ("You have run out of credits.", "insufficient_quota", "credit_balance_exhausted"),
    403: ("You do not have access to this resource.", "invalid_request_error", None),
    404: ("The model does not exist.", "invalid_request_error", "model_not_found"),
    429: ("Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
    500: ("The server had an error while processing your request.", "server_error", None),
    502: ("Bad gateway.", "server_error", None),
    503: ("The server is overloaded or not ready yet.", "server_error", "server_is_overloaded"),
    504: ("The upstream did not answer in time.", "server_error", None),
}


def model_list(ids: Iterable[str], created_s: int) -> dict[str, Any]:
    """The body of `GET /v1/models`."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": created_s, "owned_by": _owner(name)} for name in ids],
    }


def _owner(model: str) -> str:
    provider, slash, _ = model.partition("/")
    return provider if slash else OWNER


def completion(asked: Mapping[str, Any], number: int, created_s: int, *, content: str = "OK") -> dict[str, Any]:
    """The body of a completion that went well.

    Args:
        asked: the request's body.
        number: which answer of this gateway it is; becomes the id.
        created_s: seconds since 1970.
        content: what the model says.
    """
    allowed = asked.get("max_completion_tokens", asked.get("max_tokens", DEFAULT_TOKENS))
    spent = max(1, min(allowed, 2)) if isinstance(allowed, int) else 2
    prompted = prompt_tokens(asked)
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": f"chatcmpl-sim{number:08d}",
        "object": "chat.completion",
        "created": created_s,
        "model": asked["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompted, "completion_tokens": spent, "total_tokens": prompted + spent},
        "system_fingerprint": "fp_simulated",
    }


def prompt_tokens(asked: Mapping[str, Any]) -> int:
    """A plausible count of the request's tokens: four characters each, and some for every message."""
    messages = asked.get("messages")
    if not isinstance(messages, list):
        return 0
    return sum(4 + len(str(message)) // 4 for message in messages)


def error(message: str, kind: str, *, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def status_error(status: int) -> dict[str, Any]:
    """The error that OpenAI's API gives with this status."""
    message, kind, code = _STATUS_ERRORS.get(status, (f"Simulated answer {status}.", "server_error", None))
    return error(message, kind, code=code)


def wrong_key(key: str) -> dict[str, Any]:
    """The refusal of a key; like OpenAI's, it echoes head and tail of what was sent."""
    if not key:
        return error("You didn't provide an API key.", "invalid_request_error")
    echoed = f"{key[:8]}{'*' * 8}{key[-4:]}"
    return error(f"Incorrect API key provided: {echoed}.", "invalid_request_error", code="invalid_api_key")


def unknown_model(model: str) -> dict[str, Any]:
    """The refusal of a model that is not served."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return error(message, "invalid_request_error", code="model_not_found")


def refused_parameter(name: str, instead: str) -> dict[str, Any]:
    """The refusal of a parameter that this model does not take."""
    message = f"Unsupported parameter: '{name}' is not supported with this model. Use '{instead}' instead."
    return error(message, "invalid_request_error", code="unsupported_parameter", param=name)


def hostile(key: str) -> dict[str, Any]:
    """An error that tries to do harm wherever it is shown: it echoes the key and carries markup of several kinds."""
    return error(
        f"Key {key} was refused <script>alert(1)</script> <!channel> <https://evil.example|click> "
        "\x1b[31m\x1b]0;owned\x07 =HYPERLINK(1) \u202egnp.exe",
        "server_error",
    )


def gzip_bomb(unpacked_bytes: int) -> bytes:
    """Blanks that pack to a thousandth of their size."""
    return gzip.compress(b" " * unpacked_bytes, compresslevel=9, mtime=0)
