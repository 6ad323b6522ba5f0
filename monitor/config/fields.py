"""Option types that several tables share: text or secret, headers, proxies, and options of later versions."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from monitor.config import urls
from monitor.config.model import Model, detail, nearest, unavailable, wrong
from monitor.config.secrets import HOW, SecretRef
from monitor.config.vendors import looks_like_key
from monitor.errors import UsageError
from monitor.protocols.registry import BUILT_IN, protocol_named, protocol_names

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_SECRET_WORDS = (
    "auth",
    "apikey",
    "accesskey",
    "subscriptionkey",
    "token",
    "secret",
    "cookie",
    "password",
    "credential",
)
_OWN_HEADERS = frozenset({"connection", "content-length", "content-type", "transfer-encoding", "upgrade"})
_SCHEMES = ("bearer ", "basic ")
_MOST_TAG = 64

BASE_DIR = "base_dir"
"""Key of the validation context: the configuration file's folder."""


def is_secret_header(name: str) -> bool:
    """Whether a header's name says that its value is a secret."""
    plain = name.lower().replace("-", "").replace("_", "")
    return any(word in plain for word in _SECRET_WORDS)


def _headers(value: object, info: ValidationInfo) -> dict[str, str | SecretRef]:
    if not isinstance(value, dict):
        raise wrong("must be a table of header names and values")
    headers: dict[str, str | SecretRef] = {}
    found: list[InitErrorDetails] = []
    for name, content in value.items():
        try:
            message = _header_problem(name, content, headers)
            if message is not None:
                found.append(detail((name,), message, content))
            headers[name] = content if isinstance(content, str) else reference(content, info)
        except PydanticCustomError as error:
            found.append(detail((name,), error.message(), content))
        except ValidationError as error:
            found.extend(detail((name, *line["loc"]), line["msg"], kind=line["type"]) for line in error.errors())
    if found:
        raise ValidationError.from_exception_data("headers", found)
    return headers


def _header_problem(name: str, content: object, before: Mapping[str, object]) -> str | None:
    message = header_name_problem(name)
    if message is not None:
        return message
    if name.lower() in {other.lower() for other in before}:
        message = "stands here twice; header names do not distinguish capitals"
    elif isinstance(content, str):
        message = _literal_problem(name, content)
    return message


def header_name_problem(name: str) -> str | None:
    """Why a header of this name cannot be set; None if it can."""
    if _HEADER_NAME.fullmatch(name) is None:
        return "is not a header name"
    return "is set by RelayWatch itself" if name.lower() in _OWN_HEADERS else None


def _literal_problem(name: str, content: str) -> str | None:
    if is_secret_header(name) or content.lower().startswith(_SCHEMES) or looks_like_key(content):
        return f"a secret does not stand in the file itself; write {HOW}"
    if not content.isascii() or not content.isprintable():
        return "must be printable ASCII text on one line"
    return None


def reference(value: object, info: ValidationInfo) -> SecretRef:
    """A reference to a secret, where plain text may stand as well."""
    if not isinstance(value, dict):
        raise wrong(f"must be text in quotes or a secret: {HOW}")
    return SecretRef.model_validate(value, context=info.context)


def _proxy(value: object, info: ValidationInfo) -> str | SecretRef:
    return urls.proxy_url(value) if isinstance(value, str) else reference(value, info)


def text_or_secret(value: object, info: ValidationInfo) -> str | SecretRef:
    """Text as it is, anything else a reference to a secret."""
    return value if isinstance(value, str) else reference(value, info)


def _url(value: object, info: ValidationInfo) -> str | SecretRef:
    return urls.literal_url(value) if isinstance(value, str) else reference(value, info)


def _beside(value: object, info: ValidationInfo) -> Path:
    """A path, relative to the configuration file's folder."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise wrong("must be a path")
    base_dir: Path = (info.context or {}).get(BASE_DIR, Path())
    return base_dir / value


def _off_flag(what: str, instead: str) -> BeforeValidator:
    """`false` is fine; `true` belongs to a later version."""

    def check(value: object) -> object:
        if value is True:
            raise unavailable(what, instead)
        return value

    return BeforeValidator(check)


def one_or_more(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
    """One value may stand for an array of one; its problems stand where it stands."""
    if not isinstance(value, str | dict | Model):
        return handler(value)
    try:
        return handler([value])
    except ValidationError as error:
        found = [detail(line["loc"][1:], line["msg"], line["input"], kind=line["type"]) for line in error.errors()]
        raise ValidationError.from_exception_data("array", found) from None


def _tag(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _MOST_TAG or set(text) & set("*?["):
        raise wrong(f"must be printable text of 1 to {_MOST_TAG} characters, without the characters of patterns: * ? [")
    return text


def _each_once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


def _protocol(value: object) -> str:
    if not isinstance(value, str):
        raise wrong("must be the name of a protocol in quotes")
    if value not in BUILT_IN and value not in protocol_names():
        raise wrong(f"unknown protocol: {nearest(value, protocol_names())}")
    try:
        protocol_named(value)
    except UsageError as error:
        raise wrong(f"{error.message}; {error.hint}") from None
    return value


Headers = Annotated[
    dict[str, str | SecretRef], PlainValidator(_headers, json_schema_input_type=dict[str, str | SecretRef])
]
Proxy = Annotated[str | SecretRef, PlainValidator(_proxy, json_schema_input_type=str | SecretRef)]
ChannelUrl = Annotated[str | SecretRef, PlainValidator(_url, json_schema_input_type=str | SecretRef)]
BaseUrl = Annotated[str, AfterValidator(urls.base_url)]
PublicUrl = Annotated[str, AfterValidator(urls.public_url)]
Beside = Annotated[Path, PlainValidator(_beside, json_schema_input_type=str)]
Protocol = Annotated[str, PlainValidator(_protocol, json_schema_input_type=str)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]

Public = Annotated[bool, _off_flag("public = true", "use false")]
Tags = Annotated[tuple[Annotated[str, AfterValidator(_tag)], ...], AfterValidator(_each_once)]
Target = Annotated[
    urls.Address, PlainValidator(urls.self_check_target, json_schema_input_type=str), PlainSerializer(str)
]
Targets = Annotated[tuple[Target, ...], Field(max_length=16)]
