"""What an incident is about: a word that rules and incidents share."""

from enum import StrEnum


class IncidentKind(StrEnum):
    """What is wrong: no answer worth having, a slow one, one that keeps changing, or a rule over a window is broken."""

    OUTAGE = "outage"
    SLOW = "slow"
    FLAPPING = "flapping"
    AVAILABILITY = "availability"
    LATENCY = "latency"
    BURN_RATE = "burn_rate"
    CERTIFICATE = "certificate"
    COVERAGE = "coverage"
