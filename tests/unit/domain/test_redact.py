"""Nothing of a secret, nothing invisible and nothing that acts survives the redactor."""

import base64
import sys
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.redact import FRAGMENT, Redactor

KEY = "sk-proj-Zq81LmPw0xYt55KcVb9d-abcd"
REDACTOR = Redactor([KEY, "Hunter2Hunter2!"])

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=FRAGMENT, max_size=40)
NOISE = st.text(max_size=12) | st.sampled_from(["\u200b", " ", "\x00", "***", "...", "<", "@here", "Bearer ", "key="])


def has_fragment(secret: str, text: str) -> bool:
    """Whether six characters in a row of the secret are in the text, in whatever case."""
    low, hay = secret.lower(), text.lower()
    return any(low[i : i + FRAGMENT] in hay for i in range(len(low) - FRAGMENT + 1))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("The server is overloaded", "The server is overloaded"),
        ("  two\n\tlines\r\n\x85here\u2028now ", "two lines here now"),
        ("a\x00b\x1b[31mc\u202ed\u200be\ufefff\ud800g\u00adh\ue000i\u034fj", "ab[31mcdefghij"),
        ("<!channel> <b>", "\u2039!channel\u203a \u2039b\u203a"),
        ("@channel @Here @everyone a@b.c", "\uff20channel \uff20Here \uff20everyone a@b.c"),
        ("\uff20channel \uff1cb\uff1e", "\uff20channel \u2039b\u203a"),
        (f"key {KEY} given", "key *** given"),
        (f"key {KEY.upper()} given", "key *** given"),
        ("part 81LmPw0x of it", "part *** of it"),
        ("echo sk-proj-****abcd.", "echo ***."),
        ("echo sk-p...abcd and ...abcd", "echo *** and ***"),
        ("echo sk-proj-****...****abcd", "echo ***"),
        ("echo sk-p\u2026abcd", "echo ***"),
        ("echo Hunt..er2!", "echo ***!"),
        ("**Error** wait... now [x] (y)..", "**Error** wait... now [x] (y).."),
        ("another key sk-ant-api03-AbCdEf", "another key ***"),
        ("sk-1234", "***"),
        ("ask-1234 me", "ask-1234 me"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ("must provide Bearer token or Basic auth", "must provide Bearer token or Basic auth"),
        ("AIzaSyA1234567890abcdefg", "***"),
        ("gsk_abcdef123456 xoxb-12-34 whsec_c2VjcmV0", "*** *** ***"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "***"),
        ("at https://hooks.slack.com/services/T0/B0/xyz now", "at https://hooks.slack.com/*** now"),
        ("https://user:pw@host/x?api_key=abc&n=1&token=t", "https://***@host/x?api_key=***&n=1&token=***"),
        ("Key Hash (Token) =88dc28d0f030c55ed4ab77ed8faf0981", "Key Hash (Token) =***"),
        ("key: 8f14e45f-ceea-467e-9b1e-0b1b2a3c4d5e", "key: ***"),
        ("trace 8f14e45f-ceea-467e-9b1e-0b1b2a3c4d5e", "trace 8f14e45f-ceea-467e-9b1e-0b1b2a3c4d5e"),
        ("This key has no access to gpt-4.1-2025-04-14", "This key has no access to gpt-4.1-2025-04-14"),
        (quote("Hunter2Hunter2!", safe=""), "***"),
        ("", ""),
    ],
)
def test_clean(text: str, clean: str) -> None:
    """Each kind of harm is taken out, and plain words are left alone."""
    assert REDACTOR.clean(text) == clean


@pytest.mark.parametrize("before", ["", "x", "xy", "user:"])
def test_encoded_secrets_are_masked(before: str) -> None:
    """A whole secret in base64, whatever stands before it, in hexadecimal or percent-encoded, is no clearer."""
    whole = (before + KEY).encode()
    for encoded in (base64.b64encode(whole), base64.urlsafe_b64encode(whole + b"??"), whole.hex().encode()):
        cleaned = REDACTOR.clean(encoded.decode())
        assert len(cleaned) < 3 + 2 * FRAGMENT + 2 * len(before)
    assert REDACTOR.clean("".join(f"%{byte:02X}" for byte in KEY.encode())) == "***"


def test_no_invisible_character_of_all_unicode_survives() -> None:
    """Controls, formats, surrogates, private and unassigned characters are all removed."""
    for start in range(0, sys.maxunicode + 1, 512):
        text = Redactor([]).clean("".join(map(chr, range(start, start + 512))), 4096)
        assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_short_secrets_are_masked_whole() -> None:
    """A secret of fewer than six characters has no fragment, so it is masked where it stands whole."""
    assert Redactor(["abc", "", "  "]).clean("xx ABC yy") == "xx *** yy"


def test_a_mask_is_never_part_of_a_secret() -> None:
    """If a secret has stars in it, another mask is used; if it has everything, a mask that no key has."""
    assert Redactor(["******"]).clean("a ****** b") == "a ### b"
    assert Redactor(["*#=~+^%|", "x"]).clean("x") == "\u2588" * 3


def test_the_limit_holds_and_a_cut_shows() -> None:
    """The answer is never longer than the limit, and says that it was cut."""
    assert REDACTOR.clean("a" * 300, 10) == "aaaaaaaaa\u2026"
    assert REDACTOR.clean("abc", 0) == ""
    assert REDACTOR.clean("a" * 10, 10) == "a" * 10


@pytest.mark.parametrize("shift", range(40))
def test_a_cut_leaves_no_half_secret(shift: int) -> None:
    """Wherever the window ends in a key that nobody told us of, no beginning of it is shown."""
    unknown = "sk-QQQQQQQQQQQQQQQQQQQQQQQQ"
    text = "\n" * (1024 - shift) + unknown + "b" * 1000
    assert "Q" not in REDACTOR.clean(text)


def test_the_redactor_hides_its_secrets_from_its_own_name() -> None:
    """Printed in a log, it tells how many secrets it knows and none of them."""
    assert repr(Redactor([KEY])) == "Redactor(1 secrets)"


def test_harmless_words() -> None:
    """A word is harmless if nothing in it looks like a secret and it is plain ASCII."""
    assert REDACTOR.is_harmless("req_8f14e45fceea467e")
    assert not REDACTOR.is_harmless("req_81LmPw")
    assert not REDACTOR.is_harmless("r\u00e9q")


@given(secrets=st.lists(PRINTABLE, min_size=1, max_size=3), data=st.data())
@settings(max_examples=300, deadline=None)
def test_no_fragment_of_a_secret_survives(secrets: list[str], data: st.DataObject) -> None:
    """Whole, cut, repeated, in any case, with anything between its characters: no six of them stay together."""
    pieces: list[str] = []
    for secret in data.draw(st.lists(st.sampled_from(secrets), min_size=1, max_size=4)):
        start = data.draw(st.integers(0, len(secret)))
        end = data.draw(st.integers(start, len(secret)))
        glue = data.draw(st.sampled_from(["", "", "\u200b", "\x00", "\u00ad"]))
        fragment = glue.join(secret[start:end])
        pieces += (data.draw(NOISE), fragment.swapcase() if data.draw(st.booleans()) else fragment, data.draw(NOISE))
    limit = data.draw(st.integers(0, 400))
    cleaned = Redactor(secrets).clean("".join(pieces), limit)
    assert len(cleaned) <= limit
    assert not any(has_fragment(secret, cleaned) for secret in secrets)


@given(st.text(max_size=3000), st.lists(st.text(max_size=20), max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_text_is_cleaned_without_an_error(text: str, secrets: list[str]) -> None:
    """Whatever the text and the secrets are, one visible line comes out that holds no markup."""
    cleaned = Redactor(secrets).clean(text)
    assert len(cleaned) <= 200
    assert cleaned.isprintable()
    assert not {"<", ">"} & set(cleaned)
