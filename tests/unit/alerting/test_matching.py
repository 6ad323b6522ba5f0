"""Matchers: every field that is not empty must match, by any of its values."""

from typing import TYPE_CHECKING, Any

import pytest

from monitor.alerting.matching import Matcher, any_matches, exactly
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from tests.unit.alerting.conftest import Props


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        pytest.param({}, True, id="everything"),
        pytest.param({"checks": ("gw/chat/*",)}, True, id="a pattern of ids"),
        pytest.param({"checks": ("gw/chat",)}, False, id="a part of an id is not it"),
        pytest.param({"endpoints": ("gx", "g?")}, True, id="any of several"),
        pytest.param({"endpoints": ("GW",)}, False, id="capitals count"),
        pytest.param({"models": ("o/*",)}, True, id="a pattern of models"),
        pytest.param({"providers": ("m",)}, False, id="another provider"),
        pytest.param({"tags": ("free", "paid")}, True, id="any of the tags"),
        pytest.param({"tags": ("p*",)}, False, id="a tag is no pattern"),
        pytest.param({"endpoints": ("gw",), "tags": ("free",)}, False, id="every field must match"),
        pytest.param({"severities": (Severity.WARNING,)}, True, id="the trouble is left aside"),
    ],
)
def test_a_check(props: "Props", only: dict[str, Any], expected: bool) -> None:  # noqa: FBT001  a row of the table
    """What a matcher says of one check."""
    check = props.chat("o/a", tags=("paid", "eu"))
    assert Matcher(**only).matches_check(check) is expected
    assert any_matches((Matcher(endpoints=("none",)), Matcher(**only)), check) is expected


def test_a_model_list_has_no_model(props: "Props") -> None:
    """Not even one that any pattern would match."""
    assert not Matcher(models=("*",)).matches_check(props.models())
    assert not any_matches((), props.models())


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        pytest.param({}, True, id="everything"),
        pytest.param({"severities": (Severity.CRITICAL,)}, True, id="its severity"),
        pytest.param({"severities": (Severity.WARNING,)}, False, id="another severity"),
        pytest.param({"fault_domains": (FaultDomain.KEY, FaultDomain.MODEL)}, True, id="its fault domain"),
        pytest.param({"fault_domains": (FaultDomain.KEY,)}, False, id="another fault domain"),
        pytest.param({"statuses": (Status.TIMEOUT,)}, True, id="its status"),
        pytest.param({"statuses": (Status.UNKNOWN,), "severities": (Severity.CRITICAL,)}, False, id="not every field"),
        pytest.param({"endpoints": ("none",)}, True, id="the check is left aside"),
    ],
)
def test_trouble(only: dict[str, Any], expected: bool) -> None:  # noqa: FBT001  a row of the table
    """What a matcher says of severity, fault domain and status."""
    assert Matcher(**only).matches_trouble(Severity.CRITICAL, FaultDomain.MODEL, Status.TIMEOUT) is expected


@pytest.mark.parametrize("name", ["o/a", "o/*", "o/[a]", "what?", "[!a]"])
def test_exactly(props: "Props", name: str) -> None:
    """A name with signs of patterns in it matches itself and nothing else."""
    pattern = exactly(props.chat(name).id)
    matching = {one for one in ("o/a", "o/*", "o/[a]", "what?", "whats", "[!a]", "b") if _matches(props, pattern, one)}
    assert matching == {name}


def _matches(props: "Props", pattern: str, name: str) -> bool:
    return Matcher(checks=(pattern,)).matches_check(props.chat(name))
