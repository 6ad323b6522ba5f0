"""The tables of the channels that reach people through other systems: Alertmanager, PagerDuty, e-mail, Apprise."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo
from pydantic_core import InitErrorDetails

from monitor.config import urls
from monitor.config.channel_table import ChannelTable
from monitor.config.fields import Beside, Headers, Proxy, Text, text_or_secret
from monitor.config.mailbox import Mailbox, MailHost, Port
from monitor.config.model import detail
from monitor.config.secrets import SecretRef

TlsMode = Literal["starttls", "implicit", "off"]
USUAL_PORTS: Mapping[TlsMode, int] = MappingProxyType({"starttls": 587, "implicit": 465, "off": 25})


def _member(value: object, info: ValidationInfo) -> str | SecretRef:
    """The address of one Alertmanager, without a slash at its end."""
    content = text_or_secret(value, info)
    return urls.alertmanager_url(content) if isinstance(content, str) else content


_MemberUrl = Annotated[str | SecretRef, PlainValidator(_member, json_schema_input_type=str | SecretRef)]


class AlertmanagerChannel(ChannelTable):
    """Alertmanager: alerts are posted to every member of the cluster."""

    type: Literal["alertmanager"]
    urls: tuple[_MemberUrl, ...]
    headers: Headers = Field(default_factory=dict)
    proxy: Proxy | None = None
    ca_file: Beside | None = None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """At least one member, each once."""
        yield from _some("urls", table, "one URL per member of the cluster")


class PagerDutyChannel(ChannelTable):
    """PagerDuty, through its Events API v2."""

    type: Literal["pagerduty"]
    routing_key: SecretRef
    url: Annotated[str, AfterValidator(urls.events_url)] = "https://events.pagerduty.com"
    proxy: Proxy | None = None


class EmailChannel(ChannelTable):
    """E-mail, through a mail server.

    Attributes:
        port: None is the usual one of `tls`; see `port_in_use`.
        from_: `from` in the file.
    """

    type: Literal["email"]
    host: MailHost
    port: Port | None = None
    tls: TlsMode = "starttls"
    username: Text | None = None
    password: SecretRef | None = None
    from_: Mailbox
    to: tuple[Mailbox, ...]
    ca_file: Beside | None = None

    @property
    def port_in_use(self) -> int:
        """The port that holds."""
        return USUAL_PORTS[self.tls] if self.port is None else self.port

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Somebody to write to; a whole login, and never in the clear."""
        yield from _some("to", table, "who is written to")
        if ("username" in table) != ("password" in table):
            missing = "password" if "username" in table else "username"
            yield detail((missing,), "is required: username and password go together")
        host = table.get("host")
        elsewhere = not (isinstance(host, str) and urls.is_loopback(host))
        if table.get("tls") == "off" and "password" in table and elsewhere:
            yield detail(("tls",), 'would send the password in the clear; use "starttls" or "implicit"', "off")
        if table.get("tls") == "off" and "ca_file" in table:
            yield detail(("ca_file",), 'has no effect beside tls = "off"')


class AppriseChannel(ChannelTable):
    """Any of the services that Apprise knows; each URL carries its credentials."""

    type: Literal["apprise"]
    urls: tuple[SecretRef, ...]

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """At least one service, each once."""
        yield from _some("urls", table, "one Apprise URL per service, each a secret")


def _some(key: str, table: Mapping[str, Any], what: str) -> Iterator[InitErrorDetails]:
    """The problems of a list that must have something in it, each once."""
    items = table.get(key)
    if items == []:
        yield detail((key,), f"is empty: {what}")
    if not isinstance(items, list):
        return
    for position, item in enumerate(items):
        if item in items[:position]:
            yield detail((key, position), "stands here twice")
