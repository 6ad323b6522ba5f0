"""The URL of a PostgreSQL database, as libpq and people know it."""

from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from monitor.config.postgres_url import parse


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("postgresql://me@db:5433/watch", {"user": "me", "host": "db", "port": "5433", "dbname": "watch"}),
        ("postgres://db/watch", {"host": "db", "dbname": "watch"}),
        ("postgresql:///watch", {"dbname": "watch"}),
        ("postgresql://me:@db/watch", {"user": "me", "password": "", "host": "db", "dbname": "watch"}),
        ("postgresql:///watch?host=/run/postgresql", {"dbname": "watch", "host": "/run/postgresql"}),
        ("postgresql://%2Frun%2Fpg/watch", {"host": "/run/pg", "dbname": "watch"}),
        ("postgresql://me%40corp@[::1]:1/a%20b", {"user": "me@corp", "host": "::1", "port": "1", "dbname": "a b"}),
        ("postgresql://a:1,b:2/watch", {"host": "a,b", "port": "1,2", "dbname": "watch"}),
        ("postgresql:///?service=watch", {"service": "watch"}),
    ],
)
def test_a_url_is_taken_apart(text: str, parameters: dict[str, str]) -> None:
    """Whatever libpq takes, apart from secrets."""
    assert parse(text).parameters == parameters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me@db:5433/watch?sslmode=require", "postgresql://me@db:5433/watch"),
        ("postgresql://[::1]:1/watch", "postgresql://[::1]:1/watch"),
        ("postgresql://a:1,b:2/watch", "postgresql://a:1,b:2/watch"),
        ("postgresql:///watch?host=/run/pg", "postgresql:///watch?host=/run/pg"),
        ("postgresql:///?service=watch", "postgresql:///?service=watch"),
        ("postgresql://me:@db/watch", "postgresql://me@db/watch"),
    ],
)
def test_people_see_where_it_is(text: str, shown: str) -> None:
    """Without options, and never with a password."""
    assert parse(text).shown == shown


def test_certificates_lie_beside_the_configuration() -> None:
    """Relative paths are relative to its folder; the system's own roots are a word, not a file."""
    url = parse("postgresql://db/watch?sslrootcert=ca.pem&sslcert=/etc/x.pem")
    assert url.under(Path("/etc/relaywatch"))["sslrootcert"] == "/etc/relaywatch/ca.pem"
    assert url.under(Path("/etc/relaywatch"))["sslcert"] == "/etc/x.pem"
    assert parse("postgresql://db/watch?sslrootcert=system").under(Path("/etc"))["sslrootcert"] == "system"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql:db/watch",
        "postgresql://me:secret@db/watch",
        "postgresql://me:a/b@db/watch",
        "postgresql://@db/watch",
        "postgresql://db/a/b",
        "postgresql://db:0/watch",
        "postgresql://d b/watch",
        "postgresql://db/watch?sslpassword=x",
        "postgresql://db/watch?target_session_attrs=primaries",
    ],
)
def test_what_cannot_be_used_is_refused(text: str) -> None:
    """Each with a message; the messages stand beside the files in `tests/config`."""
    with pytest.raises(PydanticCustomError) as refused:
        parse(text)
    assert "secret@" not in str(refused.value)
