"""TLS towards endpoints: which authorities are trusted, and what a refused certificate is called."""

import ssl
from functools import cache
from pathlib import Path

from monitor.errors import UsageError
from monitor.probes.trace import TracedContext

# Codes of X509_V_ERR_*, see OpenSSL's x509_vfy.h.
_VERIFY_FAILURES = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate's chain ends in an unknown self-signed authority",
    20: "the certificate's authority is unknown",
    21: "the certificate's authority is unknown",
    23: "the certificate is revoked",
    62: "the certificate is for another host name",
    64: "the certificate is for another IP address",
}
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL"})


@cache
def system_context() -> ssl.SSLContext:
    """Trusts the system's authorities; loading them is slow and the result large, so there is one."""
    context = _bare_context()
    context.load_default_certs()
    return context


def private_context(ca_file: Path, *, endpoint: str) -> ssl.SSLContext:
    """Trusts the authorities in `ca_file` and no others.

    Raises:
        UsageError: the file cannot be read or holds no certificate.
    """
    context = _bare_context()
    try:
        context.load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        raise UsageError(
            f"endpoint {endpoint}: ca_file {ca_file} holds no certificate",
            hint="it must be a PEM file with the certificate of the authority, not its key",
        ) from None
    except OSError as error:
        raise UsageError(
            f"endpoint {endpoint}: cannot read ca_file {ca_file}: {error.strerror}",
            hint="check that the file exists and that the user RelayWatch runs as may read it",
        ) from None
    return context


def failure_detail(error: ssl.SSLError) -> str:
    """What went wrong in a handshake, in our own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        return _VERIFY_FAILURES.get(code, f"the certificate was not accepted (verification error {code})")
    reason = error.reason or ""
    if reason in _NOT_TLS:
        return "the server does not speak TLS on this port"
    words = reason.lower().replace("_", " ") or "the handshake failed"
    return f"TLS: {words}"


def _bare_context() -> TracedContext:
    context = TracedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    return context
