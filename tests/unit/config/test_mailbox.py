"""Addresses of people."""

import pytest

from monitor.config.mailbox import mailbox


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ops@example.org", "", "ops@example.org"),
        ("Ops <ops+llm@example.org>", "Ops", "ops+llm@example.org"),
        ('"Ops, night" <ops@example.org>', "Ops, night", "ops@example.org"),
        ("운영팀 <ops@example.co.kr>", "운영팀", "ops@example.co.kr"),
        ("root@localhost", "", "root@localhost"),
    ],
)
def test_mailboxes(text: str, name: str, address: str) -> None:
    """With a name or without."""
    found = mailbox(text)
    assert (found.display_name, found.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        "", "ops", "@example.org", "ops@", "a@example.org, b@example.org", "a b@example.org", "a@-example.org",
        "a@example.org\r\nBcc: b@example.org", "운영@example.org", "a..b@example.org", f"{'a' * 250}@example.org",
        "a@example.org>", "<a@example.org", "ops: a@example.org;",
    ],
)  # fmt: skip
def test_what_is_no_mailbox(text: str) -> None:
    """Nothing that could add a header, a second reader, or nobody."""
    with pytest.raises(ValueError, match=r"."):
        mailbox(text)
