"""How urgent something is: a word that checks, rules and incidents share."""

from enum import StrEnum


class Severity(StrEnum):
    """How urgent an incident is."""

    WARNING = "warning"
    CRITICAL = "critical"
