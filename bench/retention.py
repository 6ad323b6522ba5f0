"""Bar 9: how long a bite of retention takes, how long anything holds the writer, while ten thousand checks go on."""

import json
import os
import signal
import sqlite3
from pathlib import Path

from bench.daemon import Load, configure, database_of
from bench.figures import Figure
from bench.process import python, started, until
from bench.target import fast_target
from bench.years import Past, fill

KEPT = 'raw_retention = "{days}d"'
# The daemon as it is, but that it forgets soon after the start, and tells at its end how long its writer was held.
CODE = """
import atexit, json
from pathlib import Path
from monitor.app import forgetting
from monitor.web.metrics import Metrics
holds, bites = [], []
forgetting.LOOK_EVERY_S = {warm_s!r}
Metrics.observe_hold = lambda self, seconds: holds.append(seconds)
look = forgetting.Forgetting.look
async def told(self):
    pruned = await look(self)
    if pruned is not None:
        bites.append([self._retention.longest_bite_s, sum(pruned.rows.values())])
        Path({done!r}).write_text("done")
    return pruned
forgetting.Forgetting.look = told
atexit.register(lambda: Path({said!r}).write_text(json.dumps([holds, bites])))
from monitor.cli.main import main
main(["run", "-c", {config!r}])
"""


async def retention(folder: Path, *, quick: bool) -> list[Figure]:
    """A third of the history goes at once while 333 results a second arrive."""
    past = Past(days=3, year=3) if quick else Past()
    async with fast_target() as url:
        config = configure(folder, Load(10_000, "30s"), url)
        config.write_text(config.read_text().replace("[storage]", f"[storage]\n{KEPT.format(days=past.days * 2 // 3)}"))
        await fill(database_of(config), past)
        said, done = folder / "said.json", folder / "done"
        before = _rows(database_of(config))
        names = {"said": str(said), "done": str(done), "config": str(config)}
        code = CODE.format(warm_s=5.0 if quick else 35.0, **names)
        async with started(python("-c", code)) as process:
            await until(done.exists, within_s=900, every_s=0.5)
            os.kill(process.pid, signal.SIGTERM)
            await until(said.exists, within_s=30)
    holds, bites, *_ = json.loads(said.read_text())
    p99 = sorted(holds)[len(holds) * 99 // 100]
    deleted = sum(gone for _, gone in bites)
    note = f"{deleted:,} of {before:,} rows deleted, {len(holds):,} pieces of work, 99 % within {1000 * p99:.0f} ms"
    return [
        Figure("9", "longest bite of retention, ms", 1000 * max(took for took, _ in bites), 30.0, note=note),
        Figure("9", "longest hold of the writer, ms", 1000 * max(holds), 100.0, note=note),
    ]


def _rows(database: Path) -> int:
    connection = sqlite3.connect(database)
    try:
        return int(connection.execute("SELECT count(*) FROM results").fetchone()[0])
    finally:
        connection.close()
