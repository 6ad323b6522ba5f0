"""Errors of the HTTP face as RFC 9457 problem documents, and the headers that every answer carries."""

from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import web

PROBLEM_TYPE = "application/problem+json"

SECURITY_HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Server": "relaywatch",
    }
)


def problem(status: int, detail: str, **more: Any) -> web.Response:
    """A problem document; `more` are further members, such as `reasons`."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return web.Response(status=status, body=orjson.dumps(body), content_type=PROBLEM_TYPE)


def as_json(value: Any) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(value), content_type="application/json")
