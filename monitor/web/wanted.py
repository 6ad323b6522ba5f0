"""What people ask for when they act: the bodies of requests, and what a silence is made of. Pure.

Owns what is refused, every problem of a body at once; what is done with it is `acts`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import AfterValidator, Field, PlainValidator, ValidationError
from pydantic_core import InitErrorDetails

from monitor.alerting.matching import Matcher, lost_patterns, names_of
from monitor.alerting.plain import printable
from monitor.alerting.silences import Silence, Until
from monitor.clock import US_PER_S, Moment
from monitor.config.duration import parse_duration
from monitor.config.matchers import MatcherTable
from monitor.config.model import Model, detail, nearest, wrong
from monitor.config.problems import problems_of
from monitor.domain.check import Check
from monitor.errors import Problem

LONGEST_S = 366 * 86_400.0
_Body = TypeVar("_Body", bound=Model)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _said(text: str) -> str:
    shown = printable(text)
    if not shown:
        raise wrong("must say something")
    return shown


def _seconds(value: object) -> float:
    try:
        seconds = parse_duration(value)
    except ValueError as error:
        raise wrong(str(error)) from None
    if not 0 < seconds <= LONGEST_S:
        raise wrong("must be longer than nothing and at most 366d; what is never to be told belongs into a route")
    return seconds


def _wall_us(value: object) -> int:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise wrong('must be a time such as "2026-11-21T09:00:00Z"') from None
    if at.tzinfo is None:
        raise wrong('has no offset from UTC; write "2026-11-21T09:00:00Z" or "2026-11-21T18:00:00+09:00"')
    return (at - _EPOCH) // timedelta(microseconds=1)


def _until(value: object) -> Until:
    if value not in (Until.TIME, Until.RESOLVED):
        raise wrong('must be "time" or "resolved"')
    return Until(str(value))


_Person = Annotated[str, Field(max_length=100), AfterValidator(_said)]
_Reason = Annotated[str, Field(max_length=500), AfterValidator(_said)]
_Note = Annotated[str, Field(max_length=500), AfterValidator(printable)]
_For = Annotated[float, PlainValidator(_seconds)]
_Time = Annotated[int, PlainValidator(_wall_us)]
_Until = Annotated[Until, PlainValidator(_until)]


class AckBody(Model):
    """`POST /api/v1/incidents/{id}/ack`."""

    by: _Person
    note: _Note = ""


class SilenceBody(Model):
    """`POST /api/v1/silences`.

    Attributes:
        for_: seconds, from `starts_at` on.
        starts_at: microseconds since 1970; None is now.
        until: "time", or "resolved" for the end of what it hides.
    """

    by: _Person
    reason: _Reason
    matcher: MatcherTable | None = None
    all_checks: bool = False
    for_: _For | None = None
    starts_at: _Time | None = None
    ends_at: _Time | None = None
    until: _Until = Until.TIME

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """It says what it is about, and when it ends, once each."""
        if bool(table.get("matcher")) == (table.get("all_checks") is True):
            yield detail((), 'say what it is about: either "matcher", or "all_checks": true')
        if table.get("for") is not None and table.get("ends_at") is not None:
            yield detail(("for",), 'says when it ends, and so does "ends_at"; give one of them')
        endless = table.get("for") is None and table.get("ends_at") is None
        if endless and table.get("until", Until.TIME) == Until.TIME:
            yield detail((), 'say when it ends: "for", "ends_at", or "until": "resolved"')


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something is not done.

    Attributes:
        status: of HTTP.
        problems: every one; empty where `detail` says all.
    """

    status: int
    detail: str
    problems: tuple[Problem, ...] = ()


def body_of(kind: type[_Body], raw: bytes) -> _Body | Refused:
    """A request's body, or everything that is wrong with it."""
    try:
        given = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Refused(400, "the body is not JSON")
    if not isinstance(given, dict):
        return Refused(400, "the body must be a JSON object")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        return _refused([_in_json(problem) for problem in problems_of(error)])


def silence_of(body: SilenceBody, checks: Iterable[Check], now: Moment) -> Silence | Refused:
    """The silence that a body asks for, without an id; or why there is none.

    Args:
        body: what was asked for.
        checks: those in force: a matcher that fits none of them is a typo.
        now: the time.
    """
    matcher = Matcher() if body.matcher is None else body.matcher.matcher()
    starts_at = now if body.starts_at is None else max(now, _moment(body.starts_at, now), key=lambda at: at.mono_us)
    ends_at = None if body.ends_at is None else _moment(body.ends_at, now)
    if body.for_ is not None:
        ends_at = starts_at.plus_s(body.for_)
    problems = [*lost(matcher, tuple(checks)), *_bad_times(starts_at, ends_at, now)]
    if problems:
        return _refused(problems)
    return Silence(0, matcher, body.by, body.reason, now, starts_at, ends_at, body.until)


def lost(matcher: Matcher, checks: tuple[Check, ...]) -> Iterator[Problem]:
    """Patterns that fit no check, each with the nearest word that there is."""
    names = names_of(checks)
    patterns = tuple(lost_patterns(matcher, names))
    for key, pattern in patterns:
        near = nearest(pattern, names[key]).partition("; valid are:")[0] if names[key] else "there is none"
        yield Problem(f"matcher.{key}", f'"{pattern}" matches nothing that is configured: {near}')
    if not patterns and not any(matcher.matches_check(check) for check in checks):
        yield Problem("matcher", "matches nothing: no configured check fits all of it together")


def _bad_times(starts_at: Moment, ends_at: Moment | None, now: Moment) -> Iterator[Problem]:
    if starts_at.s_since(now) > LONGEST_S:
        yield Problem("starts_at", "is more than a year ahead")
    if ends_at is None:
        return
    if ends_at.mono_us <= now.mono_us:
        yield Problem("ends_at", "is over already")
    elif ends_at.mono_us <= starts_at.mono_us:
        yield Problem("ends_at", "is not after the start")
    elif ends_at.s_since(starts_at) > LONGEST_S:
        yield Problem("ends_at", "is more than 366d after the start; what is never to be told belongs into a route")


def _moment(wall_us: int, now: Moment) -> Moment:
    return now.plus_s((wall_us - now.wall_us) / US_PER_S)


def _refused(problems: list[Problem]) -> Refused:
    return Refused(400, "; ".join(map(str, problems)), tuple(problems))


def _in_json(problem: Problem) -> Problem:
    """The whole body is no file."""
    where = "the body" if problem.path == "the file" else problem.path
    return Problem(where, problem.message.replace("must be a table", "must be an object"), problem.value)
