"""Certificates by the library `cryptography`: from PEM in Secrets, and from DER as servers show them."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from bot.domain.network.certificates import Certificate, KeyPair
from bot.errors import BotError

_LONGEST = 200
_MOST_NAMES = 100


class X509Certificates:
    """The port `Certificates`."""

    def read(self, certificate: bytes, key: bytes) -> KeyPair:
        """From PEM. Raises BotError for what is neither a certificate nor a key."""
        try:
            own = x509.load_pem_x509_certificates(certificate)[0]
        except (ValueError, IndexError) as error:
            raise BotError("tls.crt holds no certificate in PEM", next_step="see `openssl x509 -in tls.crt`") from error
        try:
            private = load_pem_private_key(key, password=None)
            fits = _public(private.public_key()) == _public(own.public_key())
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            cause = "it is encrypted" if isinstance(error, TypeError) else ""
            raise BotError("tls.key holds no private key in PEM that can be read", cause=cause) from None
        return KeyPair(certificate=summary(own), key_fits=fits)


def from_der(data: bytes) -> Certificate:
    """Raises ValueError."""
    return summary(x509.load_der_x509_certificate(data))


def summary(own: x509.Certificate) -> Certificate:
    """What people have to know of it. Raises ValueError for what cannot be read."""
    return Certificate(
        subject=own.subject.rfc4514_string()[:_LONGEST],
        issuer=own.issuer.rfc4514_string()[:_LONGEST],
        names=_names(own),
        not_before=own.not_valid_before_utc,
        not_after=own.not_valid_after_utc,
        self_signed=_self_signed(own),
    )


def _names(own: x509.Certificate) -> tuple[str, ...]:
    """Of the extension for alternative names alone: common names have not counted since RFC 6125."""
    try:
        found = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = [name[:_LONGEST] for name in found.get_values_for_type(x509.DNSName)]
    names += [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return tuple(names[:_MOST_NAMES])


def _self_signed(own: x509.Certificate) -> bool:
    if own.issuer != own.subject:
        return False
    try:
        own.verify_directly_issued_by(own)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]  # every kind has it
