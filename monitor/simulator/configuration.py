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
"""
"""Fast enough to tell of the demo's outage about 6 s after the start; no host beside the gateway is asked."""


def endpoint_toml(script: Script, base_url: str, *, name: str = "simulated", key_env: str | None = None) -> str:
    """An `[[endpoints]]` table for a gateway with this script.

    Args:
        script: whose models to watch.
        base_url: of the gateway.
        name: of the endpoint.
        key_env: the environment variable that holds its key; None where it takes any.
    """
    models = "".join(f"    {json.dumps(model.id, ensure_ascii=False)},\n" for model in script.models)
    key = "" if key_env is None else f"api_key = {{ env = {json.dumps(key_env)} }}\n"
    return f'[[endpoints]]\nname = "{name}"\nbase_url = "{base_url}"\n{key}models = [\n{models}]\n'


def demo_toml(script: Script, base_url: str) -> str:
    """The demo's configuration apart from channels, storage and web, which its caller appends as further tables."""
    return f"{DEMO_PACE}\n{endpoint_toml(script, base_url, name='demo')}"
