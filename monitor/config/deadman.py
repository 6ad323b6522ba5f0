"""`[deadman]`: the outside address that is to notice when RelayWatch itself is gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from monitor.config import urls
from monitor.config.fields import ChannelUrl, Proxy
from monitor.config.model import Model
from monitor.config.reading import Reader
from monitor.config.secrets import Secret
from monitor.config.values import Within, seconds

Interval = Annotated[float, Within("10s", "1d")]
Timeout = Annotated[float, Within("100ms", "1m")]


class Deadman(Model):
    """`[deadman]`: a ping while RelayWatch does its work.

    Attributes:
        url: as a service of the kind of healthchecks.io gives it; signals are appended to its path.
    """

    url: ChannelUrl
    interval_s: Interval = seconds("60s")
    timeout_s: Timeout = seconds("10s")
    proxy: Proxy | None = None


@dataclass(frozen=True, slots=True)
class DeadmanAccess:
    """What the pings need.

    Attributes:
        url: literal or not.
        proxy: the proxy's URL; it may carry a user and password.
    """

    url: Secret
    interval_s: float
    timeout_s: float
    proxy: Secret | None = None


def deadman_access(reader: Reader, table: Deadman | None, watched: Iterable[str]) -> DeadmanAccess | None:
    """Resolve the addresses; None without the table, or where a problem is noted.

    Args:
        reader: notes problems and doubts.
        table: as configured.
        watched: hosts of the endpoints; a switch on one of them dies with what is watched.
    """
    if table is None:
        return None
    url = reader.url(table.url, "deadman.url", urls.split)
    proxy = reader.url(table.proxy, "deadman.proxy", urls.proxy_scheme)
    if url is None:
        return None
    if urls.host_of(url.reveal()) in set(watched):
        reader.warn("deadman.url", "is on a host that is watched: both would be gone together; use another one")
    return DeadmanAccess(url, table.interval_s, table.timeout_s, proxy)
