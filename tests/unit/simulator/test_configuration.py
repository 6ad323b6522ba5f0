"""The configuration for a simulated gateway is one that RelayWatch takes."""

from pathlib import Path

from monitor.config.load import loads
from monitor.simulator.configuration import demo_toml, endpoint_toml
from monitor.simulator.demo import demo_script
from monitor.simulator.script import parse_script

BASE_URL = "http://127.0.0.1:40117/v1"


def test_the_demo_watches_all_its_models_every_second(tmp_path: Path) -> None:
    """With what its caller appends, it is whole and right."""
    script = demo_script()
    more = '[storage]\nurl = "sqlite:///demo.db"\n[[channels]]\nname = "console"\ntype = "console"\n'
    config = loads(demo_toml(script, BASE_URL) + more, tmp_path).config
    (endpoint,) = config.endpoints
    assert (endpoint.name, str(endpoint.base_url)) == ("demo", BASE_URL)
    assert [model.id for model in endpoint.models] == [model.id for model in script.models]
    assert config.connectivity.targets == ()  # nobody outside is asked


def test_odd_model_ids_survive(tmp_path: Path) -> None:
    """Quotes, backslashes and any script are spelled as TOML wants them."""
    script = parse_script("models = [{ id = '모델 \"x\" \\n😀' }]")
    config = loads(endpoint_toml(script, BASE_URL), tmp_path).config
    assert [model.id for model in config.endpoints[0].models] == ['모델 "x" \\n😀']


def test_models_of_other_protocols_have_an_endpoint_of_their_own(tmp_path: Path) -> None:
    """One protocol is spoken on one endpoint; who speaks several is asked in OpenAI's."""
    script = parse_script("""
        models = [
            { id = "a" },
            { id = "b", protocols = ["anthropic"] },
            { id = "c", protocols = ["openai-embeddings"] },
            { id = "d", protocols = ["anthropic", "openai"] },
        ]
    """)
    endpoints = loads(endpoint_toml(script, BASE_URL, key_env="KEY"), tmp_path).config.endpoints
    assert [(one.name, one.protocol, [model.id for model in one.models]) for one in endpoints] == [
        ("simulated", "openai", ["a", "d"]),
        ("simulated-anthropic", "anthropic", ["b"]),
        ("simulated-openai-embeddings", "openai-embeddings", ["c"]),
    ]


def test_a_key_is_named_by_its_variable_only() -> None:
    """Absent where the gateway takes any key."""
    script = demo_script()
    assert 'api_key = { env = "GATEWAY_KEY" }' in endpoint_toml(script, BASE_URL, key_env="GATEWAY_KEY")
    assert "api_key" not in endpoint_toml(script, BASE_URL)
