"""Templates: what they may say, what is found wrong with them before they are used, and their bounds."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.alerting.notification import Event, Notification
from monitor.config.reading import TextFile
from monitor.delivery.template import MESSAGE, TITLE, Broken, Template, examine
from monitor.delivery.template_samples import samples
from monitor.delivery.template_sandbox import MOST_CHARACTERS

OPENED = next(samples())


def _file(text: str) -> TextFile:
    return TextFile(Path("t.j2"), text, "channels[0].template.message")


def _good(text: str, purpose: str = MESSAGE) -> Template:
    found = examine(_file(text), purpose)
    assert isinstance(found, Template), found
    return found


def _faults(text: str, purpose: str = MESSAGE) -> list[str]:
    found = examine(_file(text), purpose)
    assert not isinstance(found, Template)
    return [str(broken) for broken in found]


def test_samples_cover_every_event_and_what_may_be_absent() -> None:
    """Whatever a template meets later, it has met before."""
    assert {sample.event for sample in samples()} == set(Event)
    assert {sample.incident is None for sample in samples()} == {True, False}
    assert {sample.details.error is None for sample in samples()} == {True, False}
    assert all(Notification.from_body(sample.body()) == sample for sample in samples())


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{ title }}", OPENED.title),
        ("{{ event|upper }} {{ service }}", "OPENED gw"),
        ("{% if incident %}{{ incident.checks|join(', ') }}{% else %}-{% endif %}",
         "gw/chat/openai/gpt-4.1, gw/chat/openai/o3"),
        ("{% for one in (incident.checks if incident else []) %}\n* {{ loop.index }} {{ one }}\n{% endfor %}\n-",
         "* 1 gw/chat/openai/gpt-4.1\n* 2 gw/chat/openai/o3\n-"),
        ("x{{ recommended_action and 'y' }}{{ url }}", "xyhttps://status.example.org"),
        ("{{ message.split('\n')[0].lower() }}", "openai/gpt-4.1 on gw is down (server error)."),
        ("{{ (details.latency_ms or 0) / 1000 * 2 }}", "0.824"),
        ("{{ title|replace('DOWN', 'AUS') }}", "AUS: openai/gpt-4.1 on gw (SERVER_ERROR)"),
        ("{% set a = 'a' ~ 'b' %}{% with b = a + 'c' %}{{ b }}{% endwith %}", "abc"),
        ("<b>{{ service }}</b> & 한국어", "<b>gw</b> & 한국어"),
        ("{{ incident['status'] if incident else '-' }}", "SERVER_ERROR"),
        ("{{ '-' * 3 }} {{ 2 * 3 }} {{ 7 % 4 }}", "--- 6 3"),
    ],
)  # fmt: skip
def test_what_a_template_says(text: str, rendered: str) -> None:
    """Fields, conditions, loops, filters and a little arithmetic; nothing is escaped, what is absent is empty."""
    assert _good(text).render(OPENED) == rendered


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{% if event %}\n{{ sevrity }}{% endif %}", 't.j2:2: unknown field "sevrity": did you mean "severity"?'),
        ("a\n{% if event == 'x' %}{{ details.modell }}{% endif %}", 't.j2:2: unknown field "details.modell": '),
        ("{{ incident['kye'] if incident else '' }}x", 't.j2:1: unknown field "incident.kye": did you mean "key"?'),
        ("a\nb\n{% if x", "t.j2:3: unexpected end of template"),
        ("{{ title }", "t.j2:1: unexpected '}'"),
        ("\n{{ incident.key }}", "t.j2:2: 'None' has no attribute 'key' (event \"notice\")"),
        ("{{ title.foo }}", "t.j2:1: 'str object' has no attribute 'foo'"),
        ("{{ 1 / 0 }}", "t.j2:1: division by zero"),
        ("{{ details.http_status + 1 }}", "t.j2:1: unsupported operand"),
        ("{{ title|nothing }}", "t.j2:1: No filter named 'nothing'."),
        ("{% if event == 'opened' %}x{% endif %}", 't.j2: it gives no text (event "updated")'),
        ("", "t.j2: it gives no text"),
    ],
)
def test_what_is_found_before_it_is_used(text: str, fault: str) -> None:
    """Syntax, unknown fields also where no sample goes, and whatever breaks on a sample; with the line."""
    assert _faults(text)[0].startswith(fault)


@pytest.mark.parametrize(
    "text",
    [
        "{{ title.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ '{0.__class__}'.format(title) }}",
        "{{ title|attr('__class__') }}",
        "{{ [1].append(2) }}",
        "{{ 'x'.center(10) }}",
        "{% include 'other.j2' %}",
        "{% import 'other.j2' as other %}",
        "{% extends 'other.j2' %}",
        "{% macro a() %}x{% endmacro %}",
        "{% set a %}x{% endset %}",
        "{% filter upper %}x{% endfilter %}",
        "{% block a %}x{% endblock %}",
        "{{ namespace }}{{ cycler }}",
        "{% for a in message recursive %}{{ loop(message) }}{% endfor %}",
        "{{ 'x' * 10000000 }}",
        "{{ [1] * 10000000 }}",
        "{{ 9 ** 9 }}",
        "{% set a = 99999999999999999999 %}" + "{% set a = a * a %}" * 20 + "{{ a }}",
        "{{ '%9999999d' % 1 }}",
        "{% set a = title ~ title %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{% set a = title + title %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
        "{% for a in message %}{% for b in message %}{% for c in message %}{% endfor %}{% endfor %}{% endfor %}x",
        "{{ message|replace('', message)|replace('', message)|replace('', message) }}",
        "{{ range(100000)|join(message) }}",
        "{{ range(1000000) }}",
        "{{ " + "(" * 300 + "1" + ")" * 300 + " }}",
    ],
)
def test_what_a_template_must_not(text: str) -> None:
    """Neither Python's own attributes, nor files, nor time and memory without end; it is refused before it is used."""
    assert _faults(text)


def test_a_long_text_is_cut() -> None:
    """A title to a line, a message to what people can read."""
    message = _good("{{ message }}").render(replace(OPENED, message="word " * 50_000))
    title = _good("{{ title }}", TITLE).render(replace(OPENED, title="long\r\ntitle " * 500))
    assert isinstance(message, str)
    assert isinstance(title, str)
    assert len(message) <= 20_000
    assert len(title) <= 300
    assert title.startswith("long title long title")
    assert "\n" not in title


def test_foreign_text_is_text() -> None:
    """What comes from upstream is not read as a template, and its control characters do not get through."""
    rendered = _good("{{ message }}").render(replace(OPENED, message="{{ 1/0 }} {% if %} \x1b[31mred \x00"))
    assert rendered == "{{ 1/0 }} {% if %} red \ufffd"


def test_links_of_the_file_live_and_foreign_ones_do_not() -> None:
    """A runbook can be opened, a role can be mentioned; what upstream wrote opens and notifies nothing."""
    text = "https://runbook.example/{{ service }} <@&1> {{ url }}/x {{ message }}"
    foreign = "@everyone https://evil.example"
    rendered = _good(text).render(replace(OPENED, message=foreign))
    assert isinstance(rendered, str)
    assert rendered.startswith("https://runbook.example/gw <@&1> https://status.example.org/x ")
    assert foreign not in rendered
    assert rendered.replace("\u2060", "").endswith(foreign)
    assert _good("{{ message == '@here' }}").render(replace(OPENED, message="@here")) == "True", "compared as it came"


def test_what_breaks_at_run_time_is_a_value_with_the_line() -> None:
    """A template that no sample breaks may break all the same, and says where."""
    template = _good("a\n{{ 1 / (title|length) }}")
    broken = template.render(replace(OPENED, title=""))
    assert broken == Broken("t.j2", 2, "division by zero")
    assert isinstance(template.render(OPENED), str), "the next one is not harmed"


def test_a_bound_holds_for_one_rendering_at_a_time() -> None:
    """The steps of one rendering do not count against the next."""
    template = _good("{% for a in range(9000) %}{% endfor %}x")
    assert [template.render(OPENED) for _ in range(5)] == ["x"] * 5


def test_a_huge_field_is_bounded_too() -> None:
    """A text that grows by parts of itself ends at the bound."""
    template = _good("{{ message ~ message }}")
    assert isinstance(template.render(replace(OPENED, message="x" * MOST_CHARACTERS)), Broken)
