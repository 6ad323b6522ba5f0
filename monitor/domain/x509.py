"""What an X.509 certificate says of itself: whose it is, who signed it, for how long, for which names.

Owns the reading of the few fields that people ask for, out of DER that may be hostile. Verifies nothing: no signature
is looked at, so what is read here is what the other side claims. Source: RFC 5280, and X.690 for DER.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_SEQUENCE, _OID, _VERSION, _EXTENSIONS, _OCTETS = 0x30, 0x06, 0xA0, 0xA3, 0x04
_UTC_TIME, _GENERAL_TIME = 0x17, 0x18
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_TEXT_ENCODINGS = {0x0C: "utf-8", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}
_SUBJECT_ALT_NAME = bytes((0x55, 0x1D, 0x11))
_WORD_OF_OID = {
    bytes((0x55, 0x04, 0x03)): "CN",
    bytes((0x55, 0x04, 0x0A)): "O",
    bytes((0x55, 0x04, 0x0B)): "OU",
    bytes((0x55, 0x04, 0x06)): "C",
}
_LONG_FORM = 0x80
_NAMES_READ = 200
_PIVOT_YEAR = 50  # RFC 5280, 4.1.2.5.1: two digits below it are of this century


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate, as it describes itself; every text is hostile.

    Attributes:
        subject: `CN=..., O=...`; empty where it has no name.
        issuer: the same of who signed it.
        not_before_s: seconds since 1970.
        not_after_s: seconds since 1970.
        names: host names and addresses for which it is; the common name does not count.
    """

    subject: str
    issuer: str
    not_before_s: float
    not_after_s: float
    names: tuple[str, ...] = ()

    @property
    def signs_itself(self) -> bool:
        """Whether it names itself as its issuer, as roots and self-signed certificates do."""
        return self.subject == self.issuer

    def days_left(self, now_s: float) -> float:
        """Days until it expires; negative once it has."""
        return (self.not_after_s - now_s) / 86_400

    def covers(self, host: str) -> bool:
        """Whether it is for this host, after RFC 6125: a `*` stands for the whole first label and nothing else."""
        try:
            return str(ipaddress.ip_address(host)) in self.names
        except ValueError:
            return any(_fits(name.lower().rstrip("."), host.lower().rstrip(".")) for name in self.names)


def read_certificate(der: bytes) -> Certificate | None:
    """The certificate in DER form; None if that is no certificate."""
    try:
        return _read(der)
    except (ValueError, IndexError, OverflowError):
        return None


def _read(der: bytes) -> Certificate:
    body = _Fields(_only(_Fields(der).next(_SEQUENCE)))
    body.skip(_VERSION)
    body.next()  # the serial number
    body.next()  # the signature's algorithm
    issuer = _name(body.next(_SEQUENCE))
    validity = _Fields(body.next(_SEQUENCE))
    begins_s, ends_s = _time(*validity.any()), _time(*validity.any())
    subject = _name(body.next(_SEQUENCE))
    names: tuple[str, ...] = ()
    for tag, value in body:
        if tag == _EXTENSIONS:
            names = tuple(name for name, _ in zip(_alternative_names(value), range(_NAMES_READ), strict=False))
    return Certificate(subject, issuer, begins_s, ends_s, names)


class _Fields:
    """The values that stand one after the other in some DER."""

    def __init__(self, der: bytes) -> None:
        self._der = der
        self._at = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while self._at < len(self._der):
            yield self.any()

    def any(self) -> tuple[int, bytes]:
        """The next value with its tag."""
        tag, size, begin = self._der[self._at], self._der[self._at + 1], self._at + 2
        if size >= _LONG_FORM:
            width = size - _LONG_FORM
            size, begin = int.from_bytes(self._der[begin : begin + width], "big"), begin + width
        end = begin + size
        if end > len(self._der):
            raise ValueError("cut short")
        self._at = end
        return tag, self._der[begin:end]

    def next(self, wanted: int | None = None) -> bytes:
        """The next value, which must have this tag."""
        tag, value = self.any()
        if wanted is not None and tag != wanted:
            raise ValueError("another tag")
        return value

    def skip(self, tag: int) -> None:
        """Leave out a value that need not be there."""
        if self._der[self._at] == tag:
            self.any()


def _only(certificate: bytes) -> bytes:
    """What was signed; the signature is left alone."""
    return _Fields(certificate).next(_SEQUENCE)


def _name(der: bytes) -> str:
    parts = []
    for _, group in _Fields(der):
        for _, pair in _Fields(group):
            fields = _Fields(pair)
            word = _WORD_OF_OID.get(fields.next(_OID))
            tag, value = fields.any()
            if word is not None:
                parts.append(f"{word}={value.decode(_TEXT_ENCODINGS.get(tag, 'latin-1'), 'replace')}")
    return ", ".join(reversed(parts))


def _time(tag: int, value: bytes) -> float:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        text = f"{19 if int(text[:2]) >= _PIVOT_YEAR else 20}{text}"
    elif tag != _GENERAL_TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _alternative_names(extensions: bytes) -> Iterator[str]:
    for _, extension in _Fields(_Fields(extensions).next(_SEQUENCE)):
        fields = _Fields(extension)
        if fields.next(_OID) != _SUBJECT_ALT_NAME:
            continue
        tag, value = list(fields)[-1]  # whether it is critical may stand before it
        if tag != _OCTETS:
            raise ValueError("no value")
        for kind, name in _Fields(_Fields(value).next(_SEQUENCE)):
            if kind == _DNS_NAME:
                yield name.decode("ascii", "replace")
            elif kind == _IP_ADDRESS:
                yield str(ipaddress.ip_address(name))


def _fits(name: str, host: str) -> bool:
    if name == host:
        return True
    first, _, rest = name.partition(".")
    label, _, parent = host.partition(".")
    return first == "*" and bool(label) and "." in rest and rest == parent
