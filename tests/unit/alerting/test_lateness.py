"""How a message says that it is late, told with its end, or told in another channel's place."""

from zoneinfo import ZoneInfo

import pytest

from monitor.alerting.lateness import Detour, Instead, as_told, redirected
from monitor.alerting.notification import Event, Notification
from monitor.alerting.texts import Voice
from monitor.domain.action import Language

EN, KO = (Voice(language, ZoneInfo("Asia/Seoul")) for language in (Language.EN, Language.KO))
STORED = Notification("rw-x-1-2-ops", Event.RESOLVED, "critical", "gw", "UP", "m works again.\nlast error: HTTP 503")


@pytest.mark.parametrize(
    ("late_s", "merged", "first_line", "told_s"),
    [
        (60.0, False, "m works again.", None),
        (60.001, False, "m works again. Told 1 min late.", 60.001),
        (3_360.0, False, "m works again. Told 56 min late.", 3_360.0),
        (12.0, True, "m works again. Beginning and end in one message.", None),
        (3_360.0, True, "m works again. Told 56 min late, beginning and end in one message.", 3_360.0),
    ],
)
def test_a_late_message_says_so_in_its_first_line(
    late_s: float,
    merged: bool,  # noqa: FBT001  a row of the table
    first_line: str,
    told_s: float | None,
) -> None:
    """More than a minute is late; the rest of the message stays as it is, and so does its id."""
    told = as_told(STORED, late_s, EN, merged=merged)
    assert told.message == f"{first_line}\nlast error: HTTP 503"
    assert (told.late_s, told.id, told.title) == (told_s, STORED.id, STORED.title)


def test_in_korean() -> None:
    """The same facts."""
    assert as_told(STORED, 3_360.0, KO).message.startswith("m works again. 56분 늦게 알립니다.\n")
    assert "발생과 복구를 함께" in as_told(STORED, 0.0, KO, merged=True).message


@pytest.mark.parametrize(
    ("detour", "sentence"),
    [
        (Detour("ops", Instead.NOT_TAKEN, 120.0), "Sent here because ops has not taken it for 2 min."),
        (
            Detour("ops", Instead.NOT_TAKEN, 120.0, "HTTP 503: {busy}\x1b[1m"),
            "Sent here because ops has not taken it for 2 min (HTTP 503: {busy}).",
        ),
        (Detour("ops", Instead.GIVEN_UP, 0.0, "HTTP 410"), "Sent here because ops has given it up (HTTP 410)."),
        (Detour("ops", Instead.REMOVED), "Sent here because ops is no longer configured."),
        (Detour("ops", Instead.ITS_END), "Sent here because this channel stood in for ops."),
    ],
)
def test_a_copy_says_why_it_came_here(detour: Detour, sentence: str) -> None:
    """With an id of its own, and nothing else changed."""
    copy = redirected(STORED, detour, "hook", EN)
    assert copy.id == "rw-x-1-2-ops-fallback-hook"
    assert copy.message == f"m works again. {sentence}\nlast error: HTTP 503"
    assert "ops" in redirected(STORED, detour, "hook", KO).message
