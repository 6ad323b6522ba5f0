"""What clients ask of the gateway: reading it in words that no protocol owns, and remembering it.

Owns the record of a request without its credentials. How a protocol writes a request is known to its module in `apis`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from monitor.simulator.kinds import FaultKind

PROMPT_CHARS = 500
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"})
_NONCE = re.compile(r"[0-9a-zA-Z_-]{6,}")


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A function that the model may call; `parameters` is the JSON Schema of its arguments."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of a model, whatever the protocol.

    Attributes:
        model: as asked for; None where the request names none.
        prompt: the text of the last message; None where it is no text.
        lacks: what the protocol demands beside the model and the request does not hold; None where all is there.
        limit_name: under which name it limits the output; None where it does not.
        max_tokens: that limit.
        stream: the answer is wanted piece by piece.
        wants_usage: the stream is to end with counts of tokens.
        tool: the first function offered.
        result: what the function gave that the model has called; None where it has called none.
        input_tokens: a plausible count of the prompt's tokens.
        dimensions: of an embedding; None for the model's own.
        packed: embeddings are wanted in base64.
    """

    model: str | None
    prompt: str | None = None
    lacks: str | None = None
    limit_name: str | None = None
    max_tokens: int | None = None
    stream: bool = False
    wants_usage: bool = False
    tool: OfferedTool | None = None
    result: str | None = None
    input_tokens: int = 0
    dimensions: int | None = None
    packed: bool = False


NOTHING_ASKED = Asked(None)


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
        stream: a stream was asked for.
        max_tokens: the limit of output tokens; None where there was none.
    """

    at_s: float
    path: str
    model: str | None
    headers: Mapping[str, str]
    prompt: str | None
    parameters: frozenset[str]
    peer_port: int
    struck: FaultKind | None
    stream: bool = False
    max_tokens: int | None = None

    @property
    def nonce(self) -> str | None:
        """The last word of six or more letters and digits in the prompt: where a probe defeats caches."""
        found = _NONCE.findall(self.prompt or "")
        return found[-1] if found else None


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty where it is none."""
    try:
        asked = json.loads(body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def open_headers(request: web.Request) -> dict[str, str]:
    """The headers under lower-case names, without those that carry credentials."""
    return {name.lower(): value for name, value in request.headers.items() if name.lower() not in _CREDENTIALS}


def sent_key(request: web.Request) -> str:
    """The key a request came with, as OpenAI, Anthropic or Azure have it; empty without one."""
    headers = request.headers
    bearer = headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return bearer or headers.get("x-api-key", "").strip() or headers.get("api-key", "").strip()


def peer_port(request: web.Request) -> int:
    """The client's port; 0 when it has gone."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return int(peer[1]) if peer else 0


def prompt_of(messages: Any) -> str | None:
    """The text of the last message of a list, a string or a list of parts."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    said = last.get("content") if isinstance(last, dict) else None
    parts = said if isinstance(said, list) else ()
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return said if isinstance(said, str) else ("".join(texts) or None)


def tokens_in(*texts: Any) -> int:
    """A plausible count of tokens: four characters each, and some for every text."""
    return sum(4 + len(str(text)) // 4 for text in texts)


def limit_of(body: Mapping[str, Any], *names: str) -> tuple[str | None, int | None]:
    """Under which of these names the request limits the output, and to how many tokens."""
    for name in names:
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return name, value
    return None, None
