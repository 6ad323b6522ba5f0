"""The step `tls`: what was agreed upon, whose certificates were shown, and why they are refused.

Owns the handshake and the chain. Where the chain is refused a second handshake looks at it without trusting it; over
that one nothing is ever sent. Python offers the chain since 3.13 only; before that an inner object has it, and where
that is missing too, the step says that only the server's own certificate is known.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from monitor.clock import US_PER_S, iso
from monitor.domain.diagnosis import Meaning, Step, StepName, doubted, failed, passed
from monitor.domain.x509 import Certificate, read_certificate
from monitor.probes.doctor.tunnel import Closed, Way, hang_up, open_way
from monitor.probes.tls import failure_detail

SOON_DAYS = 14.0
_DER = 2  # ssl's own number for the encoding, which it does not make public before 3.13
_MS_PER_S = 1000.0
_NAMES_SHOWN = 5
_OLD = frozenset({"TLSv1", "TLSv1.1", "SSLv3"})
_NOT_TLS = "does not speak TLS"
_MEANING_OF_CODE = {
    9: Meaning.CERTIFICATE_NOT_YET,
    10: Meaning.CERTIFICATE_EXPIRED,
    18: Meaning.CERTIFICATE_PRIVATE,
    19: Meaning.CERTIFICATE_PRIVATE,
    20: Meaning.CERTIFICATE_PRIVATE,
    21: Meaning.CERTIFICATE_PRIVATE,
    62: Meaning.CERTIFICATE_OTHER_NAME,
    64: Meaning.CERTIFICATE_OTHER_NAME,
}


@dataclass(frozen=True, slots=True)
class Handshake:
    """What was agreed upon, and what was shown.

    Attributes:
        version: `TLSv1.3`.
        alpn: the application protocol that the server chose; None if it chose none.
        chain: the server's own certificate first.
        chain_known: False where Python shows no more than the server's own certificate.
    """

    version: str | None
    cipher: str | None
    alpn: str | None
    chain: tuple[Certificate, ...]
    chain_known: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there was no handshake.

    Attributes:
        code: OpenSSL's number of what is wrong with a certificate; None where it is something else.
    """

    meaning: Meaning
    says: str
    code: int | None = None


async def tls_step(way: Way, context: ssl.SSLContext, *, within_s: float, now_s: float, ca_file: str | None) -> Step:
    """What a handshake tells.

    Args:
        way: to the endpoint.
        context: whom to trust.
        within_s: for each handshake.
        now_s: wall time in seconds, against which expiry is held.
        ca_file: the file with the only authorities to trust, to be shown; None for the system's.
    """
    begun = monotonic()
    found = await _shake(way, context, within_s, trusted=True)
    took_ms = (monotonic() - begun) * _MS_PER_S
    trust = {"trusted": ca_file or "the system's authorities"}
    if isinstance(found, Handshake):
        return _agreed(way.target.host, found, took_ms, now_s, trust)
    shown = None if found.code is None else await _shake(way, _trusting_nobody(), within_s, trusted=False)
    if not isinstance(shown, Handshake):
        return failed(StepName.TLS, found.meaning, found.says, took_ms, **trust)
    facts = trust | _facts(way.target.host, shown, now_s)
    if found.meaning is Meaning.CERTIFICATE_PRIVATE and _lacks_middle(shown):
        says = f"{found.says}; the server does not show {_known_as(shown.chain[-1].issuer)}, who signed it"
        return failed(StepName.TLS, Meaning.CHAIN_INCOMPLETE, says, took_ms, **facts)
    return failed(StepName.TLS, found.meaning, _with_evidence(found, shown, now_s), took_ms, **facts)


def _agreed(host: str, found: Handshake, took_ms: float, now_s: float, trust: dict[str, Any]) -> Step:
    facts = trust | _facts(host, found, now_s)
    says = f"{found.version}, {found.cipher}"
    ending = min(found.chain, key=lambda certificate: certificate.not_after_s, default=None)
    if ending is None:
        return passed(StepName.TLS, f"{says}; the certificate could not be read", took_ms, **facts)
    days = ending.days_left(now_s)
    whose = "the certificate" if ending is found.chain[0] else f"the chain ({_known_as(ending.subject)})"
    says = f"{says}; {whose} is good for {days:.0f} days"
    if days < SOON_DAYS:
        return doubted(StepName.TLS, Meaning.CERTIFICATE_ENDS_SOON, says, took_ms, **facts)
    if found.version in _OLD:
        return doubted(StepName.TLS, Meaning.TLS_OLD, says, took_ms, **facts)
    return passed(StepName.TLS, says, took_ms, **facts)


def _with_evidence(found: Refused, shown: Handshake, now_s: float) -> str:
    if not shown.chain:
        return found.says
    own = shown.chain[0]
    if found.meaning is Meaning.CERTIFICATE_OTHER_NAME:
        more = f" and {len(own.names) - _NAMES_SHOWN} more" if len(own.names) > _NAMES_SHOWN else ""
        return f"{found.says}: {', '.join(own.names[:_NAMES_SHOWN]) or 'none'}{more}"
    if found.meaning is Meaning.CERTIFICATE_EXPIRED:
        worst = min(shown.chain, key=lambda certificate: certificate.not_after_s)
        return f"{found.says}: {_known_as(worst.subject)}, {-worst.days_left(now_s):.0f} days ago"
    if found.meaning is Meaning.CERTIFICATE_PRIVATE and not own.signs_itself:
        return f"{found.says}: {_known_as(shown.chain[-1].issuer)}"
    return found.says


def _facts(host: str, found: Handshake, now_s: float) -> dict[str, Any]:
    return {
        "version": found.version,
        "cipher": found.cipher,
        "alpn": found.alpn,
        "names": list(found.chain[0].names) if found.chain else [],
        "name_matches": found.chain[0].covers(host) if found.chain else None,
        "chain_known": found.chain_known,
        "chain": [_certificate(certificate, now_s) for certificate in found.chain],
    }


def _certificate(certificate: Certificate, now_s: float) -> dict[str, Any]:
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "not_before": _moment(certificate.not_before_s),
        "not_after": _moment(certificate.not_after_s),
        "days_left": round(certificate.days_left(now_s), 1),
    }


def _moment(seconds: float) -> str:
    return iso(round(seconds * US_PER_S))


def _known_as(name: str) -> str:
    """The common name, or whatever else a name begins with."""
    parts = name.split(", ")
    return next((part[3:] for part in parts if part.startswith("CN=")), parts[0].partition("=")[2]) or "unnamed"


def _lacks_middle(shown: Handshake) -> bool:
    """Whether the server showed its own certificate alone, though another has signed it."""
    return shown.chain_known and len(shown.chain) == 1 and not shown.chain[0].signs_itself


async def _shake(way: Way, context: ssl.SSLContext, within_s: float, *, trusted: bool) -> Handshake | Refused:
    opened = await open_way(way, within_s)
    if isinstance(opened, Closed):
        return Refused(opened.meaning, opened.says)
    try:
        async with asyncio.timeout(within_s):
            await opened.writer.start_tls(context, server_hostname=way.target.host)
        return _seen(opened.writer.get_extra_info("ssl_object"), trusted=trusted)
    except TimeoutError:
        return Refused(Meaning.TLS_FAILED, "the TLS handshake took too long")
    except ssl.SSLError as error:
        return _refusal(error)
    except OSError:
        return Refused(Meaning.TLS_FAILED, "the connection was closed within the TLS handshake")
    finally:
        hang_up(opened.writer)


def _refusal(error: ssl.SSLError) -> Refused:
    says = failure_detail(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        return Refused(_MEANING_OF_CODE.get(code, Meaning.CERTIFICATE_REFUSED), says, code)
    return Refused(Meaning.TLS_NOT_SPOKEN if _NOT_TLS in says else Meaning.TLS_FAILED, says)


def _seen(connection: Any, *, trusted: bool) -> Handshake:
    ders = _chain(connection, "get_verified_chain" if trusted else "get_unverified_chain")
    own = connection.getpeercert(binary_form=True)
    shown = ders or ([own] if own else [])
    cipher = connection.cipher()
    chain = tuple(certificate for der in shown if (certificate := read_certificate(der)) is not None)
    return Handshake(
        connection.version(), cipher[0] if cipher else None, connection.selected_alpn_protocol(), chain, bool(ders)
    )


def _chain(connection: Any, name: str) -> Sequence[bytes]:
    public = getattr(connection, name, None)
    if public is not None:
        return list(public() or ())
    inner = getattr(getattr(connection, "_sslobj", None), name, None)
    return [] if inner is None else [certificate.public_bytes(_DER) for certificate in inner() or ()]


def _trusting_nobody() -> ssl.SSLContext:
    """Takes any certificate, to look at it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
