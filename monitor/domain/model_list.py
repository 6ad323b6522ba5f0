"""What a good model list must contain, and which configured models it lacks.

Owns the shape of `GET /models` answers. Accepted beside OpenAI's `data`: a bare array (Together), `models` (Google),
and null for an empty list (Ollama).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from typing import Any

from monitor.domain.error_shapes import UpstreamError, error_in, marked_error
from monitor.domain.model_kind import ToldKinds, kind_told
from monitor.domain.reading import Reading

_ID_KEYS = ("id", "name", "model")
_ENTRIES_READ = 5000
_NAMED = 3  # so many missing models are named, each with its nearest name
_ALIKE = 0.5
_COMPARED = 2000
_LONGEST = 128


@dataclass(frozen=True, slots=True)
class ModelList:
    """A model list, read.

    Attributes:
        lacks: what it lacks, in words that quote upstream; None if nothing.
        listed: its ids; None where it is no list.
        error: the error where the reading is ERROR.
        kinds: what its entries say of their models, where they say something.
    """

    reading: Reading
    lacks: str | None = None
    listed: tuple[str, ...] | None = None
    error: UpstreamError | None = None
    kinds: ToldKinds = ()


_NO_LIST = ModelList(Reading.NO_LIST)


def read_model_list(document: Any, configured: Sequence[str] = ()) -> ModelList:
    """What a JSON value is as a model list; never raises.

    Args:
        document: any JSON value.
        configured: the ids that the endpoint should list.
    """
    entries = _entries(document)
    error = error_in(document) if entries is None else marked_error(document)
    if error is not None:
        return ModelList(Reading.ERROR, error=error)
    named = list(_named(entries or ()))
    listed = tuple(model for model, _ in named)
    if entries is None or (entries and not listed):
        return _NO_LIST
    lacks = _lacks(listed, configured)
    kinds = tuple((model, kind) for model, entry in named if (kind := kind_told(entry)) is not None)
    return ModelList(Reading.INCOMPLETE_LIST if lacks else Reading.LIST, lacks, listed, kinds=kinds)


def listed_models(document: Any) -> tuple[str, ...]:
    """The ids that a model list names, in its order, as upstream wrote them; empty for any other JSON value."""
    return tuple(model for model, _ in _named(_entries(document) or ()))


def plain_id(model: str) -> str:
    """The id without what servers add to it in a list: Google's `models/`, Ollama's `:latest`."""
    return model.removeprefix("models/").removesuffix(":latest")


def nearest_ids(model: str, listed: Iterable[str], most: int) -> tuple[str, ...]:
    """The listed ids that share the most letter pairs with `model`, the likest first; linear: a list is hostile."""
    pairs = _pairs(model)
    compared = (name for name, _ in zip(listed, range(_COMPARED), strict=False))
    alike = nlargest(most, ((_likeness(pairs, _pairs(name)), name) for name in compared))
    return tuple(name for likeness, name in alike if likeness >= _ALIKE)


def _entries(document: Any) -> list[Any] | None:
    if isinstance(document, list):
        return document or None
    if not isinstance(document, dict):
        return None
    entries = next((found for key in ("data", "models") if isinstance(found := document.get(key), list)), None)
    is_ollama_empty = entries is None and document.get("object") == "list" and document.get("data", "") is None
    return [] if is_ollama_empty else entries


def _named(entries: Iterable[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry, _ in zip(entries, range(_ENTRIES_READ), strict=False):
        if isinstance(entry, dict):
            found = next((entry[key] for key in _ID_KEYS if isinstance(entry.get(key), str) and entry[key]), None)
            if found is not None:
                yield found, entry


def _lacks(listed: tuple[str, ...], configured: Sequence[str]) -> str | None:
    if not listed:
        return "the model list is empty"
    known = {plain_id(name) for name in listed}
    missing = [model for model in configured if plain_id(model) not in known]
    if not missing:
        return None
    names = [_with_nearest(model, listed) for model in missing[:_NAMED]]
    more = [f"and {len(missing) - _NAMED} more"] if len(missing) > _NAMED else []
    return f"not in the model list: {', '.join(names + more)}"


def _with_nearest(model: str, listed: tuple[str, ...]) -> str:
    nearest = _nearest(model, listed)
    return model if nearest is None else f"{model} (nearest: {nearest})"


@lru_cache(maxsize=256)
def _nearest(model: str, listed: tuple[str, ...]) -> str | None:
    """The likest listed id; asked again and again while a model is not listed."""
    return next(iter(nearest_ids(model, listed, 1)), None)


def _pairs(name: str) -> frozenset[str]:
    low = name[:_LONGEST].lower()
    return frozenset(low[i : i + 2] for i in range(len(low) - 1))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient: 0 for nothing shared, 1 for the same pairs."""
    return 2 * len(one & other) / ((len(one) + len(other)) or 1)
