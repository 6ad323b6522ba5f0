"""What a start and a reload have in common: from a valid configuration to everything that can fail, done and ready.

All fallible work happens here, before any live state is touched.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from monitor.alerting.audience import Audience
from monitor.alerting.texts import Voice
from monitor.clock import Clock
from monitor.config.access import Access, resolve_access
from monitor.config.checks import checks_of
from monitor.config.followed import Kept, Listings, Standing, named, standings_of
from monitor.config.load import Loaded
from monitor.config.paths import control_path
from monitor.config.prices import caps_of, prices_of
from monitor.config.renames import renaming_of
from monitor.config.routing import audience_of
from monitor.config.schema import Config
from monitor.delivery.channel import Channel
from monitor.delivery.channels import build_channels
from monitor.delivery.delivery import Delivery
from monitor.delivery.fallback import FallbackRule
from monitor.delivery.record import Observer
from monitor.domain.ages import Ages
from monitor.domain.caps import Caps
from monitor.domain.check import Check
from monitor.domain.prices import Prices
from monitor.domain.redact import Redactor
from monitor.domain.renaming import NOTHING_RENAMED, Renaming
from monitor.probes.own_fault import OwnFault
from monitor.probes.prober import Prober
from monitor.probes.target import EndpointTarget, targets_of
from monitor.storage.outbox.outbox import Outbox
from monitor.storage.outbox.standing import SentMessages


@dataclass(frozen=True, slots=True)
class Setup:
    """A configuration, ready to be put in force.

    Attributes:
        loaded: as it was read, but for the models of endpoints without patterns: they live on in `checks`.
        checks: in the order of the file.
        targets: endpoints by name.
        redactor: knows every secret of this configuration.
        channels: by name, in the order of the file; none has opened a connection.
        renaming: former names of endpoints and models.
        prices: what tokens cost.
        caps: what may be spent.
        standings: what patterns stand for, by endpoint; empty until `followed`.
    """

    loaded: Loaded
    access: Access
    checks: tuple[Check, ...]
    targets: Mapping[str, EndpointTarget]
    voice: Voice
    redactor: Redactor
    channels: Mapping[str, Channel]
    renaming: Renaming = NOTHING_RENAMED
    prices: Prices = field(default_factory=Prices)
    caps: Caps = field(default_factory=Caps)
    standings: Mapping[str, Standing] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """The configuration itself."""
        return self.loaded.config

    @property
    def ages(self) -> Ages:
        """How long what is kept, and how large the database may grow."""
        return self.config.storage.ages

    @property
    def following_endpoints(self) -> frozenset[str]:
        """The names of the endpoints whose lists patterns follow."""
        return frozenset(endpoint.name for endpoint in self.config.endpoints if endpoint.patterns)

    def followed(self, listings: Listings, probed: Kept) -> "Setup":
        """The same with the models that patterns stand for.

        Args:
            listings: what is believed of model lists, by endpoint.
            probed: ids that are probed already, by endpoint; they stay where a cap cuts.
        """
        standings = standings_of(self.config, listings, probed)
        if not standings:
            return self
        own, made = defaultdict[str, list[Check]](list), defaultdict[str, list[Check]](list)
        for check in self.checks:
            own[check.endpoint].append(check)
        for check in checks_of(named(self.config, standings)):
            made[check.endpoint].append(check)
        several = (made[one.name] if one.name in standings else own[one.name] for one in self.config.endpoints)
        return replace(self, checks=tuple(check for checks in several for check in checks), standings=standings)

    def delivery(self, outbox: Outbox, sent: SentMessages, clock: Clock, observer: Observer) -> Delivery:
        """Who sends; it has opened nothing yet."""
        return Delivery(
            self.channels, outbox, clock, self.voice, fallbacks=self.fallbacks, sent=sent, observer=observer
        )

    def prober(self, clock: Clock, own_fault: OwnFault) -> Prober:
        """Who probes; it has opened nothing yet.

        Raises:
            UsageError: an endpoint is no use.
        """
        concurrency = self.config.probes.concurrency
        return Prober(self.targets, concurrency=concurrency, clock=clock, redactor=self.redactor, own_fault=own_fault)

    def audience(self, instance: str) -> Audience:
        """Who is told."""
        return audience_of(self.config, self.voice, instance)

    @property
    def fallbacks(self) -> Mapping[str, FallbackRule]:
        """Who stands in for which channel, and when."""
        return {one.name: FallbackRule(one.fallback_after_s, one.fallback) for one in self.config.channels}

    def sends_like(self, other: "Setup") -> bool:
        """True if messages go out in the same way under both, so that nothing needs to be replaced."""
        return (self.config.channels, self.access.channels, self.voice) == (
            other.config.channels,
            other.access.channels,
            other.voice,
        )

    def needs_restart(self, running: "Setup") -> list[str]:
        """The options that differ from the running ones and are read at start only, as TOML paths."""
        ours, theirs = self.config, running.config
        pairs = {
            "storage.url": (ours.storage.url, theirs.storage.url),
            "storage.password": (ours.storage.password, theirs.storage.password),
            "web": (ours.web, theirs.web),
        }
        return [name for name, (new, old) in pairs.items() if new != old]


def prepare(loaded: Loaded, environ: Mapping[str, str], clock: Clock) -> Setup:
    """Resolve secrets and build what is built from a configuration.

    Raises:
        RelayWatchError: something in it cannot be used; nothing has been opened.
    """
    access = resolve_access(loaded, environ)
    control_path(loaded, environ)
    voice = Voice(loaded.config.language, ZoneInfo(loaded.config.timezone))
    return Setup(
        loaded=_without_models(loaded),
        access=access,
        checks=checks_of(loaded.config),
        targets=targets_of(loaded.config, access),
        voice=voice,
        redactor=Redactor(access.secrets()),
        channels=build_channels(loaded.config, access, voice, clock),
        renaming=renaming_of(loaded.config),
        prices=prices_of(loaded.config),
        caps=caps_of(loaded.config),
    )


def _without_models(loaded: Loaded) -> Loaded:
    # Ten thousand of their tables would take 9 MB for as long as the daemon runs.
    # Where patterns follow a list, the entries are asked again whenever it changes.
    endpoints = tuple(
        endpoint if endpoint.patterns else endpoint.model_copy(update={"models": ()})
        for endpoint in loaded.config.endpoints
    )
    return replace(loaded, config=loaded.config.model_copy(update={"endpoints": endpoints}))
