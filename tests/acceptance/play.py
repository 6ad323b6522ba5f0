"""A timeline with all that it needs: a daemon of its own, gateways, and the channels on which it is told.

Owns the vocabulary of what is done to a daemon, and performing many plays at once; matching is `timeline`.
"""

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.simulator.faults import Fault, FaultKind
from monitor.simulator.gateway import Gateway, Target
from monitor.simulator.sinks import Received, SlackMessage, WebhookSink
from tests.acceptance.slack_over_tls import SlackOverTls
from tests.acceptance.timeline import Act, Arrival, Mark, Timeline

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

A, B, C = "one/a", "two/b", "three/c"
PACE: Mapping[str, Any] = {
    "interval": "500ms",
    "models_interval": "1s",
    "timeout": "2s",
    "confirm_interval": "250ms",
    "failure_ratio": False,
}
QUIETLY: Mapping[str, Any] = {"group_wait": "2s", "reminder": "0s", "flapping": False}
TOLD = (0.15, 6.0)
"""When a failure or a recovery is told: several probes take a moment at least, the rest is for a busy machine."""
AT_ONCE = 8
STARTING_AT_ONCE = 2
UP_WITHIN_S = 40.0
Scene = TypeVar("Scene", bound=Callable[..., Any])


def table(name: str, **options: Any) -> str:
    """A TOML table of plain values."""
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in options.items())


class Play(Timeline):
    """One daemon on a timeline.

    Attributes:
        world: builds what is around it.
        daemon: it.
        gateways: by endpoint.
        hooks: by channel.
    """

    def __init__(self, world: "World", name: str) -> None:
        super().__init__(name)
        self.world = world
        self.daemon = world.deployment()
        self.gateways: dict[str, Gateway] = {}
        self.hooks: dict[str, WebhookSink] = {}
        self.tables: list[str] = []

    async def gateway(self, *models: str, name: str = "gw", more: str = "", entries: str = "") -> Gateway:
        """An endpoint; `entries` stands in place of the model ids in the configuration."""
        gateway = self.gateways[name] = await self.world.gateway(*models)
        written = self.daemon.endpoint(gateway, *models, name=name, more=more)
        self.tables.append(written.replace(json.dumps(list(models)), entries) if entries else written)
        return gateway

    async def hook(self, name: str = "hook", more: str = "") -> WebhookSink:
        """A channel of type webhook: its events are those of its bodies."""
        sink = await self.receiver(name)
        self.tables.append(self.daemon.webhook(sink, name, more))
        return sink

    async def receiver(self, name: str) -> WebhookSink:
        """A webhook that is watched, for whoever else may send there."""
        sink = self.hooks[name] = await self.world.hook()
        self.listen(name, lambda: [_arrival(received) for received in sink.accepted])
        return sink

    async def bot(self, name: str = "bot") -> SlackOverTls:
        """A Slack bot: its events are `message`, `answer` (in a thread) and `broadcast` (in both)."""
        slack = await self.world.enter(SlackOverTls(self.daemon.folder))
        self.daemon.environ |= {"BOT_TOKEN": slack.sink.token, "SSL_CERT_FILE": str(slack.authority)}
        self.tables.append(
            f'[[channels]]\nname = "{name}"\ntype = "slack"\nbot_token = {{ env = "BOT_TOKEN" }}\n'
            f'channel = "#ops"\nproxy = "{slack.proxy}"\n'
        )
        self.listen(name, lambda: [posted(message) for message in slack.sink.messages])
        return slack

    def configure(self, *tables: str, alerting: Mapping[str, Any] | None = None, **defaults: Any) -> None:
        """Write the configuration."""
        told = table("alerting", **{**QUIETLY, **(alerting or {})})
        self.daemon.configure(told, *tables, *self.tables, **{**PACE, **defaults})

    def fails(self, delay_s: float, *models: str, status: int = 503, after: Mark | None = None, on: str = "gw") -> Act:
        """These models give an error from then on; without models, everything."""
        what = f"{' '.join(models) or 'everything'} on {on} gives {status}"
        return self.at(delay_s, what, lambda: self.strike(on, status, *models), after=after)

    def heals(self, delay_s: float, *models: str, after: Mark | None = None, on: str = "gw") -> Act:
        """They answer again."""
        what = f"{' '.join(models) or 'everything'} on {on} heals"
        return self.at(delay_s, what, lambda: self.strike(on, None, *models), after=after)

    def strike(self, on: str, status: int | None, *models: str) -> None:
        """Set a gateway's models to an HTTP status at once, or heal them."""
        fault = None if status is None else Fault(kind=FaultKind.STATUS, status=status)
        for target in models or (Target.EVERYTHING,):
            self.gateways[on].set_fault(target, fault)

    def command(self, delay_s: float, *arguments: str, after: Mark | None = None) -> Act:
        """A command of RelayWatch that must succeed."""

        async def run() -> None:
            ended = await self.daemon.command(*arguments)
            assert ended.code == 0, f"{arguments}: {ended.stderr}"

        return self.at(delay_s, f"relaywatch {' '.join(arguments)}", run, after=after)

    def restarts(self, delay_s: float, number: signal.Signals, *, after: Mark | None = None) -> Act:
        """The daemon gets a signal that ends it, and is started again."""

        async def restart() -> None:
            self.daemon.signal(number)
            await self.daemon.ended()
            await self.daemon.start()

        return self.at(delay_s, f"{number.name} and a start", restart, after=after)

    def reloads(self, delay_s: float, change: Callable[[str], str], *, after: Mark | None = None) -> Act:
        """The configuration is changed and put in force."""

        async def reload() -> None:
            self.daemon.path.write_text(change(self.daemon.path.read_text()))
            before = len(self.daemon.events("config_reloaded"))
            self.daemon.signal(signal.SIGHUP)
            await self.daemon.until(lambda: len(self.daemon.events("config_reloaded")) > before, 10, "the reload")

        return self.at(delay_s, "a reload", reload, after=after)

    async def start(self) -> None:
        """Start the daemon, and wait until every check is UP."""
        await self.daemon.start()
        waiting = "SELECT count(*) FROM checks LEFT JOIN states ON check_id = id AND state = 1 WHERE check_id IS NULL"
        ends = time.monotonic() + UP_WITHIN_S
        while self.daemon.rows(waiting) != [(0,)]:
            assert self.daemon.runs, self.daemon.stderr.decode()[-2000:]
            assert time.monotonic() < ends, "not every check is UP"
            await asyncio.sleep(0.1)

    def decisions(self) -> list[tuple[str, str]]:
        """What was decided of all that happened to incidents: kind and reason, in order."""
        kinds = "SELECT kind, decision FROM incident_events ORDER BY incident_id, sequence"
        return [(str(kind), str(decision)) for kind, decision in self.daemon.rows(kinds)]


def lasts(seconds: float) -> Callable[[Scene], Scene]:
    """Long scenes begin first."""

    def marked(scene: Scene) -> Scene:
        scene.lasts_s = seconds  # type: ignore[attr-defined]
        return scene

    return marked


class Outcomes:
    """How plays went that were performed together."""

    def __init__(self) -> None:
        self._failures: dict[str, Exception] = {}
        self.seconds: dict[str, float] = {}

    def show(self, scene: Callable[..., Any]) -> None:
        """Raise what went wrong in a scene."""
        assert scene.__name__ in self.seconds, "it was not performed"
        if scene.__name__ in self._failures:
            raise self._failures[scene.__name__]

    async def perform(
        self, scenes: Iterable[Callable[..., Any]], make_world: Callable[..., "World"], folder: Path
    ) -> None:
        """Perform all scenes, several at once, each with a daemon of its own."""
        at_once, starting = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(STARTING_AT_ONCE)

        async def one(number: int, scene: Callable[..., Any]) -> None:
            async with at_once, AsyncExitStack() as house:
                began = time.monotonic()
                place = folder / str(number)  # short: it holds a socket
                place.mkdir()
                world = make_world(place, house)
                house.push_async_callback(world.end)
                play = Play(world, scene.__name__)
                try:
                    await scene(play)
                    async with starting:
                        await play.start()
                    await play.perform()
                except Exception as error:  # noqa: BLE001  shown by the scene's own test
                    error.add_note(f"the daemon's stderr ends in\n{play.daemon.stderr.decode()[-3000:]}")
                    self._failures[scene.__name__] = error
                self.seconds[scene.__name__] = time.monotonic() - began

        longest_first = sorted(scenes, key=lambda scene: -getattr(scene, "lasts_s", 0.0))
        async with asyncio.TaskGroup() as group:
            for number, scene in enumerate(longest_first):
                group.create_task(one(number, scene))


def _arrival(received: Received) -> Arrival:
    body = received.body
    about = "" if body["incident"] is None else body["incident"]["key"]
    return Arrival(received.at_mono_s, body["event"], about, f"{body['title']}\n{body['message']}", body)


def posted(message: SlackMessage) -> Arrival:
    """A message of Slack as it arrives on a timeline."""
    event = "message" if message.thread_ts is None else "broadcast" if message.broadcast else "answer"
    text = f"{message.text}\n{json.dumps([*message.blocks, *message.attachments], ensure_ascii=False)}"
    return Arrival(message.at_mono_s, event, "", text, message)
