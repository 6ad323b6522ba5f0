"""One template of a channel: understood once, tried on samples, rendered for each notification.

Owns which fields a template has (those of the webhook's body), where in the file something is wrong, and how long the
result may be. What a template may do is `template_sandbox`; what is sent when one breaks is `templated`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from traceback import walk_tb
from types import MappingProxyType
from typing import Any

from jinja2 import Template as Compiled
from jinja2 import TemplateSyntaxError, meta, nodes

from monitor.alerting.notification import Details, IncidentFacts, Notification
from monitor.alerting.plain import cut, harmless, printable
from monitor.config.model import nearest
from monitor.config.reading import TextFile
from monitor.delivery.template_samples import samples
from monitor.delivery.template_sandbox import Ours, Sandbox

MOST_SHOWN = 200
TOO_DEEP = "it is nested too deeply"
TITLE, MESSAGE = "title", "message"
MOST_CHARACTERS_OF: Mapping[str, int] = MappingProxyType({TITLE: 300, MESSAGE: 20_000})
_FIELDS = tuple(next(samples()).body())
_INNER: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset(kind.__dataclass_fields__) for name, kind in (("incident", IncidentFacts), ("details", Details))}
)


@dataclass(frozen=True, slots=True)
class Broken:
    """What is wrong with a template.

    Attributes:
        file: its path.
        line: 1 and up; 0 where it is not known.
        why: one line, safe to show.
    """

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}" if self.line else f"{self.file}: {self.why}"


class Template:
    """One file, ready to be rendered.

    Args:
        file: its content.
        purpose: `TITLE` or `MESSAGE`: how long the text may be, and whether it may have several lines.

    Raises:
        jinja2.TemplateSyntaxError: it is not a template, or uses what it must not.
    """

    def __init__(self, file: TextFile, purpose: str) -> None:
        self._name = str(file.path)
        self._purpose = purpose
        self._environment = Sandbox()
        code = self._environment.compile(file.text, self._name, self._name)
        self._compiled = Compiled.from_code(self._environment, code, dict(self._environment.globals))

    def render(self, notification: Notification) -> str | Broken:
        """The text; `Broken` also where it would say nothing."""
        most = MOST_CHARACTERS_OF[self._purpose]
        try:
            text = self._bounded(_body(notification), most)
        except Exception as error:  # noqa: BLE001  a template can fail in every way that an expression can
            return Broken(self._name, _line(error, self._name), cut(printable(_words(error)), MOST_SHOWN))
        text = printable(text) if self._purpose == TITLE else harmless(text).strip()
        return cut(text, most) if text else Broken(self._name, 0, "it gives no text")

    def _bounded(self, body: Mapping[str, Any], most: int) -> str:
        self._environment.begin()
        chunks: list[str] = []
        room = most + 1
        for chunk in self._compiled.generate(body):
            chunks.append(chunk[:room])
            room -= len(chunk)
            if room <= 0:
                break
        return "".join(chunks)


def _body(notification: Notification) -> Mapping[str, Any]:
    body = notification.body()
    return body if notification.url is None else {**body, "url": Ours(notification.url)}


def examine(file: TextFile, purpose: str) -> Template | tuple[Broken, ...]:
    """The template, or everything that is wrong with it: syntax, fields that do not exist, a sample that breaks it."""
    name = str(file.path)
    try:
        template = Template(file, purpose)
        unknown = tuple(_unknown_fields(file, name))
    except TemplateSyntaxError as error:
        return (Broken(name, error.lineno, cut(printable(error.message or ""), MOST_SHOWN)),)
    except RecursionError:
        return (Broken(name, 0, TOO_DEEP),)
    return unknown or tuple(_broken_samples(template)) or template


def _unknown_fields(file: TextFile, name: str) -> Iterator[Broken]:
    """Also in branches that no sample takes."""
    environment = Sandbox()
    tree = environment.parse(file.text, name, name)
    foreign = meta.find_undeclared_variables(tree) - set(_FIELDS) - environment.globals.keys()
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for node in tree.find_all(nodes.Name):
        if node.name in foreign and node.ctx == "load":
            yield Broken(name, node.lineno, f'unknown field "{node.name}": {nearest(node.name, _FIELDS)}')
    for access in tree.find_all((nodes.Getattr, nodes.Getitem)):
        table, field = _inner_field(access)
        if table not in own and field not in _INNER.get(table, (field,)):
            hint = nearest(field, _INNER[table])
            yield Broken(name, access.lineno, f'unknown field "{table}.{field}": {hint}')


def _inner_field(node: nodes.Node) -> tuple[str, str]:
    """A table of the body and the field of it that is asked for; two empty texts for anything else."""
    match node:
        case nodes.Getattr(node=nodes.Name(name=table), attr=str(field)):
            return table, field
        case nodes.Getitem(node=nodes.Name(name=table), arg=nodes.Const(value=str(field))):
            return table, field
    return "", ""


def _broken_samples(template: Template) -> Iterable[Broken]:
    """Each fault once, with the event at which it shows."""
    found: dict[Broken, Broken] = {}
    for sample in samples():
        result = template.render(sample)
        if isinstance(result, Broken):
            found.setdefault(result, Broken(result.file, result.line, f'{result.why} (event "{sample.event}")'))
    return found.values()


def _line(error: BaseException, name: str) -> int:
    """Where in the file an error arose: Jinja2 puts the file's own lines into the traceback."""
    lines = (line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == name)
    return max(chain((0,), [*lines][-1:]))


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return TOO_DEEP
    return str(error) or type(error).__name__
