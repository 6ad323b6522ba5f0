"""Patterns of models: what they stand for, and how an odd id is said all the same."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from monitor.config.checks import checks_of
from monitor.config.followed import follows, standing_for, with_followed
from monitor.config.load import loads
from monitor.config.schema import Config, Endpoint
from monitor.domain.catalogue import Listing
from monitor.domain.model_kind import ModelKind

LISTED = [
    "openai/gpt-4.1",
    "openai/gpt-4.1-mini",
    "openai/o5-preview",
    "anthropic/claude-sonnet-4",
    "google/gemini-2.5-flash",
    "openai/text-embedding-3-small",
    "openai/whisper-1",
]


def config(options: str) -> Config:
    """A configuration with one endpoint."""
    return loads(f'[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\n{options}\n', Path("/")).config


def endpoint(options: str) -> Endpoint:
    """An endpoint."""
    return config(options).endpoints[0]


def listing(*models: str, **kinds: ModelKind) -> Listing:
    """A model list."""
    return Listing(frozenset(models or LISTED), kinds=kinds)


def ids(options: str, listed: Listing | None = None, kept: tuple[str, ...] = ()) -> list[str]:
    """What an endpoint's patterns stand for."""
    return [model.id for model in standing_for(endpoint(options), listed or listing(), kept).models]


def test_a_star_is_every_model_that_one_can_talk_to() -> None:
    """Embedding, audio and image models are left out, and said."""
    standing = standing_for(endpoint('models = "*"'), listing())
    assert [model.id for model in standing.models] == [
        "anthropic/claude-sonnet-4",
        "google/gemini-2.5-flash",
        "openai/gpt-4.1",
        "openai/gpt-4.1-mini",
        "openai/o5-preview",
    ]
    assert standing.unfit == ("openai/text-embedding-3-small", "openai/whisper-1")
    assert standing.cut == ()


def test_patterns_bring_in_and_take_away() -> None:
    """What "!" names is not probed, wherever it stands."""
    assert ids('models = ["!openai/*-preview", "openai/*"]') == ["openai/gpt-4.1", "openai/gpt-4.1-mini"]


def test_a_pattern_gives_its_overrides_and_the_last_one_wins() -> None:
    """As in a style sheet; a named id has its own, and is not there twice."""
    made = config(
        'timeout = "7s"\nmodels = ["*", { id = "openai/*", timeout = "20s", provider = "o" }, '
        '{ id = "openai/gpt-4.1", timeout = "30s" }]'
    )
    checks = {check.model: check for check in checks_of(with_followed(made, {"gw": listing()}))}
    assert checks["google/gemini-2.5-flash"].timeout_s == 7
    assert (checks["openai/gpt-4.1-mini"].timeout_s, checks["openai/gpt-4.1-mini"].provider) == (20, "o")
    assert checks["openai/gpt-4.1"].timeout_s == 30
    assert len(checks) == 1 + 5


def test_without_a_list_patterns_stand_for_nothing() -> None:
    """The list itself is probed, and what is named."""
    made = config('models = ["*", "house"]')
    assert follows(made)
    assert [check.model for check in checks_of(made)] == [None, "house"]
    assert [check.model for check in checks_of(with_followed(made, {}))] == [None, "house"]


def test_an_odd_id_can_be_said() -> None:
    """With `exact`, characters of patterns are characters."""
    made = config('models = [{ id = "odd[1]*", exact = true }, { id = "!x", exact = true }]')
    assert not follows(made)
    assert with_followed(made, {"gw": listing()}) is made
    assert [check.model for check in checks_of(made)] == [None, "odd[1]*", "!x"]


def test_an_odd_id_that_is_listed_is_followed_as_it_is() -> None:
    """A followed model is no pattern, whatever it is called."""
    assert [c.model for c in checks_of(with_followed(config('models = "odd*"'), {"gw": listing("odd[1]")}))] == [
        None,
        "odd[1]",
    ]


def test_what_servers_add_to_an_id_hides_nothing() -> None:
    """A pattern meets the plain id too, and a named id stands for its listed form."""
    listed = listing("models/gemini-2.5-pro", "models/gemini-2.5-flash", "llama3:latest")
    assert ids('models = ["gemini-*", "llama3", "gemini-2.5-pro"]', listed) == ["models/gemini-2.5-flash"]


def test_an_endpoint_of_embeddings_follows_embedding_models() -> None:
    """And none to talk to."""
    assert ids('protocol = "openai-embeddings"\nmodels = "*"') == ["openai/text-embedding-3-small"]


def test_the_list_knows_better_than_the_name() -> None:
    """A type in the list makes or unmakes a chat model."""
    listed = listing("embedder", "mystery", embedder=ModelKind.CHAT, mystery=ModelKind.OTHER)
    assert ids('models = "*"', listed) == ["embedder"]


def test_the_cap_cuts_the_last_and_keeps_what_is_probed() -> None:
    """Alphabetical, but a new model never pushes out one that is probed already."""
    assert ids('models = "*"\nmodels_max = 2', listing("b", "c", "d")) == ["b", "c"]
    standing = standing_for(endpoint('models = "*"\nmodels_max = 2'), listing("a", "b", "c", "d"), ("b", "c"))
    assert [model.id for model in standing.models] == ["b", "c"]
    assert standing.cut == ("a", "d")


@given(st.frozensets(st.text("ab[*]!/?", min_size=1, max_size=6)), st.integers(1, 5), st.frozensets(st.text("ab")))
def test_whatever_is_listed_the_cap_holds(listed: frozenset[str], most: int, kept: frozenset[str]) -> None:
    """Every match is probed or said to be cut or unfit; kept ones come first; nothing twice."""
    standing = standing_for(endpoint(f'models = "*"\nmodels_max = {most}'), Listing(listed), kept)
    chosen = {model.id for model in standing.models}
    assert len(standing.models) == len(chosen) <= most
    assert chosen | set(standing.cut) | set(standing.unfit) == listed
    assert not standing.cut or len(chosen) == most
    assert not kept & set(standing.cut) or chosen <= kept
