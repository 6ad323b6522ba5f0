"""The copy of the last valid configuration: kept whole, found again, and used for nothing else."""

import os
from pathlib import Path

import pytest

from monitor.config.last_good import copy_path, keep, recall
from monitor.config.load import Loaded, load
from monitor.config.paths import sqlite_path

ENDPOINT = '[[endpoints]]\nname = "gw"\nbase_url = "https://gw.example.com/v1"\napi_key = { file = "keys/gw" }\n'
AT_US = 1_763_690_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the configuration."""
    made = tmp_path / "etc"
    made.mkdir()
    return made


def written(folder: Path, more: str = "", name: str = "relaywatch.toml") -> Path:
    """A valid file."""
    path = folder / name
    path.write_text(f"{more}\n{ENDPOINT}", encoding="utf-8")
    return path


def kept(path: Path, environ: dict[str, str]) -> Loaded:
    """A file that was valid, was kept, and is broken now."""
    loaded = load(path)
    keep(loaded, environ, AT_US)
    path.write_text(path.read_text().replace("[[endpoints]]", "[[endpoint"), encoding="utf-8")
    return loaded


def test_the_copy_in_the_state_folder_is_the_same_configuration(folder: Path, tmp_path: Path) -> None:
    """Its relative paths still start at the original file's folder; only this user may read it."""
    environ = {"STATE_DIRECTORY": f"{tmp_path}:/elsewhere"}
    path = written(folder)
    loaded = kept(path, environ)
    found = recall(path, environ)
    assert found is not None
    assert (found.loaded.config, found.loaded.path, found.loaded.base_dir) == (loaded.config, path, folder)
    assert found.kept_at_us == AT_US
    assert sqlite_path(found.loaded.config, found.loaded.base_dir) == folder / "relaywatch.db"
    copy = copy_path(loaded, environ)
    assert (copy.parent, copy.stat().st_mode & 0o777) == (tmp_path, 0o600)


def test_it_is_found_from_another_working_directory(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that was given relative is the same file."""
    environ = {"STATE_DIRECTORY": str(tmp_path)}
    kept(written(folder), environ)
    monkeypatch.chdir(folder)
    assert recall(Path("relaywatch.toml"), environ) is not None


@pytest.mark.parametrize("url", ["", 'url = "sqlite:///data/of/it.db"', "url = 'sqlite:///data/of/it.db'"])
def test_without_a_state_folder_it_lies_beside_the_database(folder: Path, url: str) -> None:
    """Which is found although the file is no TOML any more."""
    (folder / "data/of").mkdir(parents=True)
    path = written(folder, f"[storage]\n{url}" if url else "")
    loaded = kept(path, {})
    assert copy_path(loaded, {}).parent == (folder / "data/of" if url else folder)
    found = recall(path, {})
    assert found is not None
    assert found.loaded.config == loaded.config


def test_a_file_that_is_gone_has_a_copy_too(folder: Path) -> None:
    """As after a deployment that went wrong."""
    path = written(folder)
    kept(path, {})
    path.unlink()
    assert recall(path, {}) is not None


def test_there_is_no_copy_of_another_file(folder: Path, tmp_path: Path) -> None:
    """Two daemons of one state folder do not start with each other's configuration."""
    other = tmp_path / "other"
    other.mkdir()
    environ = {"STATE_DIRECTORY": str(tmp_path)}
    kept(written(folder), environ)
    assert recall(written(other), environ) is None
    assert recall(folder / "third.toml", environ) is None


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe", b"# RelayWatch keeps this copy"])
def test_a_copy_that_makes_no_sense_is_none(folder: Path, content: bytes) -> None:
    """Somebody has edited it, or a disk has lost it."""
    path = written(folder)
    copy_path(kept(path, {}), {}).write_bytes(content)
    assert recall(path, {}) is None


def test_a_copy_of_another_version_is_none(folder: Path) -> None:
    """What it says is not known here any more."""
    path = written(folder)
    copy = copy_path(kept(path, {}), {})
    copy.write_text(copy.read_text() + "an_option_of_tomorrow = 1\n")
    assert recall(path, {}) is None


def test_a_copy_is_replaced_whole_or_not_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full keeps the former copy, and no half of a new one."""
    path = written(folder)
    keep(load(path), {}, AT_US)

    def refuse(_number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="No space"):
            keep(load(path), {}, AT_US + 1)
    assert sorted(one.name for one in folder.iterdir()) == ["relaywatch.last-good.toml", "relaywatch.toml"]
    found = recall(path, {})
    assert found is not None
    assert found.kept_at_us == AT_US
    keep(load(path), {}, AT_US + 1)
    again = recall(path, {})
    assert again is not None
    assert again.kept_at_us == AT_US + 1
