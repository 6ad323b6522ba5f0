"""The document: hostile text stays text, nothing is loaded, two languages, many checks in few bytes."""

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from monitor.cli.report_html.facts import Facts, Row, Subject
from monitor.cli.report_html.texts import TEXTS
from monitor.domain.action import Language

MakeFacts = Callable[..., Facts]
MakeSubject = Callable[..., Subject]
MakeIncident = Callable[..., Row]
Rendered = Callable[[Facts], str]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m{{7*7}}\u202e]]>--><svg/onload=1>"
VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}
MOST_BYTES = 5_000_000


class Document(HTMLParser):
    """What a browser would make of it: tags in balance, attributes, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing is inside it."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """It closes the newest."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What is read."""
        self.text += data


def read(text: str) -> Document:
    """The document, all of whose tags are closed."""
    found = Document(text)
    assert found.open == []
    return found


@pytest.fixture
def hostile(facts: MakeFacts, subject: MakeSubject, incident: MakeIncident) -> Facts:
    """Every text from outside is an attack."""
    one = subject(HOSTILE, HOSTILE, f"{HOSTILE}/chat/{HOSTILE}", availability=50.0)
    hour = {"check": HOSTILE, "endpoint": HOSTILE, "started_at": "2026-11-20T01:00:00.000Z", "availability": 0.0}
    fault = {"fault_domain": HOSTILE, "incidents": 1, "downtime_s": 60.0, "request_ids": [HOSTILE]}
    return facts(
        one,
        subject(HOSTILE, before=one.row),
        incidents=[incident(endpoint=HOSTILE, checks=[HOSTILE, "b"], status=HOSTILE, fault_domain=HOSTILE)],
        worst_hours=[{**hour, "counted": 1, "failures": 1}],
        faults=[fault],
    )


def test_hostile_text_stays_text(hostile: Facts, rendered: Rendered) -> None:
    """No tag, attribute or handler of theirs; what they sent can be read where it was sent."""
    document = read(rendered(hostile))
    assert not {tag for tag, _ in document.tags} & {"script", "img", "iframe", "object", "embed", "form", "base"}
    assert not [name for _, attributes in document.tags for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in document.text
    assert "\x1b" not in document.text
    assert "\u202e" not in document.text
    assert "{{7*7}}" in document.text


def test_nothing_is_loaded_and_nothing_runs(facts: MakeFacts, rendered: Rendered) -> None:
    """One file: no address but those inside it, and a policy that says so to the browser."""
    document = read(rendered(facts()))
    for _, attributes in document.tags:
        for name in ("src", "href", "xlink:href", "action", "data"):
            assert (attributes.get(name) or "data:,").startswith(("data:", "#"))
        assert "style" not in attributes
    policy = next(one["content"] for tag, one in document.tags if tag == "meta" and "http-equiv" in one)
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_policy_names_the_style_that_is_there(facts: MakeFacts, rendered: Rendered) -> None:
    """By its hash; a browser would refuse another."""
    text = rendered(facts())
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    assert f"'sha256-{b64encode(sha256(style[1].encode()).digest()).decode()}'" in text.replace("&#39;", "'")
    assert "url(#" in style[1]
    assert "http" not in style[1]


def test_styles_for_night_phone_and_paper(facts: MakeFacts, rendered: Rendered) -> None:
    """All in the one file."""
    text = rendered(facts())
    for query in ("screen and (prefers-color-scheme: dark)", "(max-width: 40rem)", "@media print", "@page"):
        assert query in text


@pytest.mark.parametrize("language", Language)
def test_both_languages_say_everything(
    facts: MakeFacts, incident: MakeIncident, rendered: Rendered, language: Language
) -> None:
    """No word of the other one in headings, and the document names its own."""
    document = read(rendered(facts(language=language, incidents=[incident()])))
    assert document.tags[0] == ("html", {"lang": str(language)})
    headings = {tag for tag, _ in document.tags} & {"h1", "h2", "h3", "h4"}
    assert headings == {"h1", "h2", "h3", "h4"}
    assert ("가용률" in document.text) is (language is Language.KO)
    assert ("Availability" in document.text) is (language is Language.EN)


def test_every_phrase_has_the_same_fields_in_both_languages() -> None:
    """So that neither says less."""
    for text, (english, korean) in TEXTS.items():
        fields = [set(re.findall(r"{(\w+)}", words)) for words in (english, korean)]
        assert fields[1] <= fields[0] or fields[0] <= fields[1], text


def test_an_empty_report_says_so(facts: MakeFacts, rendered: Rendered) -> None:
    """Nothing was watched; still a whole document."""
    document = read(rendered(facts(subjects=(), overall=None)))
    assert "Nothing was measured in this period." in document.text
    assert "no incident" not in document.text
    assert "table" not in {tag for tag, _ in document.tags}


def test_a_name_is_broken_after_a_slash(facts: MakeFacts, rendered: Rendered) -> None:
    """Before it is broken elsewhere; the text itself is as it was."""
    text = rendered(facts())
    assert "gw/<wbr>chat/<wbr>m" in text
    assert "gw/chat/m" in read(text).text


def test_of_many_checks_the_endpoints_come_first(facts: MakeFacts, subject: MakeSubject, rendered: Rendered) -> None:
    """Bars and figures of single checks are folded away; of a few they are seen at once."""
    many = [subject(model=str(number), check=f"gw/chat/{number}") for number in range(100)]
    assert "Bars of each check (100)" in rendered(facts(*many, subject()))
    assert "Bars of each check" not in rendered(facts())


def test_cells_say_what_they_are_where_a_phone_shows_no_headings(
    facts: MakeFacts, subject: MakeSubject, rendered: Rendered
) -> None:
    """Each figure of a change has its label with it."""
    document = read(rendered(facts(subject(before=subject().row))))
    labels = [attributes["data-label"] for _, attributes in document.tags if "data-label" in attributes]
    assert labels == ["Availability", "Latency p95", "Downtime"]


def test_coverage_stands_beside_availability(facts: MakeFacts, subject: MakeSubject, rendered: Rendered) -> None:
    """Of every line of bars."""
    text = rendered(facts(subject(model="m", check="gw/chat/m", availability=99.95, coverage=42.0)))
    assert '<span class="value up">99.95 %</span><span class="value muted">42.00 %</span>' in text


def test_the_period_and_its_zone_stand_at_the_top(facts: MakeFacts, rendered: Rendered) -> None:
    """In the reader's time."""
    text = read(rendered(facts())).text
    assert "2026-10-22 09:00" in text
    assert "Asia/Seoul, UTC+09:00" in text


def test_a_thousand_checks_are_one_readable_file(
    facts: MakeFacts, subject: MakeSubject, stretch: Callable[..., object], rendered: Rendered
) -> None:
    """Every check has bars and figures, some have curves; below 5 MB though every bar has a failure."""
    bars = [stretch(number, successes=90) for number in range(100)]
    many = [
        subject(model=name, check=f"gw/chat/{name}", bars=bars, curve=bars if number < 100 else ())
        for number, name in enumerate(f"vendor/model-{number:04d}" for number in range(1000))
    ]
    text = rendered(facts(*many, subject()))
    assert len(text.encode()) < MOST_BYTES
    assert text.count('class="bars"') >= 1001
    assert 90 <= text.count('class="chart"') <= 102
    assert "900 more checks are not drawn" in text
