"""The two who ask: the official SDKs, and the prober. What each makes of an answer is one of the same few classes.

Owns how an exception of an SDK and a status of a probe are put into these classes; which of them is due stands with
the tests.
"""

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anthropic
import httpx2 as httpx
import openai

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.domain.redact import Redactor
from monitor.domain.result import Result, Status, Trigger
from monitor.probes.prober import Prober
from monitor.probes.target import EndpointTarget

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

KEY = "sk-sdk-0123456789abcdef"
PATIENCE_S = 30.0
"""So long an SDK may take in all; longer than any machine needs where nothing waits."""
MODEL = "gpt-4.1"
MESSAGES: list[Any] = [{"role": "user", "content": "Say OK."}]


class Outcome(StrEnum):
    """What became of one request."""

    SUCCESS = "success"
    DEGRADED = "a success with a flaw"
    AUTH = "the key"
    NOT_FOUND = "no such model"
    RATE_LIMITED = "too many requests"
    QUOTA = "no money"
    REQUEST = "our request"
    SERVER = "the server failed"
    TIMEOUT = "too late"
    CONNECTION = "no connection"
    INVALID = "not what was promised"
    WAITS = "still waiting"


class Way(StrEnum):
    """What is asked for, and how."""

    WHOLE = "whole"
    STREAM = "stream"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Question:
    """One way to ask in one protocol."""

    protocol: str
    way: Way

    @property
    def name(self) -> str:
        """For the table and for messages."""
        return f"{self.protocol}/{self.way}"


QUESTIONS = (
    *(Question(protocol, way) for protocol in ("openai", "anthropic") for way in Way),
    Question("openai-responses", Way.WHOLE),
    Question("openai-responses", Way.STREAM),
    Question("openai-embeddings", Way.WHOLE),
)
OF_STATUS = {
    Status.UP: Outcome.SUCCESS,
    Status.DEGRADED: Outcome.DEGRADED,
    Status.TIMEOUT: Outcome.TIMEOUT,
    Status.CONNECTION_ERROR: Outcome.CONNECTION,
    Status.AUTH_ERROR: Outcome.AUTH,
    Status.RATE_LIMITED: Outcome.RATE_LIMITED,
    Status.QUOTA_EXCEEDED: Outcome.QUOTA,
    Status.MODEL_NOT_FOUND: Outcome.NOT_FOUND,
    Status.OVERLOADED: Outcome.SERVER,
    Status.SERVER_ERROR: Outcome.SERVER,
    Status.CLIENT_ERROR: Outcome.REQUEST,
    Status.INVALID_RESPONSE: Outcome.INVALID,
}
_OF_HTTP = {
    401: Outcome.AUTH,
    402: Outcome.QUOTA,
    403: Outcome.AUTH,
    404: Outcome.NOT_FOUND,
    408: Outcome.TIMEOUT,
    429: Outcome.RATE_LIMITED,
}
_OF_ERRORS: tuple[tuple[tuple[type[Exception], ...], Outcome], ...] = (
    ((openai.APITimeoutError, anthropic.APITimeoutError, httpx.TimeoutException), Outcome.TIMEOUT),
    ((openai.APIConnectionError, anthropic.APIConnectionError, httpx.TransportError), Outcome.CONNECTION),
    ((openai.APIResponseValidationError, anthropic.APIResponseValidationError), Outcome.INVALID),
    ((openai.APIError, anthropic.APIError), Outcome.SERVER),  # an error within a stream has no code of HTTP
)


class Sdks:
    """The official SDKs, without their retries: these hide failures."""

    def __init__(
        self, base_url: str, *, key: str = KEY, model: str = MODEL, timeout_s: float, patience_s: float = PATIENCE_S
    ) -> None:
        self._model = model
        self._patience_s = patience_s
        self._openai = openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=timeout_s)
        self._anthropic = anthropic.AsyncAnthropic(
            base_url=base_url.removesuffix("/v1"), api_key=key, max_retries=0, timeout=timeout_s
        )
        self._asks: Mapping[Question, Callable[[], Awaitable[Any]]] = {
            Question("openai", Way.WHOLE): lambda: self._chat(stream=False),
            Question("openai", Way.STREAM): lambda: self._chat(stream=True),
            Question("openai", Way.LIST): self._openai.models.list,
            Question("anthropic", Way.WHOLE): lambda: self._messages(stream=False),
            Question("anthropic", Way.STREAM): lambda: self._messages(stream=True),
            Question("anthropic", Way.LIST): self._anthropic.models.list,
            Question("openai-responses", Way.WHOLE): lambda: self._responses(stream=False),
            Question("openai-responses", Way.STREAM): lambda: self._responses(stream=True),
            Question("openai-embeddings", Way.WHOLE): self._embeddings,
        }

    async def ask(self, question: Question) -> Outcome:
        """What the SDK says became of it; a stream is read to its end, nobody waits for ever."""
        try:
            async with asyncio.timeout(self._patience_s):
                answer = await self._asks[question]()
                if question.way is Way.STREAM:
                    async for _ in answer:
                        pass
        except TimeoutError:
            return Outcome.WAITS
        except Exception as error:  # noqa: BLE001  whatever an SDK raises is its answer
            return outcome_of(error)
        return Outcome.SUCCESS

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._openai.close()
        await self._anthropic.close()

    async def _chat(self, *, stream: bool) -> Any:
        return await self._openai.chat.completions.create(
            model=self._model, messages=MESSAGES, max_tokens=16, stream=stream
        )

    async def _messages(self, *, stream: bool) -> Any:
        return await self._anthropic.messages.create(model=self._model, messages=MESSAGES, max_tokens=16, stream=stream)

    async def _responses(self, *, stream: bool) -> Any:
        return await self._openai.responses.create(
            model=self._model, input="Say OK.", max_output_tokens=16, stream=stream
        )

    async def _embeddings(self) -> Any:
        return await self._openai.embeddings.create(model=self._model, input="OK")


def outcome_of(error: Exception) -> Outcome:
    """The class of what an SDK raised; what breaks within a stream comes as the HTTP library has it."""
    if isinstance(error, openai.APIStatusError | anthropic.APIStatusError):
        return _of_http(error.status_code, error.body)
    return next((outcome for kinds, outcome in _OF_ERRORS if isinstance(error, kinds)), Outcome.INVALID)


def _of_http(code: int, body: object) -> Outcome:
    if code < 400:
        return Outcome.SERVER
    if code == 429 and isinstance(body, dict) and body.get("code") == "insufficient_quota":
        return Outcome.QUOTA
    return _OF_HTTP.get(code, Outcome.SERVER if code >= 500 else Outcome.REQUEST)


class Probes:
    """The prober, with an endpoint for each protocol; nothing of it is set up for a test."""

    def __init__(self, base_url: str, *, key: str = KEY, model: str = MODEL, timeout_s: float) -> None:
        self._model = model
        self._timeout_s = timeout_s
        targets = {protocol: _target(protocol, base_url, key) for protocol in {one.protocol for one in QUESTIONS}}
        self._prober = Prober(
            targets, concurrency=100, clock=SystemClock(), redactor=Redactor([key]), lookup=socket.getaddrinfo
        )
        self._stack = AsyncExitStack()

    async def ask(self, question: Question, **changes: Any) -> Result:
        """The result of one probe of the model, its check changed so."""
        return await self._prober.probe(replace(self._check(question), **changes), Trigger.CONFIRM)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._prober)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _check(self, question: Question) -> Check:
        on_list = question.way is Way.LIST
        return Check(
            question.name,
            question.protocol,
            CheckKind.MODELS if on_list else CheckKind.CHAT,
            None if on_list else self._model,
            question.protocol,
            timeout_s=self._timeout_s,
            protocol=question.protocol,
            stream=question.way is Way.STREAM,
        )


def _target(protocol: str, base_url: str, key: str) -> EndpointTarget:
    return EndpointTarget(
        name=protocol,
        base_url=base_url,
        protocol=protocol,
        api_key=Secret(key),
        headers={},
        proxy=None,
        ca_file=None,
        concurrency=10,
        models=(MODEL,),
        keepalive_s=60.0,
    )
