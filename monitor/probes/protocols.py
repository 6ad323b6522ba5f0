"""The wire protocols that endpoints speak, and the one line that makes each known."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from monitor.domain.check import Check
from monitor.probes.exchange import Request
from monitor.probes.openai import OpenAiProtocol
from monitor.probes.target import EndpointTarget


class WireProtocol(Protocol):
    """How requests to one endpoint look."""

    def model_list(self) -> Request:
        """A request for the list of models."""
        ...

    def completion(self, check: Check, *, completion_tokens: bool) -> Request:
        """The least request to which the model of `check` must say something.

        Args:
            check: names the model and the number of output tokens.
            completion_tokens: the API refused the usual name of the token limit, so the other one is used.
        """
        ...


PROTOCOLS: Mapping[str, Callable[[EndpointTarget], WireProtocol]] = MappingProxyType(
    {
        "openai": OpenAiProtocol,
    }
)
