"""How ingress-nginx speaks to the Service: HTTP, TLS or gRPC; and what it checks of the Service's certificate."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.migration.features import Features
from bot.domain.migration.gateway_api import BACKEND_TLS_POLICY, object_of
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
    return BackendProtocol(said in ("HTTPS", "GRPCS"), said in ("GRPC", "GRPCS"), annotations.text("proxy-ssl-name"))


def tell_details(annotations: Annotations, found: BackendProtocol, written: bool, journal: Journal) -> None:
    """How the Service's certificate is looked at. `written`: whether there is a BackendTLSPolicy that says it."""
    for name, value in [(each, annotations.text(each)) for each in _TLS_DETAILS if annotations.text(each)]:
        if not found.tls:
            journal.carry(name, "nothing: the Service is not spoken to over TLS")
        elif not written:
            journal.lose(
                name,
                "it belongs into a BackendTLSPolicy, which is not written here",
                "say it where the Service is spoken to over TLS again",
            )
        else:
            _tell_detail(name, value, journal)


def _tell_detail(name: str, value: str, journal: Journal) -> None:
    match name:
        case "proxy-ssl-name" if HOST.fullmatch(value):
            journal.carry(name, f"hostname {value} of the BackendTLSPolicy")
        case "proxy-ssl-name":
            journal.lose(name, "a BackendTLSPolicy takes one host name", "write it by hand")
        case "proxy-ssl-secret":
            journal.lose(
                name,
                "the client certificate towards the Service is one for the whole Gateway, and a CA is taken "
                "from a ConfigMap",
                "`spec.tls.backend.clientCertificateRef` of the Gateway; ca.crt of the Secret into the ConfigMap of "
                "the BackendTLSPolicy",
            )
        case "proxy-ssl-verify" if value != "on":
            journal.lose(
                name,
                "a BackendTLSPolicy always verifies the Service's certificate",
                "a certificate that the CA in the policy's ConfigMap has signed",
            )
        case "proxy-ssl-verify":
            journal.carry(name, "nothing: a BackendTLSPolicy always verifies the certificate")
        case _:
            journal.carry(name, "nothing: a BackendTLSPolicy always sends the name")


def policy(
    found: BackendProtocol, namespace: str, service: str, features: Features, journal: Journal
) -> JSONObject | None:
    """The BackendTLSPolicy of a Service that is spoken to over TLS, which lacks the CA: nobody has told it."""
    if not found.tls:
        return None
    if why := features.no_kind(BACKEND_TLS_POLICY):
        journal.lose(
            "backend-protocol",
            f"{why}: the Service would be asked in plain HTTP, and refuse",
            "the standard channel of v1.4 or newer, or a policy of the implementation",
        )
        return None
    name = found.name if HOST.fullmatch(found.name) else f"{service}.{namespace}.svc"
    journal.carry("backend-protocol", f"a BackendTLSPolicy for Service {service}")
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
