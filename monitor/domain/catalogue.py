"""Catalogue drift: what an endpoint's model list is believed to hold, and which models came and went.

Pure. A list is hostile and may be partial: a gateway behind a balancer shows two lists in turn, a broken one shows
none. So nothing is believed of one list alone; the more often a model has wavered, the longer it takes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from monitor.clock import US_PER_S
from monitor.domain.model_kind import ModelKind, kind_named

MOST_MODELS = 5000
LONGEST_ID = 256
SUCCESSIVE = 2
"""So many lists in a row must agree on a change."""
SUCCESSIVE_FOR_MOST = 4
"""So many where a list has lost more than half of its models at once, or all of them."""
MOST_DOUBLINGS = 4
STEADY_S = 6 * 3600.0
"""What has not wavered for so long is steady again."""
GRACE_S = 600.0
GRACE_FOR_MOST_S = 3600.0

Kinds = Mapping[str, ModelKind]


@dataclass(frozen=True, slots=True)
class Waver:
    """A model whose place in the list changed, or seemed to, in the last hours."""

    times: int
    at_us: int


@dataclass(frozen=True, slots=True)
class Gone:
    """A model that has left the list.

    Attributes:
        at_us: when that was believed, wall time.
        grace_s: for so long whoever follows the list keeps it.
    """

    at_us: int
    grace_s: float = GRACE_S


@dataclass(frozen=True, slots=True)
class Listing:
    """What is believed of one endpoint's list.

    Attributes:
        models: ids; None before the first list.
        doubts: how many lists in a row have contradicted `models` on an id.
        gone: models that left, as long as whoever follows the list keeps them.
        kinds: what the newest list says of models that are not to chat with.
    """

    models: frozenset[str] | None = None
    doubts: Mapping[str, int] = field(default_factory=dict)
    wavers: Mapping[str, Waver] = field(default_factory=dict)
    gone: Mapping[str, Gone] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """True while the same list once more would change nothing."""
        return self.models is not None and not self.doubts and not self.gone

    @property
    def followed(self) -> frozenset[str]:
        """The models that a pattern may stand for: what is listed, and what left a moment ago."""
        return (self.models or frozenset()) | self.gone.keys()

    def kind(self, model: str) -> ModelKind:
        """What a model is good for: as its entry says, else as its name does."""
        return self.kinds.get(model) or kind_named(model)


@dataclass(frozen=True, slots=True)
class Drift:
    """What is believed since the newest list and was not before; sorted.

    Attributes:
        first: this list is the first of its endpoint.
        expired: models that left long enough ago to be followed no more.
    """

    appeared: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    first: bool = False
    expired: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.appeared or self.vanished or self.first or self.expired)


NO_DRIFT = Drift()


def fit(listed: Iterable[str]) -> frozenset[str]:
    """The ids of a list that can be ids: printable, not too long, the first 5,000."""
    fitting = (model for model, _ in zip(listed, range(MOST_MODELS), strict=False) if _is_id(model))
    return frozenset(fitting)


def read(before: Listing, ids: frozenset[str], kinds: Kinds, at_us: int) -> tuple[Listing, Drift]:
    """What is believed after one more list.

    Args:
        before: what was believed.
        ids: the new list, `fit`.
        kinds: what it says of its models.
        at_us: when it was read, wall time.
    """
    if before.models is None:
        return (Listing(ids, kinds=kinds), Drift(first=True)) if ids else (before, NO_DRIFT)
    lacking, unknown = before.models - ids, ids - before.models
    is_most = 2 * len(lacking) > len(before.models)
    wavers = _still_wavering(before.wavers, at_us)
    doubts, believed = dict[str, int](), list[str]()
    for model in (*lacking, *unknown):
        run = before.doubts.get(model, 0) + 1
        if run >= _needed(wavers.get(model), is_most=is_most and model in lacking):
            believed.append(model)
        else:
            doubts[model] = run
    for model in sorted((*believed, *(before.doubts.keys() - lacking - unknown))):
        times = wavers[model].times + 1 if model in wavers else 1
        wavers.pop(model, None)
        wavers[model] = Waver(times, at_us)
    vanished = tuple(sorted(model for model in believed if model in lacking))
    appeared = tuple(sorted(model for model in believed if model in unknown))
    gone = {model: one for model, one in before.gone.items() if model not in ids}
    gone.update(dict.fromkeys(vanished, Gone(at_us, GRACE_FOR_MOST_S if is_most else GRACE_S)))
    expired = tuple(sorted(model for model, one in gone.items() if ids and _is_over(one, at_us)))
    after = Listing(
        models=before.models.difference(vanished).union(appeared),
        doubts=doubts,
        wavers=dict(list(wavers.items())[-MOST_MODELS:]),
        gone={model: one for model, one in gone.items() if model not in expired},
        kinds=kinds if ids else before.kinds,
    )
    return after, Drift(appeared, vanished, expired=expired)


def recalled(models: Iterable[str], gone: Mapping[str, Gone], kinds: Kinds) -> Listing:
    """What was believed, as it was written down."""
    known = fit(models)
    return replace(Listing(known, kinds=kinds), gone={model: one for model, one in gone.items() if model not in known})


def _is_id(model: str) -> bool:
    return bool(model.strip()) and len(model) <= LONGEST_ID and model.isprintable()


def _is_over(one: Gone, at_us: int) -> bool:
    return abs(at_us - one.at_us) >= one.grace_s * US_PER_S


def _needed(waver: Waver | None, *, is_most: bool) -> int:
    doublings = 0 if waver is None else min(waver.times, MOST_DOUBLINGS)
    return int((SUCCESSIVE_FOR_MOST if is_most else SUCCESSIVE) * 2**doublings)


def _still_wavering(wavers: Mapping[str, Waver], at_us: int) -> dict[str, Waver]:
    return {model: one for model, one in wavers.items() if abs(at_us - one.at_us) < STEADY_S * US_PER_S}
