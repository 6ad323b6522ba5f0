"""Every error that RelayWatch raises for a person to read.

    RelayWatchError          one clear message, a hint, an exit code
    |-- UsageError           exit 2: what was asked for cannot be done as asked
    |   |-- ConfigError      the configuration is wrong; carries every problem
    |   |-- StartError       the daemon cannot start here (disk, port, lock)
    |-- StorageError         the database refuses; retried by the ledger
    |-- LeadershipError      exit 70: another daemon has taken the database over
    |-- InternalError        exit 70: a part of the daemon died

What a probe found and what a channel answered are values, not errors.
"""

from dataclasses import dataclass

EXIT_UNHEALTHY = 1
EXIT_USAGE = 2
EXIT_INTERNAL = 70


class RelayWatchError(Exception):
    """An error with a message for people.

    Args:
        message: what is wrong and where, in one sentence.
        hint: what to do about it; shown on a line of its own.
    """

    exit_code = EXIT_INTERNAL

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  hint: {self.hint}"


class UsageError(RelayWatchError):
    """What was asked for cannot be done as asked."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong (or doubtful) in a configuration.

    Attributes:
        path: where, as a TOML path: `endpoints[0].models[2].timeout`.
        message: what is wrong and what to do.
        value: the offending value as it stands in the file, already masked; None where there is none.
    """

    path: str
    message: str
    value: str | None = None

    def __str__(self) -> str:
        shown = "" if self.value is None else f" (is {self.value})"
        return f"{self.path}: {self.message}{shown}"


class ConfigError(UsageError):
    """The configuration is wrong; every problem at once."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self.source = source
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"{source}: {count}{lines}")


class StartError(UsageError):
    """The daemon cannot start here: a disk, a port, a lock."""


class StorageError(RelayWatchError):
    """The database refused a statement; nothing of that transaction was written."""


class LeadershipError(RelayWatchError):
    """Another daemon has taken the database over: nothing more may be written or sent."""


class InternalError(RelayWatchError):
    """A part of the daemon died that must not."""
