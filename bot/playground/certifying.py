"""Certificates of a scenario, made when it is loaded: so they expire when it says, and no private key lies anywhere."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Object = dict[str, Any]
_PEM = serialization.Encoding.PEM
_WEEKS_BEFORE = datetime.timedelta(weeks=12)


@dataclass(frozen=True, slots=True)
class WantedCertificate:
    """A TLS Secret that a scenario asks for."""

    namespace: str
    name: str
    hosts: tuple[str, ...]
    days: float
    """How long it is still valid; less than 0: it has expired."""

    @classmethod
    def read(cls, said: Object) -> WantedCertificate:
        """Raises KeyError, ValueError or TypeError for what cannot be meant."""
        if unknown := set(said) - {"secret", "hosts", "days"}:
            raise ValueError(f"a certificate has no {', '.join(sorted(unknown))}")
        namespace, slash, name = said["secret"].partition("/")
        if not slash or not said["hosts"]:
            raise ValueError("a certificate wants `secret: NAMESPACE/NAME` and at least one host")
        return cls(namespace, name, tuple(said["hosts"]), float(said["days"]))


class Authority:
    """Signs them; it is as new as the world that it is for."""

    def __init__(self, now: datetime.datetime) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Patchbay playground's public CA")

    def secret(self, wanted: WantedCertificate) -> Object:
        """Of type kubernetes.io/tls, with its own key."""
        key = ec.generate_private_key(ec.SECP256R1())
        both = {
            "tls.crt": self._certificate(wanted, key.public_key()).public_bytes(_PEM),
            "tls.key": key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        }
        return {
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": wanted.name, "namespace": wanted.namespace},
            "data": {field: base64.b64encode(value).decode() for field, value in both.items()},
        }  # fmt: skip

    def _certificate(self, wanted: WantedCertificate, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        ends = self._now + datetime.timedelta(days=wanted.days)
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in wanted.hosts])
        return (
            x509.CertificateBuilder()
            .subject_name(_name(wanted.hosts[0]))
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(self._now, ends) - _WEEKS_BEFORE)
            .not_valid_after(ends)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
