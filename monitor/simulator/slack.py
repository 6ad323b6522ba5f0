"""A double of Slack: an incoming webhook and the Web API, refusing what Slack refuses in Slack's own words.

Owns the two doors, their answers, and the memory of what was posted. Which messages pass is decided in `slack_rules`,
what in them would come alive is found by `mrkdwn`.

Sources: "Sending messages using incoming webhooks" and its 2016 change of errors, "Rate limits", and the method pages
of `chat.postMessage`, `chat.update` and `auth.test`, at docs.slack.dev.
"""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Unpack

from aiohttp import web

from monitor.clock import US_PER_S
from monitor.simulator.manners import Answer, Manners
from monitor.simulator.mrkdwn import Live, live_parts
from monitor.simulator.record import KEPT
from monitor.simulator.sink import Sink, SinkOptions, json_object
from monitor.simulator.slack_rules import MAX_TEXT, Message, Refusal, refused, refused_post, refused_update

TEAM, HOOK, HOOK_TOKEN = "T00000000", "B00000000", "simulatedhooktoken000000"
TOKEN = "xoxb-simulated-bot-token"  # noqa: S105  opens nothing but this double
CHANNEL_ID = "C0SIMULATE"
CHANNELS = MappingProxyType({CHANNEL_ID: CHANNEL_ID, "#ops": CHANNEL_ID, "ops": CHANNEL_ID})
TRUNCATED = "[WARN] Your message was truncated but still posted. The `text` field accepts up to 40,000 characters."
_WEBHOOK_STATUS = {"no_service": 404, "no_team": 404, "invalid_token": 403}


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message as a reader would find it in the channel.

    Attributes:
        ts: Slack's id of the message.
        channel: the id of where it was posted; empty for a webhook, whose channel is its own.
        text: cut to 40,000 characters, as Slack cuts it.
        blocks: as posted.
        attachments: as posted.
        thread_ts: the message it answers.
        broadcast: an answer that the channel sees as well as the thread.
        live: mentions and links that would have been active.
        at_mono_s: seconds on the monotonic clock, of the first posting.
        edits: how often it was updated.
    """

    ts: str
    channel: str
    text: str
    blocks: tuple[Mapping[str, Any], ...]
    attachments: tuple[Mapping[str, Any], ...]
    thread_ts: str | None
    live: tuple[Live, ...]
    at_mono_s: float
    broadcast: bool = False
    edits: int = 0


def slack_error(error: str) -> Answer:
    """The Web API's answer with this error: HTTP 200 and `ok: false`."""
    return Answer(200, json.dumps({"ok": False, "error": error}), {"Content-Type": "application/json"})


class SlackSink(Sink[SlackMessage]):
    """A running double of Slack.

    Attributes:
        token: the bot token that the Web API takes.
        channels: the ids of the channels that the bot may post to, by every name they go by.
        refusals: the newest refusals, oldest first.
        attempts: the newest payloads, oldest first, whatever they were told.
    """

    def __init__(self, **options: Unpack[SinkOptions]) -> None:
        self.token = TOKEN
        self.channels: Mapping[str, str] = CHANNELS
        self.refusals: deque[Refusal] = deque(maxlen=KEPT)
        self.attempts: deque[Message] = deque(maxlen=KEPT)
        self._manners_of: defaultdict[str, Manners] = defaultdict(Manners)
        self._posted = 0
        doors = [web.post("/services/{team}/{hook}/{token}", self._webhook), web.post("/api/{method}", self._method)]
        super().__init__(doors, **options)

    @property
    def webhook_url(self) -> str:
        """The incoming webhook."""
        return f"{self._root}/services/{TEAM}/{HOOK}/{HOOK_TOKEN}"

    @property
    def api_url(self) -> str:
        """The Web API, with a slash at its end as the SDK's `base_url` has it."""
        return f"{self._root}/api/"

    @property
    def messages(self) -> list[SlackMessage]:
        """What a reader would find, oldest first."""
        return self._record.items

    def answer(self, *answers: Answer, then: Answer | None = None, method: str | None = None) -> None:
        """Sets what the next requests are told, nothing being posted; afterwards `then` for ever, or as Slack does.

        Args:
            answers: one for each of the next requests.
            then: for those after them.
            method: of the Web API, whose calls alone are told so; None is every request.
        """
        manners = self._manners if method is None else self._manners_of[method]
        manners.answer(*answers, then=then)

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        message = await _payload(request)
        self.attempts.append(message or {})
        told = self._manners.take()
        if told is not None:
            return await told.give(request)
        refusal = _wrong_hook(request) or (Refusal("invalid_payload") if message is None else refused(message))
        if refusal is None:
            self._post(message or {}, "")
            return web.Response(text="ok")
        self.refusals.append(refusal)
        return web.Response(status=_WEBHOOK_STATUS.get(refusal.error, 400), text=refusal.error)

    async def _method(self, request: web.Request) -> web.StreamResponse:
        message, method = await _payload(request), request.match_info["method"]
        self.attempts.append(message or {})
        told = self._manners.take() or self._manners_of[method].take()
        if told is not None:
            return await told.give(request)
        outcome = self._called(method, _token(request, message), message)
        if isinstance(outcome, Refusal):
            self.refusals.append(outcome)
            return web.json_response(_not_ok(outcome))
        return web.json_response({"ok": True} | outcome)

    def _called(self, method: str, token: str, message: Message | None) -> dict[str, Any] | Refusal:
        if token != self.token:
            return Refusal("invalid_auth" if token else "not_authed")
        if message is None:
            return Refusal("invalid_json")
        match method:
            case "chat.postMessage":
                return refused_post(message, self.channels) or self._lost_thread(message) or self._post_message(message)
            case "chat.update":  # knows ids only
                return refused_update(message, frozenset(self.channels.values())) or self._update(message)
            case "auth.test":
                return {"team": "Simulated", "team_id": TEAM, "user": "relaywatch", "user_id": "U0SIMULATE"}
        return Refusal("unknown_method")

    def _lost_thread(self, message: Message) -> Refusal | None:
        thread_ts, channel = message.get("thread_ts"), self.channels[str(message["channel"])]
        known = thread_ts is None or any(old.ts == thread_ts and old.channel == channel for old in self.messages)
        return None if known else Refusal("thread_not_found")

    def _post_message(self, message: Message) -> dict[str, Any]:
        posted = self._post(message, self.channels[str(message["channel"])])
        answer: dict[str, Any] = {"channel": posted.channel, "ts": posted.ts, "message": {"text": posted.text}}
        if len(str(message.get("text") or "")) > MAX_TEXT:
            answer["response_metadata"] = {"messages": [TRUNCATED], "warnings": ["message_truncated"]}
        return answer

    def _update(self, message: Message) -> dict[str, Any] | Refusal:
        for number, old in enumerate(self.messages):
            if old.ts == message.get("ts") and old.channel == message["channel"]:
                new = self._read(message, old.channel, old.ts)
                self.messages[number] = replace(
                    new,
                    thread_ts=old.thread_ts,
                    broadcast=old.broadcast,
                    at_mono_s=old.at_mono_s,
                    edits=old.edits + 1,
                )
                self._record.touch()
                return {"channel": old.channel, "ts": old.ts, "text": new.text}
        return Refusal("message_not_found")

    def _post(self, message: Message, channel: str) -> SlackMessage:
        self._posted += 1
        posted = self._read(message, channel, f"{self._clock.now().wall_us // US_PER_S}.{self._posted:06d}")
        self._record.add(posted)
        return posted

    def _read(self, message: Message, channel: str, ts: str) -> SlackMessage:
        return SlackMessage(
            ts=ts,
            channel=channel,
            text=str(message.get("text") or "")[:MAX_TEXT],
            blocks=tuple(message.get("blocks") or ()),
            attachments=tuple(message.get("attachments") or ()),
            thread_ts=message.get("thread_ts"),
            broadcast=message.get("thread_ts") is not None and message.get("reply_broadcast") in (True, "true", "1"),
            live=live_parts(message),
            at_mono_s=self._mono_s(),
        )


def _wrong_hook(request: web.Request) -> Refusal | None:
    match = request.match_info
    if match["team"] != TEAM:
        return Refusal("no_team")
    if match["hook"] != HOOK:
        return Refusal("no_service")
    return None if match["token"] == HOOK_TOKEN else Refusal("invalid_token")


def _token(request: web.Request, message: Message | None) -> str:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return bearer or str((message or {}).get("token") or "")


def _not_ok(refusal: Refusal) -> dict[str, Any]:
    body: dict[str, Any] = {"ok": False, "error": refusal.error}
    if refusal.details:
        details = [f"[ERROR] {detail}" for detail in refusal.details]
        body |= {"errors": list(refusal.details), "response_metadata": {"messages": details}}
    return body


async def _payload(request: web.Request) -> dict[str, Any] | None:
    """The message, from JSON or from a form whose `payload`, `blocks` and `attachments` are JSON; None for neither."""
    if request.content_type == "application/x-www-form-urlencoded":
        form: dict[str, Any] = {name: str(value) for name, value in (await request.post()).items()}
        if "payload" in form:
            return json_object(form["payload"])
        return form | {name: _list(form[name]) for name in ("blocks", "attachments") if name in form}
    raw = (await request.read()).decode(errors="replace")
    return json_object(raw or "{}")


def _list(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
