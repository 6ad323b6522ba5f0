"""From the configuration to what the prober needs."""

from pathlib import Path

from monitor.config.access import resolve_access
from monitor.config.load import loads
from monitor.config.secrets import Secret
from monitor.probes.target import targets_of

TOML = """
[defaults]
interval = "40s"

[[endpoints]]
name = "gw"
base_url = "https://gw.example.test/v1/"
api_key = { env = "GW_KEY" }
models = ["a/one", { id = "two", interval = "5m" }]
concurrency = 3
headers = { X-Org = "o" }
proxy = "http://proxy.example.test:3128"

[[endpoints]]
name = "local"
base_url = "http://127.0.0.1:8080/v1"
"""


def test_targets_of_a_configuration() -> None:
    """Every endpoint with its secrets, and connections kept beyond the longest interval of its completions."""
    loaded = loads(TOML, Path("/etc/relaywatch"))
    access = resolve_access(loaded, {"GW_KEY": "sk-0123456789abcdefghijkl"})
    targets = targets_of(loaded.config, access)
    gateway, local = targets["gw"], targets["local"]
    assert (gateway.base_url, gateway.protocol) == ("https://gw.example.test/v1", "openai")
    assert gateway.api_key == Secret("sk-0123456789abcdefghijkl")
    assert gateway.headers["X-Org"].reveal() == "o"
    assert gateway.proxy == Secret("http://proxy.example.test:3128")
    assert (gateway.models, gateway.concurrency) == (("a/one", "two"), 3)
    assert gateway.keepalive_s > 300
    assert (local.api_key, local.proxy, local.models) == (None, None, ())
    assert "sk-0123" not in repr(gateway)
