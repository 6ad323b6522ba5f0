"""The Host header: loopback and our own names, nothing else."""

import pytest

from monitor.web.guard import is_own_host


@pytest.mark.parametrize(
    "header",
    [
        "localhost",
        "LOCALHOST:8780",
        "127.0.0.1",
        "127.0.0.1:8780",
        "127.9.9.9",
        "[::1]",
        "[::1]:8780",
        "status.example.org",
    ],
)
def test_our_own_names(header: str) -> None:
    """Everything under which people really reach the page."""
    assert is_own_host(header, frozenset({"status.example.org"}))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "evil.example",
        "evil.example:8780",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "[::2]",
        "::1:1:1",
        "2130706433",
    ],
)
def test_foreign_names(header: str) -> None:
    """A site that resolves its own name to this machine."""
    assert not is_own_host(header, frozenset({"status.example.org"}))
