"""Secrets and where they come from."""

import copy
import json
import pickle
from pathlib import Path

import pytest

from monitor.config.secrets import MASK, Secret, SecretRef, resolve
from monitor.errors import ConfigError

VALUE = "hunter2-hunter2-hunter2"


def _env(name: str) -> SecretRef:
    return SecretRef.model_validate({"env": name})


def _file(path: str) -> SecretRef:
    return SecretRef.model_validate({"file": path})


def test_a_secret_shows_itself_to_nobody() -> None:
    """Neither printing nor formatting nor an enclosing value."""
    secret = Secret(VALUE)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>30}",
        f"{secret:>30}",
        repr([secret]),
    ]
    assert not any("hunter2" in text for text in shown)
    assert str(secret) == MASK
    assert secret.reveal() == VALUE


def test_a_secret_is_not_serialised() -> None:
    """Pickle and JSON refuse; there is no dictionary of attributes."""
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(Secret(VALUE))
    with pytest.raises(TypeError):
        json.dumps(Secret(VALUE))
    assert not hasattr(Secret(VALUE), "__dict__")


def test_a_secret_is_a_value() -> None:
    """Equal values are equal, also as keys; a copy is itself; text is never equal."""
    secret = Secret(VALUE)
    assert {secret, Secret(VALUE)} == {secret}
    assert secret != Secret("other")
    assert secret != VALUE
    assert copy.deepcopy(secret) is copy.copy(secret) is secret


@pytest.mark.parametrize(("content", "expected"), [("k\n", "k"), ("k\r\n", "k"), ("k", "k"), (" k ", " k ")])
def test_one_newline_at_the_end_is_not_part_of_it(tmp_path: Path, content: str, expected: str) -> None:
    """An editor writes it; anything else stays."""
    (tmp_path / "key").write_bytes(content.encode())
    assert resolve(_file("key"), tmp_path, {}).reveal() == expected


def test_a_credential_is_read_where_systemd_puts_it(tmp_path: Path) -> None:
    """From `$CREDENTIALS_DIRECTORY`."""
    (tmp_path / "key").write_text(VALUE)
    ref = SecretRef.model_validate({"credential": "key"})
    assert resolve(ref, Path("/"), {"CREDENTIALS_DIRECTORY": str(tmp_path)}).reveal() == VALUE
    with pytest.raises(ConfigError, match="LoadCredential=key"):
        resolve(ref, Path("/"), {})


@pytest.mark.parametrize("value", ["", "\n", "  "])
def test_empty_is_an_error(tmp_path: Path, value: str) -> None:
    """An empty key would be sent as one."""
    with pytest.raises(ConfigError, match="KEY is empty"):
        resolve(_env("KEY"), tmp_path, {"KEY": value})


def test_unset_is_an_error_with_its_place(tmp_path: Path) -> None:
    """The problem has the TOML path it was asked for."""
    with pytest.raises(ConfigError) as caught:
        resolve(_env("KEY"), tmp_path, {}, "endpoints[0].api_key")
    assert [str(problem) for problem in caught.value.problems] == [
        "endpoints[0].api_key: environment variable KEY is not set",
    ]


@pytest.mark.parametrize("content", [b"one\ntwo", b"a\x00b", b"a\x7f", b"a\n\n", b"\xff", b"x" * 70_000])
def test_what_cannot_be_sent_is_an_error(tmp_path: Path, content: bytes) -> None:
    """HTTP carries no line breaks; the message shows nothing of the value."""
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        resolve(_file("key"), tmp_path, {})
    assert "two" not in str(caught.value)


def test_bytes_of_the_environment_that_are_not_text_are_an_error(tmp_path: Path) -> None:
    """Python passes them on as lone surrogates."""
    with pytest.raises(ConfigError, match="not valid UTF-8"):
        resolve(_env("KEY"), tmp_path, {"KEY": "abc\udcff"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With what the system said."""
    with pytest.raises(ConfigError, match=r"gone cannot be read: No such file"):
        resolve(_file("gone"), tmp_path, {})


def test_a_reference_reads_as_in_the_file() -> None:
    """For messages and `config show`."""
    assert str(_env("KEY")) == '{ env = "KEY" }'
