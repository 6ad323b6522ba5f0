"""What is added to the requests of one endpoint or model beyond what its protocol says: query, body, path, key header.

Owns the types of these options and which of them cannot hold together. What is added twice is merged where requests are
made: a model's word over its endpoint's, the endpoint's over the protocol's.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from monitor.config.fields import header_name_problem, is_secret_header, reference
from monitor.config.model import detail, wrong
from monitor.config.secrets import HOW, SecretRef
from monitor.config.vendors import looks_like_key
from monitor.protocols.registry import BUILT_IN, can_stream

MODEL = "{model}"
_SECRET_PARAMETERS = frozenset({"key", "sig", "signature", "code"})
_OWN_PARTS = {
    "model": "it is the id of the model",
    "messages": "no two questions may be the same, else a cache could answer",
    "input": "no two questions may be the same, else a cache could answer",
    "stream": "say stream = true beside body",
    "max_tokens": "say max_tokens beside body",
    "max_completion_tokens": "say max_tokens beside body; which of the names an API wants is found out",
    "max_output_tokens": "say max_tokens beside body",
}
_NEEDED = frozenset({"messages", "input", "stream"})
_DEPTH = 32
_MOST = 2**63


def _query(value: object, info: ValidationInfo) -> dict[str, str | SecretRef]:
    if not isinstance(value, dict):
        raise wrong("must be a table of parameter names and values")
    found: list[InitErrorDetails] = []
    query: dict[str, str | SecretRef] = {}
    for name, content in value.items():
        try:
            _check_parameter(name, content)
            query[name] = content if isinstance(content, str) else reference(content, info)
        except PydanticCustomError as error:
            found.append(detail((name,), error.message(), None if isinstance(content, str) else content))
        except ValidationError as error:
            found.extend(detail((name, *line["loc"]), line["msg"], kind=line["type"]) for line in error.errors())
    if found:
        raise ValidationError.from_exception_data("query", found)
    return query


def _check_parameter(name: str, content: object) -> None:
    if not name or not name.isprintable():
        raise wrong("is not the name of a parameter")
    if isinstance(content, str):
        if is_secret_header(name) or name.lower() in _SECRET_PARAMETERS or looks_like_key(content):
            raise wrong(f"a secret does not stand in the file itself; write {HOW}")
        if not content.isprintable():
            raise wrong("must be printable text on one line")


def _body(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong("must be a table, which is merged into the JSON body")
    found = [detail((key,), f"is not set here: {_OWN_PARTS[key]}", value[key]) for key in value if key in _OWN_PARTS]
    found += [detail(loc, message) for loc, message in _not_json((), value, _DEPTH)]
    if found:
        raise ValidationError.from_exception_data("body", found)
    return value


def _not_json(loc: tuple[str | int, ...], value: object, depth: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict | list) and depth:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _not_json((*loc, key), inner, depth - 1)
    elif isinstance(value, str):
        if looks_like_key(value):
            yield loc, "looks like a key: a secret does not stand in the file itself; put it into headers or query"
    elif not isinstance(value, bool | int | float) or not -_MOST <= value < _MOST:
        yield loc, "must be text, a number, true or false, an array or a table: what JSON knows"


def _part(text: str) -> str:
    parts = text.split(".")
    if not all(part.strip() and part.isprintable() for part in parts):
        raise wrong('must be the key of the body that is left out, as "stream_options" or "metadata.user"')
    if parts[0] in _NEEDED:
        raise wrong(f"cannot be left out: {parts[0]} is what the question is made of")
    return text


def _path(text: str) -> str:
    if not text.startswith("/") or not text.isascii() or not text.isprintable() or set(text) & set(" \\?#"):
        raise wrong(
            'must begin with a slash and hold neither blanks nor a query: "/deployments/{model}/chat/completions"'
        )
    if set(text.replace(MODEL, "")) & set("{}"):
        raise wrong(f"knows no other placeholder than {MODEL}")
    return text


def _key_header(text: str) -> str:
    problem = header_name_problem(text)
    if problem is not None:
        raise wrong(problem)
    return text


Query = Annotated[dict[str, str | SecretRef], PlainValidator(_query, json_schema_input_type=dict[str, str | SecretRef])]
Body = Annotated[dict[str, Any], PlainValidator(_body, json_schema_input_type=dict[str, Any])]
BodyWithout = tuple[Annotated[str, AfterValidator(_part)], ...]
Path = Annotated[str, AfterValidator(_path)]
KeyHeader = Annotated[str, AfterValidator(_key_header)]


def wrong_additions(table: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    """What cannot hold together in one endpoint and its models, from the file's own values, right or wrong."""
    protocol = table.get("protocol", "openai")
    models = [(at, one) for at, one in enumerate(_listed(table.get("models"))) if isinstance(one, dict)]
    if "key_header" in table and "api_key" not in table:
        yield detail(("key_header",), "names the header for api_key, and there is no api_key", table["key_header"])
    yield from _key_twice((), table, table, {protocol, *(one.get("protocol", protocol) for _, one in models)})
    for at, model in models:
        yield from _key_twice(("models", at), model, table, {model.get("protocol", protocol)})
        if model.get("stream") is True and not _streams(model.get("protocol", protocol)):
            yield _cannot_stream(("models", at), model.get("protocol", protocol))
    if table.get("stream") is True and not _streams(protocol) and not any("protocol" in one for _, one in models):
        yield _cannot_stream((), protocol)


def _key_twice(
    loc: tuple[str | int, ...], table: Mapping[str, Any], endpoint: Mapping[str, Any], protocols: set[Any]
) -> Iterator[InitErrorDetails]:
    headers = table.get("headers")
    if "api_key" not in endpoint or not isinstance(headers, dict):
        return
    taken = _key_headers(endpoint.get("key_header"), protocols)
    instead = "for another key use an endpoint of its own" if loc else "set one of them"
    for name in headers:
        if name.lower() in taken:
            yield detail((*loc, "headers", name), f"api_key is sent in this header; {instead}")


def _key_headers(key_header: object, protocols: set[Any]) -> set[str]:
    """The headers that carry the key, in lower case; protocols of other distributions are not asked."""
    if isinstance(key_header, str):
        return {key_header.lower()}
    known = (BUILT_IN[name] for name in protocols if isinstance(name, str) and name in BUILT_IN)
    return {header.lower() for protocol in known for header in protocol.key_headers("")}


def _streams(protocol: object) -> bool:
    return not isinstance(protocol, str) or can_stream(protocol)


def _cannot_stream(loc: tuple[str | int, ...], protocol: object) -> InitErrorDetails:
    return detail((*loc, "stream"), f'the protocol "{protocol}" has nothing to stream; leave this out', value=True)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
