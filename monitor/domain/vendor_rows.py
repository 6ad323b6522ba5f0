"""The rows of errors that say what they are: by a code, by a parameter, by their words.

Owns the knowledge of vendors. What only a code of HTTP says stands in `error_rows`, which is asked last.
"""

from monitor.domain import error_words as words
from monitor.domain.action import Action
from monitor.domain.check import CheckKind
from monitor.domain.error_rulings import (
    ALIVE,
    BAD_KEY,
    BAD_PLACE,
    BROKEN,
    BUSY,
    LOADING,
    MODEL_BUSY,
    MODEL_DOWN,
    NO_GRANT,
    NO_MODEL,
    NO_MONEY,
    OTHER_PROTOCOL,
    OUR_REQUEST,
    TOO_LATE,
    TOO_OFTEN,
)
from monitor.domain.reading import Reading
from monitor.domain.rulings import IN_BAND, ErrorRow

_SERVER = range(500, 600)
_MODEL = frozenset({400, 404, 422, IN_BAND})
_TIMED_OUT = frozenset({408, 500, 502, 503, 504, 524, IN_BAND})


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


VENDOR_ROWS = (
    ErrorRow(
        "content-filter",
        ALIVE,
        "the content filter refuses the prompt: alive",
        http=frozenset({400, 403, IN_BAND}),
        codes=_codes("content_filter content_policy_violation responsibleaipolicyviolation data_inspection_failed"),
        words=words.CONTENT_FILTER,
        kind=CheckKind.CHAT,
        says="alive: the content filter refused the prompt",
    ),
    ErrorRow(
        "budget-ended",
        ALIVE,
        "GPT-5 says with a 400 that the token limit came before the answer: alive",
        http=frozenset({400, IN_BAND}),
        words=words.BUDGET_ENDED,
        kind=CheckKind.CHAT,
        reading=Reading.LENGTH,
        says="alive: the token limit was reached before the answer began",
    ),
    ErrorRow(
        "not-routed",
        OUR_REQUEST,
        "OpenRouter: the model is known, but nobody who serves it may or can do what is asked",
        http=frozenset({404, IN_BAND}),
        words=words.NOT_ROUTED,
        kind=CheckKind.CHAT,
    ),
    ErrorRow(
        "max-tokens-parameter",
        OUR_REQUEST,
        "`max_tokens` is refused by code: repeated with `max_completion_tokens`",
        http=_MODEL,
        codes=_codes("unsupported_parameter unknown_parameter"),
        param="max_tokens",
        kind=CheckKind.CHAT,
        refuses_max_tokens=True,
    ),
    ErrorRow(
        "max-tokens-message",
        OUR_REQUEST,
        "`max_tokens` is refused in words: repeated with `max_completion_tokens`",
        http=_MODEL,
        words=words.MAX_TOKENS_REFUSED,
        kind=CheckKind.CHAT,
        refuses_max_tokens=True,
    ),
    ErrorRow(
        "loading",
        LOADING,
        "llama.cpp, Hugging Face: the model is being loaded",
        http=frozenset({*_SERVER, IN_BAND}),
        words=words.MODEL_LOADING,
    ),
    ErrorRow(
        "google-quota",
        TOO_OFTEN,
        "Gemini: RESOURCE_EXHAUSTED, whatever the message says of plan and billing",
        http=frozenset({429, IN_BAND}),
        codes=_codes("resource_exhausted"),
    ),
    ErrorRow(
        "relay-auth-database",
        BROKEN,
        "LiteLLM: its own key database or sign-in is down; never the key's fault",
        codes=_codes("no_db_connection auth_provider_unavailable"),
        words=words.NO_CONNECTED_DB,
    ),
    ErrorRow(
        "out-of-money",
        NO_MONEY,
        "a balance, budget or spending limit is used up",
        codes=_codes(
            "insufficient_quota billing_error billing_hard_limit_reached billing_not_active credit_balance_exhausted "
            "organization_usage_limit_exceeded insufficient_user_quota pre_consume_token_quota_failed "
            "insufficient_balance insufficient_credits budget_exceeded enforced_spend_limit_reached arrearage "
            "token_quota_exhausted payment_required *_spend_limit_exceeded *_spend_limit_reached",
        ),
        words=words.OUT_OF_MONEY,
    ),
    ErrorRow("payment-required", NO_MONEY, "402", http=frozenset({402})),
    ErrorRow(
        "no-deployment",
        MODEL_BUSY,
        "LiteLLM: no deployment of the model is healthy; nobody is rate-limiting us",
        words=words.NO_DEPLOYMENT,
    ),
    ErrorRow(
        "no-channel",
        NO_MODEL,
        "relay station: no channel serves the model",
        codes=_codes("get_channel_failed"),
        words=words.NO_CHANNEL,
        kind=CheckKind.CHAT,
    ),
    ErrorRow(
        "no-channel-code",
        NO_MODEL,
        "relay station: an unknown model told as a 5xx",
        http=_SERVER,
        codes=_codes("model_not_found"),
        kind=CheckKind.CHAT,
    ),
    ErrorRow(
        "relay-channel",
        BROKEN,
        "relay station: its own channel is misconfigured or its upstream key is bad",
        codes=_codes("channel:*"),
    ),
    ErrorRow(
        "region",
        BAD_PLACE,
        "the country is not served",
        http=frozenset({400, 401, 403, 451, IN_BAND}),
        codes=_codes("unsupported_country_region_territory"),
        words=words.REGION_REFUSED,
    ),
    ErrorRow("legal-reasons", BAD_PLACE, "451", http=frozenset({451})),
    ErrorRow(
        "no-access",
        NO_GRANT,
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
        OUR_REQUEST,
        "Together's 403 and others: the prompt does not fit the model's context",
        http=frozenset({400, 403, 413, 422, IN_BAND}),
        codes=_codes("context_length_exceeded"),
        words=words.TOO_LONG,
    ),
    ErrorRow(
        "bad-key",
        BAD_KEY,
        "the key is refused, Gemini's 400 included",
        http=frozenset({400, 401, 403, IN_BAND}),
        codes=_codes(
            "api_key_invalid invalid_api_key authentication_error expired_key invalid_authentication_error "
            "unauthenticated token_not_found_in_db",
        ),
        words=words.KEY_REFUSED,
    ),
    ErrorRow(
        "other-protocol",
        OTHER_PROTOCOL,
        "the model is good for something else: an embedding model that is asked to chat, say",
        words=words.OTHER_PROTOCOL,
        kind=CheckKind.CHAT,
    ),
    ErrorRow(
        "unknown-model",
        NO_MODEL,
        "the model is unknown, invalid or unsupported",
        http=_MODEL,
        codes=_codes(
            "model_not_found deploymentnotfound invalid_model unknown_model unsupported_model model_not_supported "
            "model_decommissioned model_not_available model_not_exist",
        ),
        words=words.MODEL_UNKNOWN,
        kind=CheckKind.CHAT,
    ),
    ErrorRow(
        "not-found-code",
        NO_MODEL,
        "Anthropic, vLLM: something was not found; with a model list that gives 404 too: check the URL",
        http=_MODEL,
        codes=_codes("not_found_error notfounderror"),
        kind=CheckKind.CHAT,
        action_without_list=Action.CHECK_MODEL_AND_URL,
    ),
    ErrorRow("model-parameter", NO_MODEL, "complains of `model`", http=_MODEL, param="model", kind=CheckKind.CHAT),
    ErrorRow(
        "model-capacity",
        MODEL_BUSY,
        "Mistral: no capacity left for this model; nobody is rate-limiting us",
        http=frozenset({429, 503, IN_BAND}),
        codes=_codes("service_tier_capacity_exceeded 3505"),
    ),
    ErrorRow(
        "overloaded",
        BUSY,
        "overloaded by its own word",
        codes=_codes("server_is_overloaded overloaded_error overloaded engine_overloaded_error"),
    ),
    ErrorRow(
        "rate-limit",
        TOO_OFTEN,
        "a rate limit by its own code",
        http=frozenset({429, IN_BAND}),
        codes=_codes("rate_limit_exceeded slow_down rate_limit_error rate_limited too_many_requests ratelimitreached"),
    ),
    ErrorRow(
        "overloaded-message",
        BUSY,
        "overloaded in words; nobody is rate-limiting us",
        http=frozenset({429, IN_BAND}),
        words=words.OVERLOADED,
    ),
    ErrorRow(
        "rate-limit-message",
        TOO_OFTEN,
        "a rate limit in words, inside a 2xx",
        http=frozenset({IN_BAND}),
        words=words.TOO_OFTEN,
    ),
    ErrorRow("capacity", BUSY, "Groq: 498", http=frozenset({498})),
    ErrorRow(
        "openrouter-502",
        MODEL_DOWN,
        "OpenRouter: the model's provider is down",
        http=frozenset({502}),
        openrouter=True,
    ),
    ErrorRow(
        "openrouter-503", MODEL_BUSY, "OpenRouter: no provider can serve now", http=frozenset({503}), openrouter=True
    ),
    ErrorRow(
        "timed-out",
        TOO_LATE,
        "timed out by its own word",
        http=_TIMED_OUT,
        codes=_codes("timeout_error timeout request_timeout deadline_exceeded"),
    ),
    ErrorRow(
        "server-error-in-200",
        BROKEN,
        "a server error by its own word inside a 2xx",
        http=frozenset({IN_BAND}),
        codes=_codes(
            "server_error api_error internal_error internal_server_error internal upstream_error bad_gateway "
            "bad_response_status_code",
        ),
    ),
)
