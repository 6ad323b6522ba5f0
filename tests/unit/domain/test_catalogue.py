"""Catalogue drift: what is believed of model lists, however they waver."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import US_PER_S
from monitor.domain.catalogue import (
    GRACE_FOR_MOST_S,
    GRACE_S,
    LONGEST_ID,
    MOST_MODELS,
    SUCCESSIVE_FOR_MOST,
    Drift,
    Gone,
    Listing,
    fit,
    read,
    recalled,
)
from monitor.domain.model_kind import ModelKind

EVERY_US = 30 * US_PER_S
ALL_FOUR = frozenset("abcd")
ALL = frozenset("abcdefgh")
lists = st.lists(st.frozensets(st.sampled_from("abcdefgh")), max_size=40)


def told(
    *several: Iterable[str], listing: Listing | None = None, every_us: int = EVERY_US
) -> tuple[Listing, list[Drift]]:
    """What is believed after lists, and what each of them told."""
    listing, drifts = listing or Listing(), []
    for number, ids in enumerate(several, start=1):
        listing, drift = read(listing, frozenset(ids), {}, number * every_us)
        drifts.append(drift)
    return listing, drifts


def test_the_first_list_is_believed_at_once_unless_it_is_empty() -> None:
    """There is nothing to compare it with; an empty list is no catalogue."""
    listing, drifts = told("", "ab")
    assert listing.models == frozenset("ab")
    assert [bool(drift) for drift in drifts] == [False, True]
    assert drifts[1] == Drift(first=True)
    assert listing.is_settled


def test_a_change_is_believed_when_two_lists_agree() -> None:
    """One list that lacks a model says nothing; the second one does, and so for one more."""
    listing, drifts = told("abcd", "abc", "abc", "abce", "abce")
    assert [(drift.appeared, drift.vanished) for drift in drifts[1:]] == [
        ((), ()),
        ((), ("d",)),
        ((), ()),
        (("e",), ()),
    ]
    assert listing.followed == {"a", "b", "c", "d", "e"}


def test_two_lists_in_turn_change_nothing() -> None:
    """A gateway behind a balancer that shows now one list and now another is not told as drift."""
    _, drifts = told(*["abcd", "abx"] * 50)
    assert not any(drifts[1:])


def test_most_of_a_list_is_not_lost_at_once() -> None:
    """An empty list, or one that lacks more than half, needs more lists in a row."""
    for short in ("", "abc"):
        _, drifts = told(ALL, *[short] * SUCCESSIVE_FOR_MOST)
        assert not any(drifts[1:-1])
        assert drifts[-1].vanished == tuple(sorted(ALL - set(short)))


def test_what_left_is_followed_for_a_while() -> None:
    """Ten minutes; an hour where most left at once; as long as a list is empty, for ever."""
    minute = 60 * US_PER_S
    listing, drifts = told("abcd", *["abc"] * 13, every_us=minute)
    assert [drift.expired for drift in drifts if drift.expired] == [("d",)]
    assert drifts.index(Drift(expired=("d",))) == 2 + GRACE_S // 60
    assert listing.followed == {"a", "b", "c"}
    listing, drifts = told("abcd", *["a"] * 70, every_us=minute)
    assert drifts.index(Drift(expired=("b", "c", "d"))) == SUCCESSIVE_FOR_MOST + GRACE_FOR_MOST_S // 60
    listing, drifts = told("abcd", *[""] * 200, every_us=minute)
    assert listing.models == frozenset()
    assert listing.followed == set("abcd")


def test_what_comes_back_is_no_longer_gone() -> None:
    """A model that is listed again is one of the list, not one of the past; it takes longer, for it has wavered."""
    listing, drifts = told("abcd", "abc", "abc", *["abcd"] * 4)
    assert drifts[-1].appeared == ("d",)
    assert not listing.gone
    assert listing.models == ALL_FOUR


def test_what_was_written_down_is_believed_again() -> None:
    """Neither told again nor forgotten; what had left a moment before is followed on."""
    listing = recalled(("a", "b"), {"b": Gone(0), "c": Gone(0)}, {})
    assert listing.followed == {"a", "b", "c"}
    listing, drift = read(listing, frozenset("ab"), {}, EVERY_US)
    assert not drift
    _, drift = read(listing, frozenset("ab"), {}, int(GRACE_S) * US_PER_S)
    assert drift == Drift(expired=("c",))


def test_only_what_can_be_an_id_is_taken() -> None:
    """Unprintable, blank and very long ids are left out, and so is what comes after the first 5,000."""
    assert fit(["a", "", " ", "b\n", "x" * LONGEST_ID, "x" * (LONGEST_ID + 1)]) == {"a", "x" * LONGEST_ID}
    assert len(fit(str(number) for number in range(2 * MOST_MODELS))) == MOST_MODELS


def test_the_kind_is_what_the_list_says_else_what_the_name_does() -> None:
    """A list that calls a model by a misleading name a chat model is believed."""
    listing, _ = read(Listing(), frozenset({"embedder", "whisper-1"}), {"embedder": ModelKind.CHAT}, 0)
    assert listing.kind("embedder") is ModelKind.CHAT
    assert listing.kind("whisper-1") is ModelKind.OTHER


@given(lists)
def test_what_is_told_adds_up_to_what_is_believed(several: list[frozenset[str]]) -> None:
    """Appeared and vanished in turn, from the first list on, and nothing that two lists in a row did not show."""
    listing, known = Listing(), frozenset[str]()
    for number, ids in enumerate(several):
        before = listing
        listing, drift = read(listing, ids, {}, number * EVERY_US)
        assert not known & set(drift.appeared)
        assert known >= set(drift.vanished)
        known = ids if drift.first else (known - set(drift.vanished)) | set(drift.appeared)
        assert (listing.models or frozenset()) == known
        assert set(drift.vanished) <= before.doubts.keys()
        assert set(drift.appeared) <= before.doubts.keys()
        assert not listing.gone.keys() & known
        assert set(drift.vanished) <= listing.gone.keys()


@given(lists, st.frozensets(st.sampled_from("abcdefgh"), min_size=1))
def test_a_list_that_stays_is_believed_in_the_end(several: list[frozenset[str]], last: frozenset[str]) -> None:
    """Whatever came before, a list that is read again and again becomes what is believed, and nothing is left open."""
    listing, _ = told(*several, *[last] * 400)
    assert listing.models == last
    assert listing.is_settled


@given(st.lists(st.booleans(), min_size=200, max_size=400))
def test_a_wavering_model_is_hardly_ever_told(shown: list[bool]) -> None:
    """However a balancer throws its dice, one model is told of a few times in hours, not at every turn."""
    _, drifts = told("abcd", *("abcd" if one else "abc" for one in shown))
    assert sum(bool(drift.appeared or drift.vanished) for drift in drifts) <= len(shown) // 32 + 5
