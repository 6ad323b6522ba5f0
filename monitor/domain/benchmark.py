"""A model measured many times in several ways: what one run gives, in which order runs go, what all of them tell.

Pure. Owns the definitions of the figures and which runs count for which; the arithmetic of quantiles is in
`quantiles`, the running in `probes.bench`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.domain.quantiles import Quantile, quantile
from monitor.domain.reply import NOT_COUNTED, Usage
from monitor.domain.result import Phases, Result, Status

SHARES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """One way to ask.

    Attributes:
        cold: over a new connection each time; else over one that is kept.
    """

    cold: bool
    stream: bool

    def __str__(self) -> str:
        return f"{'stream' if self.stream else 'whole'}, {'cold' if self.cold else 'warm'}"


class Figure(StrEnum):
    """What is measured.

    Times count from the moment when the request had been sent, but CONNECT, which comes before it, and TOTAL, which is
    all of it. Definitions: vLLM and llmperf differ about the first token; both FIRST_EVENT and TTFT are here.
    """

    CONNECT = "connect_ms"
    FIRST_EVENT = "first_event_ms"
    TTFT = "ttft_ms"
    E2E = "e2e_ms"
    TOTAL = "total_ms"
    TPOT = "tpot_ms"
    TOKENS_PER_S = "tokens_per_s"
    MAX_STALL = "max_stall_ms"


@dataclass(frozen=True, slots=True)
class Sample:
    """One run.

    Attributes:
        run: from 1; 0 is a warm-up, which counts nowhere but in what was spent.
        figures: those that this run has.
        reconnected: it should have used a kept connection, but the server had closed it; such a run is not warm.
    """

    way: Way
    run: int
    status: Status
    started_us: int
    reason: str | None = None
    http_status: int | None = None
    figures: Mapping[Figure, float] = field(default_factory=dict)
    usage: Usage = NOT_COUNTED
    reconnected: bool = False

    @property
    def counts(self) -> bool:
        """Whether its figures are those of its way."""
        return self.run > 0 and self.status.is_success and not self.reconnected


@dataclass(frozen=True, slots=True)
class Summary:
    """One figure of one way over all runs that count.

    Attributes:
        quantiles: one for each of `SHARES`.
    """

    way: Way
    figure: Figure
    values: tuple[float, ...]
    quantiles: tuple[Quantile, ...]

    @property
    def median(self) -> Quantile:
        """Half of all runs are below it."""
        return self.quantiles[0]


def order_of(ways: Sequence[Way], round_number: int) -> Iterator[Way]:
    """The ways in the order of one round: each begins as often as every other, so that drift hits all alike."""
    turn = round_number % len(ways)
    return iter((*ways[turn:], *ways[:turn]))


def sample_of(way: Way, run: int, result: Result) -> Sample:
    """What one probe gives.

    Args:
        way: how it was asked.
        run: from 1; 0 for a warm-up.
        result: with its phases.
    """
    phases = result.phases or Phases()
    connected = phases.connect_ms is not None
    return Sample(
        way=way,
        run=run,
        status=result.status,
        started_us=result.started_at.wall_us,
        reason=result.verdict.reason,
        http_status=result.http_status,
        figures=_figures(result, phases) if result.status.is_success else {},
        usage=result.usage,
        reconnected=connected and not way.cold,
    )


def _figures(result: Result, phases: Phases) -> dict[Figure, float]:
    parts = (phases.dns_ms, phases.connect_ms, phases.tls_ms)
    connect_ms = sum(part for part in parts if part is not None)
    times, tokens = result.stream, result.usage.output_tokens
    found: dict[Figure, float | None] = {
        Figure.CONNECT: connect_ms if phases.connect_ms is not None else None,
        Figure.TOTAL: phases.total_ms,
    }
    if times is None:
        found[Figure.E2E] = None if phases.total_ms is None else phases.total_ms - connect_ms
    else:
        found |= {
            Figure.FIRST_EVENT: times.first_event_ms,
            Figure.TTFT: times.ttft_ms,
            Figure.E2E: times.last_token_ms,
            Figure.TPOT: times.tpot_ms(tokens),
            Figure.TOKENS_PER_S: times.tokens_per_s(tokens),
            Figure.MAX_STALL: times.max_stall_ms,
        }
    return {figure: value for figure, value in found.items() if value is not None}


def summaries(samples: Sequence[Sample], ways: Sequence[Way]) -> list[Summary]:
    """Every figure of every way that at least one run has, figure by figure."""
    found = []
    for figure in Figure:
        for way in ways:
            values = tuple(
                sample.figures[figure]
                for sample in samples
                if sample.way == way and sample.counts and figure in sample.figures
            )
            if values:
                found.append(Summary(way, figure, values, tuple(quantile(values, share) for share in SHARES)))
    return found


def differ(one: Quantile, other: Quantile) -> bool | None:
    """Whether two medians are surely not the same: their intervals do not touch; None where one has no interval."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return one.high < other.low or other.high < one.low
