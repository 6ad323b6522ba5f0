"""The summary: figures against the period before, and sentences that say what they come to."""

from collections.abc import Callable

from monitor.cli.report_html.facts import Facts, Row, Subject
from monitor.cli.report_html.summary import sentences, tiles

MakeFacts = Callable[..., Facts]
MakeSubject = Callable[..., Subject]
MakeIncident = Callable[..., Row]


def told(facts: Facts) -> str:
    """All sentences."""
    return " ".join(sentences(facts))


def test_a_period_without_a_failure(facts: MakeFacts) -> None:
    """Two sentences."""
    assert told(facts()) == "All probes that count succeeded (3,000). There was no incident."


def test_an_outage_is_told_with_whose_fault_it_was(
    facts: MakeFacts, subject: MakeSubject, incident: MakeIncident
) -> None:
    """And how long it was."""
    overall = subject(None, availability=99.5, downtime_s=1320.0, incidents=1)
    said = told(facts(overall=overall, incidents=[incident()]))
    assert "There was one incident, 22 min of downtime." in said
    assert "It lasted 22 min: gw/chat/m (at fault: the endpoint (its servers or gateway))." in said


def test_an_open_incident_lasts_until_the_report(facts: MakeFacts, incident: MakeIncident) -> None:
    """It is told that it is open."""
    said = told(facts(incidents=[incident(resolved_at=None, duration_s=None)]))
    assert "It lasted 3 d" in said
    assert "Still open: 1." in said


def test_of_several_incidents_the_longest_is_told(facts: MakeFacts, incident: MakeIncident) -> None:
    """Whatever their order."""
    said = told(facts(incidents=[incident(2, duration_s=60.0), incident()]))
    assert "The longest lasted 22 min: gw/chat/m" in said


def test_slowness_is_no_downtime(facts: MakeFacts, incident: MakeIncident) -> None:
    """It is in the list, not in the sentence."""
    assert "There was no incident." in told(facts(incidents=[incident(kind="slow")]))


def test_the_least_available_check_is_named(facts: MakeFacts, subject: MakeSubject) -> None:
    """Where there are several."""
    several = [
        subject(model=name, check=f"gw/chat/{name}", availability=share) for name, share in (("a", 99.0), ("b", 98.5))
    ]
    assert "The least available check was gw/chat/b with 98.50 %." in told(facts(*several))


def test_the_change_against_the_period_before(facts: MakeFacts, subject: MakeSubject) -> None:
    """Better, worse, the same, and not a word where nothing is known."""
    for then, said in (
        (98.0, "rose by 1.00 points (from 98.00 %)"),
        (99.5, "fell by 0.50 points"),
        (99.0, "was the same"),
    ):
        before = {**subject(None).row, "availability": then}
        assert said in told(facts(overall=subject(None, availability=99.0, before=before)))
    assert "before" not in told(facts(overall=subject(None, availability=99.0)))


def test_what_is_not_known_is_said(facts: MakeFacts, subject: MakeSubject) -> None:
    """Missing coverage, deleted results."""
    assert "2.00 % of the probes that were due gave no result" in told(facts(overall=subject(None, coverage=98.0)))
    assert "deleted already" in told(facts(kept_from_us=facts().since_us + 10**12))


def test_tiles_say_whether_it_became_better(facts: MakeFacts, subject: MakeSubject) -> None:
    """More availability is better, more incidents and slower answers are worse."""
    before = {**subject(None).row, "availability": 99.0, "latency_p95_ms": 350.0}
    found = tiles(facts(overall=subject(None, before=before, incidents=2, downtime_s=60.0, cost=1.5)))
    assert [(tile.value, tile.change, tile.trend) for tile in found] == [
        ("100 %", "+1.00 points", "better"),
        ("100 %", "", ""),
        ("2", "before: 0", "worse"),
        ("1 min", "before: 0 s", "worse"),
        ("700 ms", "+100 %", "worse"),
        ("$1.50", "", ""),
    ]
