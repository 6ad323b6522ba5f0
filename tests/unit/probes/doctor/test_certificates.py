"""The chain of a connection, from whichever place this Python keeps it in, or not at all."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from monitor.probes.doctor.certificates import _seen


@dataclass
class Inner:
    """A certificate of the inner object, as Python has it before 3.13."""

    der: bytes

    def public_bytes(self, form: int) -> bytes:
        """In DER form."""
        assert form == 2
        return self.der


class Connection:
    """A connection that shows no more than its own certificate."""

    def __init__(self, chain: Sequence[bytes]) -> None:
        self.chain = list(chain)

    def getpeercert(self, *, binary_form: bool) -> bytes:
        """The server's own certificate."""
        assert binary_form
        return self.chain[0]

    def version(self) -> str:
        """Of TLS."""
        return "TLSv1.3"

    def cipher(self) -> tuple[str, str, int]:
        """Name, version, bits."""
        return "AES", "TLSv1.3", 256

    def selected_alpn_protocol(self) -> None:
        """None chosen."""


class Modern(Connection):
    """Since Python 3.13."""

    def get_verified_chain(self) -> list[bytes]:
        """All that was verified."""
        return self.chain

    get_unverified_chain = get_verified_chain


class Older(Connection):
    """Before it."""

    @property
    def _sslobj(self) -> Any:
        return self._Object(self.chain)

    class _Object:
        def __init__(self, chain: Sequence[bytes]) -> None:
            self._chain = chain

        def get_verified_chain(self) -> list[Inner]:
            """All that was verified."""
            return [Inner(der) for der in self._chain]


@pytest.fixture(scope="module")
def chain() -> list[bytes]:
    """A server's certificate and its authority's."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    leaf = authority.issue_cert("api.test")
    pems = [leaf.cert_chain_pems[0].bytes(), authority.cert_pem.bytes()]
    return [ssl.PEM_cert_to_DER_cert(pem.decode()) for pem in pems]


@pytest.mark.parametrize(("kind", "count", "known"), [(Modern, 2, True), (Older, 2, True), (Connection, 1, False)])
def test_the_chain_or_that_it_is_not_known(
    chain: list[bytes],
    kind: type[Connection],
    count: int,
    known: bool,  # noqa: FBT001  a row of a table
) -> None:
    """What is not shown is not claimed."""
    found = _seen(kind(chain), trusted=True)
    assert (len(found.chain), found.chain_known) == (count, known)
    assert found.chain[0].names == ("api.test",)
    assert (found.version, found.cipher, found.alpn) == ("TLSv1.3", "AES", None)
