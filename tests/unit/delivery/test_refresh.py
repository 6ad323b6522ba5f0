"""Channels that must be told again: when, what, and what is said of trouble."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.alerting.notification import Notification
from monitor.delivery.channel import Delivered, Receipt, Retry
from monitor.delivery.refresh import Refresher, Refreshing, Standing
from monitor.delivery.template_samples import samples
from monitor.errors import StorageError

OPENED = next(samples())


@dataclass(frozen=True)
class Row:
    """What storage gives."""

    body: dict[str, Any]
    thread: str | None = None


class Sent:
    """Storage: what was sent, or a refusal."""

    def __init__(self, *rows: Any) -> None:
        self.rows = list(rows)
        self.refuses = False

    async def of_open_incidents(self, channel: str) -> list[Any]:
        """What the channel was told."""
        assert channel == "am"
        if self.refuses:
            raise StorageError("disk full")
        return self.rows


class Plain:
    """A channel that remembers by itself."""

    name = "plain"

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """Not called here."""
        del notification, thread
        return Delivered("")

    async def close(self) -> None:
        """Nothing."""


class Forgetting(Plain):
    """A channel that forgets."""

    name = "am"

    def __init__(self, every_s: float = 60.0) -> None:
        self.refresh_every_s = every_s
        self.heard: list[list[Standing]] = []
        self.answer: Receipt = Delivered("ok")
        self.enough = asyncio.Event()

    async def refresh(self, standing: Iterable[Standing]) -> Receipt:
        """Take them."""
        self.heard.append(list(standing))
        if len(self.heard) == 3:
            self.enough.set()
        return self.answer


def test_who_forgets() -> None:
    """Told from the others by what it offers."""
    assert isinstance(Forgetting(), Refreshing)
    assert not isinstance(Plain(), Refreshing)


async def test_what_holds_is_told_with_its_thread() -> None:
    """As it was sent; what cannot be read any more is left out."""
    channel = Forgetting()
    refresher = Refresher({"am": channel}, Sent(Row(OPENED.body(), "t"), Row({"id": "x"}), Row(OPENED.body())))
    await refresher.refresh(channel)
    assert channel.heard == [[Standing(OPENED, "t"), Standing(OPENED, None)]]


async def test_where_nothing_holds_nobody_is_asked() -> None:
    """No empty request each minute."""
    channel = Forgetting()
    await Refresher({"am": channel}, Sent()).refresh(channel)
    assert channel.heard == []


async def test_trouble_is_a_warning_once() -> None:
    """And again after it was gone; the database's is told as such."""
    channel, sent = Forgetting(), Sent(Row(OPENED.body()))
    refresher = Refresher({"am": channel}, sent)
    with capture_logs() as logs:
        for answer in (Retry("cut"), Retry("cut"), Delivered("ok"), Retry("cut")):
            channel.answer = answer
            await refresher.refresh(channel)
        sent.refuses = True
        await refresher.refresh(channel)
    lines = [(line["log_level"], line["error"]) for line in logs if line["event"] == "refresh_failed"]
    assert lines == [
        ("warning", "cut"),
        ("debug", "cut"),
        ("warning", "cut"),
        ("warning", "the database refuses: disk full"),
    ]


async def test_it_goes_on_until_it_is_stopped() -> None:
    """At once, then at the channel's rhythm; channels that remember are left alone."""
    channel = Forgetting(every_s=0.001)
    refresher = Refresher({"plain": Plain(), "am": channel}, Sent(Row(OPENED.body())))
    running = asyncio.create_task(refresher.run())
    async with asyncio.timeout(5):
        await channel.enough.wait()
        refresher.stop()
        await running


@pytest.mark.parametrize("channels", [{}, {"plain": Plain()}])
async def test_without_such_channels_it_ends_at_once(channels: dict[str, Any]) -> None:
    """There is nothing to do."""
    async with asyncio.timeout(5):
        await Refresher(channels, Sent()).run()


async def test_a_stop_before_the_start_holds() -> None:
    """A reload may come that early."""
    channel = Forgetting()
    refresher = Refresher({"am": channel}, Sent(Row(replace(OPENED).body())))
    refresher.stop()
    await refresher.run()
    assert channel.heard == []
