"""Certificates read out of DER, against what the library `cryptography` reads."""

import datetime as dt
import ssl

import pytest
import trustme
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.x509 import Certificate, read_certificate

BEGINS = dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
ENDS = (dt.datetime(2049, 12, 31, 23, 59, 59, tzinfo=dt.UTC), dt.datetime(2051, 1, 1, tzinfo=dt.UTC))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA(organization_name="Prüfstelle 검사", key_type=trustme.KeyType.ECDSA)


def der_of(pem: bytes) -> bytes:
    """The certificate without its armour."""
    return ssl.PEM_cert_to_DER_cert(pem.decode())


@pytest.mark.parametrize("ends", ENDS)
def test_it_reads_what_the_library_reads(authority: trustme.CA, ends: dt.datetime) -> None:
    """Names of both kinds, both forms of a time, and who signed it."""
    leaf = authority.issue_cert("api.test", "*.gw.test", "192.0.2.7", "2001:db8::1", not_before=BEGINS, not_after=ends)
    der = der_of(leaf.cert_chain_pems[0].bytes())
    oracle = x509.load_der_x509_certificate(der)
    found = read_certificate(der)
    assert found is not None
    assert found.not_before_s == oracle.not_valid_before_utc.timestamp()
    assert found.not_after_s == oracle.not_valid_after_utc.timestamp()
    assert found.names == ("api.test", "*.gw.test", "192.0.2.7", "2001:db8::1")
    assert "O=Prüfstelle 검사" in found.issuer
    assert not found.signs_itself


def test_a_root_signs_itself(authority: trustme.CA) -> None:
    """It has no names of hosts."""
    found = read_certificate(der_of(authority.cert_pem.bytes()))
    assert found is not None
    assert found.signs_itself
    assert found.names == ()


@pytest.mark.parametrize(
    ("name", "host", "fits"),
    [
        ("api.test", "api.test", True),
        ("api.test", "API.test.", True),
        ("*.gw.test", "a.gw.test", True),
        ("*.gw.test", "gw.test", False),
        ("*.gw.test", "a.b.gw.test", False),
        ("*.test", "a.test", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("*.0.2.7", "192.0.2.7", False),
        ("2001:db8::1", "2001:DB8:0::1", True),
    ],
)
def test_for_which_hosts(name: str, host: str, fits: bool) -> None:  # noqa: FBT001  a row of a table
    """A star stands for one whole label; an address is no name."""
    assert Certificate("", "", 0.0, 0.0, (name,)).covers(host) is fits


def test_days_left() -> None:
    """They become negative."""
    assert Certificate("", "", 0.0, 86_400.0).days_left(172_800.0) == -1.0


@given(st.binary(max_size=200))
def test_anything_else_is_no_certificate(der: bytes) -> None:
    """Whatever the bytes are, nothing is raised."""
    assert read_certificate(der) is None


@pytest.fixture(scope="module")
def real(authority: trustme.CA) -> bytes:
    """A certificate in DER form."""
    return der_of(authority.issue_cert("api.test").cert_chain_pems[0].bytes())


@given(st.data())
def test_a_damaged_certificate_raises_nothing(real: bytes, data: st.DataObject) -> None:
    """Every byte of a real one may be changed, and it may be cut anywhere."""
    der = bytearray(real)
    for position in data.draw(st.lists(st.integers(0, len(der) - 1), max_size=3)):
        der[position] = data.draw(st.integers(0, 255))
    read_certificate(bytes(der[: data.draw(st.integers(0, len(der)))]))
