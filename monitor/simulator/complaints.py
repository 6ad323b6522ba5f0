"""What a simulated gateway complains of, and the words of each vendor for it (pure).

Owns errors and how the three families of APIs write them down. Which complaint is due is decided elsewhere.

Sources: the error pages of platform.openai.com, docs.anthropic.com and ai.google.dev; llama.cpp's server; DeepSeek's
plain-text refusals as users quote them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Family = Literal["openai", "anthropic"]
HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>Welcome</title></head>"
    "<body><h1>Just a moment...</h1><p>Checking your browser.</p></body></html>"
)
INVALID = "invalid_request_error"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error, before it is written down.

    Attributes:
        status: the HTTP status it comes with.
        kind: OpenAI's `type`; Anthropic's follows from the status.
        code: OpenAI's `code`.
        param: the parameter complained of.
    """

    status: int
    message: str
    kind: str = INVALID
    code: str | int | None = None
    param: str | None = None


_BY_STATUS = {
    400: Complaint(400, "Invalid request."),
    401: Complaint(401, "Incorrect API key provided.", INVALID, "invalid_api_key"),
    402: Complaint(402, "You have run out of credits.", "insufficient_quota", "credit_balance_exhausted"),
    403: Complaint(403, "You do not have access to this resource."),
    404: Complaint(404, "The model does not exist.", INVALID, "model_not_found"),
    429: Complaint(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
    500: Complaint(500, "The server had an error while processing your request.", "server_error"),
    502: Complaint(502, "Bad gateway.", "server_error"),
    503: Complaint(503, "The server is overloaded or not ready yet.", "server_error", "server_is_overloaded"),
    504: Complaint(504, "The upstream did not answer in time.", "server_error"),
    529: Complaint(529, "Overloaded", "server_error", "server_is_overloaded"),
}
_ANTHROPIC_TYPES = {
    400: INVALID,
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GOOGLE_NAMES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
_PLAIN_TEXTS = {401: "Authentication Fails (governor)", 429: "Too Many Requests", 503: "Service Unavailable"}
LOADING = Complaint(503, "Loading model", "unavailable_error", 503)
VERSION_MISSING = Complaint(400, "anthropic-version: header is required")
PROVIDER_FAILED = Complaint(502, "Provider returned error", "server_error", 502)
FILTERED = Complaint(
    400,
    "The response was filtered due to the prompt triggering the content management policy.",
    INVALID,
    "content_filter",
    "prompt",
)


def by_status(status: int) -> Complaint:
    """The complaint that comes with this status where nothing else is known."""
    return _BY_STATUS.get(status) or Complaint(status, f"Simulated answer {status}.", "server_error")


def wrong_key(key: str) -> Complaint:
    """The refusal of a key; like OpenAI's, it echoes head and tail of what was sent."""
    if not key:
        return Complaint(401, "You didn't provide an API key.")
    echoed = f"{key[:8]}{'*' * 8}{key[-4:]}"
    return Complaint(401, f"Incorrect API key provided: {echoed}.", INVALID, "invalid_api_key")


def unknown_model(model: str) -> Complaint:
    """The refusal of a model that is not served."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return Complaint(404, message, INVALID, "model_not_found")


def wrong_protocol(model: str, path: str) -> Complaint:
    """The refusal of a model that is served, but not there: an embedding model asked for a chat, say."""
    message = f"This model is not supported in the {path.removeprefix('/')} endpoint: {model}"
    return Complaint(404, message, INVALID, None, "model")


def missing(param: str) -> Complaint:
    """The refusal of a request that lacks what it must have."""
    message = "you must provide a model parameter" if param == "model" else f"'{param}' must not be empty"
    return Complaint(400, message, INVALID, None, param)


def refused_parameter(name: str, instead: str | None = None) -> Complaint:
    """The refusal of a parameter that this model does not take."""
    use = "" if instead is None else f" Use '{instead}' instead."
    message = f"Unsupported parameter: '{name}' is not supported with this model.{use}"
    return Complaint(400, message, INVALID, "unsupported_parameter", name)


def too_few(name: str, least: int, given: int) -> Complaint:
    """The refusal of a limit of output tokens that is too small for this model."""
    message = f"Invalid '{name}': integer below minimum value. Expected a value >= {least}, but got {given} instead."
    return Complaint(400, message, INVALID, "integer_below_min_value", name)


def hostile(key: str) -> Complaint:
    """An error that tries to do harm wherever it is shown: it echoes the key and carries markup of several kinds."""
    return Complaint(
        500,
        f"Key {key} was refused <script>alert(1)</script> <!channel> <https://evil.example|click> "
        "\x1b[31m\x1b]0;owned\x07 =HYPERLINK(1) \u202egnp.exe",
        "server_error",
    )


def out_of_money(family: Family) -> Complaint:
    """The account is empty: OpenAI calls that 429, Anthropic 402."""
    if family == "anthropic":
        return Complaint(402, "Your credit balance is too low to access the API. Please go to Plans & Billing.")
    message = "You exceeded your current quota, please check your plan and billing details."
    return Complaint(429, message, "insufficient_quota", "insufficient_quota")


def overloaded(family: Family) -> Complaint:
    """Too much to do: 529 with Anthropic, 503 elsewhere."""
    return by_status(529 if family == "anthropic" else 503)


def openai_error(complaint: Complaint) -> dict[str, Any]:
    """In OpenAI's shape."""
    return {
        "error": {
            "message": complaint.message,
            "type": complaint.kind,
            "param": complaint.param,
            "code": complaint.code,
        }
    }


def anthropic_error(complaint: Complaint, request_id: str) -> dict[str, Any]:
    """In Anthropic's shape."""
    return {
        "type": "error",
        "error": {"type": _ANTHROPIC_TYPES.get(complaint.status, "api_error"), "message": complaint.message},
        "request_id": request_id,
    }


def google_errors(status: int) -> list[Mapping[str, Any]]:
    """As the OpenAI-compatible face of Gemini writes it: an array of one."""
    message, details = by_status(status).message, []
    if status == 400:  # noqa: PLR2004  that is how a bad key is told there
        message = "API key not valid. Please pass a valid API key."
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        details = [{"@type": kind, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
    if status == 429:  # noqa: PLR2004
        message = "You exceeded your current quota, please check your plan and billing details."
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}]
    name = _GOOGLE_NAMES.get(status, "UNAVAILABLE" if status == 503 else "INTERNAL")  # noqa: PLR2004
    return [{"error": {"code": status, "message": message, "status": name, "details": details}}]


def plain_text(status: int) -> str:
    """An error that is no JSON."""
    return _PLAIN_TEXTS.get(status) or by_status(status).message
