"""A fake gateway that speaks four APIs on a real port, streamed or not, and fails on a script.

Owns the server, its clock, its counters and its memory of what came. What happens when is decided in `faults`, what is
said in `speech` and `apis`, how it looks on the wire is in `answers`.
"""

import asyncio
import hmac
import random
from collections import Counter, deque
from enum import Enum
from typing import Self

from aiohttp import web

from monitor.clock import US_PER_S, Clock
from monitor.errors import UsageError
from monitor.simulator import complaints, wire
from monitor.simulator.answers import Exchange, Streaming, answer, error_body
from monitor.simulator.apis.catalogue import anthropic_list, openai_list
from monitor.simulator.apis.contract import Api
from monitor.simulator.apis.registry import APIS
from monitor.simulator.complaints import Complaint, Family
from monitor.simulator.deviations import deviated
from monitor.simulator.faults import Decision, Draws, Fault, Profile, decide
from monitor.simulator.kinds import ON_COMPLETIONS_ONLY, ON_STREAMS_ONLY
from monitor.simulator.ratelimit import Window
from monitor.simulator.refusals import refusal_of
from monitor.simulator.requests import (
    NOTHING_ASKED,
    PROMPT_CHARS,
    Asked,
    Seen,
    json_object,
    open_headers,
    peer_port,
    sent_key,
)
from monitor.simulator.served import Script, ServedModel
from monitor.simulator.server import Server
from monitor.simulator.speech import Speech, speech_of

_VERSION = "anthropic-version"
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
        self._answers = 0
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
        app.router.add_get("/v1/balance", self._tell_balance)
        for path in APIS:
            app.router.add_post(f"/v1{path}", self._ask)
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

    @property
    def balance(self) -> float:
        """What is left in the account, in dollars; 0 without one."""
        account = self.script.balance
        return 0.0 if account is None else max(0.0, account.amount - self._answers * account.price)

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
        family: Family = "anthropic" if _VERSION in request.headers else "openai"
        refusal = self._wrong_key(request)
        decision = None if refusal else self._decide(Target.MODEL_LIST, self.script.model_list, NOTHING_ASKED)
        self._remember(request, NOTHING_ASKED, decision)
        if decision is None:
            return self._refuse(refusal or complaints.by_status(500), family)
        ids = [name for name, model in self._models.items() if self._is_listed(model)]
        now_s = int(self._now_s())
        listed = openai_list(ids, now_s) if family == "openai" else anthropic_list(ids, now_s, request.query)
        return await answer(
            Exchange(request, family, listed, decision, self.requests.total(), self._now_s(), self._sleep)
        )

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/v1")
        api, body = APIS[path], json_object(await request.read())
        asked = api.read(body)
        model = self._models.get(asked.model or "")
        refusal = self._turned_away(request, api, model) or refusal_of(api, path, asked, body.keys(), model)
        if refusal is not None or model is None:
            self._remember(request, asked, None, body)
            return self._refuse(refusal or complaints.by_status(500), api.family)
        speech = speech_of(asked, model, self.requests.total() + 1, int(self._now_s()))
        decision = self._decide(model.id, model, asked, speech.input_tokens + speech.output_tokens)
        self._remember(request, asked, decision, body)
        self._answers += 1
        return await answer(self._exchange(request, api, asked, deviated(speech, decision.fault), decision))

    def _exchange(self, request: web.Request, api: Api, asked: Asked, speech: Speech, decision: Decision) -> Exchange:
        streaming = asked.stream and api.streams
        return Exchange(
            request,
            api.family,
            api.whole(asked, speech),
            decision,
            self.requests.total(),
            self._now_s(),
            self._sleep,
            Streaming(api.events(asked, speech), api.error_event) if streaming else None,
            tokens=speech.output_tokens,
            hidden_tokens=speech.hidden_tokens,
        )

    async def _tell_balance(self, request: web.Request) -> web.StreamResponse:
        refusal = self._wrong_key(request)
        if refusal is not None:
            return self._refuse(refusal, "openai")
        left = f"{self.balance:.6f}".rstrip("0").rstrip(".")
        infos = [{"currency": "USD", "total_balance": left}]
        return web.json_response({"balance": float(left), "currency": "USD", "balance_infos": infos})

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        return self._refuse(Complaint(404, f"Invalid URL ({request.method} {request.path})"), "openai")

    def _decide(self, target: str | Target, profile: Profile, asked: Asked, tokens: int = 0) -> Decision:
        elapsed_s = self.elapsed_s
        scripted = profile.active(self.script.timeline_s(elapsed_s))
        active = self._by_hand.get(target) or self._everywhere(target) or scripted
        if active is not None and active.kind in ON_STREAMS_ONLY and not asked.stream:
            active = None
        dice = self._dice[target]
        draws = Draws(latency=dice.random(), fault=dice.random())
        decision = decide(profile, active, elapsed_s, self._windows.get(target, Window()), draws, tokens=tokens)
        self._windows[target] = decision.window
        return decision

    def _everywhere(self, target: str | Target) -> Fault | None:
        fault = self._by_hand.get(Target.EVERYTHING)
        if fault is not None and target is Target.MODEL_LIST and fault.kind in ON_COMPLETIONS_ONLY:
            return None
        return fault

    def _is_listed(self, model: ServedModel) -> bool:
        elapsed_s = self.script.timeline_s(self.elapsed_s)
        return model.is_listed_at(elapsed_s) and model.id not in self.script.model_list.hidden

    def _wrong_key(self, request: web.Request) -> Complaint | None:
        key = sent_key(request)
        if self._api_key is None or hmac.compare_digest(key.encode(), self._api_key.encode()):
            return None
        return complaints.wrong_key(key)

    def _turned_away(self, request: web.Request, api: Api, model: ServedModel | None) -> Complaint | None:
        """What is wrong whatever is asked: the key, the version, an empty account, a model that is not loaded yet."""
        refusal = self._wrong_key(request)
        if refusal is not None:
            return refusal
        if api.family == "anthropic" and _VERSION not in request.headers:
            return complaints.VERSION_MISSING
        if model is not None and self.elapsed_s < model.loads_for_s:
            return complaints.LOADING
        spent = self.script.balance is not None and self.balance <= 0
        return complaints.out_of_money(api.family) if spent else None

    def _refuse(self, complaint: Complaint, family: Family) -> web.Response:
        request_id = f"req_sim{self.requests.total():08d}"
        return web.json_response(error_body(complaint, family, request_id), status=complaint.status)

    def _remember(
        self, request: web.Request, asked: Asked, decision: Decision | None, body: dict[str, object] | None = None
    ) -> None:
        on_list = body is None
        model = asked.model
        self.requests[Target.MODEL_LIST if on_list else model if model in self._models else None] += 1
        self.seen.append(
            Seen(
                at_s=self.elapsed_s,
                path=request.path,
                model=model,
                headers=open_headers(request),
                prompt=None if asked.prompt is None else asked.prompt[:PROMPT_CHARS],
                parameters=frozenset(body or ()),
                peer_port=peer_port(request),
                struck=decision.fault.kind if decision and decision.fault else None,
                stream=asked.stream,
                max_tokens=asked.max_tokens,
            )
        )

    def _now_s(self) -> float:
        return self._clock.now().wall_us / US_PER_S


def _dice(seed: int, target: str | Target) -> random.Random:
    return random.Random(f"{seed}/{target}")  # noqa: S311  draws of a simulation, no secret
