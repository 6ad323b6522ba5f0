"""The fuzzer for a few seconds, and every input that it has ever found; `python -m tests.fuzz.run` is the long form."""

from itertools import islice
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.mutate import Mutator, hostile, seeds
from tests.fuzz.run import FOUND, BrokenError, Report, fuzz, one
from tests.fuzz.targets import TARGETS

SECONDS = 8.0
SMALL = 12_000
EVERY = 61


def test_nothing_breaks_for_a_few_seconds(tmp_path: Path) -> None:
    """No exception, no slow input, no growing memory over some ten thousand inputs."""
    report = fuzz(SECONDS, seed=Random().randrange(1 << 32), keep_in=tmp_path)  # noqa: S311  each run tries others
    assert report.inputs.keys() == TARGETS.keys()


@pytest.mark.parametrize("found", sorted(FOUND.glob("*.bin")), ids=lambda path: path.stem)
def test_what_was_found_once_is_found_no_more(found: Path) -> None:
    """Inputs that broke something are given again."""
    TARGETS[found.name.split("-")[0]](found.read_bytes())


def test_one_thing_again_and_again_is_not_slow(tmp_path: Path) -> None:
    """A sample of hostile bodies of a mebibyte, and all of them small: each within its bound."""
    report = Report()
    for target, data in hostile(SMALL):
        one(target, data, report, tmp_path)
    small = report.inputs.total()
    for target, data in islice(hostile(), 0, None, EVERY):
        one(target, data, report, tmp_path)
    assert report.inputs.total() > small + small // (2 * EVERY)


def test_the_fuzzer_finds_what_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception and an endless loop are seen, and the input that led to them is kept."""

    def broken(data: bytes) -> None:
        raise ValueError(len(data))

    monkeypatch.setattr("tests.fuzz.run.TARGETS", {"sse": broken})
    with pytest.raises(BrokenError, match="ValueError: 3"):
        one("sse", b"abc", Report(), tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"abc"]
    monkeypatch.setattr("tests.fuzz.run.MOST_CPU_S", -1.0)
    monkeypatch.setattr("tests.fuzz.run.TARGETS", {"sse": len})
    with pytest.raises(BrokenError, match="took"):
        one("sse", b"abc", Report(), tmp_path)


def test_the_same_seed_gives_the_same_inputs() -> None:
    """What a run found, another run with its seed finds again."""
    assert list(islice(Mutator(3).inputs(), 200)) == list(islice(Mutator(3).inputs(), 200))
    assert all(len(seeds(target)) > 100 for target in TARGETS)
