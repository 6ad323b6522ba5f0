"""The configuration that watches a simulated gateway, as TOML text.

Owns the pace of the demo and the spelling of an endpoint; channels, storage and the page are added by whoever runs it.
"""

import json

from monitor.simulator.served import Script

DEMO_PACE = """\
[defaults]
interval = "1s"
models_interval = "1s"
timeout = "5s"
confirm_interval = "250ms"
failure_threshold = 3
recovery_threshold = 2

[connectivity]
targets = []
[prices]
"*" = { input = 0, output = 0 }
"""
"""Fast enough to tell of the demo's outage about 6 s after the start; no other host is asked, and nobody is billed."""


def endpoint_toml(script: Script, base_url: str, *, name: str = "simulated", key_env: str | None = None) -> str:
    """An `[[endpoints]]` table for a gateway with this script, and one more for each further protocol.

    Args:
        script: whose models to watch.
        base_url: of the gateway.
        name: of the endpoint; those of other protocols than OpenAI's have theirs appended.
        key_env: the environment variable that holds its key; None where it takes any.
    """
    models: dict[str, list[str]] = {}
    for model in script.models:
        spoken = "openai" if not model.protocols or "openai" in model.protocols else model.protocols[0]
        models.setdefault(spoken, []).append(f"    {json.dumps(model.id, ensure_ascii=False)},\n")
    key = "" if key_env is None else f"api_key = {{ env = {json.dumps(key_env)} }}\n"
    tables = []
    for protocol, ids in models.items():
        own, line = (name, "") if protocol == "openai" else (f"{name}-{protocol}", f'protocol = "{protocol}"\n')
        head = f'[[endpoints]]\nname = "{own}"\nbase_url = "{base_url}"\n'
        tables.append(f"{head}{line}{key}models = [\n{''.join(ids)}]\n")
    return "\n".join(tables)


def demo_toml(script: Script, base_url: str) -> str:
    """The demo's configuration apart from channels, storage and web, which its caller appends as further tables."""
    return f"{DEMO_PACE}\n{endpoint_toml(script, base_url, name='demo')}"
