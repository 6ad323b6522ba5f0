"""What a wire protocol is. Owns the contract between the probes and a protocol's one module, and no protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from monitor.domain.ask import Ask
from monitor.domain.dialect import Dialect


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request, before keys, extra headers and the like are added to it.

    Attributes:
        method: `GET` or `POST`.
        path: below the base URL; begins with a slash, is not encoded yet, and may end in a query.
        headers: those that the protocol itself asks for, without credentials.
        body: the JSON body; None for GET.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


class WireProtocol(Dialect, Protocol):
    """One protocol; has no state, so one object serves every endpoint."""

    @property
    def name(self) -> str:
        """As the configuration has it."""
        ...

    @property
    def streams(self) -> bool:
        """Whether a model's answer can be streamed."""
        ...

    def key_headers(self, key: str) -> Mapping[str, str]:
        """The headers that carry the API key."""
        ...

    def model_list(self, base_url: str) -> ApiRequest:
        """A request for the list of models.

        Args:
            base_url: as configured, without a slash at its end.
        """
        ...

    def question(self, base_url: str, ask: Ask) -> ApiRequest:
        """The least request to which the model must say something.

        Args:
            base_url: as configured, without a slash at its end.
            ask: names the model and what is wanted of it.
        """
        ...
