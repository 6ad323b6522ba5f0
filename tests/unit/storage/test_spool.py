"""The spool: what was written comes back, whatever a crash has torn; never more than it may take."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Moment
from monitor.domain.action import Action
from monitor.domain.reply import Usage
from monitor.domain.result import FaultDomain, Phases, Result, Status, StreamTimes, Trigger, Verdict
from monitor.storage.spool import Spool
from monitor.storage.spooled import from_bytes, to_bytes

NOW = Moment(1_795_200_000_000_000, 900_000_000)
LATER = Moment(NOW.wall_us + 60_000_000, 5_000_000)


def _result(number: int = 0, **fields: object) -> Result:
    at = NOW.plus_s(number)
    verdict = Verdict(Status.SERVER_ERROR, FaultDomain.ENDPOINT, "HTTP 503", Action.WAIT_OR_SWITCH, 2.5, loading=True)
    given_: dict[str, object] = {"http_status": 503, "latency_ms": 12.5, "lag_ms": 0.25, **fields}
    return Result("gw/chat/a/b", at, at.plus_s(0.5), Trigger.CONFIRM, verdict, **given_)  # type: ignore[arg-type]


FULL = _result(
    ttft_ms=3.5,
    request_id="r-1",
    phases=Phases(dns_ms=1.0, total_ms=9.0),
    certificate_days=12.5,
    usage=Usage(1, 2, None, 4),
    stream=StreamTimes(first_event_ms=1.0, pieces=3),
    answered_by="a/b",
)


@pytest.mark.parametrize("result", [_result(), FULL], ids=["plain", "full"])
def test_a_result_comes_back_as_it_was(result: Result) -> None:
    """Every field that the database or a state machine reads."""
    assert from_bytes(to_bytes(result), NOW.plus_s(1)) == result


def test_times_are_placed_on_this_run_s_clock() -> None:
    """The monotonic clock of another life says nothing."""
    back = from_bytes(to_bytes(_result()), LATER)
    assert back.started_at == Moment(NOW.wall_us, LATER.mono_us - 60_000_000)
    assert back.finished_at.s_since(back.started_at) == 0.5


def test_half_of_a_surrogate_pair_is_no_trouble() -> None:
    """An upstream may send one; the database would get a question mark too."""
    assert from_bytes(to_bytes(_result(request_id="x\ud800")), NOW).request_id == "x?"


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b"null", b'{"check": 1}'])
def test_what_is_no_result_is_a_value_error(line: bytes) -> None:
    """Whatever stands there."""
    with pytest.raises(ValueError, match=r".*"):
        from_bytes(line, NOW)


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    """By another life, over several appends."""
    spool = Spool(tmp_path / "s", "one")
    assert spool.append([_result(0), _result(1)]) == 2
    assert spool.append([_result(2)]) == 1
    found = Spool(tmp_path / "s", "one").read(NOW.plus_s(9))
    assert found.results == [_result(0), _result(1), _result(2)]
    assert found.damaged_bytes == 0


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """Reasons quote upstream."""
    Spool(tmp_path / "s", "one").append([_result()])
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600


def test_a_cleared_spool_is_empty_and_goes_on(tmp_path: Path) -> None:
    """The next outage begins a file of its own."""
    spool = Spool(tmp_path / "s", "one")
    spool.append([_result(0)])
    spool.clear()
    assert not (tmp_path / "s").exists()
    spool.append([_result(1)])
    assert Spool(tmp_path / "s", "one").read(NOW.plus_s(9)).results == [_result(1)]


@given(cut=st.integers(min_value=0, max_value=2_000), more=st.binary(max_size=40))
def test_a_torn_end_is_ignored_and_written_over(
    tmp_path_factory: pytest.TempPathFactory, cut: int, more: bytes
) -> None:
    """A prefix comes back, never anything else; what is appended afterwards is read with it."""
    path = tmp_path_factory.mktemp("spool") / "s"
    results = [_result(number) for number in range(4)]
    Spool(path, "one").append(results)
    content = path.read_bytes()
    path.write_bytes(content[: min(cut, len(content))] + more)
    spool = Spool(path, "one")
    found = spool.read(NOW.plus_s(9)).results
    assert found == results[: len(found)]
    spool.append([_result(7)])
    assert Spool(path, "one").read(NOW.plus_s(9)).results == [*found, _result(7)]


def test_a_flipped_bit_ends_what_is_believed(tmp_path: Path) -> None:
    """What stands before it is good; the rest is counted as damaged."""
    path = tmp_path / "s"
    spool = Spool(path, "one")
    spool.append([_result(0)])
    good = path.stat().st_size
    spool.append([_result(1), _result(2)])
    content = bytearray(path.read_bytes())
    content[good + 20] ^= 1
    path.write_bytes(content)
    found = Spool(path, "one").read(NOW.plus_s(9))
    assert found.results == [_result(0)]
    assert found.damaged_bytes == len(content) - good


def test_the_spool_of_another_database_is_laid_aside(tmp_path: Path) -> None:
    """Its results belong there; nothing is thrown away."""
    Spool(tmp_path / "s", "one").append([_result()])
    other = Spool(tmp_path / "s", "two")
    assert other.read(NOW).results == []
    assert Spool(tmp_path / "s.other", "one").read(NOW.plus_s(9)).results == [_result()]


def test_what_is_laid_aside_stays_whoever_comes_next(tmp_path: Path) -> None:
    """Two moves to other databases in a row: both spools are kept."""
    for name in ("one", "two", "three"):
        spool = Spool(tmp_path / "s", name)
        spool.read(NOW)
        spool.append([_result()])
    assert Spool(tmp_path / "s.other", "one").read(NOW.plus_s(9)).results == [_result()]
    assert Spool(tmp_path / "s.other-2", "two").read(NOW.plus_s(9)).results == [_result()]


def test_what_another_daemon_keeps_there_is_left_alone(tmp_path: Path) -> None:
    """One that was given the same configuration with another database: neither harms the other."""
    first, second = Spool(tmp_path / "s", "one"), Spool(tmp_path / "s", "two")
    first.append([_result(0)])
    second.read(NOW)
    second.append([_result(1)])
    with pytest.raises(FileExistsError):
        first.append([_result(2)])
    first.clear()
    assert Spool(tmp_path / "s", "two").read(NOW.plus_s(9)).results == [_result(1)]
    assert Spool(tmp_path / "s.other", "one").read(NOW.plus_s(9)).results == [_result(0)]
    with pytest.raises(FileExistsError):
        first.append([_result(3)])


def test_it_takes_no_more_results_than_it_may(tmp_path: Path) -> None:
    """The first ones are kept, over several appends."""
    spool = Spool(tmp_path / "s", "one", most_results=3)
    assert spool.append([_result(0), _result(1)]) == 2
    assert spool.append([_result(2), _result(3)]) == 1
    assert spool.append([_result(4)]) == 0
    assert spool.results == 3


def test_it_takes_no_more_bytes_than_it_may(tmp_path: Path) -> None:
    """Also where results are few and long."""
    spool = Spool(tmp_path / "s", "one", most_bytes=2_000)
    assert 0 < spool.append([_result(number) for number in range(100)]) < 100
    assert (tmp_path / "s").stat().st_size <= 2_000


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path: Path) -> None:
    """The count says only what is on disk."""
    spool = Spool(tmp_path / "gone" / "s", "one")
    with pytest.raises(FileNotFoundError):
        spool.append([_result()])
    assert spool.results == 0
