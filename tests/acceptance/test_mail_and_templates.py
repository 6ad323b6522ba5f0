"""The installed daemon and a real mail server; channels in the operator's own words."""

import signal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from monitor.simulator.faults import Fault, FaultKind
from tests.contract.mailroom import MailSink

if TYPE_CHECKING:
    from tests.acceptance.conftest import World

BROKEN, FINE = "openai/gpt-4.1", "anthropic/claude-sonnet-4"
CHECK = f"gw/chat/{BROKEN}"
DOWN = Fault(kind=FaultKind.STATUS, status=503)


def _mail(sink: MailSink, more: str = "") -> str:
    return (
        f'[[channels]]\nname = "mail"\ntype = "email"\nhost = "127.0.0.1"\nport = {sink.port}\ntls = "off"\n'
        f'from = "RelayWatch <relaywatch@example.org>"\nto = ["ops@example.org"]\n{more}\n'
    )


async def test_an_incident_is_one_thread_of_mails(world: "World") -> None:
    """Opened and resolved, also when the server puts off the first try."""
    gateway, sink = await world.gateway(BROKEN, FINE), await world.enter(MailSink())
    sink.replies["MAIL"] = ["451 busy"]
    gateway.set_fault(BROKEN, DOWN)
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), _mail(sink))
    await daemon.start()
    await daemon.until(lambda: len(sink.mails) == 1, 20, "opened")
    gateway.set_fault(BROKEN, None)
    await daemon.until(lambda: len(sink.mails) == 2, 20, "resolved")
    opened, resolved = (mail.message for mail in sink.mails)
    assert [message["x-relaywatch-event"] for message in (opened, resolved)] == ["opened", "resolved"]
    assert resolved["in-reply-to"] == opened["message-id"]
    assert resolved["references"] == opened["message-id"]
    assert parsedate_to_datetime(resolved["date"]) >= parsedate_to_datetime(opened["date"])
    assert "503" in sink.mails[0].text("plain")
    assert BROKEN in sink.mails[1].subject
    (retried,) = daemon.events("notification_retry")
    assert retried["error"] == "SMTP 451: busy"
    assert await daemon.stop() == 0


async def test_a_mail_server_in_use_can_be_tried(world: "World") -> None:
    """`notify test` says what it answered."""
    gateway, sink = await world.gateway(FINE), await world.enter(MailSink())
    daemon = world.deployment()
    daemon.configure(daemon.endpoint(gateway, FINE), _mail(sink))
    ended = await daemon.command("notify", "test")
    assert (ended.code, ended.stdout) == (0, "mail: delivered (SMTP 250: taken)\n")
    assert sink.mails[0].message["auto-submitted"] == "auto-generated"


async def test_own_words_on_every_channel(world: "World") -> None:
    """One template for mail and webhook alike; a changed file is in force after a reload, a broken one is refused."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    sink = await world.enter(MailSink())
    daemon = world.deployment()
    own = 'template = { title = "title.j2" }'
    daemon.configure(daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook, more=own), _mail(sink, own))
    template = daemon.folder / "title.j2"
    template.write_text("[one] {{ event }} {{ service }}")
    await daemon.start()

    template.write_text("[two] {{ evnt }}")
    checked = await daemon.command("config", "check")
    assert checked.code == 2
    assert f'{template}:1: unknown field "evnt": did you mean "event"?' in checked.stderr
    daemon.signal(signal.SIGHUP)
    failed = await daemon.wait_for("config_reload_failed", 10)
    assert "evnt" in failed["error"]
    template.write_text("[two] {{ event }} {{ incident.checks|join(' ') if incident }}")
    daemon.signal(signal.SIGHUP)
    await daemon.wait_for("config_reloaded", 10)

    gateway.set_fault(BROKEN, DOWN)
    await daemon.until(lambda: bool(hook.accepted and sink.mails), 15, "both are told")
    assert hook.accepted[0].body["title"] == sink.mails[0].subject == f"[two] opened {CHECK}"
    assert await daemon.stop() == 0


async def test_a_template_that_breaks_costs_no_message(world: "World") -> None:
    """The built-in text comes, and says why it is not the operator's."""
    gateway, hook = await world.gateway(BROKEN, FINE), await world.hook()
    gateway.set_fault(BROKEN, DOWN)
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(gateway, BROKEN, FINE), daemon.webhook(hook, more='template = { message = "m.j2" }')
    )
    (daemon.folder / "m.j2").write_text("fine\n{% if 'SERVER_ERROR' not in title and incident %}{{ 1 / 0 }}{% endif %}")
    await daemon.start()
    received = await hook.wait_for(lambda _: True, 15)
    path = daemon.folder / "m.j2"
    assert "503" in received.body["message"]
    last = received.body["message"].splitlines()[-1]
    assert last == f"(the template {path}:2: division by zero failed; this is the built-in text)"
    assert len(daemon.events("template_failed", level="warning")) == 1
    assert await daemon.stop() == 0


@pytest.mark.parametrize("url", ["nonsense://secret-token/42"])
async def test_a_url_that_apprise_cannot_use_stops_the_start(world: "World", url: str) -> None:
    """With its place, without its content."""
    gateway = await world.gateway(FINE)
    daemon = world.deployment()
    daemon.environ["ONE"] = url
    channel = '[[channels]]\nname = "phones"\ntype = "apprise"\nurls = [{ env = "ONE" }]\n'
    daemon.configure(daemon.endpoint(gateway, FINE), channel)
    ended = await daemon.command("run", "-c", str(daemon.path))
    assert ended.code == 2
    assert "channels[0].urls[0]: the secret is not a URL that Apprise can use" in ended.stderr
    assert "secret-token" not in ended.stderr + ended.stdout
