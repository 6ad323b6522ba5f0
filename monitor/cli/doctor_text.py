"""How an examination is shown: live on a terminal, in plain lines elsewhere, or as one JSON document.

Owns what of a step's facts is worth a line. What a step found is already cleaned of secrets; here it is made safe for
the place where it stands.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TextIO

from rich.text import Text

from monitor.alerting.plain import harmless, printable
from monitor.cli.render import console_on, milliseconds, safe_json
from monitor.domain.action import Language, sentence
from monitor.domain.diagnosis import Step, StepName, StepStatus
from monitor.domain.diagnosis_texts import sentences

_MARKS = MappingProxyType(
    {
        StepStatus.OK: ("  ok ", "green"),
        StepStatus.WARNING: (" warn", "yellow"),
        StepStatus.FAILED: (" FAIL", "bold red"),
        StepStatus.SKIPPED: ("  -- ", "dim"),
    }
)
_TITLES = MappingProxyType(
    {
        StepName.CONFIGURATION: "config",
        StepName.DNS: "DNS",
        StepName.TCP: "TCP",
        StepName.UPLINK: "uplink",
        StepName.PROXY: "proxy",
        StepName.TLS: "TLS",
        StepName.HTTP: "HTTP",
        StepName.CLOCK: "clock",
        StepName.PROTOCOL: "protocol",
        StepName.KEY: "key",
        StepName.MODEL_LIST: "model list",
        StepName.MODEL: "model",
        StepName.LIMITS: "limits",
    }
)
_TELLS_ITS_TIME = frozenset({StepName.HTTP, StepName.MODEL})
_TITLE_WIDTH = max(map(len, _TITLES.values())) + 1
_INDENT = 5 + 1 + _TITLE_WIDTH + 1
_MEANS = MappingProxyType({Language.EN: ("means", "do"), Language.KO: ("의미", "조치")})
_LEVELS = MappingProxyType({Language.EN: ("healthy", "not healthy"), Language.KO: ("정상", "비정상")})


def as_json(endpoint: str, steps: Sequence[Step], language: Language) -> str:
    """One document with everything."""
    healthy = all(step.status is not StepStatus.FAILED for step in steps)
    rows = [_row(step, language) for step in steps]
    return safe_json({"endpoint": endpoint, "healthy": healthy, "steps": rows}, indent=2)


def _row(step: Step, language: Language) -> dict[str, Any]:
    meaning, advice = words(step, language)
    return {
        "step": str(step.name),
        "status": str(step.status),
        "says": step.says,
        "duration_ms": None if step.duration_ms is None else round(step.duration_ms, 1),
        "facts": dict(step.facts),
        "meaning": meaning,
        "advice": advice,
    }


def words(step: Step, language: Language) -> tuple[str | None, str | None]:
    """What a step means, and what to do about it; None where all is well."""
    if step.meaning is None:
        return None, None
    meaning, advice = sentences(step.meaning, language)
    return meaning, advice if step.action is None else sentence(step.action, language)


class Pages:
    """Shows step after step.

    Args:
        language: of meanings and advice.
        out: where to; stdout.
    """

    def __init__(self, language: Language, out: TextIO | None = None) -> None:
        self._language = language
        self._console = console_on(sys.stdout if out is None else out)
        self._waiting = self._console.status("") if self._console.is_terminal else None
        self._model: str | None = None
        self._left_out: list[str] = []
        self._because = ""

    def title(self, endpoint: str, base_url: str, cost: str) -> None:
        """Who is examined, and what it will cost."""
        self._console.print(Text.assemble((printable(endpoint), "bold"), "  ", printable(base_url)))
        self._console.print(Text(cost, "dim"))
        self._console.print()

    def begun(self, name: StepName) -> None:
        """Something moves while one waits, on a terminal only."""
        if self._waiting is not None:
            self._waiting.update(Text(_TITLES[name], "dim"))
            self._waiting.start()

    def show(self, step: Step) -> None:
        """One step that is done; what is skipped for one reason is gathered into one line."""
        if step.status is StepStatus.SKIPPED:
            if step.says != self._because or self._names_other_model(step):
                self._show_left_out()
                self._name_model(step)
            self._because = step.says
            self._left_out.append(_title(step))
            return
        self._show_left_out()
        self._name_model(step)
        timed = step.duration_ms is not None and step.name not in _TELLS_ITS_TIME
        took = f"  {_took(step.duration_ms or 0)}" if timed else ""
        self._print_beside(_head(step.status, _title(step)), Text.assemble(printable(step.says), (took, "dim")))
        for detail in details(step):
            self._print_beside(Text(" " * (_INDENT - 1)), Text(harmless(detail).replace("\n", " "), "dim"))
        self._explain(step)

    def end(self, steps: Sequence[Step]) -> None:
        """The whole in one line."""
        self._show_left_out()
        failing = [_counted_as(step) for step in steps if step.status is StepStatus.FAILED]
        doubtful = [_counted_as(step) for step in steps if step.status is StepStatus.WARNING]
        good, bad = _LEVELS[self._language]
        told = f": {', '.join(dict.fromkeys(failing))}" if failing else ""
        more = f"; look after: {', '.join(dict.fromkeys(doubtful))}" if doubtful else ""
        self._console.print()
        self._console.print(
            Text.assemble((bad if failing else good, "bold red" if failing else "bold green"), told, more)
        )

    def close(self) -> None:
        """Nothing moves any more."""
        if self._waiting is not None:
            self._waiting.stop()

    def _show_left_out(self) -> None:
        names = list(dict.fromkeys(name.strip() for name in self._left_out))
        self._left_out = []
        if len(names) > 1:
            mark, style = _MARKS[StepStatus.SKIPPED]
            self._print_beside(Text(mark, style), Text(f"{', '.join(names)}: {printable(self._because)}", "dim"))
        elif names:
            self._print_beside(_head(StepStatus.SKIPPED, names[0]), Text(printable(self._because), "dim"))

    def _names_other_model(self, step: Step) -> bool:
        return "model" in step.facts and str(step.facts["model"]) != self._model

    def _name_model(self, step: Step) -> None:
        """The model's name stands on a line of its own, once for its two steps."""
        if self._names_other_model(step):
            self._model = str(step.facts["model"])
            self._print_beside(Text(" " * 5), Text(printable(self._model), "bold"))

    def _print_beside(self, head: Text, line: Text) -> None:
        indent = head.cell_len + 1
        rows = line.wrap(self._console, max(20, self._console.width - indent)) or [Text()]
        for number, row in enumerate(rows):
            row.rstrip()
            before = Text.assemble(head, " ") if not number else Text(" " * indent)
            self._console.print(Text.assemble(before, row))

    def _explain(self, step: Step) -> None:
        for name, text in zip(_MEANS[self._language], words(step, self._language), strict=True):
            if text is not None:
                self._print_beside(Text(name.rjust(_INDENT - 1), "dim"), Text(text))


def _counted_as(step: Step) -> str:
    """The step in the last line: a model by its name."""
    return printable(str(step.facts["model"])) if "model" in step.facts else _TITLES[step.name]


def _title(step: Step) -> str:
    if "stream" not in step.facts:
        return _TITLES[step.name]
    return "  stream" if step.facts["stream"] else "  whole"


def _head(status: StepStatus, title: str) -> Text:
    mark, style = _MARKS[status]
    return Text.assemble(
        (mark, style), " ", (title.ljust(_TITLE_WIDTH), "dim" if status is StepStatus.SKIPPED else "bold")
    )


def _took(ms: float) -> str:
    return "< 1 ms" if ms < 1 else milliseconds(ms)


def details(step: Step) -> Iterator[str]:
    """What of the facts a person wants to see under the step."""
    show = _DETAILS.get(step.name)
    if show is not None:
        yield from show(step.facts)


def _of_dns(facts: Mapping[str, Any]) -> Iterator[str]:
    if facts.get("source") == "address":
        return
    for family in ("ipv4", "ipv6"):
        if facts[family]:
            yield f"{family.replace('ip', 'IP')}  {', '.join(facts[family])}"


def _of_tcp(facts: Mapping[str, Any]) -> Iterator[str]:
    rows = facts.get("addresses", ())
    if len(rows) == 1:
        return
    width = max((len(row["address"]) for row in rows), default=0)
    for row in rows:
        became = "open" if row["failure"] is None else row["detail"].lower()
        yield f"{row['address']:<{width}}  {became}, {_took(row['took_ms'])}"


def _of_tls(facts: Mapping[str, Any]) -> Iterator[str]:
    chain = facts.get("chain", ())
    if not chain:
        return
    yield f"for {', '.join(facts['names'][:4]) or 'no name'}{_and_more(facts['names'], 4)}"
    for number, certificate in enumerate(chain):
        indent = "  " * number
        yield f"until {certificate['not_after'][:10]}  {indent}{_known_as(certificate['subject'])}"
    if not facts.get("chain_known"):
        yield "the rest of the chain is not known: this Python does not show it"
    elif chain[-1]["subject"] != chain[-1]["issuer"]:
        yield f"signed by {_known_as(chain[-1]['issuer'])}, which was not shown"
    yield f"trusted: {facts['trusted']}; ALPN {facts.get('alpn') or 'none'}"


def _known_as(name: str) -> str:
    """The common name of a subject that has one."""
    return next((part.removeprefix("CN=") for part in name.split(", ") if part.startswith("CN=")), name)


def _of_http(facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"GET {facts['url']}"


_DETAILS = MappingProxyType(
    {StepName.DNS: _of_dns, StepName.TCP: _of_tcp, StepName.TLS: _of_tls, StepName.HTTP: _of_http}
)


def _and_more(names: Sequence[str], shown: int) -> str:
    return f" and {len(names) - shown} more" if len(names) > shown else ""
