"""Options about quota: budgets of our own per minute, and `balance`, where an endpoint tells what money is left.

Owns which values are right; what follows from them is `domain.pace` and `domain.balance`.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import InitErrorDetails

from monitor.config import urls
from monitor.config.fields import Headers
from monitor.config.model import Model, detail, wrong
from monitor.config.values import Within, seconds
from monitor.domain.balance import is_pointer

_HIGHEST = 1e15
_LONGEST_POINTER = 256
_MOST_DAYS = 365


def _pointer(text: str) -> str:
    if len(text) > _LONGEST_POINTER or not is_pointer(text):
        raise wrong('must be a JSON pointer (RFC 6901) such as "/data/0/balance"')
    return text


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _HIGHEST:
        raise wrong("must be a number, 0 or more, in the account's own currency")
    return value


def _days(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST_DAYS:
        raise wrong(f"must be a number of days from 0 (no forecast is told) to {_MOST_DAYS}")
    return value


def _url(text: str) -> str:
    urls.split(text)
    if "#" in text or "@" in text.partition("?")[0]:
        raise wrong("must have no user, password or fragment: the endpoint's key is sent along")
    return text


PerMinute = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]


class BalanceTable(Model):
    """`balance`: where the account behind an endpoint's key tells what is left.

    Attributes:
        url: asked with GET and the endpoint's key.
        pointer: to a number, or a text that is one.
        below: less than this is told; None for no limit.
        days: as is a balance that will be used up in fewer days; 0 is never.
        headers: beside, or in place of, the endpoint's own.
    """

    url: Annotated[str, AfterValidator(_url)]
    pointer: Annotated[str, AfterValidator(_pointer)]
    interval_s: Annotated[float, Within("1m", "7d")] = seconds("1h")
    below: Annotated[float, BeforeValidator(_number)] | None = None
    days: Annotated[float, BeforeValidator(_days)] = 7
    headers: Headers = Field(default_factory=dict)

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What stands here."""
        del value
        return 'must be a table such as { url = "https://api.deepseek.com/user/balance", pointer = "/balance" }'

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Something to be told of."""
        if table.get("days") == 0 and table.get("below") is None:
            yield detail(("days",), "switches the forecast off, and there is no below: nothing would ever be told", 0)
