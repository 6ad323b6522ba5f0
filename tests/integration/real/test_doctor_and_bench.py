"""`doctor` and `bench` against llama.cpp's real server with real weights."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

RELAYWATCH = str(Path(sys.executable).with_name("relaywatch"))
CONFIGURATION = """
[[endpoints]]
name = "llama"
base_url = "{base_url}"
protocol = "{protocol}"
api_key = {{ env = "LLAMA_KEY" }}
models = ["{model}"]
timeout = "60s"
"""


def run(folder: Path, llama: Any, *arguments: str, key: str | None = None, **more: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the document of one command."""
    options = {"base_url": llama.base_url, "protocol": "openai", "model": llama.model} | more
    path = folder / "relaywatch.toml"
    path.write_text(CONFIGURATION.format(**options))
    ended = subprocess.run(
        [RELAYWATCH, *arguments, "-c", str(path), "--format", "json"],
        env={"LLAMA_KEY": key or llama.key},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "openai-responses"])
def test_a_healthy_server(llama: Any, tmp_path: Path, protocol: str) -> None:
    """Every protocol that it speaks: key accepted, the model answers whole and streamed."""
    code, document = run(tmp_path, llama, "doctor", "llama", protocol=protocol)
    failing = [step for step in document["steps"] if step["status"] == "failed"]
    models = [step for step in document["steps"] if step["step"] == "model"]
    assert failing == []
    assert (code, document["healthy"]) == (0, True)
    assert [step["status"] for step in models] == ["ok", "ok"]
    assert models[1]["facts"]["ttft_ms"] > 0


def test_a_missing_v1_is_found_next_door(llama: Any, tmp_path: Path) -> None:
    """llama.cpp answers beside /v1 too, so here a path that leads nowhere stands for the mistake."""
    code, document = run(tmp_path, llama, "doctor", "llama", base_url=f"{llama.base_url}/v1")
    steps = {step["step"]: step for step in document["steps"]}
    assert code == 1
    assert steps["http"]["facts"]["answers_at"] == llama.base_url


def test_a_benchmark(llama: Any, tmp_path: Path) -> None:
    """Streams show their first token before a whole answer comes; every run is there, and its tokens are counted."""
    arguments = ("bench", f"llama/chat/{llama.model}", "--runs", "6", "--max-tokens", "24", "--warm")
    code, document = run(tmp_path, llama, *arguments)
    assert (code, document["stopped"]) == (0, None)
    assert len(document["samples"]) == 14
    median = {(row["figure"], row["stream"]): row["p50"]["value"] for row in document["summaries"] if row["count"] == 6}
    assert 0 < median["ttft_ms", True] < median["e2e_ms", False]
    assert median["tokens_per_s", True] > 0
    assert document["spent"]["output_tokens"] == 14 * 24
