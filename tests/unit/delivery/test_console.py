"""Lines on a stream, also on one that nobody reads."""

import io
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.alerting.notification import Event, Notification
from monitor.delivery.channel import Delivered, Permanent, Retry
from monitor.delivery.console import ConsoleChannel, rendered

if TYPE_CHECKING:
    import pytest


class StuckStream(io.StringIO):
    """Takes text only once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def write(self, text: str) -> int:
        """Wait, then write."""
        self.let_go.wait()
        return super().write(text)


class BrokenStream(io.StringIO):
    """Its reader has gone."""

    def flush(self) -> None:
        """Notice it."""
        raise BrokenPipeError


def test_event_and_title_stand_first(lost: Notification) -> None:
    """One line to see what happened, the rest indented below it."""
    told = replace(lost, message="m is down.\nreason: \x1b[31mred")
    assert rendered(told) == "[opened] DOWN: m1 on gw (TIMEOUT)\n    m is down.\n    reason: red\n"


def test_a_notice_shows_what_to_do(lost_notice: Notification) -> None:
    """Its message does not contain the advice, so the advice gets a line."""
    told = replace(lost_notice, recommended_action="Correct the channel.")
    assert rendered(told).endswith("\n    Correct the channel.\n")


async def test_writes_to_standard_output_as_it_is_now(lost: Notification, capsys: "pytest.CaptureFixture[str]") -> None:
    """Without a stream of its own it follows sys.stdout."""
    channel = ConsoleChannel("out")
    assert await channel.send(lost) == Delivered("written")
    await channel.close()
    assert capsys.readouterr().out.startswith("[opened] DOWN: m1 on gw")


async def test_a_stream_with_another_encoding(lost: Notification) -> None:
    """What the stream cannot show is replaced, not refused."""
    raw = io.BytesIO()
    channel = ConsoleChannel("out", io.TextIOWrapper(raw, encoding="ascii"))
    assert await channel.send(replace(lost, title="장애 ünï")) == Delivered("written")
    await channel.close()
    assert raw.getvalue().startswith(b"[opened] ?? ?n?\n")


async def test_a_stuck_stream_is_retried_and_nothing_is_written_twice(lost: Notification) -> None:
    """The loop goes on; what the thread wrote late counts as delivered."""
    stream = StuckStream()
    channel = ConsoleChannel("out", stream, timeout_s=0.05)
    assert isinstance(await channel.send(lost), Retry)
    assert await channel.send(lost) == Retry("the stream takes no more text")
    stream.let_go.set()
    while not isinstance(receipt := await channel.send(lost), Delivered):
        assert isinstance(receipt, Retry)
    await channel.close()
    assert stream.getvalue().count("[opened]") == 1


async def test_a_closed_pipe_is_permanent(lost: Notification) -> None:
    """The reader has gone for good."""
    channel = ConsoleChannel("out", BrokenStream())
    receipt = await channel.send(lost)
    await channel.close()
    assert receipt == Permanent("the stream is closed (BrokenPipeError)")


async def test_closing_twice_and_unused_is_fine(lost: Notification) -> None:
    """Closing needs no send before it."""
    assert lost.event is Event.OPENED
    channel = ConsoleChannel("out")
    await channel.close()
    await channel.close()
