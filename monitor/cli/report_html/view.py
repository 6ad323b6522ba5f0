"""What the HTML report shows, piece by piece: from facts to words and pictures. Pure.

Owns what is shown, and what is left out where a report has very many checks. Pictures are escaped where they are drawn,
texts by the template.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from monitor.alerting.plain import printable
from monitor.alerting.texts import Voice
from monitor.cli.report_html.bars import bars
from monitor.cli.report_html.curves import curves
from monitor.cli.report_html.edges import BAR_STEPS_S, BARS_AT_MOST, step_s
from monitor.cli.report_html.facts import Facts, Stretch, Subject, by_endpoint
from monitor.cli.report_html.figures import count, day, latency, moment, share, zone_words
from monitor.cli.report_html.texts import Text, length_words, say

UNFOLDED_AT_MOST = 60
"""Of so many subjects everything is seen at once; of more, single checks are folded away under their endpoint."""
TOLD_BARS_AT_MOST = 200
"""Of so many subjects each bar tells what it is about; of more, only how it looks."""
OPEN_CURVES_AT_MOST = 4
_WHOLE = 100.0
_GOOD = 99.9
_FAIR = 99.0
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Line:
    """One subject's bars.

    Attributes:
        name: short, for its place under the endpoint.
        look: `up`, `some` (less than 99.9 %) or `down` (less than 99 %), by its availability; `none` where nothing was
            counted.
    """

    name: str
    availability: str
    coverage: str
    look: str
    bars: Markup


@dataclass(frozen=True, slots=True)
class Chart:
    """One subject's curves; `picture` is empty where nothing was measured."""

    name: str
    figures: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class Group:
    """An endpoint and its checks."""

    name: str
    whole: Line | None
    lines: Sequence[Line]
    chart: Chart | None
    charts: Sequence[Chart]
    charts_left_out: str
    is_open: bool


class Viewer:
    """What one report shows.

    Attributes:
        voice: the reader's language and time zone.
        is_empty: nothing was watched.
        is_folded: there are so many checks that endpoints come first.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.voice = facts.voice
        self._step_s = step_s(facts.until_us - facts.since_us, BAR_STEPS_S, BARS_AT_MOST)
        self.is_empty = not facts.subjects
        self.is_folded = len(facts.subjects) > UNFOLDED_AT_MOST
        self._tells = len(facts.subjects) <= TOLD_BARS_AT_MOST

    def period(self) -> str:
        """From when to when."""
        facts = self._facts
        return f"{moment(facts.since_us, self.voice)} – {moment(facts.until_us, self.voice)}"  # noqa: RUF001  a range

    def zone(self) -> str:
        """Whose clock that is."""
        return zone_words(self._facts.until_us, self.voice)

    def bar_is(self) -> str:
        """How long one bar is."""
        return say(Text.BAR_IS, self.voice, length=length_words(self._step_s, self.voice))

    def axis(self) -> tuple[str, str, str]:
        """The times under the bars: first, middle, last."""
        facts = self._facts
        middle = (facts.since_us + facts.until_us) // 2
        written = day if self._step_s >= _DAY_S else moment
        return (
            written(facts.since_us, self.voice),
            written(middle, self.voice),
            written(facts.until_us - 1, self.voice),
        )

    def groups(self) -> Iterator[Group]:
        """Each endpoint with its checks, in the order of the report."""
        is_open = sum(not one.is_endpoint for one in self._facts.subjects) <= OPEN_CURVES_AT_MOST
        for endpoint, (whole, checks) in by_endpoint(self._facts.subjects).items():
            yield self._group(endpoint, whole, checks, is_open=is_open)

    def _group(self, endpoint: str, whole: Subject | None, checks: Sequence[Subject], *, is_open: bool) -> Group:
        drawn = [one for one in checks if one.curve]
        rest = len(checks) - len(drawn)
        return Group(
            name=printable(endpoint),
            whole=None if whole is None else self._line(whole, say(Text.ALL_CHECKS, self.voice)),
            lines=[self._line(one, self.name(one)) for one in checks],
            chart=None if whole is None else self._chart(whole, printable(endpoint)),
            charts=[self._chart(one, self.name(one)) for one in drawn],
            charts_left_out=say(Text.NOT_DRAWN, self.voice, count=count(rest)) if rest and drawn else "",
            is_open=is_open,
        )

    def name(self, subject: Subject) -> str:
        """A check under its endpoint."""
        model = subject.row["model"]
        return say(Text.MODEL_LIST, self.voice) if model is None else printable(str(model))

    def _line(self, subject: Subject, name: str) -> Line:
        availability = subject.row["availability"]
        full = printable(str(subject.row["check"] or subject.endpoint))
        label = say(Text.BARS_SAY, self.voice, subject=full, availability=share(availability))
        return Line(
            name=name,
            availability=share(availability),
            coverage=share(subject.row["coverage"]),
            look=_look(availability),
            bars=bars(subject.bars, label, self._tell if self._tells else None),
        )

    def _chart(self, subject: Subject, name: str) -> Chart:
        row = subject.row
        figures = {part: latency(row[f"latency_{part}_ms"]) for part in ("p50", "p95", "p99")}
        said = say(Text.CURVES_SAY, self.voice, subject=name, **figures)
        shown = " · ".join(f"{part} {value}" for part, value in figures.items())
        return Chart(name, shown, curves(subject.curve, said, self.voice.timezone))

    def _tell(self, stretch: Stretch) -> str:
        """What one bar says when it is pointed at."""
        when = moment(stretch.since_us, self.voice)
        if stretch.counted:
            return say(
                Text.BAR_MEASURED,
                self.voice,
                when=when,
                availability=share(_WHOLE * stretch.successes / stretch.counted),
                failed=count(stretch.counted - stretch.successes),
                counted=count(stretch.counted),
                coverage=share(_covered(stretch)),
            )
        if stretch.due:
            return say(Text.BAR_HOLLOW, self.voice, when=when, due=count(stretch.due))
        return say(Text.BAR_EXCUSED if stretch.excused else Text.BAR_UNWATCHED, self.voice, when=when)


def legend(voice: Voice) -> list[tuple[Markup, str]]:
    """What the bars look like, and what each look says."""
    samples = (
        (Text.LEGEND_UP, Stretch(0, 1, due=10, counted=10, successes=10)),
        (Text.LEGEND_FEW, Stretch(0, 1, due=100, counted=100, successes=99)),
        (Text.LEGEND_FAILED, Stretch(0, 1, due=10, counted=10, successes=9)),
        (Text.LEGEND_ALL, Stretch(0, 1, due=10, counted=10)),
        (Text.LEGEND_THIN, Stretch(0, 1, due=10, counted=5, successes=5)),
        (Text.LEGEND_HOLLOW, Stretch(0, 1, due=10)),
        (Text.LEGEND_EXCUSED, Stretch(0, 1, excused=10)),
        (Text.LEGEND_UNWATCHED, Stretch(0, 1)),
    )
    return [(bars([stretch], say(text, voice)), say(text, voice)) for text, stretch in samples]


def _covered(stretch: Stretch) -> float | None:
    return _WHOLE * min(stretch.counted, stretch.due) / stretch.due if stretch.due else None


def _look(availability: float | None) -> str:
    if availability is None:
        return "none"
    return "up" if availability >= _GOOD else "some" if availability >= _FAIR else "down"
