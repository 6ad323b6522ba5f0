"""A channel in the operator's words, and what is sent when they fail."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from monitor.config.reading import TextFile
from monitor.delivery.channel import Delivered, Receipt
from monitor.delivery.refresh import Refreshing, Standing
from monitor.delivery.template_samples import samples
from monitor.delivery.templated import Templates, templated, understood

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.alerting.notification import Notification
    from monitor.alerting.texts import Voice

OPENED = next(samples())


class Recording:
    """A channel that remembers."""

    name = "c"

    def __init__(self) -> None:
        self.sent: list[tuple[Notification, str | None]] = []
        self.closed = False

    async def send(self, notification: "Notification", thread: str | None = None) -> Receipt:
        """Take it."""
        self.sent.append((notification, thread))
        return Delivered("ok", "thread")

    async def close(self) -> None:
        """Note it."""
        self.closed = True


class Forgetting(Recording):
    """A channel that must be told again."""

    refresh_every_s = 7.0

    async def refresh(self, standing: "Iterable[Standing]") -> Receipt:
        """Take them."""
        self.sent += [(one.notification, one.thread) for one in standing]
        return Delivered("ok")


def _templates(**texts: str) -> Templates:
    problems: list[Any] = []
    files = {key: TextFile(Path(f"{key}.j2"), text, f"channels[0].template.{key}") for key, text in texts.items()}
    found = understood(files, problems)
    assert problems == []
    return found


async def test_title_and_message_are_the_operators(voice: "Voice") -> None:
    """All else, the id above all, stays; the thread goes through."""
    channel = Recording()
    own = templated(channel, _templates(title="!! {{ service }}", message="{{ event }}:\n{{ title }}"), voice)
    assert await own.send(OPENED, "t") == Delivered("ok", "thread")
    assert channel.sent == [
        (replace(OPENED, title="!! gw", message=f"opened:\n{OPENED.title}", own_words=True), "t"),
    ]
    assert own.name == "c"
    await own.close()
    assert channel.closed


async def test_one_of_the_two_is_enough(voice: "Voice") -> None:
    """The other text stays the built-in one, and so do the channel's fields beside it."""
    channel = Recording()
    await templated(channel, _templates(title="!! {{ service }}"), voice).send(OPENED)
    assert channel.sent[0][0] == replace(OPENED, title="!! gw")


async def test_a_template_that_breaks_falls_back_and_says_so(voice: "Voice") -> None:
    """In the message, and in the log once until it works again."""
    channel = Recording()
    own = templated(channel, _templates(message="{{ 1 / (title|length) }}"), voice)
    bad = replace(OPENED, title="")
    with capture_logs() as logs:
        for notification in (bad, bad, OPENED, bad):
            await own.send(notification)
    told = [sent for sent, _ in channel.sent]
    assert told[0].message == (
        f"{OPENED.message}\n(the template message.j2:1: division by zero failed; this is the built-in text)"
    )
    assert [one.own_words for one in told] == [False, False, True, False]
    assert [line["log_level"] for line in logs if line["event"] == "template_failed"] == ["warning", "debug", "warning"]


async def test_a_broken_title_is_told_of_in_the_message(voice: "Voice") -> None:
    """The title itself stays the built-in one."""
    channel = Recording()
    own = templated(channel, _templates(title="{{ 1 / (message|length) }}", message="x {{ message }}"), voice)
    await own.send(replace(OPENED, message=""))
    ((sent, _),) = channel.sent
    assert sent.title == OPENED.title
    assert sent.message.startswith("x\n(the template title.j2:1: division by zero failed")


async def test_a_channel_that_forgets_repeats_the_same_words(voice: "Voice") -> None:
    """It can still be refreshed, at its own rhythm; a channel that cannot, cannot then either."""
    channel = Forgetting()
    own = templated(channel, _templates(title="!! {{ service }}"), voice)
    assert isinstance(own, Refreshing)
    assert own.refresh_every_s == 7.0
    await own.refresh([Standing(OPENED, "t")])
    assert channel.sent == [(replace(OPENED, title="!! gw"), "t")]
    assert not isinstance(templated(Recording(), Templates(), voice), Refreshing)


def test_what_is_wrong_is_a_problem_at_its_place() -> None:
    """All files are looked at, and each fault names file, line and the option."""
    problems: list[Any] = []
    files = {
        "title": TextFile(Path("t.j2"), "{{ titel }}", "channels[3].template.title"),
        "message": TextFile(Path("m.j2"), "{% if", "channels[3].template.message"),
    }
    assert understood(files, problems) == Templates()
    unknown, unfinished = map(str, problems)
    assert unknown == 'channels[3].template.title: t.j2:1: unknown field "titel": did you mean "title"?'
    assert unfinished.startswith("channels[3].template.message: m.j2:1: ")
