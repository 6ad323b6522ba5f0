"""What an incident is about: a word that rules and incidents share."""

from enum import StrEnum


class IncidentKind(StrEnum):
    """What is wrong with a check, or what lies ahead of it.

    No answer worth having, a slow one, one that keeps changing, a broken rule over a window; or a model has left the
    list, a rate limit or an account is nearly used up.
    """

    OUTAGE = "outage"
    SLOW = "slow"
    FLAPPING = "flapping"
    AVAILABILITY = "availability"
    LATENCY = "latency"
    BURN_RATE = "burn_rate"
    CERTIFICATE = "certificate"
    COVERAGE = "coverage"
    CATALOGUE = "catalogue"
    HEADROOM = "headroom"
    BALANCE = "balance"
