"""Certificates with their keys, made on the spot: none is ever kept in a file."""

import base64
import datetime
import functools
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC)
Key = ec.EllipticCurvePrivateKey


@functools.cache
def key(called: str) -> Key:
    """A private key; the same one for the same name."""
    return ec.generate_private_key(ec.SECP256R1())


def certificate(*names: str, days: float = 90, since: float = -1, issuer: str = "a test's CA") -> bytes:
    """PEM, for these DNS names, valid from `since` days to `days` days from now; by a CA unless `issuer` is empty."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0] if names else "nobody")])
    by = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key("").public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + datetime.timedelta(days=since))
        .not_valid_after(NOW + datetime.timedelta(days=days))
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(key("ca") if issuer else key(""), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def private(of: str = "") -> bytes:
    """PEM of a key."""
    return key(of).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def tls_secret(name: str, *names: str, namespace: str = "shop", of: str = "", **more: Any) -> Any:
    """A Secret for TLS. `of` is whose key is in it; `type` and `data` may be said otherwise, as what `certificate`
    takes."""
    data = {"tls.crt": certificate(*names, **{k: v for k, v in more.items() if k in ("days", "since", "issuer")})}
    data["tls.key"] = private(of)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "annotations": more.get("annotations", {})},
        "type": more.get("type", "kubernetes.io/tls"),
        "data": {key: base64.b64encode(value).decode() for key, value in more.get("data", data).items()},
    }
