"""Rate limits in headers: every family is read, and nonsense says nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.limits import MOST, RESET_AT_MOST_S, Limit, LimitKind, limits_of

NOW_S = 1_790_000_000.0  # 2026-09-21T14:13:20Z
REQUESTS, TOKENS = LimitKind.REQUESTS, LimitKind.TOKENS


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, ()),
        ({"content-type": "application/json", "x-request-id": "r"}, ()),
        (
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "59",
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-limit-tokens": "150000",
                "x-ratelimit-remaining-tokens": "149984",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            (Limit(REQUESTS, 60, 59, 1.0), Limit(TOKENS, 150_000, 149_984, 360.0)),
        ),
        (
            {"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "12ms"},
            (Limit(REQUESTS, None, 3, 0.012),),
        ),
        (
            {"x-ratelimit-limit-requests": "14400", "x-ratelimit-reset-requests": "2m59.56s"},
            (Limit(REQUESTS, 14_400, None, 179.56),),
        ),
        (
            {
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-requests-remaining": "49",
                "anthropic-ratelimit-requests-reset": "2026-09-21T14:13:50Z",
                "anthropic-ratelimit-input-tokens-limit": "40000",
                "anthropic-ratelimit-input-tokens-remaining": "39000",
                "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:13:21.500+00:00",
                "anthropic-ratelimit-output-tokens-remaining": "8000",
            },
            (
                Limit(REQUESTS, 50, 49, 30.0),
                Limit(LimitKind.INPUT_TOKENS, 40_000, 39_000, 1.5),
                Limit(LimitKind.OUTPUT_TOKENS, None, 8000),
            ),
        ),
        (
            {"anthropic-ratelimit-tokens-remaining": "1", "anthropic-ratelimit-tokens-reset": "2026-09-21T14:13:00Z"},
            (Limit(TOKENS, None, 1, 0.0),),
        ),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "7", "x-ratelimit-reset": "30"},
            (Limit(REQUESTS, 100, 7, 30.0),),
        ),
        (
            {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "1790000060"},
            (Limit(REQUESTS, None, 7, 60.0),),
        ),
        (
            {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "1790000060500"},
            (Limit(REQUESTS, None, 7, 60.5),),
        ),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": "soon"}, (Limit(REQUESTS, None, 7),)),
        ({"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "2"}, (Limit(REQUESTS, 100, 2),)),
        ({"ratelimit": "limit=10, remaining=3, reset=7"}, (Limit(REQUESTS, 10, 3, 7.0),)),
        (
            {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
            (Limit(REQUESTS, 100, 50, 30.0),),
        ),
        ({"ratelimit": "nonsense"}, ()),
        (
            {"x-ratelimit-limit": "1", "x-ratelimit-limit-requests": "2"},
            (Limit(REQUESTS, 2, None),),
        ),
        ({"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0"}, ()),
        ({"x-ratelimit-remaining": "0"}, (Limit(REQUESTS, None, 0),)),
    ],
)
def test_families(headers: dict[str, str], limits: tuple[Limit, ...]) -> None:
    """OpenAI's durations, Anthropic's dates, seconds and epochs of gateways, both drafts; the exact family first."""
    assert limits_of(headers, NOW_S) == limits


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "1e400", "-1", "", " ", "1e3", "0x10", "9" * 17, "9" * 4000, "1 2", "٣", "1.2.3"]
)
def test_no_plain_number_says_nothing(value: str) -> None:
    """What is endless, negative, or no number at all is not there."""
    assert limits_of({"x-ratelimit-limit-requests": value, "x-ratelimit-remaining-requests": value}, NOW_S) == ()


@pytest.mark.parametrize(
    "reset", ["nan", "inf", "1e400", "99999d", "9999-99-99", "0" * 500 + "-", "2026-13-01T00:00:00Z"]
)
def test_no_sensible_reset_is_none(reset: str) -> None:
    """A reset that lies beyond a year, or nowhere, is not told."""
    headers = {"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": reset}
    assert limits_of(headers, NOW_S) == (Limit(TOKENS, None, 5),)


NAMES = st.sampled_from(
    [
        *(
            f"x-ratelimit-{what}{kind}"
            for what in ("limit", "remaining", "reset")
            for kind in ("", "-requests", "-tokens")
        ),
        *(f"anthropic-ratelimit-input-tokens-{what}" for what in ("limit", "remaining", "reset")),
        "ratelimit",
        "ratelimit-policy",
    ]
)
VALUES = st.one_of(
    st.text(max_size=30), st.floats().map(str), st.integers().map(str), st.from_regex(r"[a-z]{1,9}=\d{1,20}[;,]? ?")
)


@given(st.dictionaries(NAMES, VALUES), st.floats(0, 4e9))
def test_whatever_comes_is_bounded(headers: dict[str, str], now_s: float) -> None:
    """Never an exception, and every number is finite, within bounds, and told once per kind."""
    limits = limits_of(headers, now_s)
    assert len({limit.kind for limit in limits}) == len(limits)
    for limit in limits:
        assert limit.limit is not None or limit.remaining is not None
        for value, most in ((limit.limit, MOST), (limit.remaining, MOST), (limit.reset_s, RESET_AT_MOST_S)):
            assert value is None or (math.isfinite(value) and 0 <= value <= most)
