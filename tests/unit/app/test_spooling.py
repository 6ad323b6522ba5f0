"""What is refused goes to the spool and from there, once and in order, into the next run's ledger."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.app.spooling import Spooling
from monitor.clock import Moment
from monitor.domain.renaming import NOTHING_RENAMED, Renaming
from monitor.domain.result import Result, Status, Trigger, Verdict
from monitor.errors import StartError
from monitor.storage.spool import Spool

START = Moment(1_795_200_000_000_000, 500_000_000)


def _result(number: int, check: str = "gw/chat/m") -> Result:
    at = START.plus_s(number)
    return Result(check, at, at.plus_s(0.5), Trigger.ON_PHASE, Verdict(Status.UP), 200, 500.0)


class Now:
    """A clock that stands."""

    def now(self) -> Moment:
        """An hour later."""
        return START.plus_s(3600)


@dataclass
class Ledger:
    """Results that wait, and what was replayed."""

    waiting: list[Result] = field(default_factory=list)
    written: int = 0
    refusing_since: Moment | None = START
    replayed: list[Result] = field(default_factory=list)
    hangs: bool = False
    committing_s: float = 0.0

    def busy_s(self, now: Moment) -> float:
        """How long the present commit takes already."""
        del now
        return self.committing_s

    @property
    def arrived(self) -> int:
        """All of them."""
        return self.written + len(self.waiting)

    def unwritten(self, after: int) -> list[Result]:
        """Those after the first ones."""
        return self.waiting[max(0, after - self.written) :]

    async def replay(self, results: list[Result]) -> None:
        """Take them, or never."""
        if self.hangs:
            await asyncio.Event().wait()
        self.replayed += results


@dataclass
class Journal:
    """Knows some results."""

    known: set[tuple[str, int]] = field(default_factory=set)

    async def recorded(self, results: list[Result]) -> set[tuple[str, int]]:
        """Those of them that it knows."""
        return {(one.check, one.started_at.wall_us) for one in results} & self.known


async def _spooling(
    folder: Path, ledger: Ledger, journal: Journal | None = None, renaming: Renaming = NOTHING_RENAMED
) -> Spooling:
    made = Spooling(folder / "s", "db", Now())
    await made.read()
    await made.replay(ledger, journal or Journal(), renaming)  # type: ignore[arg-type]
    return made


async def _on_disk(folder: Path) -> list[Result]:
    found = await asyncio.to_thread(Spool(folder / "s", "db").read, Now().now())
    return found.results


async def test_while_the_database_takes_everything_there_is_no_file(tmp_path: Path) -> None:
    """Nor a look at the disk."""
    spooling = await _spooling(tmp_path, Ledger([_result(1)], refusing_since=None))
    assert await spooling.look() == 0
    assert await _on_disk(tmp_path) == []


async def test_what_is_refused_is_written_once_and_in_order(tmp_path: Path) -> None:
    """Also what arrives between two looks, and while the first batch is written at last."""
    ledger = Ledger([_result(1), _result(2)])
    spooling = await _spooling(tmp_path, ledger)
    await spooling.look()
    ledger.waiting.append(_result(3))
    await spooling.look()
    ledger.waiting, ledger.written = [_result(3), _result(4)], 2
    assert await spooling.look() == 4
    assert await _on_disk(tmp_path) == [_result(number) for number in (1, 2, 3, 4)]


async def test_what_a_server_does_not_answer_is_kept_too(tmp_path: Path) -> None:
    """It refuses nothing while it stands still, and the daemon may die meanwhile."""
    ledger = Ledger([_result(1)], refusing_since=None, committing_s=1.0)
    spooling = await _spooling(tmp_path, ledger)
    assert await spooling.look() == 0
    ledger.committing_s = 3.0
    assert await spooling.look() == 1
    ledger.waiting, ledger.written, ledger.committing_s = [], 1, 0.0
    assert await spooling.look() == 0


async def test_it_is_forgotten_only_when_all_of_it_is_written(tmp_path: Path) -> None:
    """A daemon that dies in between still has it."""
    ledger = Ledger([_result(1), _result(2)])
    spooling = await _spooling(tmp_path, ledger)
    await spooling.look()
    ledger.refusing_since, ledger.waiting, ledger.written = None, [_result(2)], 1
    assert await spooling.look() == 2
    ledger.waiting, ledger.written = [], 2
    assert await spooling.look() == 0
    assert await _on_disk(tmp_path) == []


async def test_the_next_run_replays_what_the_database_does_not_have(tmp_path: Path) -> None:
    """A crash between the commit and the emptying of the file doubles nothing."""
    await (await _spooling(tmp_path, Ledger([_result(number) for number in (1, 2, 3)]))).look()
    journal, ledger = Journal({("gw/chat/m", _result(1).started_at.wall_us)}), Ledger()
    with capture_logs() as logs:
        await _spooling(tmp_path, ledger, journal)
    assert [one.started_at.wall_us for one in ledger.replayed] == [_result(n).started_at.wall_us for n in (2, 3)]
    assert [(line["event"], line["results"], line["known"]) for line in logs] == [("spool_replayed", 2, 1)]
    assert await _on_disk(tmp_path) == []


async def test_the_run_is_known_to_have_lived_as_long_as_its_results(tmp_path: Path) -> None:
    """Its own sign of life did not arrive."""
    await (await _spooling(tmp_path, Ledger([_result(1), _result(7)]))).look()
    assert await Spooling(tmp_path / "s", "db", Now()).read() == _result(7).finished_at.wall_us


async def test_a_check_that_was_renamed_meanwhile_keeps_its_results(tmp_path: Path) -> None:
    """They are its, whatever it is called."""
    await (await _spooling(tmp_path, Ledger([_result(1)]))).look()
    ledger = Ledger()
    await _spooling(tmp_path, ledger, renaming=Renaming({"gw": "gateway"}))
    assert [one.check for one in ledger.replayed] == ["gateway/chat/m"]


async def test_a_database_that_takes_nothing_again_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool stays for the next one."""
    await (await _spooling(tmp_path, Ledger([_result(1)]))).look()
    monkeypatch.setattr("monitor.app.spooling.REPLAYED_WITHIN_S", 0.01)
    with pytest.raises(StartError, match="does not take the results that wait in the spool"):
        await _spooling(tmp_path, Ledger(hangs=True))
    assert await _on_disk(tmp_path) == [_result(1)]


async def test_a_full_spool_is_said_once_per_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows waits in memory only."""
    monkeypatch.setattr("monitor.storage.spool.Spool._fitting", lambda *_: [])
    ledger = Ledger([_result(1)])
    spooling = await _spooling(tmp_path, ledger)
    with capture_logs() as logs:
        for number in (2, 3):
            await spooling.look()
            ledger.waiting.append(_result(number))
    assert [line["event"] for line in logs] == ["spool_full"]


async def test_a_disk_that_refuses_is_said_once_and_tried_again(tmp_path: Path) -> None:
    """Nothing counts as kept before it is on disk."""
    ledger, folder = Ledger([_result(1)]), tmp_path / "state"
    spooling = await _spooling(folder, ledger)
    with capture_logs() as logs:
        for _ in range(3):
            assert await spooling.look() == 0
    assert [line["event"] for line in logs] == ["spool_refused"]
    await asyncio.to_thread(folder.mkdir)
    assert await spooling.look() == 1
