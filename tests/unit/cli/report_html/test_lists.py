"""Tables and lists: order, what is left out, and what a cell says."""

from collections.abc import Callable

from monitor.cli.report_html import lists
from monitor.cli.report_html.facts import Facts, Row, Subject

MakeFacts = Callable[..., Facts]
MakeSubject = Callable[..., Subject]
MakeIncident = Callable[..., Row]


def test_the_table_has_each_endpoint_before_its_checks(facts: MakeFacts, subject: MakeSubject) -> None:
    """Though the rows come the other way round; as many cells as headings."""
    report = facts(subject(model="m", check="gw/chat/m"), subject("b", check="b/models"), subject(), subject("b"))
    rows = list(lists.figures(report))
    assert [(row.name, row.look) for row in rows] == [
        ("gw", "whole"), ("gw/chat/m", ""), ("b", "whole"), ("b/models", "")
    ]  # fmt: skip
    assert {len(row.cells) for row in rows} == {len(lists.headings(report.voice))}


def test_of_many_changes_the_greatest_are_shown(facts: MakeFacts, subject: MakeSubject) -> None:
    """And how many there are is said."""
    before = subject().row
    many = [
        subject(model=str(number), check=f"gw/chat/{number}", availability=100 - number / 10, before=before)
        for number in range(30)
    ]
    shown, left_out = lists.changes(facts(*many))
    assert shown[0].name == "gw/chat/29"
    assert len(shown) == lists.CHANGES_AT_MOST
    assert left_out == "The 20 that changed most, of 30."


def test_a_change_of_latency_is_told_in_per_cent(facts: MakeFacts, subject: MakeSubject) -> None:
    """Slower is worse."""
    (change,), _ = lists.changes(facts(subject(before={**subject().row, "latency_p95_ms": 350.0})))
    availability, latency, downtime = change.figures
    assert (availability.change, availability.trend) == ("±0 points", "")
    assert (latency.before, latency.now, latency.change, latency.trend) == ("350 ms", "700 ms", "+100 %", "worse")
    assert (downtime.now, downtime.change) == ("0 s", "")


def test_incidents_of_many_checks_name_some(facts: MakeFacts, incident: MakeIncident) -> None:
    """And say how many more there are; one check is named once."""
    many = incident(2, checks=[f"gw/chat/{number}" for number in range(25)])
    (wide, narrow), more = lists.incidents(facts(incidents=[many, incident()]))
    assert (len(wide.checks), wide.more, wide.subject) == (10, "and 15 more", "gw (25 checks)")
    assert (narrow.checks, narrow.subject, narrow.lasted, narrow.what) == ((), "gw/chat/m", "22 min", "server error")
    assert more == 0


def test_the_oldest_of_very_many_incidents_are_counted(facts: MakeFacts, incident: MakeIncident) -> None:
    """The list ends somewhere."""
    shown, more = lists.incidents(facts(incidents=[incident(number) for number in range(250)]))
    assert (len(shown), more) == (200, 50)


def test_downtime_by_fault_has_shares_and_evidence(facts: MakeFacts) -> None:
    """The longest bar is that of the one who owes most; request ids up to a bound."""
    rows = [
        {"fault_domain": "endpoint", "incidents": 2, "downtime_s": 90.0, "request_ids": [f"r{n}" for n in range(60)]},
        {"fault_domain": None, "incidents": 1, "downtime_s": 30.0, "request_ids": []},
    ]
    one, other = lists.faults(facts(faults=rows))
    assert (one.per_cent, one.downtime, len(one.requests), one.requests_left_out) == (75, "1 min 30 s", 50, 10)
    assert one.requests_count == "60"
    assert (other.name, other.per_cent, list(other.requests)) == ("not known", 25, [])


def test_latency_that_was_never_known_is_one_dash(facts: MakeFacts, subject: MakeSubject) -> None:
    """Not a change from nothing to nothing."""
    row = {**subject().row, "latency_p95_ms": None}
    (change,), _ = lists.changes(facts(subject(latency_p95_ms=None, before=row)))
    assert (change.figures[1].before, change.figures[1].now, change.figures[1].change) == ("", "\N{EN DASH}", "")


def test_outages_are_counted_apart_from_warnings(facts: MakeFacts, incident: MakeIncident) -> None:
    """So that the list agrees with the figure; nothing is said where all are outages."""
    said = lists.kinds_of_incidents(facts(incidents=[incident(), incident(2, kind="slow")]))
    assert said == "Outages: 1. Warnings of other kinds, which are no downtime: 1."
    assert lists.kinds_of_incidents(facts(incidents=[incident()])) == ""


def test_an_incident_of_another_kind_says_which(facts: MakeFacts, incident: MakeIncident) -> None:
    """Slowness is not called by its status."""
    (line,), _ = lists.incidents(facts(incidents=[incident(kind="slow", status="DEGRADED")]))
    assert line.what == "slow, or answered by another"
