"""What every request passes on its way in, and every answer on its way out.

Owns the check of the Host header (a page of another site that resolves its own name to this machine must not read
what is shown here: DNS rebinding), who may write (whoever may open the control socket, so no page of any site), the
methods, the bounds, the security headers and the form of every error.
"""

import ipaddress
import socket

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from monitor.errors import RelayWatchError
from monitor.web.problems import SECURITY_HEADERS, problem

QUERY_AT_MOST = 1024
BODY_AT_MOST = 16 * 1024
_READS = (hdrs.METH_GET, hdrs.METH_HEAD)

log = structlog.get_logger("relaywatch.web")


def guard(own_hosts: frozenset[str]) -> Middleware:
    """The middleware. `own_hosts`: names beside loopback addresses under which the page is reached, in lower case."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = refusal(request, own_hosts) or await _answer(request, handler)
        response.headers.update(SECURITY_HEADERS)
        return response

    return guarded


def refusal(request: web.Request, own_hosts: frozenset[str]) -> web.Response | None:
    """The answer to a request that is not to be looked at any further; None for a fair one."""
    writes, trusted = request.method not in _READS, _through_control_socket(request)
    lost = request.match_info.http_exception
    if isinstance(lost, web.HTTPMethodNotAllowed):
        return _not_understood(lost)
    unreadable = _unreadable(request)
    if unreadable is not None:
        return unreadable
    if not trusted and not is_own_host(request.headers.get(hdrs.HOST, ""), own_hosts):
        return problem(421, "this is not the host that was asked for; set `public_url` to the name people use")
    if writes and not trusted and lost is None:
        return problem(403, "changes are taken on the control socket only: use the command line, on this machine")
    if request.can_read_body and (not writes or lost is not None):
        return problem(413, "no body is expected")
    return None


def _unreadable(request: web.Request) -> web.Response | None:
    if "\0" in request.path:  # PostgreSQL knows no such text
        return problem(400, "the path holds a character that no name has")
    if len(request.query_string) > QUERY_AT_MOST:
        return problem(414, f"the query is longer than {QUERY_AT_MOST} characters")
    return None


def _not_understood(refused: web.HTTPMethodNotAllowed) -> web.Response:
    allowed = sorted(refused.allowed_methods)
    answer = problem(405, f"only {' and '.join(allowed)} {'is' if len(allowed) == 1 else 'are'} understood here")
    answer.headers[hdrs.ALLOW] = ", ".join(allowed)
    return answer


def is_own_host(header: str, own_hosts: frozenset[str]) -> bool:
    """Whether a Host header names a loopback address, `localhost`, or one of `own_hosts`."""
    host = _without_port(header.strip().lower())
    if host in own_hosts or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return problem(error.status, error.text or error.reason)
    except RelayWatchError as error:
        log.warning("request_failed", path=request.path, error=error.message)
        return problem(503, "the database does not answer")
    except Exception:
        log.exception("request_failed", path=request.path)
        return problem(500, "an internal error; see the log of RelayWatch")


def _through_control_socket(request: web.Request) -> bool:
    """Whether the request came through the unix socket, which file permissions guard."""
    transport = request.transport
    behind = None if transport is None else transport.get_extra_info("socket")
    return behind is not None and behind.family == socket.AF_UNIX


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
