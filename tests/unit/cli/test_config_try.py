"""`config try`: the recorded past under another configuration, compared with the present one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Relaywatch

CHAT = "gw/chat/openai/gpt-4.1"
Write = Callable[..., str]


@pytest.fixture
def write(recorded: Path) -> Write:
    """Writes a second configuration beside the present one."""
    present = recorded / "relaywatch.toml"
    text_of_both = f'{present.read_text(encoding="utf-8")}[alerting]\ngroup_wait = "0s"\n'
    present.write_text(text_of_both, encoding="utf-8")

    def at(*changes: tuple[str, str], more: str = "") -> str:
        text = text_of_both + more
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (recorded / "new.toml").write_text(text, encoding="utf-8")
        return "new.toml"

    return at


def test_the_same_configuration_tells_the_same(relaywatch: "Relaywatch", write: Write) -> None:
    """Every message with its time in the configured zone, and nothing is missed."""
    ended = relaywatch("config", "try", write())
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0].split() == ["at", "(Asia/Seoul)", "channel", "event", "severity", "title"]
    assert "ops" in lines[1]
    assert lines[1].endswith("DOWN: openai/gpt-4.1 on gw (OVERLOADED)")
    counted = [line.split(":", 1)[1] for line in lines if line.startswith(("new.toml:", "relaywatch.toml:"))]
    assert len(counted) == 2
    assert counted[0].strip() == counted[1].strip()
    assert counted[0].strip().startswith("1 message, ")
    assert counted[0].endswith(" at night (22-7), 1 outage told")
    assert "0 outages of the present configuration missed\n" in ended.out
    assert "Not replayed: rules over windows" in ended.out


def test_an_outage_that_would_be_missed(relaywatch: "Relaywatch", write: Write) -> None:
    """A threshold that the recorded failures do not reach."""
    new = write(more='[defaults]\nfailure_threshold = 4\nfailure_ratio = "4/20"\n')
    ended = relaywatch("config", "try", new, "--since", "1h")
    assert ended.out.startswith("no message would have been sent\n")
    assert "1 outage of the present configuration missed:\n" in ended.out
    assert f" {CHAT} OVERLOADED, critical (still open)\n" in ended.out


def test_json_is_the_whole(relaywatch: "Relaywatch", write: Write) -> None:
    """Messages, figures of both, what is missed and what is not known."""
    new = write(('"openai/gpt-4.1"', '"openai/gpt-5"'))
    found = json.loads(relaywatch("config", "try", new, "--format", "json").out)
    assert list(found) == [
        *("since", "until", "messages", "new", "present", "missed", "checks_without_history", "not_replayed")
    ]
    assert found["messages"] == []
    assert found["new"] == {"messages": 0, "at_night": 0, "outages": 0, "untold": 0, "results": 3, "skipped": 3}
    assert (found["present"]["messages"], found["present"]["outages"]) == (1, 1)
    (missed,) = found["missed"]
    assert (missed["key"], missed["checks"], missed["resolved_at"]) == (CHAT, [CHAT], None)
    assert found["checks_without_history"] == ["gw/chat/openai/gpt-5"]


def test_what_is_new_or_gone_is_told(relaywatch: "Relaywatch", write: Write) -> None:
    """Its results cannot be replayed."""
    out = relaywatch("config", "try", write(('"openai/gpt-4.1"', '"a", "b", "c", "d"'))).out
    assert "skipped: 3 results of checks that new.toml does not have\n" in out
    assert "without any history: gw/chat/a, gw/chat/b, gw/chat/c and 1 more\n" in out


def test_a_renamed_endpoint_keeps_its_past(relaywatch: "Relaywatch", write: Write) -> None:
    """As it would after a reload."""
    new = write(('name = "gw"', 'name = "gateway"\nrenamed_from = "gw"'))
    out = relaywatch("config", "try", new).out
    assert "DOWN: openai/gpt-4.1 on gateway (OVERLOADED)" in out
    assert "0 outages of the present configuration missed\n" in out


def test_nothing_is_written(relaywatch: "Relaywatch", write: Write, recorded: Path) -> None:
    """Neither to the database nor beside it."""
    new = write()
    before = {path: path.read_bytes() for path in recorded.iterdir() if not path.name.endswith(("-shm", "-wal"))}
    relaywatch("config", "try", new)
    after = {path: path.read_bytes() for path in recorded.iterdir() if not path.name.endswith(("-shm", "-wal"))}
    assert after == before


def test_wrong_usage(relaywatch: "Relaywatch", write: Write) -> None:
    """A broken file, a file that is not there, a time without anything, no time at all."""
    new = write()
    nothing = relaywatch("config", "try", new, "--since", "1s")
    assert (nothing.code, "nothing has been recorded since then" in nothing.err) == (2, True)
    assert relaywatch("config", "try", new, "--since", "soon").code == 2
    assert relaywatch("config", "try", "missing.toml").code == 2
    broken = write(more="[defaults]\ntimeout = 5\n")
    ended = relaywatch("config", "try", broken)
    assert (ended.code, ended.out) == (2, "")
    assert "defaults.timeout" in ended.err


@pytest.mark.usefixtures("configured")
def test_without_a_database(relaywatch: "Relaywatch") -> None:
    """There is no past to replay, and none is made."""
    ended = relaywatch("config", "try", "relaywatch.toml")
    assert ended.code == 2
    assert "there is no database" in ended.err
