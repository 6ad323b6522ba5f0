"""A real mail server on loopback, in the loop of the test that enters it."""

import asyncio
import ssl
import warnings
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self

from aiosmtpd import smtp


@dataclass(frozen=True)
class Mail:
    """One message that a server took.

    Attributes:
        recipients: of the envelope.
        secure: whether it came through TLS.
        login: of whom; None without one.
    """

    message: EmailMessage
    recipients: list[str]
    secure: bool
    login: str | None

    @property
    def subject(self) -> str:
        """Decoded."""
        return str(self.message["subject"])

    def text(self, kind: str) -> str:
        """The part of a kind, decoded."""
        part = self.message.get_body((kind,))
        assert part is not None
        content: str = part.get_content()
        return content


class MailSink:
    """A real SMTP server on loopback, in the test's own loop, that takes what it is not told to refuse.

    Args:
        context: its certificate; None without TLS.
        implicit: TLS from the first byte.
        login: user and password that are asked for, after TLS where there is TLS.

    Attributes:
        replies: what is said in place of 250, by command (`MAIL`, `DATA`) or by recipient; a list is used up.
    """

    def __init__(
        self, context: ssl.SSLContext | None = None, *, implicit: bool = False, login: tuple[str, str] | None = None
    ) -> None:
        self.mails: list[Mail] = []
        self.replies: dict[str, list[str]] = {}
        self._context = context
        self._implicit = implicit
        self._login = login
        self._connections: list[smtp.SMTP] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        context = self._context if self._implicit else None
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0, ssl=context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.close()
        await self._server.wait_closed()

    def _protocol(self) -> smtp.SMTP:
        starttls = None if self._implicit else self._context
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a login without STARTTLS: that is what is tried here
            made = smtp.SMTP(
                self,
                hostname="mail.test",
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=None if self._login is None else self._authenticate,
                auth_required=self._login is not None,
                auth_require_tls=starttls is not None,
                loop=asyncio.get_running_loop(),
            )
        self._connections.append(made)
        return made

    def _authenticate(self, _server: Any, session: Any, _envelope: Any, mechanism: str, data: Any) -> smtp.AuthResult:
        del mechanism
        given = (data.login.decode(), data.password.decode())
        session.taken_login = given[0]
        return smtp.AuthResult(success=given == self._login, handled=False)

    async def handle_MAIL(  # noqa: N802  named by aiosmtpd
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """The sender."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._said("MAIL")

    async def handle_RCPT(  # noqa: N802  named by aiosmtpd
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """One recipient."""
        said = self._said(address)
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  named by aiosmtpd
        """The message."""
        said = self._said("DATA")
        if said.startswith("250"):
            message = message_from_bytes(envelope.content, policy=default)
            login = getattr(session, "taken_login", None)
            secure = self._implicit or session.ssl is not None
            self.mails.append(Mail(message, list(envelope.rcpt_tos), secure, login))
        return said

    def _said(self, about: str) -> str:
        replies = self.replies.get(about)
        return replies.pop(0) if replies else "250 taken"
