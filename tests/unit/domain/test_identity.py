"""Who answered: the table of ids that name one model, two, or say nothing, and what headers tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.identity import ANYBODY, Doubt, Likeness, StandIn, doubt_of, is_accepted, likeness

SAME = (
    "gpt-4.1 gpt-4.1-2025-04-14",
    "claude-sonnet-4 claude-sonnet-4-20250514",
    "claude-3-5-haiku-latest claude-3-5-haiku-20241022",
    "openai/gpt-4.1 gpt-4.1",
    "gpt-4.1 openai/gpt-4.1",
    "GPT-4.1 gpt-4.1",
    "models/gemini-2.5-flash gemini-2.5-flash",
    "gemini-2.5-flash gemini-2.5-flash-preview-05-20",
    "gemini-flash-latest gemini-2.5-flash-preview-09-2025",
    "deepseek/deepseek-r1:free deepseek/deepseek-r1",
    "claude-sonnet-4 us.anthropic.claude-sonnet-4-20250514-v1:0",
    "claude-sonnet-4 arn:aws:bedrock:us-east-1:1234:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0",
    "anthropic.claude-3-5-sonnet-20240620-v1:0 claude-3-5-sonnet-20240620",
    "claude-3-5-sonnet@20240620 claude-3-5-sonnet-20240620",
    "vertex_ai/claude-3.5-sonnet claude-3-5-sonnet-20240620",
    "gpt-35-turbo gpt-3.5-turbo-0125",
    "gpt35-turbo gpt-3.5-turbo",
    "gpt-4o gpt-4o-2024-08-06",
    "gpt-4 gpt-4-0613",
    "o3-mini o3-mini-2025-01-31",
    "o1 o1-2024-12-17",
    "mistral-large-latest mistral-large-2411",
    "llama3:8b llama-3-8b-instruct",
    "llama3 llama3:latest",
    "llama-3.3-70b meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "llama-3.1-8b-instant meta-llama/Llama-3.1-8B-Instruct",
    "accounts/fireworks/models/llama-v3p1-8b-instruct llama-3.1-8b-instruct",
    "gemma-3-270m /models/gemma-3-270m-it-Q4_K_M.gguf",
    "deepseek-chat DeepSeek-V3-0324",
    "deepseek-reasoner deepseek-r1",
    "claude-opus-4-0 claude-opus-4-20250514",
    "text-embedding-3-small text-embedding-3-small",
    "qwen2.5-72b-instruct Qwen/Qwen2.5-72B-Instruct-AWQ",
    "@cf/meta/llama-3.1-8b-instruct llama-3.1-8b",
    "chatgpt-4o-latest gpt-4o",
    "mixtral-8x7b-32768 mixtral-8x7b",
    "gemini-1.5-pro gemini-1.5-pro-002",
    "claude claude-3-opus-20240229",
    "qwen3-30b-a3b qwen3-30b-a3b-instruct-2507",
    "nemotron-70b nvidia/llama-3.1-nemotron-70b-instruct",
    "deepseek-r1:70b deepseek-r1-distill-llama-70b",
    "grok-4 grok-4-0709",
    "command-r-plus command-r-plus-08-2024",
    "gpt-4-turbo gpt-4-turbo-2024-04-09",
    "llama-3.1-8b-instruct llama-3.1-8b-instruct-q8_0.gguf",
    "gpt-4o-mini openai/gpt-4o-mini-2024-07-18",
    "claude-haiku-4-5 claude-haiku-4-5-20251001",
    "kimi-k2 moonshotai/Kimi-K2-Instruct-0905",
    "gpt-5 gpt-5-2025-08-07",
    "gpt-5-chat-latest gpt-5-chat",
    "gpt-oss-120b openai/gpt-oss-120b",
    "mistral-small mistral-small-24b-instruct-2501",
    "phi-4 microsoft/phi-4",
    "minimax/minimax-m1 MiniMax-M1",
    "ernie-4.5-21b-a3b baidu/ernie-4.5-21B-A3B-PT",
    "gpt-4-turbo-preview gpt-4-0125-preview",
    "gemini-pro gemini-1.0-pro-002",
    "claude-sonnet-4-20250514 claude-sonnet-4",
)
OTHER = (
    "gpt-4.1 gpt-4o-mini",
    "gpt-4.1 gpt-4.1-mini",
    "gpt-4.1 gpt-4.1-nano-2025-04-14",
    "gpt-4 gpt-4o",
    "gpt-4 gpt-3.5-turbo",
    "gpt-4o gpt-4o-mini",
    "claude-opus-4 claude-haiku-4",
    "claude-sonnet-4 claude-sonnet-4-5-20250929",
    "claude-3-opus claude-3-haiku-20240307",
    "llama-3.1-70b llama-3.1-8b",
    "llama3:70b llama3:8b",
    "gpt-4.1 claude-sonnet-4",
    "gemini-2.5-pro gemini-2.5-flash",
    "gemini-2.0-flash gemini-2.0-flash-lite",
    "o3 o3-mini",
    "o3 o4-mini",
    "gpt-4.1 /models/llama-3-8b.Q4_K_M.gguf",
    "mistral-large mistral-small-2501",
    "qwen2.5-7b qwen3-7b",
    "gpt-4.1 gpt-oss-120b",
    "llama-3-8b llama-3.1-8b",
    "mixtral-8x7b mixtral-8x22b",
    "deepseek-v3 deepseek-r1",
    "text-embedding-3-large text-embedding-3-small",
    "text-embedding-3-large text-embedding-ada-002",
    "claude-3-5-sonnet-20241022 claude-3-7-sonnet-20250219",
    "gemma-3-27b gemma-3-4b-it",
    "glm-4.5 z-ai/glm-4.5-air",
)
UNSAID = (
    "my-deployment gpt-4o",
    "prod gpt-4.1-2025-04-14",
    "openrouter/auto mistralai/mistral-nemo",
    "default /models/llama-3-8b.gguf",
    "gpt-4.1 my-model",
    "fast claude-3-haiku",
    "gpt-4.1 x",
)
FAMILIES = (
    "gpt-4.1",
    "gpt-4o-mini",
    "claude-sonnet-4-5",
    "claude-3-5-haiku",
    "gemini-2.5-flash-lite",
    "llama-3.1-8b",
    "mistral-large",
    "qwen2.5-72b-instruct",
    "deepseek-r1",
    "o4-mini",
    "mixtral-8x7b",
    "command-r-plus",
)
BEFORE = (
    "",
    "openai/",
    "models/",
    "accounts/fireworks/models/",
    "us.anthropic.",
    "@cf/meta/",
    "/srv/models/",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.",
)
AFTER = (
    "",
    ":free",
    ":latest",
    "-latest",
    "@20240620",
    "-20250514",
    "-2025-04-14",
    "-preview-05-20",
    "-preview-09-2025",
    "-v1:0",
    "-20250514-v1:0",
    "-Q4_K_M.gguf",
    "-0613",
    "-002",
    "-exp",
)


@pytest.mark.parametrize("pair", SAME)
def test_an_alias_and_what_it_stands_for_are_one_model(pair: str) -> None:
    """Dates, vendors, paths, notations and quantisations are no other model."""
    assert likeness(*pair.split(" ")) is Likeness.SAME


@pytest.mark.parametrize("pair", OTHER)
def test_another_family_version_size_or_tier_is_another_model(pair: str) -> None:
    """What both ids say must agree, in both directions."""
    asked, answered = pair.split(" ")
    assert likeness(asked, answered) is Likeness.OTHER
    assert likeness(answered, asked) is Likeness.OTHER


@pytest.mark.parametrize("pair", UNSAID)
def test_an_alias_that_people_configured_says_nothing(pair: str) -> None:
    """Nothing can contradict a name of which nothing is known."""
    assert likeness(*pair.split(" ")) is Likeness.UNSAID


@given(st.sampled_from(FAMILIES), st.sampled_from(BEFORE), st.sampled_from(AFTER), st.booleans())
def test_a_model_with_decorations_is_itself(model: str, before: str, after: str, capitals: bool) -> None:  # noqa: FBT001  drawn
    """Whatever gateways put around an id, it stays the id, in both directions."""
    decorated = f"{before}{model}{after}"
    decorated = decorated.upper() if capitals else decorated
    assert likeness(model, decorated) is Likeness.SAME
    assert likeness(decorated, model) is Likeness.SAME


@given(st.text(max_size=400), st.sampled_from(("", "openai/", "models/")), st.sampled_from(("", ":free", ":latest")))
def test_any_text_with_decorations_is_never_another_model(model: str, before: str, after: str) -> None:
    """No id, however odd, is held against itself."""
    assert likeness(model, f"{before}{model}{after}") is not Likeness.OTHER


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_two_texts_are_compared(one: str, other: str) -> None:
    """Nothing raises, and what is another model is so in both directions or not at all for a bare family."""
    assert likeness(one, other) in Likeness


@pytest.mark.parametrize(
    ("headers", "doubt"),
    [
        ({}, None),
        ({"x-litellm-attempted-fallbacks": "0"}, None),
        ({"x-litellm-attempted-fallbacks": "1"}, Doubt(StandIn.FALLBACK, "gpt-4.1")),
        ({"x-litellm-attempted-fallbacks": "None"}, None),
        ({"cf-aig-step": "0"}, None),
        ({"cf-aig-step": "1"}, Doubt(StandIn.FALLBACK, "gpt-4.1")),
        ({"x-litellm-cache-key": "9f86d0"}, Doubt(StandIn.CACHE)),
        ({"x-litellm-cache-key": ""}, None),
        ({"x-litellm-cache-key": "None"}, None),
        ({"cf-aig-cache-status": "HIT"}, Doubt(StandIn.CACHE)),
        ({"cf-aig-cache-status": "MISS"}, None),
        ({"cf-cache-status": "HIT"}, Doubt(StandIn.CACHE)),
        ({"cf-cache-status": "DYNAMIC"}, None),
        ({"x-cache": "Hit from cloudfront"}, Doubt(StandIn.CACHE)),
        ({"x-cache": "Miss from cloudfront"}, None),
        ({"x-cache": "TCP_HIT"}, Doubt(StandIn.CACHE)),
        ({"x-cache": "HIT, MISS"}, Doubt(StandIn.CACHE)),
        ({"x-portkey-cache-status": "SEMANTIC HIT"}, Doubt(StandIn.CACHE)),
        ({"helicone-cache": "HIT"}, Doubt(StandIn.CACHE)),
        ({"cache-status": "gw; hit; ttl=30"}, Doubt(StandIn.CACHE)),
        ({"cache-status": "gw; hit=?0; fwd=miss"}, None),
        ({"x-cache": "white"}, None),
        ({"x-litellm-model-group": "gpt-4.1"}, None),
        ({"x-litellm-model-group": "claude-haiku-4-5"}, Doubt(StandIn.ANOTHER_MODEL, "claude-haiku-4-5")),
        ({"ngrok-aig-model": "openai/gpt-4o-mini"}, Doubt(StandIn.ANOTHER_MODEL, "openai/gpt-4o-mini")),
    ],
)
def test_headers_tell_of_fallbacks_and_caches(headers: dict[str, str], doubt: Doubt | None) -> None:
    """A rescue that the body hides."""
    assert doubt_of("gpt-4.1", "gpt-4.1", headers, ()) == doubt


@pytest.mark.parametrize("answered", [None, "", "gpt-4.1", "gpt-4.1-2025-04-14"])
def test_no_name_and_the_name_itself_are_fine(answered: str | None) -> None:
    """An absent `model` says nothing."""
    assert doubt_of("gpt-4.1", answered, {}, ()) is None


@pytest.mark.parametrize(
    ("accepted", "answered", "is_fine"),
    [
        (("gpt-4o-mini",), "gpt-4o-mini-2024-07-18", True),
        (("gpt-4o-mini",), "openai/gpt-4o-mini", True),
        (("mistralai/*", "gpt-4o*"), "gpt-4o-2024-08-06", True),
        (("gpt-4o-mini",), "claude-haiku-4-5", False),
        (("my-alias",), "claude-haiku-4-5", False),
        ((ANYBODY,), "claude-haiku-4-5", True),
        ((), "claude-haiku-4-5", False),
    ],
)
def test_what_may_answer_too_is_accepted(accepted: tuple[str, ...], answered: str, is_fine: bool) -> None:  # noqa: FBT001  a column
    """An alias that says nothing accepts itself only."""
    assert (doubt_of("gpt-4.1", answered, {}, accepted) is None) is is_fine
    assert is_accepted(answered, accepted) is is_fine


def test_an_accepted_model_is_fine_after_a_fallback_but_not_from_a_cache() -> None:
    """Routing was meant; an answer that nobody gave was not."""
    accepted = ("gpt-4o-mini",)
    fell_back = {"x-litellm-attempted-fallbacks": "1"}
    assert doubt_of("gpt-4.1", "gpt-4o-mini", fell_back, accepted) is None
    assert doubt_of("gpt-4.1", "gpt-4o-mini", {"x-cache": "HIT"}, accepted) == Doubt(StandIn.CACHE)
    assert doubt_of("gpt-4.1", "gpt-4o-mini", {"x-cache": "HIT"}, (ANYBODY,)) is None
