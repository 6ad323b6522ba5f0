"""One message for several places."""

from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.several import REMEMBERED, SHOWN_AT_MOST, Taken, one_is_enough

OK, LATER, NEVER = Delivered("ok"), Retry("busy", 7.0), Permanent("gone")


def test_one_is_enough_says_who_refused() -> None:
    """Delivered when any has it."""
    assert one_is_enough({"a": OK}) == OK
    assert one_is_enough({"a": OK, "b": OK}) == Delivered("taken by 2 of 2")
    assert one_is_enough({"a": LATER, "b": OK, "c": NEVER}) == Delivered("taken by 1 of 3; a: busy; c: gone")


def test_one_is_enough_gives_up_only_when_all_do() -> None:
    """The first that asks for a pause decides, unless one did not say how long."""
    assert one_is_enough({"a": NEVER}) == NEVER
    assert one_is_enough({"a": NEVER, "b": NEVER}) == Permanent("a: gone; b: gone")
    assert one_is_enough({"a": LATER}) == LATER
    assert one_is_enough({"a": LATER, "b": Retry("full", 3.0)}) == Retry("a: busy; b: full", 3.0)
    assert one_is_enough({"a": LATER, "b": Retry("cut")}) == Retry("a: busy; b: cut", None)
    assert one_is_enough({"a": LATER, "b": NEVER}) == Retry("a: busy; b: gone", 7.0)


def test_a_repetition_goes_to_the_rest() -> None:
    """Until everybody has it or refuses for good; the longest pause that was asked for is kept."""
    taken = Taken(["a", "b", "c"])
    assert taken.left("1") == ("a", "b", "c")
    first = taken.settle("1", {"a": OK, "b": LATER, "c": Retry("cut", 9.0)})
    assert first == Retry("b: busy; c: cut", 9.0)
    assert taken.left("1") == ("b", "c")
    assert taken.left("2") == ("a", "b", "c"), "another message"
    assert taken.settle("1", {"b": OK, "c": LATER}) == Retry("c: busy", 7.0)
    assert taken.left("1") == ("c",)
    assert taken.settle("1", {"c": NEVER}) == Delivered("taken by 2 of 3; c: gone")
    assert taken.left("1") == ("a", "b", "c"), "forgotten"


def test_nobody_has_it() -> None:
    """Given up when all refuse for good; what stood in the way of all has its own name."""
    assert Taken(["a", "b"]).settle("1", {"a": NEVER, "b": NEVER}) == Permanent("a: gone; b: gone")
    assert Taken(["a", "b"]).settle("1", {"server": LATER}) == Retry("server: busy", 7.0)
    assert Taken(["a"]).settle("1", {"server": LATER}) == LATER


def test_one_place_needs_no_name() -> None:
    """Its answer is the whole answer."""
    assert Taken(["a"]).settle("1", {"a": OK}) == OK
    assert Taken(["a"]).settle("1", {"a": NEVER}) == NEVER


def test_memory_and_reasons_are_bounded() -> None:
    """The oldest messages are forgotten first, and a thousand refusals are one short reason."""
    taken = Taken(["a", "b"])
    for number in range(REMEMBERED + 1):
        taken.settle(str(number), {"a": OK, "b": LATER})
    assert taken.left("0") == ("a", "b")
    assert taken.left("1") == ("b",)
    everybody = {f"someone-{number}@example.org": Permanent("no such user") for number in range(1000)}
    assert len(str(Taken(everybody).settle("x", everybody))) < SHOWN_AT_MOST + 50
