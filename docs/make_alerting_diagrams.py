"""Writes what `docs/alerting.md` shows of the tables in the code: states, blame, the reasons, and how long is how long.

python docs/make_alerting_diagrams.py
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.alerting.audience import FALLBACK_AFTER_S
from monitor.alerting.duties import LOOK_AGAIN_S
from monitor.alerting.policy import UPDATE_EVERY_S
from monitor.alerting.reasons import REASONS
from monitor.config.alerting import Alerting
from monitor.domain.blame import ASKED_AT_MOST, TOGETHER_S, Blame, Evidence, is_network, judge, lost_on_the_way
from monitor.domain.check import Check, CheckKind, check_id
from monitor.domain.health import TRANSITIONS, Signal, State
from monitor.domain.incident import Scope, family_of, outage_key
from monitor.domain.result import FaultDomain, Status, Verdict

DOCUMENT = Path(__file__).with_name("alerting.md")
BEGIN, END = "<!-- {}: begin -->\n", "<!-- {}: end -->"
FAILS, FINE, UNKNOWN = Evidence.FAILING, Evidence.FINE, Evidence.UNPROVEN

SIGNALS = {
    Signal.SUCCESS: "a success",
    Signal.ENOUGH_SUCCESSES: "recovery_threshold successes in a row",
    Signal.FAILURE: "a failure",
    Signal.ENOUGH_FAILURES: "a threshold is crossed",
    Signal.NOTHING: "nothing that counts",
}
WEAKER = {Signal.ENOUGH_SUCCESSES: Signal.SUCCESS, Signal.ENOUGH_FAILURES: Signal.FAILURE}


def model(name: str) -> Check:
    """A check on the endpoint of the examples."""
    return Check(check_id("gw", CheckKind.CHAT, name), "gw", CheckKind.CHAT, name, name.partition("/")[0])


LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
SELF, TWIN, OTHER = model("openai/a"), model("openai/b"), model("google/c")
BUSY = Verdict(Status.OVERLOADED, FaultDomain.ENDPOINT)


@dataclass(frozen=True)
class Scene:
    """A failure with what its siblings prove, in words and in values."""

    fails: str
    works: str
    verdict: Verdict = BUSY
    failing: Check = SELF
    siblings: dict[str, Evidence] = field(default_factory=dict)
    hosts: tuple[Evidence, ...] = ()


SCENES = (
    Scene("one model", "another of its provider", siblings={"twin": FINE, "other": FINE}),
    Scene("one model", "the others have not answered yet", siblings={"twin": UNKNOWN, "other": UNKNOWN}),
    Scene("every model of one provider", "models of another", siblings={"twin": FAILS, "other": FINE, "list": FINE}),
    Scene("models of every provider", "at most the model list", siblings={"twin": FAILS, "other": FAILS, "list": FINE}),
    Scene("the model list", "models", failing=LIST, siblings={"self": FINE, "other": FINE}),
    Scene(
        "names or routes of one endpoint",
        "endpoints on other hosts",
        Verdict(Status.CONNECTION_ERROR, FaultDomain.NETWORK),
        siblings={"twin": FAILS, "other": FAILS},
        hosts=(FAILS, FINE),
    ),
    Scene(
        "endpoints on every host, without an answer",
        "nothing",
        Verdict(Status.TIMEOUT, FaultDomain.ENDPOINT),
        siblings={"twin": FAILS, "other": FAILS},
        hosts=(FAILS, FAILS),
    ),
    Scene("the key is refused", "whatever", Verdict(Status.AUTH_ERROR, FaultDomain.KEY)),
    Scene("a rate limit, or no credit left", "whatever", Verdict(Status.RATE_LIMITED, FaultDomain.QUOTA)),
    Scene(
        "our request is refused, on every model",
        "nothing",
        Verdict(Status.CLIENT_ERROR, FaultDomain.MONITOR),
        siblings={"twin": FAILS, "other": FAILS},
    ),
)


def states() -> str:
    """The state machine as a diagram; what changes nothing is left out."""
    edges: defaultdict[tuple[State, State, str], list[Signal]] = defaultdict(list)
    for (state, signal), (following, change) in TRANSITIONS.items():
        if state is not following or change is not None:
            edges[state, following, "" if change is None else f" / {change}"].append(signal)
    lines = [f"    {a} --> {b}: {_named(signals)}{change}" for (a, b, change), signals in edges.items()]
    return "\n".join(("```mermaid", "stateDiagram-v2", f"    [*] --> {State.PENDING}", *lines, "```", ""))


def _named(signals: list[Signal]) -> str:
    """What is meant by any success, or any failure, is not said twice."""
    return " or ".join(SIGNALS[signal] for signal in signals if WEAKER.get(signal) not in signals)


def blame() -> str:
    """Whose fault each scene is, judged by the code itself."""
    rows = []
    for scene in SCENES:
        judged = _judged(scene)
        family = family_of(judged.fault_domain)
        key = outage_key(judged.scope, family, scene.failing.id, "gw", scene.failing.provider)
        status = f"`{scene.verdict.status}`"
        rows.append((scene.fails, scene.works, status, str(judged.scope), f"**{judged.fault_domain}**", f"`{key}`"))
    return table(("what fails", "what works", "the answer", "scope", "whose fault", "the incident's key"), rows)


def _judged(scene: Scene) -> Blame:
    checks = {"self": SELF, "twin": TWIN, "other": OTHER, "list": LIST}
    judged = judge(scene.failing, scene.verdict, [(checks[name], proof) for name, proof in scene.siblings.items()])
    if lost_on_the_way(scene.verdict) and is_network([proof] for proof in scene.hosts):
        return Blame(Scope.NETWORK, FaultDomain.NETWORK)
    return judged


def reasons() -> str:
    """Every decision, as `--explain` says it."""
    rows = [(f"`{told}`", one.why[0], (one.then or ("",))[0]) for told, one in REASONS.items()]
    return table(("decision", "what `--explain` says", "and then"), rows)


def lengths() -> str:
    """Figures that the page speaks of."""
    alerting = Alerting()
    rows = [
        ("siblings that are probed at once on a first failure, at most", str(ASKED_AT_MOST), "fixed"),
        ("failures that began within this of each other may have one cause", seconds(TOGETHER_S), "fixed"),
        ("a first message waits for the rest of the outage, at most", seconds(alerting.group_wait_s), "`group_wait`"),
        ("between two `updated` because checks joined", seconds(UPDATE_EVERY_S), "fixed"),
        ("between two looks at what was withheld", seconds(LOOK_AGAIN_S), "fixed"),
        ("between reminders of a critical incident", seconds(alerting.reminder_s), "`reminder`"),
        ("until another channel is told of critical news", seconds(FALLBACK_AFTER_S), "`fallback_after`"),
    ]
    return table(("what", "how long, how many", "option"), rows)


def seconds(value: float) -> str:
    """`10 s`, `5 min`, `1 h`."""
    for size, unit in ((3600, "h"), (60, "min")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g} s"


def table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of Markdown."""
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


PARTS = {"states": states, "blame": blame, "reasons": reasons, "lengths": lengths}


def rendered(text: str) -> str:
    """The document with every part between its markers written anew."""
    for name, part in PARTS.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, rest = text.split(begin, 1)
        text = before + begin + part() + end + rest.split(end, 1)[1]
    return text


def main() -> None:
    """Write the document anew."""
    DOCUMENT.write_text(rendered(DOCUMENT.read_text("utf-8")), "utf-8")
    print(DOCUMENT)


if __name__ == "__main__":
    main()
