"""`catalogue`, and what commands make of patterns without a daemon."""

import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.config.draft import Draft, text_of
from monitor.domain.kept import Catalogue, CatalogueChange
from monitor.domain.model_kind import ModelKind
from monitor.storage.engine import open_for_writing
from monitor.storage.kept import KeptWriter
from monitor.storage.names import Names
from monitor.storage.sqlite.database import SqliteDatabase
from tests.unit.cli.test_check import Api

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

CONFIG = """
timezone = "Asia/Seoul"
[[endpoints]]
name = "gw"
base_url = "http://127.0.0.1:{port}/v1"
models = ["good*", "!*-beta", "house"]
models_max = 2
"""
AT_US = 1_763_690_000_000_000
LISTED = ("good", "good-2", "good-3", "good-beta", "good-embed", "other")


@pytest.fixture
def server() -> Iterator[int]:
    """The port of an API that lists "good" and "echo"."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def remembered(relaywatch: "Relaywatch", tmp_path: Path) -> "Relaywatch":
    """A configuration whose endpoint does not answer, and a database that remembers its list."""
    (tmp_path / "relaywatch.toml").write_text(CONFIG.format(port=9))
    engine = open_for_writing(SqliteDatabase(tmp_path / "relaywatch.db"))
    with engine.begin() as connection:
        KeptWriter(engine.dialect, Names()).write(
            connection,
            [
                Catalogue("gw", LISTED, AT_US, (("other", ModelKind.CHAT),)),
                CatalogueChange("gw", "other", appeared=True, at_us=AT_US),
                CatalogueChange("gw", "gone", appeared=False, at_us=AT_US + 1_000_000),
            ],
        )
    engine.dispose()
    return relaywatch


def test_it_shows_what_is_listed(remembered: "Relaywatch") -> None:
    """In alphabetical order, with what it is good for and since when."""
    rows = json.loads(remembered("catalogue", "gw", "--format", "json").out)
    assert [row["model"] for row in rows] == list(LISTED)
    assert rows[-1] == {
        "endpoint": "gw",
        "model": "other",
        "kind": "chat",
        "check": None,
        "since": "2025-11-21T01:53:20.000Z",
    }
    assert {row["model"]: row["kind"] for row in rows}["good-embed"] == "embedding"
    assert "good-beta" in remembered("catalogue", "gw").out


def test_it_shows_what_came_and_went(remembered: "Relaywatch") -> None:
    """Newest first, as many as are wanted, since when one wants."""
    rows = json.loads(remembered("catalogue", "gw", "--changes", "--format", "json").out)
    assert [(row["model"], row["change"]) for row in rows] == [("gone", "vanished"), ("other", "appeared")]
    assert len(json.loads(remembered("catalogue", "gw", "--changes", "--limit", "1", "--format", "json").out)) == 1
    late = remembered("catalogue", "gw", "--changes", "--since", "2025-11-21T01:53:20.5Z", "--format", "csv").out
    assert late.splitlines()[1:] == ["2025-11-21T01:53:21.000Z,gw,gone,vanished"]
    assert "vanished" in remembered("catalogue", "gw", "--changes").out


def test_an_unknown_endpoint_is_named(remembered: "Relaywatch") -> None:
    """With the nearest one."""
    ended = remembered("catalogue", "gv")
    assert ended.code == 2
    assert "nearest: gw" in ended.err


def test_config_check_says_what_patterns_stand_for(remembered: "Relaywatch", tmp_path: Path) -> None:
    """What is cut and what is left out too; and that nothing is known before the first list."""
    told = remembered("config", "check").out
    assert "checks 4" in told
    assert (
        "gw: its patterns stand for 2 models; models_max cuts 1 more: good-3; 1 are of another kind: good-embed" in told
    )
    (tmp_path / "relaywatch.db").unlink()
    told = remembered("config", "check").out
    assert "checks 2" in told
    assert "gw: what its patterns stand for is not known before its model list was read" in told


def test_a_dry_run_and_a_difference_know_them_too(remembered: "Relaywatch", tmp_path: Path) -> None:
    """From the database; nothing is sent."""
    rows = json.loads(remembered("check", "--dry-run", "--format", "json").out)
    assert {row["model"] for row in rows if row["check"]} == {"good", "good-2", "house"}
    (tmp_path / "new.toml").write_text(CONFIG.format(port=9).replace("models_max = 2", "models_max = 3"))
    assert "+ check gw/chat/good-3" in remembered("config", "diff", "new.toml").out


def test_check_asks_for_the_list(relaywatch: "Relaywatch", tmp_path: Path, server: int) -> None:
    """Without a database; a model that a pattern brings in can be named."""
    (tmp_path / "relaywatch.toml").write_text(CONFIG.format(port=server).replace(', "house"', ""))
    rows = json.loads(relaywatch("check", "--format", "json").out)
    assert [(row["check"], row["status"]) for row in rows] == [("gw/models", "UP"), ("gw/chat/good", "UP")]
    (row,) = json.loads(relaywatch("check", "gw/chat/good", "--format", "json").out)
    assert row["status"] == "UP"
    ended = relaywatch("check", "gw/chat/goof")
    assert (ended.code, "nearest: gw/chat/good" in ended.err) == (2, True)
    assert not (tmp_path / "relaywatch.db").exists()


def test_check_says_that_a_list_cannot_be_read(relaywatch: "Relaywatch", tmp_path: Path) -> None:
    """The rest is probed all the same; a database that remembers speaks for the endpoint."""
    (tmp_path / "relaywatch.toml").write_text(CONFIG.format(port=9))
    ended = relaywatch("check", "--format", "json")
    assert ended.code == 1
    assert "gw: its model list cannot be read, so its patterns stand for nothing" in ended.err
    assert [row["model"] for row in json.loads(ended.out)] == [None, "house"]


def test_check_falls_back_to_what_was_listed(remembered: "Relaywatch") -> None:
    """So that an outage of the list does not hide the models."""
    ended = remembered("check", "--format", "json")
    assert {row["model"] for row in json.loads(ended.out)} == {None, "house", "good", "good-2"}


def test_show_shows_the_patterns(remembered: "Relaywatch") -> None:
    """As they stand, so that what it prints loads to the same."""
    shown = remembered("config", "show").out
    assert '"good*",' in shown
    assert "models_max = 2" in shown


def test_a_first_configuration_says_an_odd_id_exactly() -> None:
    """What `init` was told is an id, never a pattern."""
    draft = Draft(
        name="gw", base_url="http://127.0.0.1:9/v1", key_env="KEY", models=("plain", "odd[1]"), check_models=True
    )
    assert '    "plain",\n    { id = "odd[1]", exact = true },\n' in text_of(draft)
