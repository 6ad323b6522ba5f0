"""One daemon per database where no lock of an operating system can say so: an epoch that fences off whoever lost it.

Owns the one row of `leadership`: taking it, keeping it (a sign of life every five seconds, by the database's own
clock), giving it back. Each taking counts the epoch up; every transaction of a daemon is sealed with the epoch that it
holds, so that one which was stopped and goes on later writes nothing more.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Connection, Engine

from monitor.clock import US_PER_S, Clock, SystemClock, iso
from monitor.errors import LeadershipError, StartError
from monitor.storage.database import Holder
from monitor.storage.faults import DatabaseFault
from monitor.storage.postgresql import leader_row as row
from monitor.storage.postgresql.leader_row import Identity, Standing, Term
from monitor.storage.rollup_tables import leadership

BEAT_S = 5.0
LEASE_S = 15.0
"""A sign of life that is older is none: another daemon may take over."""
MARGIN_S = 2.0
LOOK_AGAIN_S = 0.5
RELEASED_WITHIN_S = 2.0

log = structlog.get_logger("relaywatch.storage")


class Leadership:
    """Held for the life of a daemon; a `storage.fence.Fence`.

    Args:
        engine: opens connections that write.
        name: of the database, for messages.
        who: this daemon.
        clock: for how long it may be sure.
        pause: waits so many seconds between two looks at another's sign of life.

    Raises:
        StartError: another daemon leads, and lives.
        DatabaseFault: the database does not answer.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        who: Identity | None = None,
        *,
        clock: Clock | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._engine = engine
        self._name = name
        self._who = who or row.myself()
        self._clock = clock or SystemClock()
        self._ended = threading.Event()
        self._pause = pause or self._ended.wait
        self._sure_until_us = 0
        self.lost: LeadershipError | None = None
        with engine.begin() as connection:
            row.create_table(connection)
        self._term = self._take()
        self._thread = threading.Thread(target=self._keep, name="storage-leadership", daemon=True)
        self._thread.start()

    @property
    def epoch(self) -> int:
        """How often the lead was taken, this time included."""
        return self._term.epoch

    @property
    def fence(self) -> Self:
        """What writers of this daemon are held against."""
        return self

    def seal(self, connection: Connection) -> int | None:
        """The last statement of a transaction: its number, None if it has written nothing."""
        number = connection.execute(row.SEAL, self._term.bound).scalar()
        if number is None:
            self.verify(connection)
        return number

    def has_committed(self, connection: Connection, number: int) -> bool:
        """Whether the transaction with this number took effect."""
        mark = connection.execute(row.MARK).one_or_none()
        if mark is None or (mark.epoch, mark.since_us) != self._term:
            raise self._lose(connection)
        return bool(mark.batch >= number)

    def verify(self, connection: Connection) -> None:
        """Raises LeadershipError if another daemon has taken over."""
        asked_us = self._clock.now().mono_us
        standing = row.read(connection)
        if standing is None or standing.term != self._term:
            raise self._lose(connection)
        self._is_sure_from(asked_us)

    def is_sure(self) -> bool:
        """True while no other daemon can have found this one silent for long enough."""
        return self.lost is None and self._clock.now().mono_us < self._sure_until_us

    def beat(self, connection: Connection) -> bool:
        """Give a sign of life; False if another leads by now."""
        asked_us = self._clock.now().mono_us
        if connection.execute(row.BEAT, self._term.bound).rowcount != 1:
            self._lose(connection)
            return False
        self._is_sure_from(asked_us)
        return True

    def release(self) -> None:
        """Another daemon may start at once."""
        if self._ended.is_set():
            return
        self._ended.set()
        # In a thread: a server that does not answer must not keep the process from ending.
        releasing = threading.Thread(target=self._release, name="storage-release", daemon=True)
        releasing.start()
        releasing.join(RELEASED_WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _release(self) -> None:
        with suppress(*DatabaseFault), self._engine.begin() as connection:
            connection.execute(row.RELEASE, self._term.bound)

    def _take(self) -> Term:
        with self._engine.connect() as connection:
            standing = _look(connection)
            while True:
                if standing is not None and not self._is_free(standing):
                    standing = self._watch(connection, standing)
                asked_us = self._clock.now().mono_us
                with connection.begin():
                    term = row.take(connection, standing, self._who)
                if term is not None:
                    break
                standing = _look(connection)
        self._is_sure_from(asked_us)
        if standing is not None and not standing.is_released:
            silent_s = (standing.now_us - standing.heartbeat_us) / US_PER_S
            gone = standing.who
            log.warning(
                "database_taken_over", pid=gone.pid, host=gone.host, silent_s=round(silent_s, 1), epoch=term.epoch
            )
        return term

    def _watch(self, connection: Connection, first: Standing) -> Standing:
        """Wait until it is known that nobody leads; the row as it is then."""
        waited_s = 0.0
        log.info("database_watched", pid=first.who.pid, host=first.who.host, seconds=LEASE_S)
        while waited_s < LEASE_S:
            self._pause(LOOK_AGAIN_S)
            waited_s += LOOK_AGAIN_S
            standing = _look(connection)
            if standing is None or self._is_free(standing):
                break
            if (standing.epoch, standing.heartbeat_us) != (first.epoch, first.heartbeat_us):
                raise _refused(self._name, standing)
        return standing or first

    def _is_free(self, standing: Standing) -> bool:
        who = standing.who
        if standing.is_released:
            return True
        return bool(who.place) and who.place == self._who.place and (who.pid == self._who.pid or not row.lives(who.pid))

    def _keep(self) -> None:
        """The thread: a sign of life every few seconds, over connections that may break."""
        connection: Connection | None = None
        while not self._ended.wait(BEAT_S) and self.lost is None:
            try:
                connection = connection or self._engine.connect()
                with connection.begin():
                    self.beat(connection)
            except DatabaseFault:  # the ledger says so
                _close(connection)
                connection = None
        _close(connection)

    def _is_sure_from(self, asked_us: int) -> None:
        self._sure_until_us = asked_us + round((LEASE_S - MARGIN_S) * US_PER_S)

    def _lose(self, connection: Connection) -> LeadershipError:
        if self.lost is None:
            other = row.read(connection)
            who = "another daemon" if other is None else f"the daemon {other.who.pid} on {other.who.host}"
            self.lost = LeadershipError(
                f"{who} has taken over the database {self._name} while this one gave no sign of life",
                hint="this one writes and sends nothing more; results that were not recorded yet are lost with it",
            )
            log.critical("database_lost", epoch=self.epoch, error=self.lost.message)
        return self.lost


def holder(connection: Connection) -> Holder | None:
    """Who leads now; None if nobody gave a sign of life lately."""
    if not connection.dialect.has_table(connection, leadership.name):
        return None
    standing = row.read(connection)
    if standing is None or standing.is_released or standing.now_us - standing.heartbeat_us > LEASE_S * US_PER_S:
        return None
    return Holder(standing.who.pid, standing.who.host)


def _close(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(*DatabaseFault):
            connection.close()


def _look(connection: Connection) -> Standing | None:
    with connection.begin():
        return row.read(connection)


def _refused(name: str, standing: Standing) -> StartError:
    who = standing.who
    return StartError(
        f"the database {name} is in use by process {who.pid} on {who.host}, since {iso(standing.since_us)}",
        hint="one daemon per database: stop the other, or give this one its own `[storage] url`",
    )
