"""Doubts about who is told: patterns that match nothing that is probed, and incidents that reach nobody.

Works on a valid configuration; what is wrong with single tables was told before.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import product
from zoneinfo import ZoneInfo

from monitor.alerting.audience import Hours, Route
from monitor.alerting.matching import Matcher, lost_patterns, names_of
from monitor.clock import US_PER_S
from monitor.config.checks import checks_of
from monitor.config.followed import follows
from monitor.config.hours import DAYS
from monitor.config.matchers import MatcherTable
from monitor.config.problems import Loc, shown, toml_path
from monitor.config.routing import routes_of
from monitor.config.schema import Config
from monitor.domain.check import Check
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity
from monitor.errors import Problem

_MONDAY_US = 4 * 86_400 * US_PER_S  # 1970-01-05
_MINUTE_US = 60 * US_PER_S
_MINUTES_OF_DAY = 24 * 60
_OF_THE_FILE = frozenset({"endpoints", "tags"})
_LIKE = 0.5  # also one of two letters
_SERVICE = (FaultDomain.ENDPOINT, FaultDomain.PROVIDER, FaultDomain.MODEL, FaultDomain.NETWORK)
_CRITICAL: dict[Status, tuple[FaultDomain, ...]] = {
    **dict.fromkeys((Status.SERVER_ERROR, Status.OVERLOADED, Status.TIMEOUT, Status.CONNECTION_ERROR), _SERVICE),
    **dict.fromkeys((Status.INVALID_RESPONSE, Status.MODEL_NOT_FOUND), _SERVICE),
    Status.AUTH_ERROR: (FaultDomain.KEY,),
    Status.QUOTA_EXCEEDED: (FaultDomain.QUOTA,),
    Status.CLIENT_ERROR: (FaultDomain.MONITOR, FaultDomain.NETWORK),
}
_TROUBLES = tuple((status, fault) for status, faults in _CRITICAL.items() for fault in faults)


def unreached(config: Config) -> list[Problem]:
    """What is allowed but perhaps not meant."""
    tables, routes = list(_matcher_tables(config)), routes_of(config)
    if not tables and not routes:
        return []
    checks = checks_of(config)
    told = [routes.get(channel.name, Route()) for channel in config.channels]
    return [
        *_patterns_for_nothing(tables, checks, more_may_come=follows(config)),
        *_never_escalated_to(config),
        *(_nobody_told(told, checks) if told else ()),
    ]


def _matcher_tables(config: Config) -> Iterator[tuple[Loc, MatcherTable]]:
    for position, channel in enumerate(config.channels):
        yield from _numbered(("channels", position, "only"), channel.only)
    for position, escalation in enumerate(config.alerting.escalations):
        yield from _numbered(("alerting", "escalations", position, "only"), escalation.only)
    for position, window in enumerate(config.maintenance):
        yield from _numbered(("maintenance", position, "only"), window.only)


def _numbered(loc: Loc, only: tuple[MatcherTable, ...]) -> Iterator[tuple[Loc, MatcherTable]]:
    if len(only) == 1:
        yield loc, only[0]  # it may stand there without an array
    else:
        yield from (((*loc, place), table) for place, table in enumerate(only))


def _patterns_for_nothing(
    tables: Iterable[tuple[Loc, MatcherTable]], checks: tuple[Check, ...], *, more_may_come: bool
) -> Iterator[Problem]:
    names = names_of(checks)
    if more_may_come:  # models that patterns stand for are not known from the file
        names = {key: words for key, words in names.items() if key in _OF_THE_FILE}
    for loc, table in tables:
        matcher = table.matcher()
        lost = tuple(lost_patterns(matcher, names))
        for key, pattern in lost:
            yield Problem(toml_path((*loc, key)), _nothing(pattern, names[key]), shown((), pattern))
        if not lost and not more_may_come and not any(matcher.matches_check(check) for check in checks):
            yield Problem(toml_path(loc), "matches nothing: no check fits all of its keys together")


def _nothing(pattern: str, words: set[str]) -> str:
    close = get_close_matches(pattern, words, n=1, cutoff=_LIKE)
    return f'matches nothing that is probed; did you mean "{close[0]}"?' if close else "matches nothing that is probed"


def _never_escalated_to(config: Config) -> Iterator[Problem]:
    named = {name for escalation in config.alerting.escalations for name in escalation.channels}
    for position, channel in enumerate(config.channels):
        if channel.escalations_only and channel.name not in named:
            where = toml_path(("channels", position, "escalations_only"))
            yield Problem(where, "no escalation names this channel: it is told only while another one fails")


def _nobody_told(routes: list[Route], checks: tuple[Check, ...]) -> Iterator[Problem]:
    """Critical incidents that no channel wants, and hours in which none does; one example of each."""
    kinds = _kinds_of_checks(routes, checks)
    gaps: dict[frozenset[tuple[Hours, ...]], str | None] = {}
    for check, (status, fault) in product(kinds, _TROUBLES):
        wanting = [route for route in routes if _wants(route, check, fault, status)]
        if not wanting:
            message = f"nobody is told of some critical incidents: no channel wants {status} of {check.id}"
            yield Problem("channels", f"{message} when its fault domain is {fault}")
            return
        spans = frozenset(route.hours for route in wanting)
        if spans not in gaps:
            gaps[spans] = _gap(spans)
    for gap in gaps.values():
        if gap is not None:
            yield Problem("channels", f"at some hours, such as {gap}, no channel wants some critical incidents")
            return


def _kinds_of_checks(routes: list[Route], checks: tuple[Check, ...]) -> list[Check]:
    """One of all checks that every matcher treats alike; those whose incidents are never critical are left out."""
    matchers = [matcher for route in routes for matcher in route.only]
    kinds: dict[tuple[bool, ...], Check] = {}
    for check in checks:
        if check.rules.severity is not Severity.WARNING:
            kinds.setdefault(tuple(matcher.matches_check(check) for matcher in matchers), check)
    return list(kinds.values())


def _wants(route: Route, check: Check, fault: FaultDomain, status: Status) -> bool:
    if route.escalations_only:
        return False
    return not route.only or any(_fits(matcher, check, fault, status) for matcher in route.only)


def _fits(matcher: Matcher, check: Check, fault: FaultDomain, status: Status) -> bool:
    return matcher.matches_check(check) and matcher.matches_trouble(Severity.CRITICAL, fault, status)


def _gap(spans: frozenset[tuple[Hours, ...]]) -> str | None:
    """A time of the week in none of the spans; None if there is no such time."""
    if () in spans:
        return None
    every = [hours for several in spans for hours in several]
    edges = sorted({0, *(edge % _MINUTES_OF_DAY for hours in every for edge in (hours.from_min, hours.until_min))})
    zone = ZoneInfo("UTC")
    for day, minute in product(range(len(DAYS)), edges):
        wall_us = _MONDAY_US + (day * _MINUTES_OF_DAY + minute) * _MINUTE_US
        if not any(hours.holds(wall_us, zone) for hours in every):
            return f"{DAYS[day]} {minute // 60:02}:{minute % 60:02}"
    return None
