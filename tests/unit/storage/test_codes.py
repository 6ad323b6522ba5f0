"""The integers in the database: stored, documented, and never changed."""

from pathlib import Path

from monitor.domain.health import State
from monitor.domain.result import Status, Trigger
from monitor.storage.codes import STATE_CODES, STATUS_CODES, TRIGGER_CODES

DOCUMENT = Path(__file__).parents[3] / "docs" / "database.md"


def test_status_codes_are_what_databases_out_there_hold() -> None:
    """A change of any of these would give old rows a new meaning."""
    assert {str(status): code for status, code in STATUS_CODES.items()} == {
        "UP": 0,
        "DEGRADED": 1,
        "TIMEOUT": 2,
        "CONNECTION_ERROR": 3,
        "AUTH_ERROR": 4,
        "RATE_LIMITED": 5,
        "QUOTA_EXCEEDED": 6,
        "MODEL_NOT_FOUND": 7,
        "OVERLOADED": 8,
        "SERVER_ERROR": 9,
        "CLIENT_ERROR": 10,
        "INVALID_RESPONSE": 11,
        "UNKNOWN": 12,
    }
    assert {str(trigger): code for trigger, code in TRIGGER_CODES.items()} == {
        "on_phase": 0,
        "confirm": 1,
        "manual": 2,
        "triage": 3,
        "maintenance": 4,
    }
    assert {str(state): code for state, code in STATE_CODES.items()} == {"PENDING": 0, "UP": 1, "DOWN": 2}


def test_every_word_has_a_code() -> None:
    """A new status, trigger or state needs a new code before it can be stored."""
    assert set(STATUS_CODES) == set(Status)
    assert set(TRIGGER_CODES) == set(Trigger)
    assert set(STATE_CODES) == set(State)


def test_every_code_is_documented() -> None:
    """Whoever reads the tables finds each code in docs/database.md."""
    text = DOCUMENT.read_text()
    for codes in (STATUS_CODES, TRIGGER_CODES, STATE_CODES):
        for word, code in codes.items():
            assert f"{code} `{word}`" in text
