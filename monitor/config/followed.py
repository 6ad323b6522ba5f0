"""What patterns stand for: from an endpoint's entries and its model list to models, each with its overrides.

Pure. A named id wins over every pattern, `!` over whatever a pattern brings in, and of several patterns the last one
that matches gives the overrides. Models that are not of the protocol's kind (embedding, image, audio, moderation) are
left out. Where `models_max` cuts, models that are probed already stay, the others come in alphabetical order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from monitor.config.endpoints import Endpoint, ModelTable
from monitor.config.patterns import NOT
from monitor.config.schema import Config
from monitor.domain.catalogue import Listing
from monitor.domain.model_kind import ModelKind
from monitor.domain.model_list import plain_id

Listings = Mapping[str, Listing]
Kept = Mapping[str, Collection[str]]
_EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the patterns of one endpoint stand for.

    Attributes:
        models: each as if it had been named, in alphabetical order.
        cut: ids that match but are beyond `models_max`.
        unfit: ids that match but are of another kind than the protocol asks.
    """

    models: tuple[ModelTable, ...] = ()
    cut: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()


NOTHING = Standing()


def follows(config: Config) -> bool:
    """Whether any endpoint has patterns."""
    return any(endpoint.patterns for endpoint in config.endpoints)


def standing_for(endpoint: Endpoint, listing: Listing | None, kept: Collection[str] = ()) -> Standing:
    """What an endpoint's patterns stand for.

    Args:
        endpoint: with its patterns.
        listing: what is believed of its model list; None while nothing is.
        kept: ids that are probed already.
    """
    if listing is None or not endpoint.patterns:
        return NOTHING
    bringing = [one for one in endpoint.patterns if not one.id.startswith(NOT)][::-1]
    taking = [one.id.removeprefix(NOT) for one in endpoint.patterns if one.id.startswith(NOT)]
    by_name = {plain_id(model.id) for model in endpoint.named_models}
    matching: dict[str, ModelTable] = {}
    unfit: list[str] = []
    for model in sorted(listing.followed):
        pattern = next((one for one in bringing if matches(model, one.id)), None)
        if pattern is None or plain_id(model) in by_name or any(matches(model, one) for one in taking):
            continue
        if listing.kind(model) is _wanted(endpoint, pattern):
            matching[model] = pattern
        else:
            unfit.append(model)
    first = sorted(matching, key=lambda model: (model not in kept, model))
    chosen = sorted(first[: endpoint.models_max])
    models = tuple(matching[model].model_copy(update={"id": model, "exact": True}) for model in chosen)
    return Standing(models, tuple(sorted(first[endpoint.models_max :])), tuple(unfit))


def standings_of(config: Config, listings: Listings, kept: Kept | None = None) -> dict[str, Standing]:
    """What all patterns stand for, by endpoint; endpoints without patterns are left out."""
    kept = kept or {}
    return {
        one.name: standing_for(one, listings.get(one.name), kept.get(one.name, ()))
        for one in config.endpoints
        if one.patterns
    }


def named(config: Config, standings: Mapping[str, Standing]) -> Config:
    """The configuration with models in place of patterns."""
    endpoints = tuple(
        one.model_copy(update={"models": (*one.named_models, *standings[one.name].models)})
        if one.name in standings
        else one
        for one in config.endpoints
    )
    return config.model_copy(update={"endpoints": endpoints}) if standings else config


def with_followed(config: Config, listings: Listings, kept: Kept | None = None) -> Config:
    """The configuration with the models that its patterns stand for in their place; the same where there are none."""
    return named(config, standings_of(config, listings, kept))


def matches(model: str, pattern: str) -> bool:
    """Whether a pattern stands for a listed id."""
    return fnmatchcase(model, pattern) or fnmatchcase(plain_id(model), pattern)


def _wanted(endpoint: Endpoint, pattern: ModelTable) -> ModelKind:
    protocol = pattern.protocol or endpoint.protocol
    return ModelKind.EMBEDDING if protocol.endswith(_EMBEDDINGS) else ModelKind.CHAT
