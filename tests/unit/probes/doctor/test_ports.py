"""What connects to all addresses of a host tell."""

import pytest

from monitor.config.urls import Address
from monitor.domain.diagnosis import Meaning, StepStatus
from monitor.domain.outcome import NoAnswerKind
from monitor.probes.doctor.ports import Knock, port_step, uplink_step
from monitor.probes.failures import Failure

REFUSED = Failure(NoAnswerKind.REFUSED, "Connection refused")
SILENT = Failure(NoAnswerKind.CONNECT_TIMEOUT, "no answer")
NO_ROUTE = Failure(NoAnswerKind.NO_ROUTE, "Network is unreachable")


@pytest.mark.parametrize(
    ("failures", "status", "meaning"),
    [
        ((None,), StepStatus.OK, None),
        ((None, None), StepStatus.OK, None),
        ((None, REFUSED), StepStatus.WARNING, Meaning.SOME_REFUSED),
        ((SILENT, None), StepStatus.WARNING, Meaning.SOME_SILENT),
        ((NO_ROUTE, REFUSED, None), StepStatus.WARNING, Meaning.SOME_SILENT),
        ((REFUSED,), StepStatus.FAILED, Meaning.PORT_REFUSED),
        ((REFUSED, SILENT), StepStatus.FAILED, Meaning.PORT_SILENT),
        ((NO_ROUTE, REFUSED), StepStatus.FAILED, Meaning.NO_ROUTE),
    ],
)
def test_every_mixture(failures: tuple[Failure | None, ...], status: StepStatus, meaning: Meaning | None) -> None:
    """One address that works is enough for a client, but those that do not are told."""
    knocks = [Knock(f"192.0.2.{number}", 3.0, failure) for number, failure in enumerate(failures)]
    step = port_step(443, knocks)
    assert (step.status, step.meaning) == (status, meaning)
    assert len(step.facts["addresses"]) == len(failures)


def test_a_first_address_that_hangs_is_told() -> None:
    """Every new connection begins with it."""
    step = port_step(443, [Knock("2001:db8::1", 5000.0, SILENT), Knock("192.0.2.1", 3.0)])
    assert step.says == "1 of 2 addresses take connections on port 443; the first one tried does not"
    assert step.facts["addresses"][0]["address"] == "[2001:db8::1]:443"


@pytest.mark.parametrize(("opens", "status"), [(True, StepStatus.OK), (False, StepStatus.FAILED)])
async def test_the_way_out(opens: bool, status: StepStatus) -> None:  # noqa: FBT001  a row of a table
    """If nothing outside is reached either, the fault is here."""

    async def dial(_target: Address) -> bool:
        return opens

    step = await uplink_step([Address("192.0.2.1", 53)], dial)
    assert step.status is status
    assert (step.meaning is Meaning.NO_NETWORK) == (not opens)
