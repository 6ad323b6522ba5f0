"""The table of errors: what an error that an API or gateway wrote means, and whose fault it is.

Owns the knowledge of vendors. The order is the rule: what is sure comes first, the bare HTTP code last. A row matches
when everything it names is so; where it names both codes and words, one of the two is enough.
"""

from monitor.domain import error_words as words
from monitor.domain.action import Action
from monitor.domain.body import Shape
from monitor.domain.check import CheckKind
from monitor.domain.result import FaultDomain, Status
from monitor.domain.rulings import IN_BAND, ErrorRow, Ruling

_CLIENT = range(400, 500)
_SERVER = range(500, 600)
_MODEL = frozenset({400, 404, 422, IN_BAND})
_TIMED_OUT = frozenset({408, 500, 502, 503, 504, 524, IN_BAND})


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALIVE = Ruling(Status.UP)
_OUR_REQUEST = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_REQUEST)
_LOADING = Ruling(Status.OVERLOADED, FaultDomain.MODEL, Action.WAIT_OR_SWITCH, loading=True)
_MODEL_BUSY = Ruling(Status.OVERLOADED, FaultDomain.MODEL, Action.WAIT_OR_SWITCH)
_BUSY = Ruling(Status.OVERLOADED, FaultDomain.ENDPOINT, Action.WAIT_OR_SWITCH)
_BROKEN = Ruling(Status.SERVER_ERROR, FaultDomain.ENDPOINT, Action.CHECK_ENDPOINT)
_MODEL_DOWN = Ruling(Status.SERVER_ERROR, FaultDomain.MODEL, Action.WAIT_OR_SWITCH)
_TOO_LATE = Ruling(Status.TIMEOUT, FaultDomain.ENDPOINT, Action.WAIT_OR_SWITCH)
_NO_MONEY = Ruling(Status.QUOTA_EXCEEDED, FaultDomain.QUOTA, Action.ADD_CREDIT)
_TOO_OFTEN = Ruling(Status.RATE_LIMITED, FaultDomain.QUOTA, Action.SLOW_DOWN)
_BAD_KEY = Ruling(Status.AUTH_ERROR, FaultDomain.KEY, Action.CHECK_KEY)
_NO_GRANT = Ruling(Status.AUTH_ERROR, FaultDomain.KEY, Action.REQUEST_ACCESS)
_NO_MODEL = Ruling(Status.MODEL_NOT_FOUND, FaultDomain.MODEL, Action.CHECK_MODEL)
_BAD_URL = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_BASE_URL)
_BAD_PLACE = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_REGION)
_WALL = Ruling(Status.CLIENT_ERROR, FaultDomain.NETWORK, Action.CHECK_REGION)
_NOT_PROMISED = Ruling(Status.INVALID_RESPONSE, FaultDomain.ENDPOINT, Action.CHECK_RESPONSE)

_KNOWN_ROWS = (
    ErrorRow(
        "content-filter",
        _ALIVE,
        "the content filter refuses the prompt: alive",
        http=frozenset({400}),
        codes=_codes("content_filter content_policy_violation responsibleaipolicyviolation data_inspection_failed"),
        words=words.CONTENT_FILTER,
        kind=CheckKind.CHAT,
        says="alive: the content filter refused the prompt",
    ),
    ErrorRow(
        "max-tokens-parameter",
        _OUR_REQUEST,
        "`max_tokens` is refused by code: repeated with `max_completion_tokens`",
        http=_MODEL,
        codes=_codes("unsupported_parameter unknown_parameter"),
        param="max_tokens",
        kind=CheckKind.CHAT,
        refuses_max_tokens=True,
    ),
    ErrorRow(
        "max-tokens-message",
        _OUR_REQUEST,
        "`max_tokens` is refused in words: repeated with `max_completion_tokens`",
        http=_MODEL,
        words=words.MAX_TOKENS_REFUSED,
        kind=CheckKind.CHAT,
        refuses_max_tokens=True,
    ),
    ErrorRow(
        "loading",
        _LOADING,
        "llama.cpp, Hugging Face: the model is being loaded",
        http=frozenset({*_SERVER, IN_BAND}),
        words=words.MODEL_LOADING,
    ),
    ErrorRow(
        "google-quota",
        _TOO_OFTEN,
        "Gemini: RESOURCE_EXHAUSTED, whatever the message says of plan and billing",
        http=frozenset({429, IN_BAND}),
        codes=_codes("resource_exhausted"),
    ),
    ErrorRow(
        "relay-auth-database",
        _BROKEN,
        "LiteLLM: its own key database or sign-in is down; never the key's fault",
        codes=_codes("no_db_connection auth_provider_unavailable"),
        words=words.NO_CONNECTED_DB,
    ),
    ErrorRow(
        "out-of-money",
        _NO_MONEY,
        "a balance, budget or spending limit is used up",
        codes=_codes(
            "insufficient_quota billing_error billing_hard_limit_reached billing_not_active credit_balance_exhausted "
            "organization_usage_limit_exceeded insufficient_user_quota pre_consume_token_quota_failed "
            "insufficient_balance insufficient_credits budget_exceeded enforced_spend_limit_reached arrearage "
            "token_quota_exhausted payment_required *_spend_limit_exceeded *_spend_limit_reached",
        ),
        words=words.OUT_OF_MONEY,
    ),
    ErrorRow("payment-required", _NO_MONEY, "402", http=frozenset({402})),
    ErrorRow(
        "no-deployment",
        _MODEL_BUSY,
        "LiteLLM: no deployment of the model is healthy; nobody is rate-limiting us",
        words=words.NO_DEPLOYMENT,
    ),
    ErrorRow(
        "no-channel",
        _NO_MODEL,
        "relay station: no channel serves the model",
        codes=_codes("get_channel_failed"),
        words=words.NO_CHANNEL,
        kind=CheckKind.CHAT,
    ),
    ErrorRow(
        "no-channel-code",
        _NO_MODEL,
        "relay station: an unknown model told as a 5xx",
        http=_SERVER,
        codes=_codes("model_not_found"),
        kind=CheckKind.CHAT,
    ),
    ErrorRow(
        "relay-channel",
        _BROKEN,
        "relay station: its own channel is misconfigured or its upstream key is bad",
        codes=_codes("channel:*"),
    ),
    ErrorRow(
        "region",
        _BAD_PLACE,
        "the country is not served",
        http=frozenset({400, 401, 403, 451, IN_BAND}),
        codes=_codes("unsupported_country_region_territory"),
        words=words.REGION_REFUSED,
    ),
    ErrorRow("legal-reasons", _BAD_PLACE, "451", http=frozenset({451})),
    ErrorRow(
        "no-access",
        _NO_GRANT,
        "the key is good but lacks a grant",
        http=frozenset({401, 403}),
        codes=_codes(
            "model_not_found permission_error permission_denied access_denied *_model_access_denied "
            "model_terms_required insufficient_permissions",
        ),
        words=words.NO_ACCESS,
    ),
    ErrorRow(
        "too-long",
        _OUR_REQUEST,
        "Together's 403 and others: the prompt does not fit the model's context",
        http=frozenset({400, 403, 413, 422, IN_BAND}),
        codes=_codes("context_length_exceeded"),
        words=words.TOO_LONG,
    ),
    ErrorRow(
        "bad-key",
        _BAD_KEY,
        "the key is refused, Gemini's 400 included",
        http=frozenset({400, 401, 403, IN_BAND}),
        codes=_codes(
            "api_key_invalid invalid_api_key authentication_error expired_key invalid_authentication_error "
            "unauthenticated token_not_found_in_db",
        ),
        words=words.KEY_REFUSED,
    ),
    ErrorRow(
        "unknown-model",
        _NO_MODEL,
        "the model is unknown, invalid or unsupported",
        http=_MODEL,
        codes=_codes(
            "model_not_found deploymentnotfound not_found_error invalid_model unknown_model unsupported_model "
            "model_not_supported model_decommissioned notfounderror model_not_available model_not_exist",
        ),
        words=words.MODEL_UNKNOWN,
        kind=CheckKind.CHAT,
    ),
    ErrorRow("model-parameter", _NO_MODEL, "complains of `model`", http=_MODEL, param="model", kind=CheckKind.CHAT),
    ErrorRow(
        "model-capacity",
        _MODEL_BUSY,
        "Mistral: no capacity left for this model; nobody is rate-limiting us",
        http=frozenset({429, 503, IN_BAND}),
        codes=_codes("service_tier_capacity_exceeded 3505"),
    ),
    ErrorRow(
        "overloaded",
        _BUSY,
        "overloaded by its own word",
        codes=_codes("server_is_overloaded overloaded_error overloaded engine_overloaded_error"),
    ),
    ErrorRow(
        "rate-limit",
        _TOO_OFTEN,
        "a rate limit by its own code",
        http=frozenset({429, IN_BAND}),
        codes=_codes("rate_limit_exceeded slow_down rate_limit_error rate_limited too_many_requests ratelimitreached"),
    ),
    ErrorRow(
        "overloaded-message",
        _BUSY,
        "overloaded in words; nobody is rate-limiting us",
        http=frozenset({429, IN_BAND}),
        words=words.OVERLOADED,
    ),
    ErrorRow(
        "rate-limit-message",
        _TOO_OFTEN,
        "a rate limit in words, inside a 2xx",
        http=frozenset({IN_BAND}),
        words=words.TOO_OFTEN,
    ),
    ErrorRow("capacity", _BUSY, "Groq: 498", http=frozenset({498})),
    ErrorRow(
        "openrouter-502",
        _MODEL_DOWN,
        "OpenRouter: the model's provider is down",
        http=frozenset({502}),
        openrouter=True,
    ),
    ErrorRow(
        "openrouter-503", _MODEL_BUSY, "OpenRouter: no provider can serve now", http=frozenset({503}), openrouter=True
    ),
    ErrorRow(
        "timed-out",
        _TOO_LATE,
        "timed out by its own word",
        http=_TIMED_OUT,
        codes=_codes("timeout_error timeout request_timeout deadline_exceeded"),
    ),
    ErrorRow(
        "server-error-in-200",
        _BROKEN,
        "a server error by its own word inside a 2xx",
        http=frozenset({IN_BAND}),
        codes=_codes(
            "server_error api_error internal_error internal_server_error internal upstream_error bad_gateway "
            "bad_response_status_code",
        ),
    ),
)

_CODE_ROWS = (
    ErrorRow("firewall-page", _WALL, "a web page: a firewall or a country", http=frozenset({403}), shape=Shape.HTML),
    ErrorRow(
        "firewall-text", _WALL, "a firewall's words", http=frozenset({403}), shape=Shape.TEXT, words=words.FIREWALL
    ),
    ErrorRow("unauthorized", _BAD_KEY, "any other 401", http=frozenset({401})),
    ErrorRow("forbidden", _BAD_KEY, "any other 403", http=frozenset({403})),
    ErrorRow(
        "no-such-list",
        _BAD_URL,
        "404 or 405 for the model list",
        http=frozenset({404, 405}),
        kind=CheckKind.MODELS,
    ),
    ErrorRow(
        "not-found",
        _NO_MODEL,
        "404 without a known code; with a model list that gives 404 too: check the URL",
        http=frozenset({404}),
        action_without_list=Action.CHECK_MODEL_AND_URL,
    ),
    ErrorRow("no-such-method", _BAD_URL, "405 for a completion", http=frozenset({405})),
    ErrorRow(
        "proxy-authentication",
        Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_PROXY),
        "407",
        http=frozenset({407}),
    ),
    ErrorRow("request-timeout", _TOO_LATE, "any other 408", http=frozenset({408})),
    ErrorRow("too-many-requests", _TOO_OFTEN, "any other 429", http=frozenset({429})),
    ErrorRow("client-error", _OUR_REQUEST, "any other 4xx", http=_CLIENT),
    ErrorRow("unavailable", _BUSY, "any other 503 or 529", http=frozenset({503, 529})),
    ErrorRow("server-error", _BROKEN, "any other 5xx", http=_SERVER),
)

ERROR_ROWS = _KNOWN_ROWS + _CODE_ROWS

IN_BAND_ROW = ErrorRow(
    "error-in-200",
    _NOT_PROMISED,
    "an error inside a 2xx that no other row knows",
    http=frozenset({IN_BAND}),
)
