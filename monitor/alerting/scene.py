"""What a message about an incident may speak of, and how it calls what it is about. Pure."""

from dataclasses import dataclass

from monitor.alerting.notification import Event
from monitor.alerting.phrases import Phrase
from monitor.alerting.plain import cut, printable
from monitor.alerting.texts import Alternative, Voice
from monitor.clock import Moment
from monitor.domain.health import Health
from monitor.domain.incident import Incident, Scope, Told
from monitor.domain.result import FaultDomain

REASON_AT_MOST = 200
NAME_AT_MOST = 100
NAMED_AT_MOST = 5
_ONE_ACCOUNT = (FaultDomain.KEY, FaultDomain.QUOTA)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a message says besides, where there is anything.

    Attributes:
        removed: the incident ends because its checks are no longer configured.
        withheld: why nobody was told before.
        unattended_s: an escalation: for how long nobody has acknowledged.
        remaining: models that still fail and are told of on their own.
        percent: how often a flapping check changes its mind.
        state: the state in which a flapping check settled.
        rule: in the reader's language, how a rule is broken, or kept again.
    """

    removed: bool = False
    withheld: Told | None = None
    unattended_s: float | None = None
    remaining: tuple[str, ...] = ()
    percent: float | None = None
    state: str | None = None
    rule: str | None = None


NOTHING_BESIDES = Extra()


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a message about an incident may speak of.

    Attributes:
        previous: the incident as it was told before; only for `updated`.
        model: of the check that stands for the incident; None for a model list.
        failing: the models (or check ids) that fail now.
        alternatives: best first; empty where nothing else works.
    """

    event: Event
    incident: Incident
    previous: Incident | None
    model: str | None
    failing: tuple[str, ...]
    health: Health
    alternatives: tuple[Alternative, ...]
    now: Moment
    extra: Extra = NOTHING_BESIDES


def subject_of(scene: Scene, voice: Voice) -> str:
    """What the incident is about, as a noun."""
    incident = scene.incident
    endpoint = named(incident.endpoint)
    if incident.scope is Scope.NETWORK:
        return voice.say(Phrase.EVERYTHING)
    single = len(incident.checks) == 1
    # A key that the list refuses is refused altogether; one that a single model refuses may lack that grant only.
    one_grant = incident.cause.fault_domain in _ONE_ACCOUNT and scene.model is not None
    if single and (incident.scope is Scope.CHECK or one_grant):
        if scene.model is None:
            return voice.say(Phrase.MODEL_LIST_OF, endpoint=endpoint)
        return voice.say(Phrase.MODEL_ON, model=named(scene.model), endpoint=endpoint)
    if incident.scope is Scope.PROVIDER:
        return voice.say(Phrase.PROVIDER_ON, provider=named(incident.provider or ""), endpoint=endpoint)
    if incident.scope is Scope.ENDPOINT:
        return endpoint
    return voice.say(Phrase.SEVERAL_ON, count=len(incident.checks), endpoint=endpoint)


def listed(names: tuple[str, ...], voice: Voice) -> str:
    """The first few names, and how many more."""
    shown = ", ".join(named(name) for name in names[:NAMED_AT_MOST])
    more = len(names) - NAMED_AT_MOST
    return shown if more <= 0 else f"{shown} {voice.say(Phrase.AND_MORE, count=more)}"


def named(text: str) -> str:
    """A name from outside, fit to stand in a message."""
    return cut(printable(text), NAME_AT_MOST)


def reason_of(incident: Incident) -> str:
    """Why the newest failure failed, fit to stand in a message."""
    return cut(printable(incident.reason or ""), REASON_AT_MOST)
