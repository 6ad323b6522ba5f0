"""What those who judge something beside the probes need of the ledger: lists, limits, balances. Owns the shape only."""

from collections.abc import Mapping
from typing import Protocol

from monitor.domain.check import Check
from monitor.domain.incident import Incident
from monitor.domain.kept import Kept
from monitor.domain.rules_judge import RuleFinding


class FindingsLedger(Protocol):
    """A ledger that takes findings, and facts to be remembered."""

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks in force, by id."""
        ...

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Every open incident."""
        ...

    def judged(self, finding: RuleFinding) -> None:
        """Something is out of order, or in order again."""
        ...

    def keep(self, *facts: Kept) -> None:
        """Remember facts."""
        ...
