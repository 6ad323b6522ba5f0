"""`[alerting]`: when people are told, how often, and what happens when nobody answers.

Owns the tables. Which channel hears what stands with each channel (`channel_table`), what follows from both in
`alerting`.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo
from pydantic_core import InitErrorDetails

from monitor.config.matchers import Only
from monitor.config.model import Model, detail, wrong
from monitor.config.values import Name, Within, seconds
from monitor.domain.check import FlappingRule
from monitor.domain.severity import Severity

_GroupWait = Annotated[float, Within("100ms", "10m", off="everything is told at once")]
_Reminder = Annotated[float, Within("1s", "30d", off="nobody is reminded")]
_Percent = Annotated[float, Field(ge=1, le=99)]


class FlappingTable(Model):
    """Bounds of flapping, in percent of weighted changes among the last 20 results.

    Attributes:
        high: flapping from here on.
        low: settled below.
    """

    high: _Percent = FlappingRule().high_percent
    low: _Percent = FlappingRule().low_percent

    def afterwards(self) -> Iterable[InitErrorDetails]:
        """The bounds are in order, defaults included."""
        if self.low > self.high:
            yield detail((), f"low = {self.low:g} is above high = {self.high:g}: what settles would flap again at once")


def _flapping(value: object, info: ValidationInfo) -> FlappingTable | Literal[False]:
    if value is True:
        return FlappingTable()
    if value is False or isinstance(value, FlappingTable):
        return value
    if not isinstance(value, dict):
        raise wrong("must be true, false or a table such as { high = 30, low = 25 }")
    return FlappingTable.model_validate(value, context=info.context)


Flapping = Annotated[
    FlappingTable | Literal[False],
    PlainValidator(_flapping, json_schema_input_type=bool | FlappingTable),
    PlainSerializer(lambda value: value and dict(value)),
]


def flapping_rule(flapping: FlappingTable | Literal[False]) -> FlappingRule | None:
    """As the domain takes it; None is off."""
    return FlappingRule(flapping.high, flapping.low) if isinstance(flapping, FlappingTable) else None


class EscalationTable(Model):
    """`[[alerting.escalations]]`: what happens to an incident that nobody has acknowledged.

    Attributes:
        after_s: since people were first told.
        channels: who is told besides; empty is whoever was.
        severity: what the incident becomes; None leaves it.
        only: which incidents; empty is every critical one.
    """

    after_s: Annotated[float, Within("1s", "30d")]
    channels: tuple[Name, ...] = ()
    severity: Severity | None = None
    only: Only = ()

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """An escalation changes something."""
        if not table.get("channels") and "severity" not in table:
            yield detail((), "changes nothing: name channels, a severity or both; a reminder tells the same again")


class Alerting(Model):
    """`[alerting]`.

    Attributes:
        group_wait_s: how long a first message waits at most for the rest of the same outage.
        reminder_s: between reminders of a critical incident.
    """

    group_wait_s: _GroupWait = seconds("10s")
    flapping: Flapping = Field(default=FlappingTable(), json_schema_extra={"default": True})
    reminder_s: _Reminder = seconds("1h")
    escalations: tuple[EscalationTable, ...] = ()
