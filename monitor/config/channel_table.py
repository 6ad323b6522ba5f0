"""What the tables of all channels have in common."""

from monitor.config.model import Model
from monitor.config.values import Name


class ChannelTable(Model):
    """What every type of channel has in common."""

    name: Name
    type: str
