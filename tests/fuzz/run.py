"""The fuzzer: `python -m tests.fuzz.run --minutes 10`, or `--engine atheris` where atheris is installed.

Owns the loop, the bounds in time and memory, and what is kept of an input that breaks something. An input that was
found is given again with `--replay FILE`; put into `tests/fuzz/found/` it is a test from then on.
"""

import argparse
import faulthandler
import gc
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic, process_time

import psutil

from tests.fuzz.mutate import Mutator, hostile, seeds
from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"
MOST_CPU_S = 2.0
"""So much processor time one input may take, whatever is in it: less than a probe may, with a wide margin."""
MOST_GROWTH_MIB = 32.0
HUNG_S = 60
_WARM_UP = 3000
_MIB = 1 << 20


@dataclass(slots=True)
class Report:
    """What a run did.

    Attributes:
        inputs: by target.
        slowest_s: processor time of the slowest input, and its target.
        rss_mib: resident memory after the warm-up and at the end.
    """

    inputs: Counter[str] = field(default_factory=Counter)
    slowest_s: tuple[float, str] = (0.0, "")
    rss_mib: tuple[float, float] = (0.0, 0.0)

    def __str__(self) -> str:
        each = ", ".join(f"{name} {count:,}" for name, count in sorted(self.inputs.items()))
        memory = f"memory {self.rss_mib[0]:.1f} -> {self.rss_mib[1]:.1f} MiB"
        slowest = f"slowest {self.slowest_s[0] * 1000:.0f} ms ({self.slowest_s[1]})"
        return f"{self.inputs.total():,} inputs ({each}); {slowest}; {memory}"


class BrokenError(AssertionError):
    """An input broke something; the message says where it was kept."""


def one(target: str, data: bytes, report: Report, keep_in: Path) -> None:
    """Give one input to one target.

    Raises:
        BrokenError: it raised, was wrong, or took too long.
    """
    started = process_time()
    try:
        TARGETS[target](data)
    except Exception as error:
        raise BrokenError(f"{_kept(target, data, keep_in)}: {type(error).__name__}: {error}") from error
    took_s = process_time() - started
    report.inputs[target] += 1
    report.slowest_s = max(report.slowest_s, (took_s, target))
    if took_s > MOST_CPU_S:
        raise BrokenError(f"{_kept(target, data, keep_in)}: took {took_s:.1f} s")


def _kept(target: str, data: bytes, keep_in: Path) -> Path:
    keep_in.mkdir(parents=True, exist_ok=True)
    path = keep_in / f"{target}-{hashlib.sha256(data).hexdigest()[:12]}.bin"
    path.write_bytes(data)
    return path


def fuzz(seconds: float, seed: int, keep_in: Path, big: Iterable[tuple[str, bytes]] = ()) -> Report:
    """Mutated inputs for so long, after what is given in `big`.

    Raises:
        BrokenError: an input broke something, or memory grew.
    """
    report, until = Report(), monotonic() + seconds
    for target, data in big:
        one(target, data, report, keep_in)
        if monotonic() > until:
            break
    supply = Mutator(seed).inputs()
    for target, data in islice(supply, _WARM_UP):
        one(target, data, report, keep_in)
    before = _rss_mib()
    for target, data in supply:
        one(target, data, report, keep_in)
        if monotonic() > until:
            break
    report.rss_mib = (before, _rss_mib())
    if report.rss_mib[1] - before > MOST_GROWTH_MIB:
        raise BrokenError(f"memory grew: {report}")
    return report


def _rss_mib() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / _MIB


def guided(seconds: float, keep_in: Path) -> None:
    """Coverage-guided, by libFuzzer; ends the process."""
    import atheris  # noqa: PLC0415  an engine that few have

    names, report = tuple(TARGETS), Report()

    def given(data: bytes) -> None:
        if data:
            one(names[data[0] % len(names)], data[1:], report, keep_in)

    begin = keep_in / "seeds"
    begin.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        for data in seeds(name):
            (begin / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(bytes([number]) + data)
    atheris.instrument_all()
    options = [f"-max_total_time={int(seconds)}", "-max_len=65536", "-timeout=20", "-rss_limit_mb=1500"]
    atheris.Setup([sys.argv[0], *options, str(begin)], given)
    atheris.Fuzz()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=("mutate", "atheris"), default="mutate")
    parser.add_argument("--keep-in", type=Path, default=Path("fuzz-found"))
    parser.add_argument("--replay", type=Path, help="one input that was kept")
    options = parser.parse_args()
    faulthandler.enable()
    if options.replay is not None:
        TARGETS[options.replay.name.split("-")[0]](options.replay.read_bytes())
    elif options.engine == "atheris":
        guided(options.minutes * 60, options.keep_in)
    else:
        faulthandler.dump_traceback_later(options.minutes * 60 + HUNG_S, exit=True)
        print(fuzz(options.minutes * 60, options.seed, options.keep_in, hostile()))  # noqa: T201  its report


if __name__ == "__main__":
    main()
