"""Which failures are doubted, and what then explains them."""

import pytest

from monitor.clock import Moment, SystemClock
from monitor.config.secrets import Secret
from monitor.config.urls import Address
from monitor.domain.outcome import Answer, NoAnswer, NoAnswerKind
from monitor.probes.connectivity import Connectivity
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.own_fault import OwnFault
from monitor.probes.stillness import Stillness
from monitor.probes.target import EndpointTarget

OUTSIDE, BEGUN = "192.0.2.7", Moment(0, 0)
DOUBTED = {
    NoAnswerKind.DNS,
    NoAnswerKind.NO_ROUTE,
    NoAnswerKind.RESET,
    NoAnswerKind.PROXY,
    NoAnswerKind.CONNECT_TIMEOUT,
    NoAnswerKind.READ_TIMEOUT,
    NoAnswerKind.CUT_IN_BODY,
}


class FakeUplink(Connectivity):
    """A way out that is open or closed; remembers who asked and what answered."""

    def __init__(self, *, is_open: bool) -> None:
        super().__init__((Address("192.0.2.1", 53),), SystemClock(), lambda *_: None)
        self.open = is_open
        self.asked: list[str] = []
        self.heard: list[str] = []

    async def was_open(self, endpoint: str, begun: Moment) -> bool:
        """Whether the way is open."""
        del begun
        self.asked.append(endpoint)
        return self.open

    def answered(self, endpoint: str, begun: Moment) -> None:
        """Something answered."""
        del begun
        self.heard.append(endpoint)


class FakeStillness(Stillness):
    """Stood still, or did not."""

    def __init__(self, *, still: bool = False) -> None:
        super().__init__(SystemClock(), lambda *_: None)
        self.still = still

    def was_still(self, begun: Moment) -> bool:
        """Whether it stood still."""
        del begun
        return self.still


def endpoint_at(url: str = "http://gw.example.com/v1", proxy: str | None = None) -> LiveEndpoint:
    """An endpoint."""
    target = EndpointTarget(
        name="gw",
        base_url=url,
        protocol="openai",
        api_key=None,
        headers={},
        proxy=None if proxy is None else Secret(proxy),
        ca_file=None,
        concurrency=1,
        models=(),
        keepalive_s=1.0,
    )
    return LiveEndpoint(target)


def own_fault(*, is_open: bool = False, still: bool = False) -> tuple[OwnFault, FakeUplink]:
    """With its uplink."""
    made, uplink = OwnFault(FakeStillness(still=still)), FakeUplink(is_open=is_open)
    made.uplink = uplink
    return made, uplink


@pytest.mark.parametrize("kind", NoAnswerKind)
async def test_what_a_closed_uplink_explains(kind: NoAnswerKind) -> None:
    """Whatever could be silence on our side; not a refusal or a certificate, which prove the way."""
    doubt, uplink = own_fault()
    ours = await doubt.explains(NoAnswer(kind, "x", peer=OUTSIDE), endpoint_at(), BEGUN)
    assert ours == ("this machine had no network of its own" if kind in DOUBTED else None)
    assert uplink.asked == (["gw"] if kind in DOUBTED else [])


@pytest.mark.parametrize("kind", NoAnswerKind)
async def test_an_open_uplink_explains_nothing(kind: NoAnswerKind) -> None:
    """Then the failure is the endpoint's."""
    doubt, _ = own_fault(is_open=True)
    assert await doubt.explains(NoAnswer(kind, "x", peer=OUTSIDE), endpoint_at(), BEGUN) is None


@pytest.mark.parametrize("kind", NoAnswerKind)
async def test_what_a_standstill_explains(kind: NoAnswerKind) -> None:
    """A handshake that the other side gave up too, on loopback too; the uplink is not even asked."""
    doubt, uplink = own_fault(is_open=True, still=True)
    ours = await doubt.explains(NoAnswer(kind, "x", peer="127.0.0.1"), endpoint_at(), BEGUN)
    assert ours == ("this process stood still meanwhile" if kind in DOUBTED | {NoAnswerKind.TLS} else None)
    assert uplink.asked == []


@pytest.mark.parametrize(
    ("url", "peer"),
    [
        ("http://gw.example.com/v1", "127.0.0.1"),
        ("http://gw.example.com/v1", "::1"),
        ("http://localhost:8000/v1", None),
        ("http://127.0.0.1:8000/v1", None),
        ("http://[::1]:8000/v1", None),
    ],
)
async def test_an_endpoint_on_this_machine_needs_no_uplink(url: str, peer: str | None) -> None:
    """Known by its address, or by its name where it did not come to an address."""
    doubt, uplink = own_fault()
    assert await doubt.explains(NoAnswer(NoAnswerKind.READ_TIMEOUT, "x", peer=peer), endpoint_at(url), BEGUN) is None
    assert uplink.asked == []


async def test_behind_a_proxy_on_this_machine_is_the_uplink() -> None:
    """The proxy's silence is perhaps that of the network behind it."""
    doubt, _ = own_fault()
    through = endpoint_at(proxy="http://127.0.0.1:3128")
    assert await doubt.explains(NoAnswer(NoAnswerKind.PROXY, "x", peer="127.0.0.1"), through, BEGUN) is not None


async def test_an_answer_is_no_failure_and_proves_the_way() -> None:
    """Whatever its code."""
    doubt, uplink = own_fault(still=True)
    assert await doubt.explains(Answer(503, {}, b""), endpoint_at(), BEGUN) is None
    assert uplink.heard == ["gw"]


async def test_without_a_self_check_failures_count_as_they_are() -> None:
    """Only a standstill still explains them."""
    doubt = OwnFault(FakeStillness())
    assert await doubt.explains(NoAnswer(NoAnswerKind.DNS, "x"), endpoint_at(), BEGUN) is None
    assert await doubt.explains(Answer(200, {}, b""), endpoint_at(), BEGUN) is None
