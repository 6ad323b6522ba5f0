"""Every secret resolved, or every problem with them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from monitor.config.access import read_templates, reread_key, resolve_access
from monitor.config.load import Loaded
from monitor.errors import ConfigError

WithEndpoint = Callable[[str], Loaded]
KEY = "gateway-key-0123456789"


def _warnings(loaded: Loaded, **environ: str) -> list[str]:
    return [str(warning) for warning in resolve_access(loaded, environ).warnings]


def _problems(loaded: Loaded, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolve_access(loaded, environ)
    return [str(problem) for problem in caught.value.problems]


def test_everything_is_resolved(with_endpoint: WithEndpoint) -> None:
    """Keys, headers, proxies and the channels' secrets, by name."""
    loaded = with_endpoint("""
api_key = { env = "KEY" }
headers = { x-team = "core", x-token = { env = "TOKEN" } }
proxy = { env = "PROXY" }
[[channels]]
name = "s"
type = "slack"
webhook_url = { env = "SLACK" }
[[channels]]
name = "b"
type = "slack"
bot_token = { env = "BOT" }
channel = "#x"
[[channels]]
name = "w"
type = "webhook"
url = "https://example.org/hook"
secret = { env = "SIGN" }
headers = { authorization = { env = "AUTH" } }
[[channels]]
name = "c"
type = "console"
""")
    environ = {
        "KEY": KEY,
        "TOKEN": "token-value",
        "PROXY": "http://user:pass-word@proxy:3128",
        "SLACK": "https://hooks.slack.com/services/T0AB/B0AB/abcDEF123",
        "BOT": "xoxb-0123456789",
        "SIGN": "whsec_aHVudGVyMg==",
        "AUTH": "Bearer abcdefgh",
    }
    access = resolve_access(loaded, environ)
    gateway = access.endpoints["gw"]
    assert gateway.api_key is not None
    assert gateway.api_key.reveal() == KEY
    assert {name: value.reveal() for name, value in gateway.headers.items()} == {
        "x-team": "core",
        "x-token": "token-value",
    }
    assert gateway.proxy is not None
    slack, bot, hook = (access.channels[name] for name in "sbw")
    assert slack.url is not None
    assert slack.url.reveal() == environ["SLACK"]
    assert bot.token is not None
    assert hook.url is not None
    assert hook.url.reveal() == "https://example.org/hook"
    assert hook.signing_secret is not None
    assert access.channels["c"].url is None
    assert access.warnings == ()
    assert set(access.secrets()) == {
        KEY, "token-value", "user", "pass-word", "T0AB", "B0AB", "abcDEF123", "xoxb-0123456789", "aHVudGVyMg==",
        "whsec_aHVudGVyMg==", "abcdefgh",
    }  # fmt: skip
    assert KEY not in repr(access)


def test_all_missing_secrets_are_told_at_once(with_endpoint: WithEndpoint) -> None:
    """Unset and empty, endpoints and channels."""
    loaded = with_endpoint("""
api_key = { env = "KEY" }
headers = { x-token = { env = "TOKEN" } }
[[channels]]
name = "s"
type = "slack"
webhook_url = { file = "slack" }
""")
    problems = _problems(loaded, KEY="")
    assert [problem.partition(":")[0] for problem in problems] == [
        "endpoints[0].api_key",
        "endpoints[0].headers.x-token",
        "channels[0].webhook_url",
    ]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KEY, None),
        ("sk-0123456789abcdefghij", None),
        (f" {KEY}", "contains blanks"),
        (f"{KEY} {KEY}", "contains blanks"),
        (f"Bearer {KEY}", 'begins with "Bearer "'),
        ("short", "fewer than 20"),
        (f"{KEY}\u201d", "outside ASCII"),
        ("sk-ant-0123456789abcdefghij", "Anthropic's own"),
        ("gsk_0123456789abcdefghij", "Groq's own"),
        ("AIza0123456789abcdefghij", "Google's own"),
    ],
)
def test_a_doubtful_key_is_a_warning_that_says_why(with_endpoint: WithEndpoint, key: str, expected: str | None) -> None:
    """And does not show the key."""
    warnings = _warnings(with_endpoint('api_key = { env = "KEY" }\n'), KEY=key)
    assert any(expected in warning for warning in warnings) if expected else not warnings
    assert not any(KEY in warning or "0123456789" in warning for warning in warnings)


def test_a_vendors_key_at_its_own_door_is_fine(load_text: Callable[[str], Loaded]) -> None:
    """Subdomains included; a host that merely ends alike is not the vendor's."""
    text = '[[endpoints]]\nname = "a"\nbase_url = "https://{}/v1"\napi_key = {{ env = "KEY" }}\n'
    key = "sk-proj-0123456789abcdefghij"
    assert _warnings(load_text(text.format("api.openai.com")), KEY=key) == []
    assert _warnings(load_text(text.format("notopenai.com")), KEY=key) != []


@pytest.mark.parametrize("value", ["hooks.slack.com/services/x", "ftp://example.org", "https://", "https://a b"])
def test_a_secret_that_should_be_a_url_is_looked_at(with_endpoint: WithEndpoint, value: str) -> None:
    """A channel that cannot work refuses to start, and the message hides the address."""
    loaded = with_endpoint('[[channels]]\nname = "s"\ntype = "slack"\nwebhook_url = { env = "SLACK" }\n')
    (problem,) = _problems(loaded, SLACK=value)
    assert problem.startswith("channels[0].webhook_url: the secret ")
    assert value not in problem.replace("https://api.example.com/v1", "").replace("https://;", "")


def test_a_socks_proxy_in_a_secret_is_refused(with_endpoint: WithEndpoint) -> None:
    """As a literal one is."""
    (problem,) = _problems(with_endpoint('proxy = { env = "PROXY" }\n'), PROXY="socks5://u:p@proxy:1080")
    assert "SOCKS" in problem


@pytest.mark.parametrize("value", ["whsec_", "whsec_!!!", "plain text"])
def test_a_signing_secret_must_be_base64(with_endpoint: WithEndpoint, value: str) -> None:
    """Else every send would fail."""
    channel = '[[channels]]\nname = "w"\ntype = "webhook"\nurl = "http://127.0.0.1/"\nsecret = { env = "SIGN" }\n'
    (problem,) = _problems(with_endpoint(channel), SIGN=value)
    assert "base64" in problem


def test_a_token_of_another_kind_is_a_warning(with_endpoint: WithEndpoint) -> None:
    """Slack's bots have tokens that begin alike."""
    channel = '[[channels]]\nname = "s"\ntype = "slack"\nbot_token = { env = "BOT" }\nchannel = "#x"\n'
    assert any("xoxb-" in warning for warning in _warnings(with_endpoint(channel), BOT="0123456789"))


def test_ca_files_are_tried(with_endpoint: WithEndpoint, tmp_path: Path) -> None:
    """Absent, not PEM, and good."""
    loaded = with_endpoint('ca_file = "ca.pem"\n')
    assert "cannot be read" in _problems(loaded)[0]
    (tmp_path / "ca.pem").write_text("nothing")
    assert "no CA certificate" in _problems(loaded)[0]
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    assert resolve_access(loaded, {}).warnings == ()


def test_a_key_is_read_again(with_endpoint: WithEndpoint, tmp_path: Path) -> None:
    """A replaced file gives the new key without a restart."""
    loaded = with_endpoint('api_key = { file = "key" }\n')
    (tmp_path / "key").write_text("old")
    first = reread_key(loaded, "gw", {})
    (tmp_path / "key").write_text("new")
    second = reread_key(loaded, "gw", {})
    assert first is not None
    assert second is not None
    assert (first.reveal(), second.reveal()) == ("old", "new")
    (tmp_path / "key").unlink()
    with pytest.raises(ConfigError, match=r"endpoints\[0\].api_key"):
        reread_key(loaded, "gw", {})


def test_no_key_to_read_again(with_endpoint: WithEndpoint) -> None:
    """An endpoint without one, and one that is not there."""
    assert reread_key(with_endpoint(""), "gw", {}) is None
    assert reread_key(with_endpoint(""), "other", {}) is None


def test_urls_of_several_places_are_resolved_in_order(with_endpoint: WithEndpoint) -> None:
    """Alertmanager's members and Apprise's services; of the latter's URLs the host may be the secret."""
    loaded = with_endpoint("""
[[channels]]
name = "a"
type = "alertmanager"
urls = ["http://am1:9093/", { env = "MEMBER" }]
[[channels]]
name = "p"
type = "apprise"
urls = [{ env = "ONE" }, { env = "TWO" }, { env = "THREE" }]
[[channels]]
name = "m"
type = "email"
host = "smtp.example.org"
username = "relaywatch"
password = { env = "PASSWORD" }
from = "relaywatch@example.org"
to = ["ops@example.org"]
""")
    access = resolve_access(
        loaded,
        {
            "MEMBER": "https://ops:s3cret@am2.example.org/prefix",
            "ONE": "tgram://123456789:AbCdEf-gHi/42424242/",
            "TWO": "discord://417421629/JHMHI8qBe7bk?avatar=No",
            "THREE": "mailtos://someone:p%40ss@mail.example.org/?to=me",
            "PASSWORD": "correct horse",
        },
    )
    assert [url.reveal() for url in access.channels["a"].urls] == [
        "http://am1:9093", "https://ops:s3cret@am2.example.org/prefix",
    ]  # fmt: skip
    assert len(access.channels["p"].urls) == 3
    assert access.channels["m"].password is not None
    assert set(access.secrets()) == {
        "s3cret", "123456789", "AbCdEf-gHi", "42424242", "417421629", "JHMHI8qBe7bk", "avatar=No", "someone", "p%40ss",
        "p@ss", "to=me", "correct horse",
    }  # fmt: skip


def test_a_url_that_cannot_be_parsed_hides_all_the_same(with_endpoint: WithEndpoint) -> None:
    """What is in it does not appear in texts."""
    channel = '[[channels]]\nname = "p"\ntype = "apprise"\nurls = [{ env = "ONE" }]\n'
    access = resolve_access(with_endpoint(channel), {"ONE": "json://[not-closed:secret-word/x1234"})
    assert "x1234" in access.secrets()
    assert any("not-closed" in secret for secret in access.secrets())


TEMPLATED = '[[channels]]\nname = "c"\ntype = "console"\ntemplate = { title = "t.j2", message = "m.j2" }\n'


def test_templates_are_read(with_endpoint: WithEndpoint, tmp_path: Path) -> None:
    """From beside the configuration, with the place that names them; no secret is needed for it."""
    loaded = with_endpoint('api_key = { env = "NOT_SET" }\n' + TEMPLATED)
    (tmp_path / "t.j2").write_text("{{ title }}")
    (tmp_path / "m.j2").write_text("한국어")
    files = read_templates(loaded)["c"]
    assert {key: (file.text, file.where) for key, file in files.items()} == {
        "title": ("{{ title }}", "channels[0].template.title"),
        "message": ("한국어", "channels[0].template.message"),
    }
    assert resolve_access(loaded, {"NOT_SET": KEY}).channels["c"].template == files


def test_templates_that_cannot_be_read(with_endpoint: WithEndpoint, tmp_path: Path) -> None:
    """Absent, not text, too long: each is one problem."""
    loaded = with_endpoint(TEMPLATED)
    (tmp_path / "m.j2").write_bytes(b"\xff")
    with pytest.raises(ConfigError) as caught:
        read_templates(loaded)
    absent, broken = map(str, caught.value.problems)
    assert absent.startswith("channels[0].template.title: ")
    assert absent.endswith("t.j2 cannot be read: No such file or directory")
    assert broken.endswith("m.j2 is not UTF-8 text")
    (tmp_path / "t.j2").write_text("x" * 300_000)
    assert "is larger than" in _problems(loaded)[0]
