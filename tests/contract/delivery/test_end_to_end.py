"""From a commit to the other side: the real outbox, the real worker, a webhook on loopback."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.alerting.batch import Batch, DaemonRun, Queued
from monitor.clock import SystemClock
from monitor.delivery.delivery import Delivery
from monitor.delivery.line import Line
from monitor.delivery.webhook import WebhookChannel
from monitor.simulator.sinks import WebhookSink
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.outbox.outbox import Outbox
from monitor.storage.sqlite.database import SqliteDatabase
from monitor.storage.writer import Writer

if TYPE_CHECKING:
    from monitor.alerting.texts import Voice
    from tests.contract.delivery.conftest import Notify


async def test_what_is_committed_arrives_and_is_settled(notify: "Notify", voice: "Voice", tmp_path: Path) -> None:
    """Ten messages go out at once, each once; a drain leaves nothing behind."""
    clock = SystemClock()
    engine = await asyncio.to_thread(open_for_writing, SqliteDatabase(tmp_path / "x.db"))
    writer = Writer(engine)
    journal = Journal(writer)
    await journal.begin_run(DaemonRun("1", 1, "here", clock.now()))
    outbox = Outbox(writer)
    async with WebhookSink() as sink:
        channel = WebhookChannel("hook", sink.url, Line(), clock)
        delivery = Delivery({"hook": channel}, outbox, clock, voice)
        running = asyncio.create_task(delivery.run())
        for number in range(10):
            note = notify(text=f"m{number}", number=number)
            await journal.commit(Batch(outbox=[Queued("hook", note, None, 0, clock.now())]))
        delivery.wake()
        await sink.wait_for(lambda _: len(sink.accepted) == 10, 10.0)
        assert await delivery.drain(5.0)
        await running
        await delivery.close()
        assert sorted(one.body["id"] for one in sink.accepted) == sorted(f"rw-test-{n}" for n in range(10))
    assert (await outbox.counts())["hook"].pending == 0
    await writer.stop()
    await asyncio.to_thread(engine.dispose)
