"""A sketch of many durations in few bytes: counts in fixed buckets, from which percentiles are read within 2 %.

Owns the buckets, how counts are written down, and how thousands of sketches are put together; which durations are
sketched is decided by who makes roll-ups. Pure, and only whole numbers: a sketch is the same wherever and in whichever
order it was made, so that roll-ups can be compared byte by byte.

A bucket holds the values that one of them, its representative, stands for within `RELATIVE_ERROR`; up to 48 each value
has a bucket of its own. Written down, a sketch is two bytes of heading (the form in the upper four bits, the first
bucket in the lower twelve) and a body in the shortest of these forms:

    0     the bucket of each value, counted from the first: one byte a value, in order
    1 2 4 the count of each bucket from the first to the last: so many bytes each
    7     pairs of a bucket, counted from the first (two bytes), and its count (four), in order

Numbers are little-endian. Nearly all sketches have forms 0 to 2; they are put together without a step of Python per
value or bucket.
"""

import struct
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from math import ceil

from monitor.errors import StorageError

RELATIVE_ERROR = 0.02
LARGEST = 2**63 - 1
"""Larger values count as this one."""
MOST = 2**32 - 1
"""No bucket counts more values."""

_PERCENT_UP, _PERCENT_DOWN = 102, 98
_HEADING = struct.Struct("<H")
_FIRST_MASK, _FORM_SHIFT = 0x0FFF, 12
_FORM_BITS = _FORM_SHIFT - 8
"""Of the second byte of the heading, below the form."""
_EACH, _PAIRS = 0, 7
_WIDTHS = {1: "B", 2: "H", 4: "I"}
_EACH_SPAN = 256
_HEADING_BITS = 8 * _HEADING.size
# Adding up values one by one costs more than adding counts, so it must save something.
_EACH_WEIGHT = 2
_PAIR = struct.Struct("<HI")
# A pair costs a step of Python when sketches are put together, so it must save something.
_PAIR_WEIGHT = 2
# The room of two counts, for their sum: of two bytes it holds 256 of one.
_LANES = {1: "H", 2: "I", 4: "Q"}


class SketchError(StorageError):
    """What stands in the database as a sketch is none."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"a roll-up's sketch is damaged: {what}", hint="`relaywatch db rebuild` makes roll-ups again from results"
        )


def _buckets() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The least value and the representative of each bucket."""
    least, representatives = [0], [0]
    following = 1
    while following <= LARGEST:
        representative = following * _PERCENT_UP // 100
        least.append(following)
        representatives.append(representative)
        following = representative * 100 // _PERCENT_DOWN + 1
    return tuple(least), tuple(representatives)


_LEAST, _REPRESENTATIVES = _buckets()
BUCKETS = len(_LEAST)


def bucket_of(value: int) -> int:
    """The number of the bucket that holds a value; below 0 is 0."""
    return bisect_right(_LEAST, value) - 1 if value > 0 else 0


def encode(values: Iterable[int]) -> bytes:
    """The sketch of these values; empty for none."""
    return _encoded(Counter(map(bucket_of, values)))


class Sketch:
    """Values of which only their buckets are known; takes in other sketches, and tells quantiles.

    What is added is put together when somebody asks, all at once.

    Args:
        blobs: sketches as they were written down.
    """

    __slots__ = ("_blobs", "_counts", "_values")

    def __init__(self, blobs: Iterable[bytes] = ()) -> None:
        self._counts: dict[int, int] = {}
        self._blobs = list(blobs)
        self._values: list[int] = []

    def add(self, blob: bytes) -> None:
        """Take in a sketch as it was written down; whether it is sound is seen when somebody asks."""
        self._blobs.append(blob)

    def add_all(self, blobs: Iterable[bytes]) -> None:
        """Take in several."""
        self._blobs.extend(blobs)

    def add_values(self, values: Iterable[int]) -> None:
        """Take in values."""
        self._values.extend(values)

    def merge(self, other: "Sketch") -> None:
        """Take in all that another holds; it stays as it is."""
        _add_to(self._counts, other._counts)  # noqa: SLF001  of the same class
        self._blobs.extend(other._blobs)  # noqa: SLF001  the same
        self._values.extend(other._values)  # noqa: SLF001  the same

    @property
    def count(self) -> int:
        """How many values there are.

        Raises:
            SketchError: something that was added is no sketch.
        """
        return sum(self._put_together().values())

    def quantile(self, share: float) -> int | None:
        """The value at the nearest rank, within `RELATIVE_ERROR`; None without values.

        Args:
            share: more than 0 and at most 1; 0.95 for the 95th percentile.

        Raises:
            SketchError: something that was added is no sketch.
        """
        found = self.quantiles((share,))
        return None if found is None else found[0]

    def quantiles(self, shares: Sequence[float]) -> tuple[int, ...] | None:
        """Several at the cost of one; None without values.

        Raises:
            SketchError: something that was added is no sketch.
        """
        counts = self._put_together()
        if not counts:
            return None
        buckets = sorted(counts)
        reached = list(accumulate(map(counts.__getitem__, buckets)))
        ranks = (max(1, ceil(round(share * reached[-1], 9))) for share in shares)
        return tuple(_REPRESENTATIVES[buckets[bisect_left(reached, rank)]] for rank in ranks)

    def to_bytes(self) -> bytes:
        """As it is written down: the same bytes for the same values, however they came together.

        Raises:
            SketchError: something that was added is no sketch, or a bucket counts more than `MOST`.
        """
        return _encoded(self._put_together())

    def _put_together(self) -> Mapping[int, int]:
        if self._blobs or self._values:
            counts = _counted(self._blobs, self._values)
            if self._counts:
                _add_to(self._counts, counts)
            else:
                self._counts = counts
            self._blobs, self._values = [], []
        return self._counts


def _add_to(counts: dict[int, int], more: Mapping[int, int]) -> None:
    for bucket, count in more.items():
        counts[bucket] = counts.get(bucket, 0) + count


def _encoded(counts: Mapping[int, int]) -> bytes:
    if not counts:
        return b""
    buckets = sorted(counts)
    first, span = buckets[0], buckets[-1] - buckets[0] + 1
    most, total = max(counts.values()), sum(counts.values())
    if most > MOST:
        raise SketchError("it counts more values than can be")
    width = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    dense = width * span
    if _EACH_WEIGHT * total <= dense and span <= _EACH_SPAN:
        each = (bytes((bucket - first,)) * counts[bucket] for bucket in buckets)
        return _HEADING.pack(first) + b"".join(each)
    if _PAIR_WEIGHT * _PAIR.size * len(buckets) < dense:
        pairs = (_PAIR.pack(bucket - first, counts[bucket]) for bucket in buckets)
        return _HEADING.pack(first | _PAIRS << _FORM_SHIFT) + b"".join(pairs)
    body = struct.pack(f"<{span}{_WIDTHS[width]}", *(counts.get(first + place, 0) for place in range(span)))
    return _HEADING.pack(first | width << _FORM_SHIFT) + body


def _counted(blobs: Iterable[bytes], values: Iterable[int]) -> dict[int, int]:
    """The values of many sketches, and some more, by bucket."""
    forms: defaultdict[int, list[bytes]] = defaultdict(list)
    try:
        for blob in blobs:
            if len(blob) > _HEADING.size:
                forms[blob[1] >> _FORM_BITS].append(blob)
            elif blob:
                raise SketchError("it ends with its heading")
    except TypeError as fault:  # a column of SQLite holds whatever was put there
        raise SketchError("it is not made of bytes") from fault
    # A counter takes in one by one, what was counted before all at once if it is the first.
    total: Counter[int] = Counter()
    each = [bucket_of(value) for value in values]
    each += _each(forms.pop(_EACH, ()))
    for form, some in forms.items():
        if form not in _ADDING:
            raise SketchError(f"there is no form {form}")
        total.update(_ADDING[form](some))
    total.update(each)
    if total and max(total) >= BUCKETS:
        raise SketchError("it goes beyond the last bucket")
    return total


def _first(blob: bytes) -> int:
    """The first bucket of a sketch."""
    return (blob[0] | blob[1] << 8) & _FIRST_MASK


def _each(blobs: Iterable[bytes]) -> list[int]:
    buckets: list[int] = []
    for blob in blobs:
        buckets.extend(map(_first(blob).__add__, blob[_HEADING.size :]))
    return buckets


def _add_dense(width: int) -> Callable[[Sequence[bytes]], dict[int, int]]:
    """Counts of so many bytes each: a sketch is added as one large number.

    The even places and the odd ones apart, so that each sum has twice the room.
    """
    bits, at_once, lane = 8 * width, 1 << 8 * width, _LANES[width]

    def add(blobs: Sequence[bytes]) -> dict[int, int]:
        if width > 1 and any((len(blob) - _HEADING.size) % width for blob in blobs):
            raise SketchError("it ends within a count")
        headed = [int.from_bytes(blob, "little") for blob in blobs]
        first = min([number & _FIRST_MASK for number in headed])
        # Each bucket at its own place.
        aligned = [number >> _HEADING_BITS << ((number & _FIRST_MASK) - first) * bits for number in headed]
        lanes = struct.Struct(f"<{max(aligned).bit_length() // (2 * bits) + 1}{lane}")
        mask = int.from_bytes((b"\xff" * width + b"\0" * width) * (lanes.size // (2 * width)), "little")
        totals: dict[int, int] = {}
        for start in range(0, len(aligned), at_once):
            some = aligned[start : start + at_once]
            even = lanes.unpack(sum([number & mask for number in some]).to_bytes(lanes.size, "little"))
            odd = lanes.unpack(sum([number >> bits & mask for number in some]).to_bytes(lanes.size, "little"))
            places = enumerate(chain.from_iterable(zip(even, odd, strict=True)), first)
            found = {bucket: count for bucket, count in places if count}
            if totals:
                _add_to(totals, found)
            else:
                totals = found
        return totals

    return add


def _add_pairs(blobs: Sequence[bytes]) -> dict[int, int]:
    total: Counter[int] = Counter()
    for blob in blobs:
        if (len(blob) - _HEADING.size) % _PAIR.size:
            raise SketchError("it ends within a pair")
        first = _first(blob)
        for place, count in _PAIR.iter_unpack(blob[_HEADING.size :]):
            total[first + place] += count
    return total


_ADDING: Mapping[int, Callable[[Sequence[bytes]], dict[int, int]]] = {
    **{width: _add_dense(width) for width in _WIDTHS},
    _PAIRS: _add_pairs,
}
