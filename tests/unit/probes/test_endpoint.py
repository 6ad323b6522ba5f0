"""An endpoint while it is probed: routes, what is learned, and what a change leaves alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from monitor.config.secrets import Secret
from monitor.domain.check import Check, CheckKind
from monitor.domain.result import Finding, Status, Verdict
from monitor.errors import UsageError
from monitor.probes.endpoint import LiveEndpoint
from monitor.probes.target import EndpointTarget

LIST = Check("gw/models", "gw", CheckKind.MODELS, None, "gw")
CHAT = Check("gw/chat/m", "gw", CheckKind.CHAT, "m", "gw")
REFUSED = Finding(Verdict(Status.CLIENT_ERROR), token_parameter_refused=True)
TARGET = EndpointTarget(
    name="gw",
    base_url="http://127.0.0.1:1/v1",
    protocol="openai",
    api_key=Secret("sk-old"),
    headers={},
    proxy=None,
    ca_file=None,
    concurrency=10,
    models=("m",),
    keepalive_s=75.0,
)


def body(endpoint: LiveEndpoint) -> bytes:
    """The body of a completion."""
    return endpoint.request(CHAT, endpoint.questions.ask(CHAT)).body or b""


def test_the_model_list_takes_a_fresh_connection_and_a_completion_a_kept_one() -> None:
    """Unless the completion is asked for afresh."""
    endpoint = LiveEndpoint(TARGET)
    assert endpoint.route(LIST, fresh=False).idle_s is None
    assert endpoint.route(CHAT, fresh=False).idle_s == 75.0
    assert endpoint.route(CHAT, fresh=True).idle_s is None
    assert endpoint.route(CHAT, fresh=False) is endpoint.route(CHAT, fresh=False)


def test_each_check_has_its_own_connect_timeout() -> None:
    """Not rounded, however long."""
    endpoint = LiveEndpoint(TARGET)
    assert endpoint.route(replace(CHAT, connect_timeout_s=7.5), fresh=False).connecting.connect == 7.5
    assert endpoint.route(CHAT, fresh=False).connecting.connect == 5.0


def test_the_token_parameter_is_learned_once_and_can_be_unlearned() -> None:
    """The other name is tried once; refused as well, the usual one is next again."""
    endpoint = LiveEndpoint(TARGET)
    assert b'"max_tokens"' in body(endpoint)
    assert endpoint.questions.wants_again(CHAT, REFUSED)
    assert b'"max_completion_tokens"' in body(endpoint)
    assert not endpoint.questions.wants_again(CHAT, REFUSED)
    assert b'"max_tokens"' in body(endpoint)


def test_nothing_changes_when_nothing_changed() -> None:
    """A reload with the same target keeps the endpoint as it is."""
    endpoint = LiveEndpoint(TARGET)
    assert endpoint.changed_to(replace(TARGET)) is endpoint


def test_another_key_keeps_what_was_learned() -> None:
    """And leaves the old endpoint, which a probe may still be using, untouched."""
    endpoint = LiveEndpoint(TARGET)
    endpoint.questions.wants_again(CHAT, REFUSED)
    endpoint.list_is_404 = True
    changed = endpoint.with_key(Secret("sk-new"))
    assert changed.request(LIST, None).headers["Authorization"] == "Bearer sk-new"
    assert endpoint.request(LIST, None).headers["Authorization"] == "Bearer sk-old"
    assert changed.list_is_404
    assert b'"max_completion_tokens"' in body(changed)


def test_another_url_forgets_what_was_learned() -> None:
    """It is another server."""
    endpoint = LiveEndpoint(TARGET)
    endpoint.questions.wants_again(CHAT, REFUSED)
    changed = endpoint.changed_to(replace(TARGET, base_url="http://127.0.0.1:2/v1"))
    assert b'"max_tokens"' in body(changed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"protocol": "telepathy"}, "unknown protocol 'telepathy'"),
        ({"proxy": Secret("socks5://user:hidden@proxy")}, "proxy must be an http:// or https:// URL"),
        ({"proxy": Secret("http://user:hidden@[bad")}, "proxy is not a URL"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "cannot read ca_file /nowhere/ca.pem: No such file or directory"),
    ],
    ids=["protocol", "scheme", "proxy", "ca"],
)
def test_a_target_that_is_no_use(change: dict[str, object], message: str) -> None:
    """One clear message that names the endpoint and no secret."""
    with pytest.raises(UsageError) as caught:
        LiveEndpoint(replace(TARGET, **change))  # type: ignore[arg-type]
    assert str(caught.value).startswith("endpoint gw: ")
    assert message in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_ca_file_without_a_certificate(tmp_path: Path, content: str) -> None:
    """It is told at construction, not at the first probe."""
    path = tmp_path / "ca.pem"
    path.write_text(content)
    with pytest.raises(UsageError, match="holds no certificate"):
        LiveEndpoint(replace(TARGET, ca_file=path))


def test_a_ca_file_is_read_again_on_every_change(tmp_path: Path) -> None:
    """A renewed authority counts from the next reload on, though its path is the same."""
    path = tmp_path / "ca.pem"
    trustme.CA(key_type=trustme.KeyType.ECDSA).cert_pem.write_to_path(str(path))
    target = replace(TARGET, base_url="https://gw.test/v1", ca_file=path)
    endpoint = LiveEndpoint(target)
    changed = endpoint.changed_to(target)
    assert changed is not endpoint
    assert changed.route(CHAT, fresh=False).tls is not endpoint.route(CHAT, fresh=False).tls
