"""RelayWatch: a health monitor for LLM APIs and the gateways in front of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    """`__version__` of the installed distribution, looked up when first asked for: the look-up costs an import."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # noqa: PLC0415  see above

    globals()[name] = found = version("relaywatch")
    return found
