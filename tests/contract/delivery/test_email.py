"""E-mail, handed to a real mail server: threads, TLS, logins, refusals, and servers that misbehave."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
import trustme

from monitor.alerting.notification import Event
from monitor.delivery.channel import Delivered, Permanent, Retry
from tests.contract.delivery.conftest import closed_url, mail_channel
from tests.contract.mailroom import MailSink

if TYPE_CHECKING:
    from monitor.config.channel_types import TlsMode
    from tests.contract.delivery.conftest import Notify

LOGIN = ("relaywatch", "correct-horse-battery")
AUTHORITY = trustme.CA()


def _server_context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    return context


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


async def test_an_incident_is_one_thread(notify: "Notify") -> None:
    """Every later message refers to the first, also when what the channel gave with it was lost."""
    async with MailSink() as sink:
        channel = mail_channel(sink)
        first = await channel.send(notify())
        assert isinstance(first, Delivered)
        assert first.answer == "SMTP 250: taken"
        await channel.send(replace(notify(Event.UPDATED), id="rw-x-1-2-mail"), first.thread)
        await channel.send(replace(notify(Event.RESOLVED), id="rw-x-1-3-mail"), None)
        await channel.send(notify(number=2))
        await channel.send(replace(notify(Event.TEST), id="rw-test-9"))
    opened, updated, resolved, other, test = (mail.message for mail in sink.mails)
    assert opened["message-id"] == first.thread
    assert opened["in-reply-to"] is None
    for later in (updated, resolved):
        assert later["in-reply-to"] == later["references"] == opened["message-id"]
    assert test["in-reply-to"] is None
    ids = [message["message-id"] for message in (opened, updated, resolved, other, test)]
    assert len(set(ids)) == 5
    assert all(one.startswith("<rw-") and one.endswith("@example.org>") for one in ids)


async def test_an_incident_told_twice_on_a_channel_is_two_messages(notify: "Notify") -> None:
    """A second `opened` in a thread is no repetition, so it must not have the first one's identifier."""
    async with MailSink() as sink:
        channel = mail_channel(sink)
        first = await channel.send(notify())
        assert isinstance(first, Delivered)
        await channel.send(replace(notify(), id="rw-x-1-7-mail"), first.thread)
    one, two = (mail.message for mail in sink.mails)
    assert one["message-id"] != two["message-id"]
    assert two["references"] == one["message-id"]


async def test_a_repetition_is_recognised(notify: "Notify") -> None:
    """The same notification has the same identifier, so that a mail program shows it once."""
    async with MailSink() as sink:
        for _ in range(2):
            await mail_channel(sink).send(notify())
    one, two = (mail.message["message-id"] for mail in sink.mails)
    assert one == two


async def test_headers(notify: "Notify") -> None:
    """Who, to whom, when; nobody answers by machine; filters have something to go by."""
    async with MailSink() as sink:
        await mail_channel(sink, to=("ops@example.org", "Nacht 밤 <night@example.org>")).send(notify(text="모델 ünï"))
    (mail,) = sink.mails
    message = mail.message
    assert message["from"] == "RelayWatch <relaywatch@example.org>"
    assert message["to"] == "ops@example.org, Nacht 밤 <night@example.org>"
    assert mail.recipients == ["ops@example.org", "night@example.org"]
    assert mail.subject == "DOWN: 모델 ünï on gw (OVERLOADED)"
    assert message["auto-submitted"] == "auto-generated"
    assert message["x-relaywatch-event"] == "opened"
    assert message["x-relaywatch-severity"] == "critical"
    assert message["x-relaywatch-incident"] == "1"
    assert message["date"].datetime is not None
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert "모델 ünï" in mail.text("plain")
    assert "모델 ünï" in mail.text("html")


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: evil@example.org", "a\nSubject: x", "a\r\n\r\n<b>body</b>", "a\x00\x0bb", "."]
)
async def test_no_text_adds_a_header(notify: "Notify", text: str) -> None:
    """A line break in a model's name stays a blank in the subject, and a lone dot ends nothing."""
    hostile = replace(notify(text=text), service=text, severity=text, id=f"rw-{text}")
    async with MailSink() as sink:
        assert isinstance(await mail_channel(sink).send(hostile), Delivered)
        assert isinstance(await mail_channel(sink).send(replace(hostile, message="a\n.\nb\n..\n")), Delivered)
    for mail in sink.mails:
        assert mail.message["bcc"] is None
        assert mail.message.get_all("subject") == [mail.subject]
        assert mail.recipients == ["ops@example.org"]
    assert sink.mails[0].message.defects == []
    assert sink.mails[1].text("plain").replace("\r", "").startswith("a\n.\nb\n..\n")


async def test_html_is_escaped_and_loads_nothing(notify: "Notify") -> None:
    """Foreign markup is text; no image, script or style comes from elsewhere."""
    hostile = notify(text="<script>alert(1)</script><img src=x> & \"'")
    async with MailSink() as sink:
        await mail_channel(sink).send(replace(hostile, url='https://status.example.org/?a="><script>'))
    page = sink.mails[0].text("html")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert 'href="https://status.example.org/?a=&quot;&gt;&lt;script&gt;"' in page


@pytest.mark.parametrize("implicit", [False, True])
async def test_tls_and_a_login(notify: "Notify", *, implicit: bool) -> None:
    """With STARTTLS and with TLS from the first byte; the password goes through TLS only."""
    async with MailSink(_server_context(), implicit=implicit, login=LOGIN) as sink:
        tls: TlsMode = "implicit" if implicit else "starttls"
        receipt = await mail_channel(sink, tls=tls, context=_trusting(), login=LOGIN).send(notify())
    assert isinstance(receipt, Delivered), receipt
    assert [(mail.secure, mail.login) for mail in sink.mails] == [(True, "relaywatch")]


async def test_without_starttls_nothing_is_sent(notify: "Notify") -> None:
    """Neither password nor message goes in the clear because somebody took the offer away."""
    async with MailSink(login=LOGIN) as sink:
        receipt = await mail_channel(sink, tls="starttls", context=_trusting(), login=LOGIN).send(notify())
    assert receipt == Retry("the server offers no STARTTLS, and without it nothing is sent")
    assert sink.mails == []


@pytest.mark.parametrize("implicit", [False, True])
async def test_an_unknown_certificate_is_refused(notify: "Notify", *, implicit: bool) -> None:
    """And the reason says what to do."""
    async with MailSink(_server_context(), implicit=implicit) as sink:
        tls: TlsMode = "implicit" if implicit else "starttls"
        receipt = await mail_channel(sink, tls=tls, context=ssl.create_default_context()).send(notify())
    assert receipt == Retry("TLS failed: check the certificate, or set ca_file")
    assert sink.mails == []


async def test_a_wrong_password_is_permanent_and_not_shown(notify: "Notify") -> None:
    """It does not get better by itself."""
    async with MailSink(_server_context(), login=LOGIN) as sink:
        login = ("relaywatch", "wrong-password")
        receipt = await mail_channel(sink, tls="starttls", context=_trusting(), login=login).send(notify())
    assert isinstance(receipt, Permanent)
    assert receipt.reason.startswith("SMTP 535: ")
    assert "wrong-password" not in receipt.reason


@pytest.mark.parametrize("about", ["MAIL", "ops@example.org", "DATA"])
@pytest.mark.parametrize(("reply", "kind"), [("451 try later", Retry), ("550 5.7.1 not wanted", Permanent)])
async def test_a_refusal_counts_by_its_code(notify: "Notify", about: str, reply: str, kind: type) -> None:
    """4xx passes, 5xx does not, at whichever step; the reason is the server's own."""
    async with MailSink() as sink:
        sink.replies[about] = [reply]
        channel = mail_channel(sink)
        receipt = await channel.send(notify())
        assert receipt == kind(f"SMTP {reply[:3]}: {reply[4:]}")
        assert isinstance(await channel.send(notify()), Delivered), "the next one goes through"


async def test_whoever_was_put_off_is_tried_again_alone(notify: "Notify") -> None:
    """One of three is grey-listed, one does not exist: nobody gets it twice, and the refusal is told."""
    to = ("a@example.org", "b@example.org", "c@example.org")
    async with MailSink() as sink:
        sink.replies = {"b@example.org": ["450 grey"], "c@example.org": ["550 no such user"] * 2}
        channel = mail_channel(sink, to=to)
        first = await channel.send(notify())
        second = await channel.send(notify())
    assert first == Retry("b@example.org: SMTP 450: grey; c@example.org: SMTP 550: no such user")
    assert isinstance(second, Delivered)
    assert second.answer == "taken by 2 of 3; c@example.org: SMTP 550: no such user"
    assert [mail.recipients for mail in sink.mails] == [["a@example.org"], ["b@example.org"]]


async def test_a_dead_server_is_retried(notify: "Notify") -> None:
    """The reason says which way it is dead."""
    port = int(closed_url().rpartition(":")[2].partition("/")[0])
    assert await mail_channel(port).send(notify()) == Retry("cannot connect: Connection refused")


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _hang_later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.test\r\n")
    await reader.read()


async def _cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _cut_later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.test\r\n")
    await reader.readline()
    writer.write(b"250-mail.test\r\n250")
    writer.transport.abort()


async def _busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"421 4.3.2 too many connections\r\n")
    await reader.readline()


async def _not_for_us(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"554 no service for you\r\n")
    await reader.readline()


async def _web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html></html>")
    await reader.readline()


async def _noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 4000)
    await reader.readline()


@asynccontextmanager
async def _odd_server(behaviour: Behaviour) -> AsyncIterator[int]:
    ended: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(cast("asyncio.Task[None]", asyncio.current_task()))
        with suppress(ConnectionError):
            await behaviour(reader, writer)
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*ended)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (_hang, Retry("no answer within 0.3 s")),
        (_hang_later, Retry("no answer within 0.3 s")),
        (_cut, None),
        (_cut_later, None),
        (_busy, Retry("SMTP 421: 4.3.2 too many connections")),
        (_not_for_us, Permanent("SMTP 554: no service for you")),
        (_web, None),
        (_noise, None),
    ],
)
async def test_servers_that_misbehave(notify: "Notify", behaviour: Behaviour, expected: object) -> None:
    """Each ends in a value within the bound; what gives no code is tried again."""
    async with _odd_server(behaviour) as port, asyncio.timeout(3.0):
        receipt = await mail_channel(port, timeout_s=0.3).send(notify())
    assert receipt == expected if expected is not None else isinstance(receipt, Retry), receipt
    assert len(str(receipt)) < 300
