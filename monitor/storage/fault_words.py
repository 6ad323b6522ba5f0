"""What a PostgreSQL server, or the way to it, says about itself, in words for people.

Owns the tables from SQLSTATE and from libpq's sentences to what is wrong and what to do. Needs no driver: a fault tells
its SQLSTATE itself. What the server said is shown where nothing better is known, its first line only: the others may
quote a row.
"""

import re
from typing import NamedTuple


class Words(NamedTuple):
    """One short message and what to do about it."""

    what: str
    hint: str


_GRANTS = (
    "let the role own its database (`ALTER DATABASE ... OWNER TO ...`) or grant it its schema:"
    " `GRANT USAGE, CREATE ON SCHEMA public TO ...`"
)
_PASSWORD = "check `[storage] password` (or PGPASSWORD, ~/.pgpass) and the role's password"  # noqa: S105  a hint
_AWAY = Words(
    "the server is not reachable", "check that it runs, its host and port in `[storage] url`, and the network"
)
_STARTING = Words("the server is starting or stopping", "wait until it accepts connections")
_STANDBY = Words(
    "the server is a read-only standby",
    "name the primary in `[storage] url`, or all servers and target_session_attrs=read-write",
)
_CROWDED = Words(
    "the server takes no more connections", "end other sessions, or raise max_connections or the role's limit"
)
_NO_DATABASE = Words("there is no such database on that server", "create it: `CREATE DATABASE ... OWNER ...`")
_WRONG_PASSWORD = Words("the server refuses the password", _PASSWORD)
_REFUSED = Words("the server does not let this role in from here", "check the role, and the server's pg_hba.conf")
_FULL = Words("the server's disk is full", "free some space on the server's disk")
_SLOW = Words("it took too long and was ended", "look at the server's load and at who holds locks")
_LOCKED = Words("another session holds it locked", "end the session that holds the lock (`pg_stat_activity`)")
_DENIED = Words("the role lacks a permission", _GRANTS)

_POOLED = Words(
    "each transaction is given another session by a pooler",
    "connect to the server itself, or through a pooler in session mode",
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html; the longest that fits counts.
_BY_STATE = {
    "08": _AWAY,
    "26000": _POOLED,  # a prepared statement that is not there
    "42P05": _POOLED,  # one of somebody else
    "25006": _STANDBY,
    "25P03": Words("the daemon stood still inside a transaction, which was ended", ""),
    "28P01": _WRONG_PASSWORD,
    "28": _REFUSED,
    "3D000": _NO_DATABASE,
    "3F000": Words("there is no schema to put tables into", "`CREATE SCHEMA` it, or set the role's search_path"),
    "42501": _DENIED,
    "53100": _FULL,
    "53200": Words("the server is out of memory", "give it more, or let it do less at once"),
    "53300": _CROWDED,
    "55P03": _LOCKED,
    "40P01": _LOCKED,
    "57014": _SLOW,
    "57P01": _STARTING,
    "57P02": _STARTING,
    "57P03": _STARTING,
    "58": Words("the server failed to read or write its disk", "check the server's disk and its log"),
    "XX001": Words("the server's data is damaged", "check the server's log; restore a backup"),
}
_GONE = (
    r"refused|timeout|timed out|unreachable|No such file|closed the connection|connection is lost|reset by peer"
    r"|consuming input failed|terminat|is closed"
)
# A connection that was never made has no SQLSTATE, only a sentence; the first that fits counts.
_BY_SENTENCE = (
    (r"password authentication failed|no password supplied|empty password", _WRONG_PASSWORD),
    (r"certificate|SSL|TLS", Words("the encrypted connection failed", "")),
    (r"no pg_hba\.conf entry|authentication failed|role .* does not exist|is not permitted to log in", _REFUSED),
    (r"database .* does not exist", _NO_DATABASE),
    (r"permission denied for database", Words("the role may not connect", "`GRANT CONNECT ON DATABASE ... TO ...`")),
    (r"too many (clients|connections)|connection slots are reserved|connection limit", _CROWDED),
    (r"is (starting up|shutting down)|in recovery mode|not yet accepting", _STARTING),
    (r"session is read-only|is in hot standby|not a primary", _STANDBY),
    (r"could not translate host name|Name or service not known|failed to resolve", Words(
        "the server's name is not known", "check the host in `[storage] url`, and name resolution")),
    (r"definition of service .* not found", Words("there is no such service", "check the service file of libpq")),
    (_GONE, _AWAY),
)  # fmt: skip
_TLS_HINT = "check sslmode and sslrootcert in `[storage] url`, and the server's certificate"
_MOST_SHOWN = 300


def words_of_a_server(fault: BaseException) -> Words:
    """What is wrong, of a driver's fault."""
    said = _first_line(str(fault))
    state = getattr(fault, "sqlstate", None)
    if state:
        known = next((_BY_STATE[state[:length]] for length in (5, 2) if state[:length] in _BY_STATE), None)
        return known or Words(said, "")
    for pattern, words in _BY_SENTENCE:
        if re.search(pattern, str(fault), re.IGNORECASE):
            return words if words.hint else Words(f"{words.what}: {said}", _TLS_HINT)
    return Words(said, "")


def _first_line(text: str) -> str:
    """The first line, without libpq's list of addresses before it."""
    line = text.strip().partition("\n")[0]
    line = re.sub(r"^connection failed: |^connection to server .*? failed: (FATAL: +)?", "", line)
    line = re.sub(r"^connection to server .*? failed: (FATAL: +)?", "", line)
    return line[:_MOST_SHOWN] or "it gave no reason"
