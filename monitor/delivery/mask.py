"""What the other side said, safe to show: on one line, short, without a secret that it may echo."""

from collections.abc import Iterable

from monitor.alerting.plain import cut, printable

SHOWN_AT_MOST = 200
SHORTEST_SECRET = 8
HIDDEN = "********"
_READ_AT_MOST = 64 * 1024


class Mask:
    """Hides the secrets of one channel.

    Args:
        secrets: shorter ones than 8 characters are left, lest every text be full of holes.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted((one for one in secrets if len(one) >= SHORTEST_SECRET), key=len, reverse=True)

    def shown(self, text: str) -> str:
        """The text with its secrets hidden, on one line, at most 200 characters."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return cut(printable(text[:_READ_AT_MOST]), SHOWN_AT_MOST)
