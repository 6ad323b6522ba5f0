"""What is remembered beside results, states and incidents: small facts that the next life of the daemon needs.

Owns their shapes. They are handed to the ledger and written in its transaction; a later fact of the same key replaces
the earlier one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType

from monitor.domain.limits import LimitKind
from monitor.domain.model_kind import ToldKinds


@dataclass(frozen=True, slots=True)
class Spending:
    """What one check's probes of one day have used.

    Attributes:
        day: days since 1970-01-01, UTC.
        probes: answers whose tokens are in it.
        estimated: those of them that came without counts, and stand in it with the most that they can have used.
        cost_nusd: billionths of a US dollar, by the prices of that day; None where no price is known.
        until_us: when the newest probe in it started, wall time; later results of the day are not in it yet.
    """

    day: int
    check: str
    probes: int
    estimated: int
    input_tokens: int
    output_tokens: int
    cost_nusd: int | None
    until_us: int


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left of a rate limit.

    Attributes:
        model: None where the limit is the whole endpoint's.
        reset_at_us: when the limit is whole again, wall time; None where it is not known.
        seen_at_us: when an answer said so, wall time.
    """

    endpoint: str
    model: str | None
    kind: LimitKind
    limit: float | None
    remaining: float | None
    reset_at_us: int | None
    seen_at_us: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left of an account's money, as its API said.

    Attributes:
        amount: in the account's own currency.
        seen_at_us: wall time.
    """

    endpoint: str
    amount: float
    seen_at_us: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The model list of an endpoint, as it was last read.

    Attributes:
        models: ids as upstream wrote them, sorted, each once.
        seen_at_us: when it last changed, wall time.
        kinds: what it says of its models, where it says something.
    """

    endpoint: str
    models: tuple[str, ...]
    seen_at_us: int
    kinds: ToldKinds = ()


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """A model appeared in an endpoint's list, or vanished from it."""

    endpoint: str
    model: str
    appeared: bool
    at_us: int


@dataclass(frozen=True, slots=True)
class Learned:
    """How a model wants to be asked.

    Attributes:
        max_tokens: what it needs to say anything; None for what is configured.
        other_limit: it refuses the usual name of the token limit.
        without_counts: it refuses to be asked for the counts of a stream.
        not_enough: a bound up to which nothing more is raised: within it the model said nothing, or as many tokens are
            refused; None where nothing is known.
    """

    check: str
    max_tokens: int | None = None
    other_limit: bool = False
    without_counts: bool = False
    not_enough: int | None = None


Kept = Spending | Headroom | Balance | Catalogue | CatalogueChange | Learned

_KEYS: Mapping[type[Kept], Callable[..., object]] = MappingProxyType(
    {
        Spending: attrgetter("day", "check"),
        Headroom: attrgetter("endpoint", "model", "kind"),
        Balance: attrgetter("endpoint", "seen_at_us"),
        Catalogue: attrgetter("endpoint"),
        CatalogueChange: attrgetter("endpoint", "at_us", "model"),
        Learned: attrgetter("check"),
    }
)


def newest(facts: Iterable[Kept]) -> list[Kept]:
    """The last one of each key, which is all that will be remembered of them, in the order of the first ones."""
    return list({(type(fact), _KEYS[type(fact)](fact)): fact for fact in facts}.values())
