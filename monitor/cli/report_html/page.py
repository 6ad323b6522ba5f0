"""The HTML report as a text: template, style, and a policy that lets a browser run and load nothing else.

Owns rendering. The policy names the style sheet by its hash, so that even markup that slipped through could do nothing.
"""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TextIO

import jinja2
from markupsafe import Markup

from monitor.cli.report_html import lists
from monitor.cli.report_html.definitions import DEFINITIONS
from monitor.cli.report_html.facts import Facts
from monitor.cli.report_html.figures import moment
from monitor.cli.report_html.summary import sentences, tiles
from monitor.cli.report_html.texts import Text, say
from monitor.cli.report_html.view import Viewer, legend
from monitor.web.templating import environment

TEMPLATES = Path(__file__).parent / "templates"


def render(facts: Facts, out: TextIO) -> None:
    """Write the whole document."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    voice, viewer = facts.voice, Viewer(facts)
    shown, more = lists.incidents(facts)
    changes, changes_left_out = lists.changes(facts)
    pieces = _template().generate(
        language=voice.language,
        say=lambda text, **words: say(Text(text), voice, **words),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704  our own file
        made=moment(facts.made_at_us, voice),
        name=facts.name,
        viewer=viewer,
        tiles=tiles(facts),
        sentences=list(sentences(facts)),
        legend=legend(voice),
        headings=lists.headings(voice),
        figures=lists.figures(facts),
        figures_of_endpoints=lists.figures(facts, only_endpoints=True),
        changes=changes,
        change_headings=[say(text, voice) for text in (Text.AVAILABILITY, Text.LATENCY, Text.DOWNTIME)],
        changes_left_out=changes_left_out,
        worst_hours=lists.worst_hours(facts),
        faults=lists.faults(facts),
        incidents=shown,
        incidents_left_out=more,
        kinds_of_incidents=lists.kinds_of_incidents(facts),
        definitions=[(voice.word(what), voice.word(means)) for what, means in DEFINITIONS],
    )
    out.writelines(pieces)


def _template() -> jinja2.Template:
    found = environment(TEMPLATES)
    found.filters["breakable"] = _breakable
    return found.get_template("report.html")


def _breakable(name: str) -> Markup:
    """An id that is broken after a slash before it is broken elsewhere."""
    return Markup("/<wbr>").join(name.split("/"))
