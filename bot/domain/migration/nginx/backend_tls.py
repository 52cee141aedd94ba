"""How ingress-nginx speaks to the Service: HTTP, TLS or gRPC; and what it checks of the Service's certificate."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.migration.gateway_api import BACKEND_TLS_POLICY, Features, object_of
from bot.domain.migration.nginx.values import HOST, Annotations
from bot.domain.migration.outcome import Concern, Journal
from bot.domain.network.references import JSONObject

_PROTOCOLS = frozenset({"AUTO_HTTP", "HTTP", "HTTPS", "AJP", "GRPC", "GRPCS", "FCGI"})
_TLS_DETAILS = ("proxy-ssl-name", "proxy-ssl-secret", "proxy-ssl-server-name", "proxy-ssl-verify")


@dataclass(frozen=True, slots=True)
class BackendProtocol:
    """What the Service is spoken to."""

    tls: bool = False
    grpc: bool = False
    name: str = ""
    """The name in the Service's certificate, where it is said."""


def protocol(annotations: Annotations, journal: Journal) -> BackendProtocol:
    """What the annotations say. A word that the controller does not know means HTTP."""
    said = annotations.text("backend-protocol").upper()
    if said and said not in _PROTOCOLS:
        annotations.malformed("backend-protocol", f"it is none of {', '.join(sorted(_PROTOCOLS))}")
        said = ""
    if said in ("AJP", "FCGI"):
        journal.lose("backend-protocol", f"a Gateway does not speak {said}", "a web server between that speaks HTTP")
    elif said in ("HTTP", "AUTO_HTTP"):
        journal.carry("backend-protocol", "nothing: HTTP is what a route speaks")
    found = BackendProtocol(said in ("HTTPS", "GRPCS"), said in ("GRPC", "GRPCS"), annotations.text("proxy-ssl-name"))
    _tell_details(annotations, found, journal)
    return found


def _tell_details(annotations: Annotations, found: BackendProtocol, journal: Journal) -> None:
    values = {each: annotations.text(each) for each in _TLS_DETAILS if annotations.has(each)}
    for name, value in values.items():
        if not found.tls:
            journal.carry(name, "nothing: the Service is not spoken to over TLS")
        elif name == "proxy-ssl-name" and HOST.fullmatch(value):
            journal.carry(name, "hostname of the BackendTLSPolicy")
        elif name == "proxy-ssl-secret":
            journal.lose(
                name,
                "the client certificate towards the Service is one for the whole Gateway, and a CA is taken "
                "from a ConfigMap",
                "`spec.tls.backend.clientCertificateRef` of the Gateway; ca.crt into the ConfigMap of the "
                "BackendTLSPolicy",
            )
        elif name == "proxy-ssl-name":
            journal.lose(name, "a BackendTLSPolicy takes one host name", "write it by hand")
        else:
            journal.carry(name, "nothing: a BackendTLSPolicy always sends the name and verifies the certificate")


def policy(
    found: BackendProtocol, namespace: str, service: str, features: Features, journal: Journal
) -> JSONObject | None:
    """The BackendTLSPolicy of a Service that is spoken to over TLS, which lacks the CA: nobody has told it."""
    if not found.tls:
        return None
    if BACKEND_TLS_POLICY.name not in features.kinds:
        journal.lose(
            "backend-protocol",
            "this Gateway API has no BackendTLSPolicy: the Service would be asked in plain HTTP, and refuse",
            "the standard channel of v1.4 or newer, or a policy of the implementation",
        )
        return None
    name = found.name if HOST.fullmatch(found.name) else f"{service}.{namespace}.svc"
    authority = f"{service[:250]}-ca"
    journal.lose(
        "backend-protocol",
        "a BackendTLSPolicy always verifies the Service's certificate, which the controller did not unless "
        "told; its CA and "
        "the name in it are not known here",
        f"put the CA as ca.crt into ConfigMap {namespace}/{authority}, which the policy names, and see that "
        f"{name} is a name "
        "in the certificate",
        Concern.TRAFFIC,
    )
    return object_of(
        BACKEND_TLS_POLICY,
        namespace,
        service,
        {
            "targetRefs": [{"group": "", "kind": "Service", "name": service}],
            "validation": {
                "hostname": name,
                "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": authority}],
            },
        },
    )
