"""RelayWatch against llama.cpp's real server with real weights."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

RELAYWATCH = str(Path(sys.executable).with_name("relaywatch"))
CONFIGURATION = """
[connectivity]
targets = []

[[endpoints]]
name = "llama"
base_url = "{base_url}"
api_key = {{ env = "LLAMA_KEY" }}
models = [{{ id = "{model}"{options} }}]

[[channels]]
name = "terminal"
type = "console"
"""


def check(
    folder: Path, llama: Any, *, key: str | None = None, model: str | None = None, options: str = ""
) -> tuple[int, dict[str, Any]]:
    """The exit code and the rows of `relaywatch check`, by check id."""
    path = folder / "relaywatch.toml"
    path.write_text(CONFIGURATION.format(base_url=llama.base_url, model=model or llama.model, options=options))
    run = subprocess.run(
        [RELAYWATCH, "check", "-c", str(path), "--format", "json"],
        env={"LLAMA_KEY": key or llama.key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in run.stderr
    return run.returncode, {row["check"]: row for row in json.loads(run.stdout)}


def test_the_model_list_and_the_model_are_up(llama: Any, tmp_path: Path) -> None:
    """A real answer is UP, with its latency; a base model need not follow any instruction."""
    code, rows = check(tmp_path, llama)
    assert {name: row["status"] for name, row in rows.items()} == {
        "llama/models": "UP",
        f"llama/chat/{llama.model}": "UP",
    }
    assert code == 0
    assert all(row["latency_ms"] > 0 and row["http_status"] == 200 for row in rows.values())
    assert all(row["fault_domain"] is None and row["action"] is None for row in rows.values())


def test_a_wrong_key_is_the_keys_fault(llama: Any, tmp_path: Path) -> None:
    """llama.cpp says 401 "Invalid API Key"; the wrong key itself is shown nowhere."""
    wrong = "sk-wrong-fedcba9876543210"
    code, rows = check(tmp_path, llama, key=wrong)
    assert {(row["status"], row["fault_domain"]) for row in rows.values()} == {("AUTH_ERROR", "key")}
    assert code == 1
    assert wrong not in json.dumps(rows)


def test_a_model_that_the_list_lacks_is_told_with_the_list(llama: Any, tmp_path: Path) -> None:
    """llama.cpp answers with what it has whatever is asked for; only its list tells, and names the nearest."""
    code, rows = check(tmp_path, llama, model="gemma-3-270")
    assert rows["llama/models"]["status"] == "UP"
    assert "gemma-3-270" in rows["llama/models"]["reason"]
    assert llama.model in rows["llama/models"]["reason"]
    assert code == 0


def test_the_daemon_watches_it(llama: Any, tmp_path: Path) -> None:
    """A short run records real results, and the database tells of them afterwards."""
    path = tmp_path / "relaywatch.toml"
    pace = '[defaults]\ninterval = "1s"\nmodels_interval = "1s"\n'
    path.write_text(pace + CONFIGURATION.format(base_url=llama.base_url, model=llama.model, options=""))
    environ = {"LLAMA_KEY": llama.key}
    daemon = subprocess.Popen(
        [RELAYWATCH, "run", "-c", str(path)], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            daemon.communicate(timeout=6)
    finally:
        daemon.terminate()
        out, _ = daemon.communicate(timeout=15)
    assert daemon.returncode == 0
    assert out.count("100.00 %") == 2
    history = subprocess.run(
        [RELAYWATCH, "history", "-c", str(path), "--format", "json"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(history.stdout)
    assert len(rows) >= 6
    assert {row["status"] for row in rows} == {"UP"}


def test_a_base_model_is_never_called_down_by_a_challenge(llama: Any, tmp_path: Path) -> None:
    """It repeats what it is told, or goes on until the limit cuts it: then nothing is held against it."""
    for _ in range(3):
        _, rows = check(tmp_path, llama, options=", max_tokens = 12, expect = { challenge = true }")
        row = rows[f"llama/chat/{llama.model}"]
        assert row["status"] == "UP", row
        assert row["reason"] is None or row["reason"].startswith("alive, but cut by the token limit")
        assert row["answered_by"] is not None
