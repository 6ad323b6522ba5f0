"""Opening the database: the lock, the writer, what it remembers, and a new run of the daemon written down.

Owns the order of these steps; each is undone in reverse by whoever gave the house.
"""

import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import monitor
from monitor.alerting.batch import DaemonRun, Restored
from monitor.app.catalogues import Catalogues
from monitor.app.changes import log_renamed
from monitor.app.setup import Setup
from monitor.clock import Clock
from monitor.config.paths import sqlite_path
from monitor.storage.engine import open_for_writing
from monitor.storage.journal import Journal
from monitor.storage.lock import DaemonLock
from monitor.storage.writer import Writer


@dataclass(frozen=True, slots=True)
class Memory:
    """The database, open.

    Attributes:
        setup: with the models that patterns stand for.
        restored: what was believed when the daemon stopped.
    """

    path: Path
    writer: Writer
    journal: Journal
    setup: Setup
    restored: Restored


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take.

    Attributes:
        on_migration: called before tables are changed, which may take minutes.
        left_s: how long the writer may take to stop.
    """

    on_migration: Callable[[], object]
    left_s: Callable[[], float]


async def open_memory(
    setup: Setup, catalogues: Catalogues, house: AsyncExitStack, clock: Clock, patience: Patience
) -> Memory:
    """Open it, and begin a run.

    Raises:
        StartError: it cannot be opened, or another daemon has it.
        StorageError: it does not answer.
    """
    path, now = sqlite_path(setup.config, setup.loaded.base_dir), clock.now()
    house.enter_context(DaemonLock(path))
    engine = open_for_writing(path, on_migration=patience.on_migration)
    house.callback(engine.dispose)
    writer = Writer(engine)
    house.push_async_callback(lambda: writer.stop(patience.left_s()))
    journal = Journal(writer)
    setup = await catalogues.begin(setup, writer)
    log_renamed(await journal.register(setup.checks, now, setup.renaming))
    restored = await journal.restore(setup.checks, now)
    await journal.begin_run(DaemonRun(monitor.__version__, os.getpid(), socket.gethostname(), now))
    return Memory(path, writer, journal, setup, restored)
