"""The channel `email`: one message per notification, handed to one mail server.

Owns the exchange with the server and the meaning of its answers: 4xx passes, 5xx does not (RFC 5321, section 4.2.1).
What a message looks like is `email_message`. A connection is made for each message and closed after it: alerts are
rare, and servers close what idles.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.policy import SMTP as WIRE

import aiosmtplib
from aiosmtplib import SMTP

from monitor.alerting.notification import Notification
from monitor.clock import Clock
from monitor.config.channel_types import TlsMode
from monitor.delivery.channel import SEND_TIMEOUT_S, Delivered, Permanent, Receipt, Retry
from monitor.delivery.email_message import Letter, Letterhead, composed
from monitor.delivery.mask import Mask
from monitor.delivery.several import Taken

QUIT_WITHIN_S = 0.5
PERMANENT_FROM = 500
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLError, "TLS failed: check the certificate, or set ca_file"),
    (socket.gaierror, "the host name cannot be resolved"),
    (TimeoutError, "no answer within {timeout_s:g} s"),
)
_NO_STARTTLS = "the server offers no STARTTLS, and without it nothing is sent"


@dataclass(frozen=True, slots=True)
class MailServer:
    """How the server is reached.

    Attributes:
        tls: "starttls" asks for it and sends nothing without, "implicit" is TLS from the first byte.
        context: for both; None without TLS.
    """

    host: str
    port: int
    tls: TlsMode
    context: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


class EmailChannel:
    """Sends to one list of people.

    Args:
        server: who takes the messages.
        head: who writes to whom.
        clock: the date of each message.
        timeout_s: bound of one exchange, connect to the last answer.
    """

    def __init__(
        self,
        name: str,
        server: MailServer,
        head: Letterhead,
        clock: Clock,
        *,
        timeout_s: float = SEND_TIMEOUT_S - QUIT_WITHIN_S,
    ) -> None:
        self.name = name
        self._server = server
        self._head = head
        self._clock = clock
        self._timeout_s = timeout_s
        self._taken = Taken(recipient.addr_spec for recipient in head.recipients)
        self._mask = Mask(() if server.password is None else (server.password,))
        self._our_name = _our_name()

    async def send(self, notification: Notification, thread: str | None = None) -> Receipt:
        """Send once, to whoever does not have it yet. The thread is the identifier of the incident's first message."""
        letter = composed(notification, thread, self._head, self._clock.now())
        receipts = await self._to(self._taken.left(notification.id), letter)
        receipt = self._taken.settle(notification.id, receipts)
        if isinstance(receipt, Delivered) and notification.incident is not None:
            return Delivered(receipt.answer, letter.message_id)
        return receipt

    async def close(self) -> None:
        """There is no connection between two messages."""

    async def _to(self, recipients: Sequence[str], letter: Letter) -> Mapping[str, Receipt]:
        """What became of the message, by recipient."""
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=False,
            tls_context=server.context,
            local_hostname=self._our_name,
            timeout=self._timeout_s,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(smtp, recipients, letter)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {one.recipient: self._answered(one.code, one.message) for one in error.recipients}
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return {self._place: self._failed(error)}
        finally:
            await _leave(smtp)

    async def _exchange(self, smtp: SMTP, recipients: Sequence[str], letter: Letter) -> Mapping[str, Receipt]:
        server = self._server
        await smtp.connect()
        if server.tls == "starttls":
            await smtp.ehlo()
            if not smtp.supports_extension("starttls"):
                return {self._place: Retry(_NO_STARTTLS)}
            await smtp.starttls()
        if server.username is not None and server.password is not None:
            await smtp.login(server.username, server.password)
        content = letter.message.as_bytes(policy=WIRE)
        refused, said = await smtp.sendmail(self._head.sender.addr_spec, list(recipients), content)
        taken = Delivered(self._mask.shown(f"SMTP 250: {said}"))
        return dict.fromkeys(recipients, taken) | {
            recipient: self._answered(answer.code, answer.message) for recipient, answer in refused.items()
        }

    @property
    def _place(self) -> str:
        return f"{self._server.host}:{self._server.port}"

    def _answered(self, code: int, message: str) -> Receipt:
        said = self._mask.shown(f"SMTP {code}: {message}")
        return Permanent(said) if code >= PERMANENT_FROM else Retry(said)

    def _failed(self, error: Exception) -> Receipt:
        """What an exchange without a taken message means."""
        if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
            return self._answered(error.code, error.message)
        return Retry(_words(error, self._timeout_s))


def _words(error: Exception, timeout_s: float) -> str:
    """Why no answer came. The error's own text is not shown: it is not ours."""
    causes = [error, *filter(None, (error.__cause__, error.__context__))]
    for kind, words in _WORDS:
        if any(isinstance(cause, kind) for cause in causes):
            return words.format(timeout_s=timeout_s)
    numbers = [cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno]
    if numbers:
        return f"cannot connect: {os.strerror(numbers[0])}"
    cut_off = any(isinstance(cause, ConnectionError) for cause in causes)
    return "the connection was cut" if cut_off else f"the exchange failed ({type(error).__name__})"


async def _leave(smtp: SMTP) -> None:
    """Say goodbye if that is quick; the message is decided already."""
    with suppress(aiosmtplib.SMTPException, OSError):
        async with asyncio.timeout(QUIT_WITHIN_S):
            if smtp.is_connected:
                await smtp.quit()
    smtp.close()


def _our_name() -> str:
    """What we call ourselves: a full name, else our address, as RFC 5321, section 4.1.3 allows. Nobody is asked."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
