"""A wall clock that is set back and forth by an hour: libfaketime moves it, the monotonic clock is left alone."""

from collections import defaultdict
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from monitor.simulator.gateway import Gateway
    from tests.acceptance.conftest import Deployment, World

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
INTERVAL_S = 1.5
STEPS_S = (3600, 0, -3600, 0)
MODELS = ("openai/gpt-4.1", "anthropic/claude-sonnet-4")


@pytest.mark.skipif(LIBRARY is None, reason="needs the Debian package faketime")
async def test_no_probe_is_lost_and_no_outage_invented(world: "World") -> None:
    """Every check keeps its rhythm through steps of an hour, results are all recorded, and an outage is told right."""
    gateway, hook = await world.gateway(*MODELS), await world.hook()
    daemon = world.deployment()
    daemon.configure(
        daemon.endpoint(gateway, *MODELS, more="check_models = false"),
        daemon.webhook(hook),
        interval="1500ms",
        slow_after="0s",
    )
    wall = daemon.folder / "wall"
    _set(wall, 0)
    daemon.environ |= {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(wall),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    await daemon.start()
    await _probes(daemon, gateway, 2)
    for number, offset_s in enumerate(STEPS_S, 1):
        _set(wall, offset_s)
        await daemon.until(partial(_stepped, daemon, number), 5, f"step {number} is noticed")
        await _probes(daemon, gateway, 2)
    assert hook.received == []
    assert daemon.events("probe") == [], "a change of status"
    _keeps_its_rhythm(gateway)

    gateway.set_fault(MODELS[0], Fault(kind=FaultKind.STATUS, status=503))
    opened = await hook.wait_for(lambda received: received.body["event"] == "opened", 5)
    _set(wall, -3600)
    await daemon.until(partial(_stepped, daemon, len(STEPS_S) + 1), 5, "the last step is noticed")
    gateway.set_fault(MODELS[0], None)
    resolved = await hook.wait_for(lambda received: received.body["event"] == "resolved", 5)
    assert await daemon.stop() == 0

    assert len(hook.received) == 2
    lasted_s = resolved.at_mono_s - opened.at_mono_s
    assert 0 < resolved.body["incident"]["duration_s"] < lasted_s + 3
    (recorded,) = daemon.rows("SELECT count(*) FROM results")
    assert recorded == (gateway.requests.total(),)
    assert [line["seconds"] for line in daemon.events("clock_stepped")] == pytest.approx(
        [3600, -3600, -3600, 3600, -3600], abs=1
    )


def _set(wall: Path, offset_s: int) -> None:
    fresh = wall.with_suffix(".new")
    fresh.write_text(f"{offset_s:+d}\n")
    fresh.replace(wall)


def _stepped(daemon: "Deployment", times: int) -> bool:
    return len(daemon.events("clock_stepped")) == times


async def _probes(daemon: "Deployment", gateway: "Gateway", more: int) -> None:
    """Wait until each model was probed so many times more."""
    goal = {model: gateway.requests[model] + more for model in MODELS}
    await daemon.until(lambda: all(gateway.requests[model] >= goal[model] for model in MODELS), 20, f"{more} probes")


def _keeps_its_rhythm(gateway: "Gateway") -> None:
    """No turn is missing: one may come late, until the step is noticed within a second, but it comes."""
    times: defaultdict[str | None, list[float]] = defaultdict(list)
    for seen in gateway.seen:
        times[seen.model].append(seen.at_s)
    for model, at in times.items():
        gaps = [after - before for before, after in pairwise(at[1:])]
        assert max(gaps) < 2 * INTERVAL_S - 0.1, (model, gaps)
        assert len(gaps) >= int((at[-1] - at[1]) / INTERVAL_S + 0.1), (model, gaps)
        assert len(gaps) <= (at[-1] - at[1]) / INTERVAL_S + 1, (model, gaps)
