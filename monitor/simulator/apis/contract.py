"""What an API of the simulated gateway is. Owns the contract between the gateway and the modules beside this one."""

from collections.abc import Mapping
from typing import Any, Protocol

from monitor.simulator.complaints import Complaint, Family
from monitor.simulator.requests import Asked
from monitor.simulator.speech import Speech
from monitor.simulator.streams import StreamEvent


class Api(Protocol):
    """One API; has no state and opens no connection."""

    @property
    def name(self) -> str:
        """As a configuration of RelayWatch names the protocol."""
        ...

    @property
    def family(self) -> Family:
        """In whose shape it tells of errors and limits."""
        ...

    @property
    def streams(self) -> bool:
        """Whether an answer can be streamed."""
        ...

    def read(self, body: Mapping[str, Any]) -> Asked:
        """What a request asks; never raises."""
        ...

    def whole(self, asked: Asked, speech: Speech) -> dict[str, Any]:
        """The body of an answer."""
        ...

    def events(self, asked: Asked, speech: Speech) -> tuple[StreamEvent, ...]:
        """The same answer, streamed; at least one event."""
        ...

    def error_event(self, complaint: Complaint, request_id: str) -> StreamEvent:
        """An error within a stream."""
        ...
