"""What had another name before: endpoints and models go on under a new one, with their state, history and incidents.

Pure. Owns which name becomes which; where names are kept (`ledger`, `storage`) is not known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from monitor.domain.health import Health
from monitor.domain.incident import Incident


@dataclass(frozen=True, slots=True)
class Renaming:
    """From former names to present ones; what is not in it keeps its name.

    Attributes:
        endpoints: former to present name.
        models: present endpoint and former model to present model.
    """

    endpoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    models: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return bool(self.endpoints or self.models)

    def endpoint(self, name: str) -> str:
        """An endpoint's present name."""
        return self.endpoints.get(name, name)

    def check(self, check: str) -> str:
        """A check's present id, from any id that it had."""
        endpoint, slash, rest = check.partition("/")
        kind, inner_slash, model = rest.partition("/")
        present = self.endpoint(endpoint)
        return f"{present}{slash}{kind}{inner_slash}{self.models.get((present, model), model)}"

    def key(self, key: str) -> str:
        """An incident's present key: a check, an endpoint or a provider on one, perhaps after a word and a colon."""
        head, colon, subject = key.partition(":")
        if not colon or "/" in head:
            return self.check(key) if "/" in key else key
        if head == "provider":
            endpoint, slash, provider = subject.partition("/")
            return f"{head}:{self.endpoint(endpoint)}{slash}{provider}"
        return f"{head}:{self.check(subject)}"

    def health(self, health: Health) -> Health:
        """What is believed of a check, under its present id."""
        return replace(health, check=self.check(health.check))

    def incident(self, incident: Incident) -> Incident:
        """An incident, under the present names of what it is about."""
        return replace(
            incident,
            key=self.key(incident.key),
            endpoint=self.endpoint(incident.endpoint),
            checks=tuple(dict.fromkeys(map(self.check, incident.checks))),
        )


NOTHING_RENAMED = Renaming()
