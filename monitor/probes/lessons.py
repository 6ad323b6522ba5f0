"""What was learned of how models want to be asked: the memory of one process, told on to whoever keeps it.

Owns no rule (`domain.lessons`) and no database.
"""

from collections.abc import Callable, Iterable

from monitor.domain.kept import Learned

Keep = Callable[[Learned], None]


def _nowhere(_: Learned) -> None:
    """Nobody keeps it: a command that probes once."""


class Lessons:
    """What was learned, by check."""

    def __init__(self) -> None:
        self._known: dict[str, Learned] = {}
        self._keep: Keep = _nowhere

    def remember(self, known: Iterable[Learned], keep: Keep) -> None:
        """What an earlier life of the process learned, and who is told of what is learned from now on."""
        self._known = {one.check: one for one in known} | self._known
        self._keep = keep

    def apart(self) -> "Lessons":
        """A memory that is empty, told on to the same keeper."""
        other = Lessons()
        other._keep = self._keep
        return other

    def of(self, check: str) -> Learned | None:
        """What is known of a check; None for nothing."""
        return self._known.get(check)

    def put(self, learned: Learned) -> None:
        """Remember this from now on."""
        self._known[learned.check] = learned
        self._keep(learned)

    def forget(self, endpoint: str) -> None:
        """The endpoint is another one: what its models want is not known any more."""
        prefix = f"{endpoint}/"
        for check in [check for check in self._known if check.startswith(prefix)]:
            del self._known[check]
            self._keep(Learned(check))
