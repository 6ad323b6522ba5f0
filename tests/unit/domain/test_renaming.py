"""Former names to present ones, wherever a name may stand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment
from monitor.domain.check import CheckKind, check_id
from monitor.domain.health import Health
from monitor.domain.incident import Cause, Family, Incident, Scope, incident_key, outage_key
from monitor.domain.incident_kind import IncidentKind
from monitor.domain.renaming import NOTHING_RENAMED, Renaming
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity

NOW = Moment(1_763_690_000_000_000, 0)
RENAMING = Renaming({"old": "new"}, {("new", "v/m0"): "v/m1", ("kept", "x:1"): "x:2"})
NAMES = st.text("abz/:.-", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("old/models", "new/models"),
        ("old/chat/m", "new/chat/m"),
        ("old/chat/v/m0", "new/chat/v/m1"),
        ("new/chat/v/m0", "new/chat/v/m1"),
        ("kept/chat/v/m0", "kept/chat/v/m0"),
        ("kept/chat/x:1", "kept/chat/x:2"),
        ("kept/models", "kept/models"),
    ],
)
def test_a_check_has_the_names_of_its_endpoint_and_model(former: str, present: str) -> None:
    """Either may have changed, or both at once."""
    assert RENAMING.check(former) == present


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("old/chat/v/m0", "new/chat/v/m1"),
        ("kept/chat/x:1", "kept/chat/x:2"),
        ("endpoint:old", "endpoint:new"),
        ("key:old", "key:new"),
        ("quota:kept", "quota:kept"),
        ("request:old", "request:new"),
        ("provider:old/v", "provider:new/v"),
        ("slow:old/chat/v/m0", "slow:new/chat/v/m1"),
        ("flapping:old/models", "flapping:new/models"),
        ("network", "network"),
    ],
)
def test_a_key_says_what_an_incident_is_about_now(former: str, present: str) -> None:
    """Every kind of key."""
    assert RENAMING.key(former) == present


@given(NAMES.filter(lambda name: "/" not in name and ":" not in name), NAMES, st.sampled_from(list(Scope)))
def test_renaming_and_making_a_key_commute(endpoint: str, model: str, scope: Scope) -> None:
    """The key of a renamed check is the renamed key of the check, whatever its model is called."""
    renaming = Renaming({endpoint: "present"}, {("present", model): "other"})
    check, renamed = check_id(endpoint, CheckKind.CHAT, model), check_id("present", CheckKind.CHAT, "other")
    for kind in IncidentKind:
        assert renaming.key(incident_key(check, kind)) == incident_key(renamed, kind)
    for family in Family:
        before = outage_key(scope, family, check, endpoint, "vendor")
        assert renaming.key(before) == outage_key(scope, family, renamed, "present", "vendor")


def test_state_and_incidents_follow() -> None:
    """All that was known is known under the new name."""
    health = Health("old/chat/v/m0", since=NOW, consecutive_failures=2)
    assert RENAMING.health(health) == replace(health, check="new/chat/v/m1")
    incident = Incident(
        id=1,
        key="endpoint:old",
        kind=IncidentKind.OUTAGE,
        endpoint="old",
        checks=("old/models", "old/chat/v/m0"),
        severity=Severity.CRITICAL,
        cause=Cause(Status.SERVER_ERROR, FaultDomain.ENDPOINT),
        because=None,
        reason=None,
        action=None,
        started_at=NOW,
        detected_at=NOW,
    )
    followed = RENAMING.incident(incident)
    assert (followed.key, followed.endpoint) == ("endpoint:new", "new")
    assert followed.checks == ("new/models", "new/chat/v/m1")
    assert replace(followed, key=incident.key, endpoint="old", checks=incident.checks) == incident


def test_nothing_renamed_renames_nothing() -> None:
    """And says so."""
    assert not NOTHING_RENAMED
    assert RENAMING
    assert NOTHING_RENAMED.check("old/chat/m") == "old/chat/m"
