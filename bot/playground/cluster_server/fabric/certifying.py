"""Which certificate is shown to a client that asks for a name: from the Secrets that Ingresses and listeners name, else
one that the controller has made for itself."""

from __future__ import annotations

import base64
import binascii
import datetime
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.playground.cluster_server.edges.attaching import Attaching
from bot.playground.cluster_server.edges.contract import Running
from bot.playground.cluster_server.edges.gateway_rules import nearest
from bot.playground.cluster_server.edges.ingress_rules import host_matches, hosts_of, tls_of
from bot.playground.cluster_server.edges.recognising import Edges
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_VALID = datetime.timedelta(days=365)
_MOST_BYTES = 262144
"""No Secret that is taken for a certificate is larger."""
_MOST_KEPT = 256


class Certificates:
    """Contexts for TLS, made when they are first needed."""

    def __init__(self, registry: Registry, edges: Edges) -> None:
        self._registry = registry
        self._edges = edges
        self._attaching = Attaching(registry)
        self._by_secret: dict[tuple[str, str], tuple[ssl.SSLContext, tuple[str, ...]] | None] = {}
        self._own: dict[str, ssl.SSLContext] = {}

    def fitting(self, running: Running, ports: Iterable[int], name: str) -> ssl.SSLContext | None:
        """For the name that a client asks for; None: the handshake is ended. Listeners of Gateways come first."""
        for gateway, listener in self._listeners(running, ports, name):
            for reference in dig(listener, "tls", "certificateRefs", default=()):
                if context := self._of_reference(gateway, reference):
                    return context
        for ingress in self._edges.ingresses(running) if running.ingress_controller else ():
            said = tls_of(ingress, name)
            if said is None or not said.get("secretName") or not _is_for(ingress, said, name):
                continue
            found = self._of_secret(ingress["metadata"]["namespace"], said["secretName"])
            if found and (not running.edge.checks_certificates or any(host_matches(n, name) for n in found[1])):
                return found[0]
        return self._made(running.edge.default_certificate) if running.edge.default_certificate else None

    def _listeners(self, running: Running, ports: Iterable[int], name: str) -> Iterator[tuple[Object, Object]]:
        found = [
            (gateway, listener)
            for gateway, listener in self._attaching.listeners(running, ports)
            if listener["protocol"] == "HTTPS" and dig(listener, "tls", "mode", default="Terminate") == "Terminate"
        ]
        best = nearest([listener for _, listener in found], name)
        return ((gateway, listener) for gateway, listener in found if listener in best)

    def _of_reference(self, gateway: Object, reference: Object) -> ssl.SSLContext | None:
        namespace = reference.get("namespace") or gateway["metadata"]["namespace"]
        found = self._of_secret(namespace, reference["name"])
        return found[0] if found else None

    def _of_secret(self, namespace: str, name: str) -> tuple[ssl.SSLContext, tuple[str, ...]] | None:
        """With the names in it; None: there is no such Secret, or nothing in it that could be shown."""
        secret = self._registry.find(self._registry.kinds.named("v1", "Secret"), namespace, name)
        if secret is None:
            return None
        key = (secret["metadata"]["uid"], secret["metadata"]["resourceVersion"])
        if key not in self._by_secret:
            if len(self._by_secret) >= _MOST_KEPT:
                self._by_secret.clear()
            self._by_secret[key] = _read(secret)
        return self._by_secret[key]

    def _made(self, name: str) -> ssl.SSLContext:
        if name not in self._own:
            self._own[name] = _context(_self_signed(name))
        return self._own[name]


def _is_for(ingress: Object, said: Object, name: str) -> bool:
    """An entry without hosts is for those of the rules."""
    return bool(said.get("hosts")) or any(host_matches(host, name) for host in hosts_of(ingress))


def _read(secret: Object) -> tuple[ssl.SSLContext, tuple[str, ...]] | None:
    data = secret.get("data") or {}
    try:
        certificate, key = (base64.b64decode(data[name], validate=True) for name in ("tls.crt", "tls.key"))
        if len(certificate) + len(key) > _MOST_BYTES:
            return None
        return _context(certificate + b"\n" + key), _names(certificate)
    except (KeyError, binascii.Error, ValueError, TypeError, ssl.SSLError):
        return None


def _context(pem: bytes) -> ssl.SSLContext:
    """The key touches the disk for this moment only, in a folder nobody else may read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def _names(pem: bytes) -> tuple[str, ...]:
    """Those that it is for; without alternative names the common one, as controllers take it."""
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return tuple(found.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        return tuple(str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def _self_signed(common: str) -> bytes:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("ingress.local")]
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALID).add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem) + private
