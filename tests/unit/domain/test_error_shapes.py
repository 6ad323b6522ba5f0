"""The many shapes of errors are read into one, wrong types included."""

from typing import Any

import pytest

from monitor.domain.body import read_body
from monitor.domain.error_shapes import UpstreamError, error_in, error_of, marked_error


@pytest.mark.parametrize(
    ("document", "message", "codes"),
    [
        ({"error": {"message": "m", "type": "T", "code": "C"}}, "m", {"t", "c"}),
        ({"error": {"message": "m", "type": "None", "code": None}}, "m", set()),
        ({"error": {"message": {"error": {"message": "deep"}}, "code": True}}, "deep", set()),
        ({"error": {"message": ["first", "second"], "code": 10**30}}, "first", set()),
        ({"error": {"message": 17, "code": "x" * 200}}, "", set()),
        ({"error": {"details": [{"reason": "R"}, 5], "innererror": {"code": "I"}, "message": "m"}}, "m", {"r", "i"}),
        ({"error": "rate_limited", "message": "Slow down"}, "Slow down", {"rate_limited"}),
        ({"error": "Not Found", "status": 404}, "Not Found", {"not found", "404"}),
        ({"error": 5}, "", {"5"}),
        ({"error": True, "message": "m"}, "m", set()),
        ({"error": [None, {"message": "m"}]}, "m", set()),
        ({"object": "error", "message": "m", "code": 404}, "m", {"404"}),
        ({"type": "error", "detail": "m"}, "m", {"error"}),
        ({"detail": [{"msg": "m", "type": "missing"}]}, "m", set()),
        ({"code": 401, "msg": "m"}, "m", {"401"}),
        ([17, {"error": {"message": "m"}}], "m", set()),
    ],
)
def test_shapes(document: Any, message: str, codes: set[str]) -> None:
    """Message and codes are found wherever a known server writes them."""
    error = error_in(document)
    assert error is not None
    assert (error.message, set(error.codes)) == (message, codes)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"error": None},
        {"error": {}},
        {"error": {"code": 0, "message": ""}},
        {"error": [None, {}]},
        {"base_resp": {"status_code": 0}},
        [],
        [17],
        17,
        None,
        "error",
    ],
)
def test_what_is_no_error(document: Any) -> None:
    """Empty errors and values that say nothing of one are none."""
    assert error_in(document) is None


def test_a_bare_message_is_an_error_only_without_an_answer() -> None:
    """Whoever has an answer in hand asks for errors that say they are one."""
    assert marked_error({"message": "m"}) is None
    assert error_in({"message": "m"}) == UpstreamError("m")


@pytest.mark.parametrize(
    ("value", "http_status"),
    [(429, 429), ("429", 429), (399, None), (600, None), (True, None), ("4e2", None), ("\u0664\u0660\u0664", None)],
)
def test_the_code_that_a_body_names(value: Any, http_status: int | None) -> None:
    """Only 400 to 599 is a code, as a number or as plain digits."""
    error = error_in({"error": {"message": "m", "code": value}})
    assert error is not None
    assert error.http_status == http_status


@pytest.mark.parametrize(
    ("field", "waits"),
    [
        ({"retry_after": 3}, ("3.000s",)),
        ({"retry_after": "3"}, ("3s",)),
        ({"retry_after_ms": 250}, ("250.000ms",)),
        ({"details": [{"retryDelay": "3.5s"}]}, ("3.5s",)),
        ({"retry_after": float("nan")}, ()),
        ({"retry_after": -1}, ()),
        ({"retry_after": True}, ()),
        ({"retry_after": ""}, ()),
        ({"retry_after": 10**400}, ()),
    ],
)
def test_waits(field: dict[str, Any], waits: tuple[str, ...]) -> None:
    """Waits are kept as durations; nonsense is dropped."""
    error = error_in({"error": {"message": "m", **field}})
    assert error is not None
    assert error.waits == waits


def test_openrouter_is_known_by_a_number_without_a_type() -> None:
    """llama.cpp, vLLM and Google write numbers too, but with a type or a status beside."""
    for error, known in (({"code": 502}, True), ({"code": 502, "type": "t"}, False), ({"code": "502"}, False)):
        read = error_in({"error": {"message": "m", **error}})
        assert read is not None
        assert read.openrouter is known


def test_a_stream_may_carry_an_error() -> None:
    """The first data frame with an error counts; without one a stream says nothing."""
    stream = b'event: x\ndata: [DONE]\ndata: {"a":1}\ndata: {"error":{"message":"m"}}\n'
    error = error_of(read_body(stream))
    assert error is not None
    assert error.message == "m"
    assert error_of(read_body(b"data: [DONE]\n")) is None
