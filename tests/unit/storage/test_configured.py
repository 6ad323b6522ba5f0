"""From the configuration to the database: the secret on the way."""

from pathlib import Path

import psycopg
import pytest

from monitor.config.load import load
from monitor.errors import ConfigError, StartError
from monitor.storage.configured import database_of
from monitor.storage.postgresql.patient import PatientConnection

CONFIG = """
[storage]
url = "postgresql://relaywatch@127.0.0.1:9/relaywatch"
password = { file = "secret" }

[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:9/v1"
models = ["m"]
"""


def test_a_password_that_was_changed_is_used_from_the_next_connection_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is read again each time; while there is none, the former one counts."""
    path, secret, used = tmp_path / "relaywatch.toml", tmp_path / "secret", list[object]()
    path.write_text(CONFIG)

    def refuse(**parameters: object) -> None:
        used.append(parameters["password"])
        raise psycopg.OperationalError('password authentication failed for user "relaywatch"')

    monkeypatch.setattr(PatientConnection, "connect", refuse)
    with pytest.raises(ConfigError):
        database_of(load(path), {})
    secret.write_text("first-one")
    database = database_of(load(path), {})
    for content in ("first-one", "second-one", None):
        secret.unlink()
        if content is not None:
            secret.write_text(content)
        with pytest.raises(StartError, match="refuses the password") as caught:
            database.snapshot()
        assert "-one" not in f"{caught.value} {database!r} {vars(database)!r}"
    assert used == ["first-one", "second-one", "second-one"]
