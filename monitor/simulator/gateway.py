"""A fake gateway that speaks OpenAI's API on a real port and fails on a script.

Owns the server, its clock, its counters and its memory of what came. What happens when is decided in `faults`, how it
looks on the wire is in `answers`. Non-streaming completions and the model list only.
"""

import asyncio
import hmac
import random
from collections import Counter, deque
from enum import Enum
from typing import Any, Self

from aiohttp import web

from monitor.clock import US_PER_S, Clock
from monitor.errors import UsageError
from monitor.simulator import replies, wire
from monitor.simulator.answers import Exchange, answer, sent_key
from monitor.simulator.faults import (
    ON_COMPLETIONS_ONLY,
    Decision,
    Draws,
    Fault,
    Profile,
    Script,
    decide,
)
from monitor.simulator.ratelimit import Window
from monitor.simulator.requests import Seen, json_object, open_headers, peer_port, prompt_of, refuse, refused_request
from monitor.simulator.server import Server

SEEN_LIMIT = 10_000


class Target(Enum):
    """What a fault set by hand can strike beside one model."""

    MODEL_LIST = "the model list"
    EVERYTHING = "every model and the model list"


class Gateway:
    """A running fake gateway, as an asynchronous context manager.

    Args:
        script: what it does when.
        clock: for the timeline.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        api_key: the one accepted key; None accepts everybody.
        keepalive_timeout: seconds after which an idle connection is closed.
        sleep: waits that many seconds; tests pass one that does not.

    Attributes:
        script: as given.
        requests: how many requests came for each model, and for `Target.MODEL_LIST`; those for a model that is not
            served are counted as `None`.
        seen: the newest 10,000 requests, oldest first.
    """

    def __init__(
        self,
        script: Script,
        *,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        keepalive_timeout: float = 75.0,
        sleep: wire.Sleep = asyncio.sleep,
    ) -> None:
        self.script = script
        self.requests: Counter[str | Target | None] = Counter()
        self.seen: deque[Seen] = deque(maxlen=SEEN_LIMIT)
        self._clock = clock
        self._started = clock.now()
        self._api_key = api_key
        self._sleep = sleep
        self._models = {model.id: model for model in script.models}
        self._by_hand: dict[str | Target, Fault] = {}
        self._windows: dict[str | Target, Window] = {}
        targets: tuple[str | Target, ...] = (*self._models, Target.MODEL_LIST)
        self._dice = {target: _dice(script.seed, target) for target in targets}
        self._server = Server(self._app(), host=host, port=port, keepalive_timeout=keepalive_timeout)

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_route("*", "/{elsewhere:.*}", self._nowhere)
        return app

    async def __aenter__(self) -> Self:
        """Starts to listen; the timeline begins.

        Raises:
            StartError: the port cannot be had.
        """
        await self._server.start()
        self._started = self._clock.now()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    @property
    def base_url(self) -> str:
        """As an endpoint's `base_url`: with `/v1`, without a slash at the end."""
        return f"http://{self._server.authority}/v1"

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._clock.now().s_since(self._started)

    def set_fault(self, target: str | Target, fault: Fault | None) -> None:
        """Switches a fault by hand, from now until it is taken back; its `from` and `until` do not count.

        What is set for one model goes before what is set for everything, and both before the script.

        Args:
            target: a model's id, the model list, or everything.
            fault: what goes wrong; None gives the target back to the script.

        Raises:
            UsageError: that model is not served, or such a fault cannot strike the model list.
        """
        if isinstance(target, str) and target not in self._models:
            raise UsageError(
                f"the simulated gateway does not serve {target!r}", hint=f"it serves {sorted(self._models)}"
            )
        if fault is None:
            self._by_hand.pop(target, None)
        elif target is Target.MODEL_LIST and fault.kind in ON_COMPLETIONS_ONLY:
            raise UsageError(f"the model list cannot have the fault {fault.kind.value!r}")
        else:
            self._by_hand[target] = fault
        self._windows.pop(target, None)

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        refusal = self._refused_key(request)
        decision = None if refusal else self._decide(Target.MODEL_LIST, self.script.model_list)
        self._remember(request, {}, decision)
        if decision is None:
            return refusal or refuse(500, {})
        listed = [name for name in self._models if name not in self.script.model_list.hidden]
        return await self._answer(request, replies.model_list(listed, self._now_s()), decision)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        asked = json_object(await request.read())
        model = self._models.get(str(asked.get("model")))
        refusal = self._refused_key(request) or refused_request(asked, model)
        decision = None if refusal or model is None else self._decide(model.id, model)
        self._remember(request, asked, decision)
        if decision is None:
            return refusal or refuse(500, {})
        return await self._answer(request, replies.completion(asked, self.requests.total(), self._now_s()), decision)

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        return refuse(404, replies.error(f"Invalid URL ({request.method} {request.path})", "invalid_request_error"))

    async def _answer(self, request: web.Request, healthy: dict[str, Any], decision: Decision) -> web.StreamResponse:
        return await answer(Exchange(request, healthy, decision, self.requests.total(), self._sleep))

    def _decide(self, target: str | Target, profile: Profile) -> Decision:
        elapsed_s = self.elapsed_s
        scripted = profile.active(self.script.timeline_s(elapsed_s))
        active = self._by_hand.get(target) or self._everywhere(target) or scripted
        dice = self._dice[target]
        draws = Draws(latency=dice.random(), fault=dice.random())
        decision = decide(profile, active, elapsed_s, self._windows.get(target, Window()), draws)
        self._windows[target] = decision.window
        return decision

    def _everywhere(self, target: str | Target) -> Fault | None:
        fault = self._by_hand.get(Target.EVERYTHING)
        if fault is not None and target is Target.MODEL_LIST and fault.kind in ON_COMPLETIONS_ONLY:
            return None
        return fault

    def _refused_key(self, request: web.Request) -> web.Response | None:
        key = sent_key(request)
        if self._api_key is None or hmac.compare_digest(key.encode(), self._api_key.encode()):
            return None
        return refuse(401, replies.wrong_key(key))

    def _remember(self, request: web.Request, asked: dict[str, Any], decision: Decision | None) -> None:
        on_list = request.method == "GET"
        model = str(asked.get("model"))
        self.requests[Target.MODEL_LIST if on_list else model if model in self._models else None] += 1
        self.seen.append(
            Seen(
                at_s=self.elapsed_s,
                path=request.path,
                model=None if on_list else model,
                headers=open_headers(request),
                prompt=prompt_of(asked),
                parameters=frozenset(asked),
                peer_port=peer_port(request),
                struck=decision.fault.kind if decision and decision.fault else None,
            )
        )

    def _now_s(self) -> int:
        return self._clock.now().wall_us // US_PER_S


def _dice(seed: int, target: str | Target) -> random.Random:
    return random.Random(f"{seed}/{target}")  # noqa: S311  draws of a simulation, no secret
