"""The options of `[storage]` that say for how long what is kept, and how large the database may grow.

No level is kept for less long than a finer one that it is made from. Where only one of two is set, the default of the
other gives way; two that are set against each other are an error.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from monitor.config.duration import format_duration, parse_duration
from monitor.config.model import Model, detail, toml_key
from monitor.config.size import Size, SizeWithin
from monitor.config.values import RETENTION_WITHIN, Retention, seconds
from monitor.domain.ages import Ages

_DEFAULTS = {
    "raw_retention_s": "90d",
    "five_minute_retention_s": "90d",
    "hourly_retention_s": "730d",
    "daily_retention_s": None,
}
"""By attribute, the finest level first."""


class Keeping(Model):
    """How long results and roll-ups are kept.

    Attributes:
        daily_retention_s: None for ever.
        size_limit: bytes; None for no limit.
    """

    raw_retention_s: Retention = seconds("90d")
    five_minute_retention_s: Retention = seconds("90d")
    hourly_retention_s: Retention = seconds("730d")
    daily_retention_s: Retention | None = None
    size_limit: Annotated[Size, SizeWithin("100MB", "1000TB")] | None = Field(default=None)

    @property
    def ages(self) -> Ages:
        """As whoever forgets needs it."""
        return Ages(
            raw_s=self.raw_retention_s,
            five_minutes_s=self.five_minute_retention_s,
            hours_s=self.hourly_retention_s,
            days_s=self.daily_retention_s,
            size_limit=self.size_limit,
        )

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """A level that is set to less than a finer one that is set too."""
        longest = ""
        for key, seconds_set in _set_in(table).items():
            if longest and seconds_set < _set_in(table)[longest]:
                finer = format_duration(_set_in(table)[longest])
                yield detail((key,), f'is shorter than {longest} = "{finer}", which it is made from', table[key])
            else:
                longest = key

    @model_validator(mode="before")
    @classmethod
    def _give_way(cls, table: object) -> object:
        """The defaults of what is not set, such that they fit what is."""
        if not isinstance(table, dict):
            return table
        given = _set_in(table)
        keys = [toml_key(name) for name in _DEFAULTS]
        fitting: dict[str, Any] = {}
        for place, (key, default) in enumerate(zip(keys, _DEFAULTS.values(), strict=True)):
            if key in table or default is None:
                continue
            at_least = max((given[finer] for finer in keys[:place] if finer in given), default=0.0)
            at_most = min((given[coarser] for coarser in keys[place + 1 :] if coarser in given), default=None)
            wished = max(parse_duration(default), at_least)
            fitting[key] = format_duration(wished if at_most is None else min(wished, at_most))
        return {**fitting, **table}


def _set_in(table: Mapping[str, Any]) -> dict[str, float]:
    """The levels that are set to something that may be right, in seconds, the finest first."""
    found = {}
    for name in _DEFAULTS:
        key = toml_key(name)
        try:
            found[key] = RETENTION_WITHIN.parse(table[key])
        except (KeyError, PydanticCustomError):
            continue  # reported where it stands
    return found
