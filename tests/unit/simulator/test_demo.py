"""The built-in script tells its story in time."""

from monitor.simulator.demo import demo_script
from monitor.simulator.faults import FaultKind, Profile


def failing_seconds(profile: Profile) -> list[float]:
    """Quarters of a second within the first 40 s in which a request fails."""
    quarters = [number / 4 for number in range(160)]
    harmless = {None, FaultKind.SLOW}
    active = {quarter: profile.active(quarter) for quarter in quarters}
    return [quarter for quarter, fault in active.items() if (fault.kind if fault else None) not in harmless]


def test_the_demo_has_several_models_of_several_providers() -> None:
    """Three or four, or there would be nobody who still works."""
    ids = [model.id for model in demo_script().models]
    assert 3 <= len(ids) <= 4
    assert len({name.partition("/")[0] for name in ids}) >= 2


def test_one_model_fails_long_enough_and_recovers_early_enough() -> None:
    """The outage lasts well over three probes, and leaves time to see its end within 30 s."""
    outages = {model.id: failing_seconds(model) for model in demo_script().models}
    claude = outages["anthropic/claude-sonnet-4"]
    assert (min(claude), max(claude)) == (4.0, 13.75)


def test_the_other_models_never_fail_three_probes_in_a_row() -> None:
    """What is only slow, or turned away for a second, is no outage."""
    for model in demo_script().models:
        if model.id != "anthropic/claude-sonnet-4":
            assert len(failing_seconds(model)) <= 4
    assert failing_seconds(demo_script().model_list) == []
