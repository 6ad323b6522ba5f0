"""Certificates as handshakes show them."""

import pytest

from monitor.clock import Moment
from monitor.domain.rules_certificates import Certificates

START = Moment(1_795_200_000_000_000, 0)
DAY_S = 86_400.0


def test_none_was_seen() -> None:
    """No TLS, or no handshake yet."""
    assert Certificates().days_left("gw", START) is None


def test_days_go_by_without_a_handshake() -> None:
    """A connection may be kept for days; the same number again is the same handshake."""
    seen = Certificates()
    seen.note("gw", 10.0, START)
    seen.note("gw", 10.0, START.plus_s(2 * DAY_S))
    assert seen.days_left("gw", START.plus_s(2 * DAY_S)) == pytest.approx(8.0)
    assert seen.days_left("gw", START.plus_s(11 * DAY_S)) == pytest.approx(-1.0)


def test_the_old_one_counts_until_it_was_not_seen_for_an_hour() -> None:
    """Of two servers one may have been renewed."""
    seen = Certificates()
    seen.note("gw", 2.0, START)
    seen.note("gw", 89.5, START.plus_s(60))
    seen.note("gw", 2.0 - 120 / DAY_S, START.plus_s(120))
    seen.note("gw", 89.5 - 180 / DAY_S, START.plus_s(240))
    assert seen.days_left("gw", START.plus_s(3720)) == pytest.approx(2.0 - 3720 / DAY_S)
    assert seen.days_left("gw", START.plus_s(3721)) == pytest.approx(89.5, abs=0.1)


def test_each_endpoint_has_its_own() -> None:
    """One host's renewal says nothing of another."""
    seen = Certificates()
    seen.note("a", 2.0, START)
    seen.note("b", 50.0, START)
    assert (seen.days_left("a", START), seen.days_left("b", START)) == (2.0, 50.0)


def test_what_was_seen_does_not_pile_up() -> None:
    """A handshake every half minute of one certificate is one sighting."""
    seen = Certificates()
    for turn in range(1000):
        seen.note("gw", 30.0 - turn * 30 / DAY_S + turn * 1e-9, START.plus_s(turn * 30))
    assert len(seen._seen["gw"]) == 1
