"""Which incidents something is about: matchers, as routes, silences, maintenance windows and escalations use them.

Pure. Patterns are shell wildcards (`openai/*`), compared with capitals; source: the standard library's `fnmatch`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from monitor.domain.check import Check
from monitor.domain.result import FaultDomain, Status
from monitor.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Matcher:
    """Every field that is not empty must match, by any of its values; an empty matcher matches everything.

    Attributes:
        checks: patterns of check ids.
        endpoints: patterns of names.
        models: patterns of model ids; a model list matches none.
        providers: patterns of names.
        tags: of the endpoint; no patterns.
    """

    checks: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    fault_domains: tuple[FaultDomain, ...] = ()
    statuses: tuple[Status, ...] = ()

    def matches_check(self, check: Check) -> bool:
        """True if the check itself fits; severity, fault domain and status are left aside."""
        return (
            _any(self.checks, check.id)
            and _any(self.endpoints, check.endpoint)
            and (not self.models or (check.model is not None and _any(self.models, check.model)))
            and _any(self.providers, check.provider)
            and (not self.tags or any(tag in self.tags for tag in check.tags))
        )

    def matches_trouble(self, severity: Severity, fault: FaultDomain | None, status: Status) -> bool:
        """True if severity, fault domain and status fit; the check is left aside."""
        return (
            (not self.severities or severity in self.severities)
            and (not self.fault_domains or fault in self.fault_domains)
            and (not self.statuses or status in self.statuses)
        )


def any_matches(matchers: Iterable[Matcher], check: Check) -> bool:
    """True if one of the matchers fits the check itself."""
    return any(matcher.matches_check(check) for matcher in matchers)


def names_of(checks: Iterable[Check]) -> dict[str, set[str]]:
    """Every name that a pattern may mean, by the field of a matcher that would mean it."""
    known = tuple(checks)
    return {
        "checks": {check.id for check in known},
        "endpoints": {check.endpoint for check in known},
        "models": {check.model for check in known if check.model is not None},
        "providers": {check.provider for check in known},
        "tags": {tag for check in known for tag in check.tags},
    }


def lost_patterns(matcher: Matcher, names: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """The patterns of a matcher that fit none of these names, each behind its field."""
    for field, words in names.items():
        for pattern in getattr(matcher, field):
            if not any(fnmatchcase(word, pattern) for word in words):
                yield field, pattern


def exactly(text: str) -> str:
    """The pattern that only this text matches."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in text)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)
