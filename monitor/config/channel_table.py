"""What the tables of all channels have in common."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic_core import InitErrorDetails

from monitor.config.fields import Beside
from monitor.config.hours import HoursList
from monitor.config.matchers import Only
from monitor.config.model import Model, detail
from monitor.config.values import Flag, Name, Within, seconds


class TemplateFiles(Model):
    """`template`: files in whose words a channel speaks, in place of the built-in texts.

    Attributes:
        title: for the one line; the built-in one if None.
        message: for the whole text; the built-in one if None.
    """

    title: Beside | None = None
    message: Beside | None = None

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """An empty table says nothing."""
        if not table:
            yield detail((), 'needs title, message or both: { title = "title.j2", message = "message.j2" }')


class ChannelTable(Model):
    """What every type of channel has in common.

    Attributes:
        only: what it wants to hear; empty is everything.
        hours: when it wants to hear it; empty is always.
        escalations_only: told by escalations that name it, and while another channel fails.
        fallback: the channel that is told of critical news which this one has not taken; None is the first that was
            not told itself.
        fallback_after_s: after so long, or at once if this one gives up; 0 is never.
    """

    name: Name
    type: str
    only: Only = ()
    hours: HoursList = ()
    escalations_only: Flag = False
    fallback: Name | None = None
    fallback_after_s: Annotated[float, Within("1s", "1d", off="no other channel stands in")] = seconds("2m")
    template: TemplateFiles | None = None
