"""What clients ask of the gateway: reading it, refusing what is wrong with it, remembering it.

Owns the checks that OpenAI's API makes before a model is asked, and the record of a request without its credentials.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from monitor.simulator import replies
from monitor.simulator.faults import FaultKind, ServedModel

PROMPT_CHARS = 500
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"})
_NONCE = re.compile(r"[0-9a-zA-Z_-]{6,}")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as the gateway saw it.

    Attributes:
        at_s: seconds since the gateway's start.
        path: of the URL.
        model: as asked for; None for the model list.
        headers: lower-case names; without those that carry credentials.
        prompt: the text of the last message, cut to 500 characters.
        parameters: names of the top-level keys of the body.
        peer_port: the client's port: the same port is the same connection.
        struck: the fault it got; None: a healthy answer or a refusal.
    """

    at_s: float
    path: str
    model: str | None
    headers: Mapping[str, str]
    prompt: str | None
    parameters: frozenset[str]
    peer_port: int
    struck: FaultKind | None

    @property
    def nonce(self) -> str | None:
        """The last word of six or more letters and digits in the prompt: where a probe defeats caches."""
        found = _NONCE.findall(self.prompt or "")
        return found[-1] if found else None


def refuse(status: int, body: dict[str, Any]) -> web.Response:
    """An answer that turns the client away."""
    return web.json_response(body, status=status)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty where it is none."""
    try:
        asked = json.loads(body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def refused_request(asked: dict[str, Any], model: ServedModel | None) -> web.Response | None:
    """Why a completion cannot be given, as OpenAI's API says it; None when it can.

    Args:
        asked: the request's body.
        model: the model asked for; None where it is not served.
    """
    if not isinstance(asked.get("model"), str):
        return refuse(400, replies.error("you must provide a model parameter", "invalid_request_error", param="model"))
    if model is None:
        return refuse(404, replies.unknown_model(asked["model"]))
    if not isinstance(asked.get("messages"), list) or not asked["messages"]:
        return refuse(400, replies.error("'messages' must not be empty", "invalid_request_error", param="messages"))
    if model.refuses_max_tokens and "max_tokens" in asked:
        return refuse(400, replies.refused_parameter("max_tokens", "max_completion_tokens"))
    if asked.get("stream"):
        return refuse(400, replies.error("This gateway does not stream.", "invalid_request_error", param="stream"))
    return None


def open_headers(request: web.Request) -> dict[str, str]:
    """The headers under lower-case names, without those that carry credentials."""
    return {name.lower(): value for name, value in request.headers.items() if name.lower() not in _CREDENTIALS}


def peer_port(request: web.Request) -> int:
    """The client's port; 0 when it has gone."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return int(peer[1]) if peer else 0


def prompt_of(asked: Mapping[str, Any]) -> str | None:
    """The text of the last message, cut."""
    messages = asked.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    text = last.get("content") if isinstance(last, dict) else None
    return text[:PROMPT_CHARS] if isinstance(text, str) else None
