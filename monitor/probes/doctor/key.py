"""The step `key`: what becomes of the key, told from the same question with it and without it."""

from typing import Any

from monitor.domain.diagnosis import Meaning, Step, StepName, doubted, failed, passed, skipped
from monitor.domain.result import Status
from monitor.probes.doctor.answers import Seen

_FORBIDDEN = 403


def key_step(seen: Seen, bare: Seen | None, *, has_key: bool) -> Step:
    """What the two answers tell of the key.

    Args:
        seen: the list, asked with all that is configured.
        bare: the list, asked without the key; None where there is none to leave out.
        has_key: whether requests carry any.
    """
    status = seen.finding.verdict.status
    without = None if bare is None else bare.finding.verdict.status
    facts = {
        "configured": has_key,
        "with_key": str(status) if has_key else None,
        "without_key": str(without or status),
    }
    if status is Status.AUTH_ERROR:
        return _refused(seen, without, facts)
    if not status.is_success:
        return skipped(StepName.KEY, f"the list's answer does not tell ({status})", **facts)
    if without is None:
        says = "none is configured, and the list wants none"
    elif without.is_success:
        says = "the list wants no key; only the models tell whether it is right"
    else:
        says = "accepted; without it the list is refused"
    return passed(StepName.KEY, says, None, **facts)


def _refused(seen: Seen, without: Status | None, facts: dict[str, Any]) -> Step:
    reason = seen.finding.verdict.reason or str(Status.AUTH_ERROR)
    if without is None:
        return failed(StepName.KEY, Meaning.KEY_MISSING, reason, None, **facts)
    if without.is_success:
        return failed(StepName.KEY, Meaning.KEY_HARMS, reason, None, **facts)
    if seen.outcome.http_status == _FORBIDDEN:
        says = f"it may not read the model list, perhaps no more than that: {reason}"
        return doubted(StepName.KEY, Meaning.KEY_REFUSED, says, None, **facts)
    return failed(StepName.KEY, Meaning.KEY_REFUSED, reason, None, **facts)
