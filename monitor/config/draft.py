"""A first configuration as text: short, valid, and with what most people add next behind #.

Owns the text and the name it gives; the questions are those of the command `init`.
"""

from dataclasses import dataclass

from monitor.config.effective import toml_text
from monitor.config.patterns import is_wild
from monitor.config.urls import host_of, is_loopback

USUAL_PROTOCOL = "openai"
_UNTOLD = frozenset({"api", "gateway", "llm", "www"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What will stand in the file."""

    name: str
    base_url: str
    key_env: str
    models: tuple[str, ...]
    check_models: bool
    protocol: str = USUAL_PROTOCOL


def text_of(draft: Draft) -> str:
    """The configuration, with what most people add next behind #."""
    key = f"api_key = {{ env = {toml_text(draft.key_env)} }}\n" if draft.key_env else ""
    models = "".join(f"    {_entry(model)},\n" for model in draft.models)
    protocol = "" if draft.protocol == USUAL_PROTOCOL else f"protocol = {toml_text(draft.protocol)}\n"
    without_list = "" if draft.check_models else "check_models = false\n"
    return (
        "# RelayWatch. `relaywatch config check` checks this file; docs/configuration.md has every option.\n\n"
        '[web]\nlisten = "127.0.0.1:8780"\n\n'
        f"[[endpoints]]\nname = {toml_text(draft.name)}\nbase_url = {toml_text(draft.base_url)}\n"
        f"{protocol}{key}{without_list}" + (f"models = [\n{models}]\n" if models else "") + "\n"
        "# Who is told: the console shows alerts where the daemon runs. Add what reaches people.\n"
        '[[channels]]\nname = "console"\ntype = "console"\n\n'
        '#[[channels]]\n#name = "ops"\n#type = "slack"\n#webhook_url = { env = "SLACK_WEBHOOK_URL" }\n'
    )


def name_for(base_url: str) -> str:
    """A name for an endpoint: the most telling part of its host."""
    host = host_of(base_url)
    if is_loopback(host):
        return "local"
    first = next((label for label in host.split(".") if label not in _UNTOLD), "")
    if first.isdigit() or ":" in host:
        return "gateway"
    kept = "".join(letter for letter in first if letter == "-" or (letter.isascii() and letter.isalnum()))
    return kept.strip("-") or "gateway"


def is_anthropic(base_url: str) -> bool:
    """Whether an address is Anthropic's own."""
    return f".{host_of(base_url)}".endswith(".anthropic.com")


def _entry(model: str) -> str:
    return f"{{ id = {toml_text(model)}, exact = true }}" if is_wild(model) else toml_text(model)
