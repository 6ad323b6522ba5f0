"""The small integers that stand for words in the database. They are stored, so a code is never changed nor reused.

Documented in `docs/database.md`. A word without a code is an error of the code, found by a test.
"""

from types import MappingProxyType

from monitor.domain.health import State
from monitor.domain.result import Status, Trigger

# UP and on-phase are 0 because SQLite stores 0 and 1 without a byte.
STATUS_CODES: MappingProxyType[Status, int] = MappingProxyType(
    {
        Status.UP: 0,
        Status.DEGRADED: 1,
        Status.TIMEOUT: 2,
        Status.CONNECTION_ERROR: 3,
        Status.AUTH_ERROR: 4,
        Status.RATE_LIMITED: 5,
        Status.QUOTA_EXCEEDED: 6,
        Status.MODEL_NOT_FOUND: 7,
        Status.OVERLOADED: 8,
        Status.SERVER_ERROR: 9,
        Status.CLIENT_ERROR: 10,
        Status.INVALID_RESPONSE: 11,
        Status.UNKNOWN: 12,
    },
)
TRIGGER_CODES: MappingProxyType[Trigger, int] = MappingProxyType(
    {
        Trigger.ON_PHASE: 0,
        Trigger.CONFIRM: 1,
        Trigger.MANUAL: 2,
        Trigger.TRIAGE: 3,
        Trigger.MAINTENANCE: 4,
    },
)
STATE_CODES: MappingProxyType[State, int] = MappingProxyType({State.PENDING: 0, State.UP: 1, State.DOWN: 2})

STATUSES = MappingProxyType({code: status for status, code in STATUS_CODES.items()})
STATES = MappingProxyType({code: state for state, code in STATE_CODES.items()})

SUCCESS_CODES = (STATUS_CODES[Status.UP], STATUS_CODES[Status.DEGRADED])
UNKNOWN_CODE = STATUS_CODES[Status.UNKNOWN]
ON_PHASE_CODE = TRIGGER_CODES[Trigger.ON_PHASE]
MAINTENANCE_CODE = TRIGGER_CODES[Trigger.MAINTENANCE]
