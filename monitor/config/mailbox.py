"""Who writes and reads e-mail: addresses with or without a name, hosts and ports of mail servers."""

import re
from email.headerregistry import Address
from typing import Annotated

from pydantic import Field, PlainValidator

from monitor.config.model import wrong

_HOST = re.compile(r"(?!-)[A-Za-z0-9._-]+|[0-9A-Fa-f:]+", re.ASCII)
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_LOCAL}(\.{_LOCAL})*@(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_NAMED = re.compile(r'(?:"([^"\\]*)"|([^"<>@,;:\\]*))\s*<([^<>]*)>')
_MOST_ADDRESS = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets


def mailbox(text: str) -> Address:
    """The parts of `a@example.org` or `Ops <a@example.org>`.

    Raises:
        ValueError: it is not one mailbox.
    """
    match = _NAMED.fullmatch(text.strip())
    name, address = (match[1] or match[2] or "", match[3]) if match else ("", text.strip())
    if not text.isprintable() or len(address) > _MOST_ADDRESS or _ADDRESS.fullmatch(address) is None:
        raise ValueError("not one mailbox")
    return Address(name.strip(), addr_spec=address)


def _mailbox(value: object) -> str:
    try:
        mailbox(value if isinstance(value, str) else "")
    except ValueError:
        raise wrong('must be one address such as "ops@example.org" or "Ops <ops@example.org>", in ASCII') from None
    return str(value)


def _host(value: object) -> str:
    if not isinstance(value, str) or _HOST.fullmatch(value) is None:
        raise wrong('must be a host name or address such as "smtp.example.org"; the port stands in port')
    return value


Mailbox = Annotated[str, PlainValidator(_mailbox, json_schema_input_type=str)]
MailHost = Annotated[str, PlainValidator(_host, json_schema_input_type=str)]
Port = Annotated[int, Field(strict=True, ge=1, le=65_535)]
