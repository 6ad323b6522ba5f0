"""The wire protocols by name: the built-in ones, one line each, and those that other distributions bring.

Another distribution registers an object that fits `wire.WireProtocol` under the entry-point group
`relaywatch.protocols`; the entry point's name is the protocol's.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from monitor.errors import UsageError
from monitor.protocols.anthropic import Anthropic
from monitor.protocols.openai import OpenAi
from monitor.protocols.openai_embeddings import OpenAiEmbeddings
from monitor.protocols.openai_responses import OpenAiResponses
from monitor.protocols.wire import WireProtocol

GROUP = "relaywatch.protocols"

BUILT_IN: Mapping[str, WireProtocol] = MappingProxyType(
    {
        "openai": OpenAi(),
        "anthropic": Anthropic(),
        "openai-responses": OpenAiResponses(),
        "openai-embeddings": OpenAiEmbeddings(),
    }
)


@cache
def protocol_names() -> tuple[str, ...]:
    """Every name that `protocol` may have, the built-in ones first; loads no code of others."""
    added = sorted(point.name for point in entry_points(group=GROUP) if point.name not in BUILT_IN)
    return (*BUILT_IN, *added)


@cache
def protocol_named(name: str) -> WireProtocol:
    """The protocol of this name.

    Raises:
        UsageError: there is none, or the code that another distribution brings cannot be loaded.
    """
    built_in = BUILT_IN.get(name)
    if built_in is not None:
        return built_in
    for point in entry_points(group=GROUP):
        if point.name == name:
            return _loaded(name, point.load)
    raise UsageError(f"unknown protocol {name!r}", hint=f"known are: {', '.join(protocol_names())}")


def can_stream(name: str) -> bool:
    """Whether answers of this protocol can be streamed; of one that cannot be loaded that is believed."""
    try:
        return protocol_named(name).streams
    except UsageError:
        return True


def _loaded(name: str, load: Callable[[], object]) -> WireProtocol:
    try:
        found = load()
        return found() if isinstance(found, type) else found  # type: ignore[return-value]
    except Exception as error:
        raise UsageError(
            f"the protocol {name!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="its distribution is broken, or does not fit this Python; reinstall it",
        ) from error
