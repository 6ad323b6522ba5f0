"""`docs/channels.md` tells every event, option, log line and permanent status."""

import json
import re
from pathlib import Path

from monitor.alerting.notification import Event, Notification
from monitor.config.channels import CHANNEL_TYPES
from monitor.config.reading import TextFile
from monitor.delivery import record
from monitor.delivery.alertmanager import annotations_of, labels_of
from monitor.delivery.retry import PERMANENT_STATUSES
from monitor.delivery.template import MESSAGE, MOST_CHARACTERS_OF, Template, examine
from monitor.delivery.template_samples import samples
from monitor.delivery.template_sandbox import MOST_STEPS

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text()


def test_every_event_and_option_is_documented() -> None:
    """A new one needs its place on the page."""
    for event in Event:
        assert f"`{event}`" in PAGE
    for kind, table in CHANNEL_TYPES.items():
        assert f"## `{kind}`" in PAGE
        assert all(f"`{key}`" in PAGE or f"\n{key} = " in PAGE for key in table.known_keys())


def test_every_log_line_is_documented() -> None:
    """Event names are an interface."""
    source = Path(record.__file__).read_text()
    names = set(re.findall(r'"((?:notification|outbox)_[a-z_]+)"', source))
    assert names
    assert all(f"`{name}`" in PAGE for name in names)


def test_the_permanent_statuses_are_documented() -> None:
    """Exactly those."""
    sentence = PAGE.split("**Given up at once**")[1].split(", and on Slack")[0]
    assert set(map(int, re.findall(r"\d{3}", sentence))) == PERMANENT_STATUSES


def test_the_example_is_a_body() -> None:
    """It can be read back and written again without a difference."""
    body = json.loads(PAGE.split("```json\n")[1].split("```")[0])
    assert Notification.from_body(body).body() == body


def test_the_template_of_the_page_works() -> None:
    """With every event, as a template is tried before it is used."""
    text = PAGE.split("```jinja\n")[1].split("```")[0]
    assert isinstance(examine(TextFile(Path("message.j2"), text, "template.message"), MESSAGE), Template)


def test_the_limits_of_templates_are_documented() -> None:
    """As they are."""
    section = PAGE.split("## Templates")[1].split("\n## ")[0]
    limits = (MOST_STEPS, *MOST_CHARACTERS_OF.values())
    assert all(f"{limit:,}" in section for limit in limits)


def test_the_labels_of_alerts_are_documented() -> None:
    """Routes are written by them."""
    section = PAGE.split("## `alertmanager`")[1].split("\n## ")[0]
    for sample in samples():
        assert all(f"`{label}`" in section for label in labels_of(sample))
        assert all(f"`{name}`" in section for name in annotations_of(sample))
