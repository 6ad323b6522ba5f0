"""A sketch tells percentiles within its error, however it came together, and what is none is refused."""

import random
import struct
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.sketch import BUCKETS, LARGEST, RELATIVE_ERROR, Sketch, SketchError, bucket_of, encode
from tests.latency_shapes import SHAPES

SHARES = (0.001, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
EXACT_UP_TO = 48
VALUES = st.one_of(st.integers(0, 60), st.integers(0, 10**6), st.integers(0, LARGEST))
LISTS = st.lists(VALUES, max_size=60)


def nearest_rank(values: list[int], share: float) -> int:
    """By the definition."""
    return sorted(values)[max(1, ceil(round(share * len(values), 9))) - 1]


def is_near(found: int | None, exact: int) -> bool:
    """Within the error that is stated."""
    return found is not None and abs(found - exact) <= RELATIVE_ERROR * exact


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("count", [1, 2, 40, 3_000])
def test_percentiles_are_within_the_error(name: str, count: int) -> None:
    """Of twenty shapes, few answers and many."""
    values = SHAPES[name](random.Random(f"{name} {count}"), count)  # noqa: S311  the same every time
    sketch = Sketch([encode(values[place::7]) for place in range(7)])
    assert sketch.count == count
    for share, found in zip(SHARES, sketch.quantiles(SHARES) or (), strict=True):
        assert is_near(found, nearest_rank(values, share)), share


def test_there_are_twenty_shapes() -> None:
    """Nobody has dropped the difficult ones."""
    assert len(SHAPES) == 20


@given(VALUES)
def test_any_value_is_told_within_the_error(value: int) -> None:
    """Small ones exactly."""
    found = Sketch([encode([value])]).quantile(0.5)
    assert is_near(found, value)
    assert value > EXACT_UP_TO or found == value


def test_what_is_beyond_the_ends_counts_at_the_ends() -> None:
    """Nothing is lost."""
    assert bucket_of(-5) == 0
    assert bucket_of(LARGEST * 1000) == bucket_of(LARGEST) == BUCKETS - 1


@given(st.lists(LISTS, max_size=12), st.randoms(use_true_random=False))
def test_however_it_came_together_it_is_the_same(parts: list[list[int]], dice: random.Random) -> None:
    """Byte by byte: written and read in between, in any order, as values, as sketches or by halves."""
    values = [value for part in parts for value in part]
    dice.shuffle(parts)
    one, other = Sketch(), Sketch()
    for part in parts:
        where, how = dice.choice([one, other]), dice.randrange(3)
        if how == 0:
            where.add_values(part)
        elif how == 1:
            where.add(encode(part))
        else:
            where.add_all([encode(part[:2]), encode(part[2:])])
    one.merge(other)
    assert one.to_bytes() == encode(values) == Sketch([one.to_bytes()]).to_bytes()
    assert one.count == len(values)


@pytest.mark.parametrize("many", [1, 255, 256, 257, 65_535, 65_536, 70_000, 2**32 - 1])
@pytest.mark.parametrize("span", [1, 2, 40, 600])
def test_every_form_is_read_back(many: int, span: int) -> None:
    """Counts of one byte, of two and of four, close together and far apart."""
    counts = {bucket: 1 + (many - 1) // (1 + bucket % 3) for bucket in range(7, 7 + span, 1 + span // 30)}
    pairs = b"".join(struct.pack("<HI", bucket, count) for bucket, count in counts.items())
    sketch = Sketch([struct.pack("<H", 7 << 12) + pairs])
    written = sketch.to_bytes()
    assert Sketch([written]).to_bytes() == written
    assert Sketch([written]).count == sum(counts.values())


@given(st.integers(1, 700), st.integers(1, 40))
def test_many_are_added_without_overflow(times: int, spread: int) -> None:
    """Counts of one byte are added as two bytes: however many there are."""
    values = [value for value in range(1000, 1000 + spread) for _ in range(255)]
    blob = encode(values)
    sketch = Sketch([blob] * times)
    assert sketch.count == times * len(values)


@pytest.mark.parametrize("nothing", [[], [b""], [b"", b""]])
def test_without_values_there_is_nothing_to_tell(nothing: list[bytes]) -> None:
    """Not even a nought."""
    sketch = Sketch(nothing)
    assert (sketch.count, sketch.quantile(0.5), sketch.to_bytes(), encode([])) == (0, None, b"", b"")


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_what_is_no_sketch_is_refused_or_read(blobs: list[bytes]) -> None:
    """Whatever stands in a damaged file, there is one kind of error, and what was read can be written."""
    try:
        written = Sketch(blobs).to_bytes()
    except SketchError:
        return
    assert Sketch([written]).to_bytes() == written


@pytest.mark.parametrize("wrong", ["text", 7, 1.5, None, memoryview(b"\x00")])
def test_what_is_not_even_bytes_is_refused(wrong: object) -> None:
    """A column of SQLite holds whatever was put there."""
    with pytest.raises(SketchError):
        _ = Sketch([wrong, encode([5])]).count  # type: ignore[list-item]


@pytest.mark.parametrize(
    "blob",
    [
        b"\x00",
        b"\x00\x00",
        b"\x00\x30\x01",
        b"\xff\x0f\x01",
        b"\x00\x20\x01",
        b"\x00\x40\x01\x02\x03",
        b"\x00\x70\x01\x02\x03",
        b"\xff\x7f\xff\xff\x01\x00\x00\x00",
        b"\x00\x10" + bytes(100_000) + b"\x01",
    ],
)
def test_each_kind_of_damage_is_refused(blob: bytes) -> None:
    """Cut off, of no form, beyond the last bucket."""
    with pytest.raises(SketchError):
        _ = Sketch([blob]).count


def test_more_than_can_be_written_is_refused() -> None:
    """No honest roll-up counts so many; it must not look as if something else were broken."""
    most = struct.pack("<HHI", 7 << 12, 0, 2**32 - 1)
    assert Sketch([most]).count == 2**32 - 1
    with pytest.raises(SketchError):
        Sketch([most, most]).to_bytes()
