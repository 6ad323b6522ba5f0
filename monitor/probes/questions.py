"""What each model is asked, and what was learned of how it wants to be asked.

Owns the wording of the prompt and the memory of refused parameters; how a question goes over the wire is a
protocol's.
"""

from secrets import token_hex

from monitor.domain.ask import Ask
from monitor.domain.check import Check, CheckKind
from monitor.domain.result import Finding, Status

_NONCE_BYTES = 4


class Questions:
    """The questions to the models of one endpoint."""

    def __init__(self) -> None:
        self._other_limit: set[str] = set()

    def ask(self, check: Check) -> Ask | None:
        """The next question of a check, different each time; None where no model is asked.

        A prompt that never repeats cannot be answered from a cache.
        """
        if check.kind is CheckKind.MODELS or check.model is None:
            return None
        return Ask(
            model=check.model,
            prompt=f"Say OK. ({token_hex(_NONCE_BYTES)})",
            max_tokens=check.max_tokens,
            stream=check.stream,
            other_limit=check.id in self._other_limit,
        )

    def wants_again(self, check: Check, finding: Finding) -> bool:
        """Whether the question should be put once more, at once, with the other name of the token limit."""
        if not finding.token_parameter_refused:
            return False
        if check.id in self._other_limit:
            self._other_limit.discard(check.id)
            return False
        self._other_limit.add(check.id)
        return True

    def learn(self, check: Check, finding: Finding) -> None:
        """What the end of a probe tells of how to ask the next time."""
        if finding.verdict.status is Status.CLIENT_ERROR:
            self._other_limit.discard(check.id)  # refused although, or because, the other name was used
