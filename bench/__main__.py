"""Runs every measurement, one after the other, and prints one JSON object: `python -m bench [--quick]`."""

import asyncio
import json
import platform
import sys
import tempfile
from pathlib import Path

import psutil

from bench.cost import cost
from bench.daemon import loops
from bench.engines import engines
from bench.figures import Figure
from bench.history import history
from bench.process import TARGET_CORE
from bench.retention import retention
from bench.target import target_name
from bench.timing import lag, starting, telling, truth

MEASUREMENTS = (starting, telling, truth, lag, history, engines, retention, cost)


async def _measure_all(*, quick: bool) -> list[Figure]:
    psutil.Process().cpu_affinity([TARGET_CORE])
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="relaywatch-bench-") as folder:
        place = Path(folder)
        for measurement in MEASUREMENTS:
            print(f"measuring: {measurement.__name__}", file=sys.stderr)
            figures += await measurement(place / measurement.__name__, quick=quick)
    return figures


def main() -> None:
    """Measure and print."""
    quick = "--quick" in sys.argv[1:]
    figures = asyncio.run(_measure_all(quick=quick))
    answer = {
        "python": platform.python_version(),
        "loops": loops(),
        "target": target_name(),
        "quick": quick,
        "figures": [figure.as_json() for figure in sorted(figures, key=lambda one: (int(one.bar), one.name))],
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
