"""The table of errors: what an error that an API or gateway wrote means, and whose fault it is.

Owns what a bare HTTP code means, and the table as a whole. The order is the rule: what is sure comes first
(`vendor_rows`), the bare code last. A row matches when everything it names is so; where it names both codes and words,
one of the two is enough.
"""

from monitor.domain import error_words as words
from monitor.domain.action import Action
from monitor.domain.body import Shape
from monitor.domain.check import CheckKind
from monitor.domain.error_rulings import (
    BAD_KEY,
    BAD_URL,
    BROKEN,
    BUSY,
    NO_MODEL,
    NOT_PROMISED,
    OUR_REQUEST,
    TOO_LATE,
    TOO_OFTEN,
    WALL,
)
from monitor.domain.refusal_rows import REFUSAL_ROWS
from monitor.domain.result import FaultDomain, Status
from monitor.domain.rulings import IN_BAND, ErrorRow, Ruling
from monitor.domain.vendor_rows import VENDOR_ROWS

_CLIENT = range(400, 500)
_SERVER = range(500, 600)

_CODE_ROWS = (
    ErrorRow("firewall-page", WALL, "a web page: a firewall or a country", http=frozenset({403}), shape=Shape.HTML),
    ErrorRow(
        "firewall-text", WALL, "a firewall's words", http=frozenset({403}), shape=Shape.TEXT, words=words.FIREWALL
    ),
    ErrorRow("unauthorized", BAD_KEY, "any other 401", http=frozenset({401})),
    ErrorRow("forbidden", BAD_KEY, "any other 403", http=frozenset({403})),
    ErrorRow(
        "no-such-list",
        BAD_URL,
        "404 or 405 for the model list",
        http=frozenset({404, 405}),
        kind=CheckKind.MODELS,
    ),
    ErrorRow(
        "not-found",
        NO_MODEL,
        "404 without a known code; with a model list that gives 404 too: check the URL",
        http=frozenset({404}),
        action_without_list=Action.CHECK_MODEL_AND_URL,
    ),
    ErrorRow("no-such-method", BAD_URL, "405 for a completion", http=frozenset({405})),
    ErrorRow(
        "proxy-authentication",
        Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_PROXY),
        "407",
        http=frozenset({407}),
    ),
    ErrorRow("request-timeout", TOO_LATE, "any other 408", http=frozenset({408})),
    ErrorRow("too-many-requests", TOO_OFTEN, "any other 429", http=frozenset({429})),
    ErrorRow("client-error", OUR_REQUEST, "any other 4xx", http=_CLIENT),
    ErrorRow("unavailable", BUSY, "any other 503 or 529", http=frozenset({503, 529})),
    ErrorRow("server-error", BROKEN, "any other 5xx", http=_SERVER),
)

ERROR_ROWS = REFUSAL_ROWS + VENDOR_ROWS + _CODE_ROWS

IN_BAND_ROW = ErrorRow(
    "error-in-200",
    NOT_PROMISED,
    "an error inside a 2xx that no other row knows",
    http=frozenset({IN_BAND}),
)
