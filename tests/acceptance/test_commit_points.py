"""SIGKILL right before and right after every transaction of an outage: nothing is lost, and nothing is told twice.

The documented exception: what was sent and not yet settled is sent again, under the same id.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.cli.control import send
from monitor.clock import SystemClock
from monitor.errors import UsageError
from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Gateway
from monitor.simulator.script import parse_script
from monitor.simulator.sinks import Answer, WebhookSink
from tests.acceptance.deployment import Deployment

if TYPE_CHECKING:
    from monitor.simulator.sinks import Received

PROGRAM = Path(__file__).with_name("daemon_that_dies.py")
BROKEN, FINE = "one/a", "two/b"
CHANNELS = {
    "hook": "",
    "boss": "escalations_only = true",
    "spare": "escalations_only = true",
    "ops": 'fallback = "spare"\nfallback_after = "1s"',
}
ESCALATION = '[[alerting.escalations]]\nafter = "1s"\nchannels = ["boss"]\n'
AT_ONCE = 8
STEP_WITHIN_S = 30.0
NEVER = 1_000_000
KILLED = -9
MUST_DIE_OF = {"incident_events", *(f"outbox:{word}" for word in ("queued", "leased", "pending", "sent", "merged"))}


class Nursery:
    """The process whose forks are daemons."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._ended: defaultdict[int, asyncio.Future[int]] = defaultdict(asyncio.get_running_loop().create_future)

    async def listen(self) -> None:
        """Hear what becomes of the forks; until the process ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "pid" in said:
                self._born.put_nowait(said["pid"])
            else:
                self._ended[said["ended"]].set_result(said["code"])

    async def start(
        self, daemon: Deployment, point: int | str | None, *, after: bool
    ) -> tuple[int, asyncio.Future[int]]:
        """A daemon; its process id, and its exit code once it has ended."""
        wish = {"config": str(daemon.path), "environ": daemon.environ, "point": point, "after": after}
        assert self._process.stdin is not None
        async with self._turn:
            self._process.stdin.write(f"{json.dumps(wish)}\n".encode())
            pid = await self._born.get()
        return pid, self._ended[pid]


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """The process, which ends with the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, PROGRAM, stdin=pipe, stdout=pipe)
    made = Nursery(process)
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.gather(process.wait(), listening)


@dataclass(repr=False)
class Outage:
    """One outage from its beginning to its end, and one death of the daemon on the way.

    Attributes:
        point: at which transaction the daemon dies: by number, or by a word of what it writes.
        after: right after it; else right before.
        died_at_s: on the monotonic clock; None if it did not come so far.
    """

    nursery: Nursery
    folder: Path
    point: int | str
    after: bool
    died_at_s: float | None = None
    hooks: dict[str, WebhookSink] = field(default_factory=dict)
    _pid: int = 0

    def __repr__(self) -> str:
        told = {name: [received.body["event"] for received in hook.accepted] for name, hook in self.hooks.items()}
        return f"death {'after' if self.after else 'before'} point {self.point} ({self.reached[-1:]}), told {told}"

    @property
    def reached(self) -> list[str]:
        """The points up to the death: what each has written."""
        file = self.folder / "points"
        return file.read_text().splitlines() if file.exists() else []

    async def happen(self) -> None:
        """From the first failing probe until everything is delivered and the daemon was stopped."""
        self.folder.mkdir()
        self.daemon = Deployment(self.folder)
        served = f'[[models]]\nid = "{BROKEN}"\n[[models]]\nid = "{FINE}"\n'
        async with AsyncExitStack() as house:
            gateway = await house.enter_async_context(Gateway(parse_script(served), clock=SystemClock()))
            for name in CHANNELS:
                self.hooks[name] = await house.enter_async_context(WebhookSink())
            self.hooks["ops"].answer(then=Answer(503, "busy"))
            self._configure(gateway)
            gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=503))
            living = asyncio.create_task(self._live())
            await self._act(gateway)
            await asyncio.wait_for(self._stop(living), STEP_WITHIN_S)
        self._judge()

    def _configure(self, gateway: Gateway) -> None:
        channels = [self.daemon.webhook(self.hooks[name], name, more) for name, more in CHANNELS.items()]
        self.daemon.configure(
            '[alerting]\ngroup_wait = "0s"\nreminder = "0s"\nflapping = false\n',
            ESCALATION,
            self.daemon.endpoint(gateway, BROKEN, FINE),
            *channels,
            interval="500ms",
            confirm_interval="100ms",
            failure_threshold=2,
            recovery_threshold=1,
            failure_ratio=False,
        )

    async def _live(self) -> None:
        """Run the daemon until it stops in good order; after its death, once more."""
        self._pid, ended = await self.nursery.start(self.daemon, self.point, after=self.after)
        code = await ended
        if code == KILLED:
            self.died_at_s = time.monotonic()
            self._pid, ended = await self.nursery.start(self.daemon, None, after=False)
            code = await ended
        assert code == 0, f"the daemon ended with {code}"

    async def _act(self, gateway: Gateway) -> None:
        await self._until("hook", lambda body: body["event"] == "escalated")
        gateway.set_fault(BROKEN, Fault(kind=FaultKind.STATUS, status=500))
        await self._until("hook", lambda body: body["incident"]["status"] == "SERVER_ERROR")
        await self._acknowledge()
        await self._until("hook", lambda body: body["incident"]["acknowledged_by"] == "kim")
        gateway.set_fault(BROKEN, None)
        await self._until("hook", lambda body: body["event"] == "resolved")
        self.hooks["ops"].answer()
        await self._until("ops", lambda body: body["event"] == "resolved")

    async def _until(self, channel: str, holds: Callable[[Any], bool]) -> None:
        def taken(received: "Received") -> bool:
            return received.answered.accepts and holds(received.body)

        await self.hooks[channel].wait_for(taken, STEP_WITHIN_S)

    async def _acknowledge(self) -> None:
        """Until it was answered: the daemon may die of it."""
        socket, said = self.folder / "control.sock", {"by": "kim", "note": ""}
        ends, status = time.monotonic() + STEP_WITHIN_S, 0
        while status != 200:
            assert time.monotonic() < ends, f"not acknowledged; {self}"
            with suppress(UsageError):
                answer = await asyncio.to_thread(send, [socket], "POST", "/api/v1/incidents/1/ack", said)
                status = answer.status
            await asyncio.sleep(0.02)

    async def _stop(self, living: asyncio.Task[None]) -> None:
        """Once everything is delivered, and the daemon had time to repeat what it must not."""
        unsettled = "SELECT 1 FROM outbox WHERE settled_at_us IS NULL"
        while not living.done():
            pid = self._pid
            if self._runs() and not self.daemon.rows(unsettled):
                await asyncio.sleep(0.2)
                if pid != self._pid:
                    continue  # it died meanwhile, and the next one is still getting up
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
                await asyncio.wait([living], timeout=3)
            await asyncio.sleep(0.05)
        await living

    def _runs(self) -> bool:
        output = self.folder / "output"
        lines = output.read_text().splitlines() if output.exists() else []
        return any('"daemon_started"' in line and f'"pid":{self._pid},' in line for line in lines)

    def _judge(self) -> None:
        told = {name: self._told(hook.accepted) for name, hook in self.hooks.items()}
        everything = ["opened", "escalated", "updated", "updated", "resolved"]
        assert told["hook"] == everything, self
        assert told["boss"] == everything[1:], self
        assert told["ops"] == ["resolved"], self
        assert "Beginning and end in one message" in self.hooks["ops"].accepted[0].body["message"]
        assert (told["spare"][0], told["spare"][-1]) == ("opened", "resolved"), self
        assert not Counter(told["spare"]) - Counter(everything), self
        rows = self.daemon.rows
        assert rows("SELECT kind, decision FROM incident_events ORDER BY incident_id, sequence") == [
            (kind, "told") for kind in ("opened", "escalated", "updated", "acknowledged", "resolved")
        ], self
        assert rows("SELECT id, acknowledged_by, resolved_at_us > 0 FROM incidents") == [(1, "kim", 1)], self
        assert {state for (state,) in rows("SELECT state FROM outbox")} == {"sent", "merged"}, self
        assert rows("PRAGMA integrity_check") == [("ok",)]
        assert rows("PRAGMA foreign_key_check") == []

    def _told(self, accepted: "list[Received]") -> list[str]:
        """The events, each once; what came twice came once before the death and once after it, and was the same."""
        arrivals: defaultdict[str, list[Received]] = defaultdict(list)
        for received in accepted:
            arrivals[received.body["id"]].append(received)
        for first, *again in arrivals.values():
            assert len(again) <= 1, self
            for second in again:
                assert self.died_at_s is not None, self
                assert first.at_mono_s < self.died_at_s < second.at_mono_s, self
                assert first.raw == second.raw, self
        return [same[0].body["event"] for same in arrivals.values()]


async def test_death_at_every_commit_point(tmp_path: Path) -> None:
    """An outage is opened, escalated, changed, acknowledged and resolved; one channel fails, another stands in."""
    async with nursery() as parent:
        whole = Outage(parent, tmp_path / "w", NEVER, after=False)
        await whole.happen()
        walk = [
            Outage(parent, tmp_path / f"{'a' if after else 'b'}{number}", point, after=after)
            for number, point in enumerate((*range(1, len(whole.reached) + 1), *sorted(MUST_DIE_OF)))
            for after in (False, True)
        ]
        at_once = asyncio.Semaphore(AT_ONCE)

        async def one(outage: Outage) -> None:
            async with at_once:
                await outage.happen()

        ends = await asyncio.gather(*map(one, walk), return_exceptions=True)
    failures = [f"{outage}\n{end}" for outage, end in zip(walk, ends, strict=True) if end is not None]
    assert not failures, "\n\n".join(failures)
    died_of = [outage.reached[-1] for outage in walk if outage.died_at_s is not None]
    assert len(died_of) > 0.75 * len(walk), "most lives are long enough to die where they should"
    spared = MUST_DIE_OF - {word for written in died_of for word in written.split()}
    assert not spared, sorted(spared)
