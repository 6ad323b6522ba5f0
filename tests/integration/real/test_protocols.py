"""Every protocol against llama.cpp's real server: UP, plain and streamed, and as fast as the server itself says."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Status, Trigger
from monitor.probes.additions import Additions
from monitor.probes.prober import Prober
from monitor.probes.target import EndpointTarget

if TYPE_CHECKING:
    from tests.integration.real.conftest import Llama

pytestmark = pytest.mark.real

RELAYWATCH = str(Path(sys.executable).with_name("relaywatch"))
CHATS = ("openai", "anthropic", "openai-responses")
EMBEDDINGS = "openai-embeddings"
HEAD = """
[defaults]
timeout = "60s"
slow_after = "60s"
[connectivity]
targets = []
"""
ENDPOINT = """
[[endpoints]]
name = "{name}"
base_url = "{base_url}"
protocol = "{protocol}"
stream = {stream}
api_key = {{ env = "LLAMA_KEY" }}
models = ["{model}"]
"""
TOKENS = 64
RUNS = 5
WITHIN = 0.10
PROMPT = re.compile(r"prompt eval time = *([\d.]+) ms / *\d+ tokens")
GENERATION = re.compile(r"(?<!prompt) eval time = *[\d.]+ ms / *(\d+) tokens \(.*?([\d.]+) tokens per second\)")


class Timing(NamedTuple):
    """What the server says of one answer."""

    prompt_ms: float
    tokens: int
    tokens_per_s: float


def endpoint(server: "Llama", name: str, protocol: str, *, stream: bool = False) -> str:
    """One endpoint of a configuration."""
    return ENDPOINT.format(
        name=name, base_url=server.base_url, protocol=protocol, stream=str(stream).lower(), model=server.model
    )


def check(folder: Path, endpoints: Iterable[str], key: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code and the rows of `relaywatch check`, by check id."""
    path = folder / "relaywatch.toml"
    path.write_text(HEAD + "".join(endpoints))
    run = subprocess.run(
        [RELAYWATCH, "check", "-c", str(path), "--format", "json"],
        env={"LLAMA_KEY": key},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in run.stderr
    return run.returncode, {row["check"]: row for row in json.loads(run.stdout)}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_chat_messages_and_responses_are_up(llama: "Llama", tmp_path: Path, stream: bool) -> None:  # noqa: FBT001  a parameter of the test
    """In each protocol the list and the model, and who answered is who was asked."""
    code, rows = check(tmp_path, [endpoint(llama, name, name, stream=stream) for name in CHATS], llama.key)
    assert {name: (row["status"], row["reason"]) for name, row in rows.items()} == {
        f"{protocol}/{what}": ("UP", None) for protocol in CHATS for what in ("models", f"chat/{llama.model}")
    }
    assert code == 0
    answers = [row for name, row in rows.items() if "/chat/" in name]
    assert all((row["ttft_ms"] is not None) is stream for row in answers)
    assert {row["answered_by"] for row in answers} == {llama.model}


def test_embeddings_are_up(embedder: "Llama", tmp_path: Path) -> None:
    """Plain; there is nothing to stream."""
    code, rows = check(tmp_path, [endpoint(embedder, "e", EMBEDDINGS)], embedder.key)
    assert {name: row["status"] for name, row in rows.items()} == {"e/models": "UP", f"e/chat/{embedder.model}": "UP"}
    assert code == 0


def test_a_server_that_does_not_embed_says_so(llama: "Llama", tmp_path: Path) -> None:
    """It is not UP, and not for want of a key or of quota."""
    code, rows = check(tmp_path, [endpoint(llama, "e", EMBEDDINGS)], llama.key)
    row = rows[f"e/chat/{llama.model}"]
    assert (code, row["http_status"]) == (1, 501)
    assert "does not support embeddings" in row["reason"]
    assert row["fault_domain"] not in {"key", "quota", "network"}


def test_a_wrong_key_is_the_keys_fault_in_every_protocol(llama: "Llama", tmp_path: Path) -> None:
    """Of the list and of the model; the key itself is shown nowhere."""
    wrong = "sk-wrong-fedcba9876543210"
    code, rows = check(tmp_path, [endpoint(llama, name, name) for name in (*CHATS, EMBEDDINGS)], wrong)
    assert len(rows) == 8
    assert {(row["status"], row["fault_domain"]) for row in rows.values()} == {("AUTH_ERROR", "key")}
    assert code == 1
    assert wrong not in json.dumps(rows)


@pytest.mark.parametrize("protocol", CHATS)
async def test_speed_is_what_the_server_says_it_is(llama: "Llama", protocol: str) -> None:
    """TTFT is the time of the prompt, tokens per second those of the generation, as the server's log has them.

    The whole prompt is evaluated each time: of a cached one a few tokens remain, which take no longer than the way
    there and the template, and these are part of TTFT and not of the server's figure.
    """
    pairs = await _measured(llama, protocol)
    ttft = median(result.ttft_ms or 0.0 for result, _ in pairs)
    assert ttft == pytest.approx(median(timing.prompt_ms for _, timing in pairs), rel=WITHIN)
    rates = [_rate(result) for result, _ in pairs]
    assert median(rates) == pytest.approx(median(timing.tokens_per_s for _, timing in pairs), rel=WITHIN)
    assert all(result.usage.output_tokens == timing.tokens for result, timing in pairs)


def _rate(result: Result) -> float:
    assert result.stream is not None
    return result.stream.tokens_per_s(result.usage.output_tokens) or 0.0


async def _measured(llama: "Llama", protocol: str) -> list[tuple[Result, Timing]]:
    """Some probes, one after the other, each with what the server's log says of it."""
    target = EndpointTarget(
        name="llama",
        base_url=llama.base_url,
        protocol=protocol,
        api_key=Secret(llama.key),
        headers={},
        proxy=None,
        ca_file=None,
        concurrency=1,
        models=(llama.model,),
        keepalive_s=60.0,
        added=Additions(body={"cache_prompt": False}),
    )
    asked = Check(
        f"llama/chat/{llama.model}",
        "llama",
        CheckKind.CHAT,
        llama.model,
        "llama",
        timeout_s=60.0,
        slow_after_s=None,
        max_tokens=TOKENS,
        protocol=protocol,
        stream=True,
    )
    pairs: list[tuple[Result, Timing]] = []
    prober = Prober({"llama": target}, concurrency=1, clock=SystemClock(), redactor=Redactor([llama.key]))
    async with prober:
        while len(pairs) < RUNS:
            before = await asyncio.to_thread(llama.log.stat)
            result = await prober.probe(asked, Trigger.MANUAL)
            assert result.verdict.status is Status.UP, result.verdict.reason
            pairs.append((result, await asyncio.to_thread(_timing, llama.log, before.st_size)))
    return pairs


def _timing(log: Path, since: int) -> Timing:
    """What was written to the log since it had this size; it comes with the answer, or a moment later."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        written = log.read_bytes()[since:].decode(errors="replace")
        prompt, generation = PROMPT.search(written), GENERATION.search(written)
        if prompt and generation:
            return Timing(float(prompt[1]), int(generation[1]), float(generation[2]))
        time.sleep(0.02)
    pytest.fail(f"the log has no timings: {log.read_text(errors='replace')[-2000:]}")
