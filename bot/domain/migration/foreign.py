"""Annotations that are not ingress-nginx's: of other ingress controllers, of those that look after certificates and
names, and the bookkeeping of tools, which nobody misses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.migration.nginx import CONTROLLER, PREFIX
from bot.domain.migration.outcome import Concern, Journal
from bot.domain.network.snapshot import Ingress, IngressClass

LEGACY_CLASS = "kubernetes.io/ingress.class"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"

_OF_CONTROLLERS = {
    "traefik.ingress.kubernetes.io/": "Traefik",
    "traefik.io/": "Traefik",
    "projectcontour.io/": "Contour",
    "contour.heptio.com/": "Contour",
    "haproxy.org/": "HAProxy",
    "haproxy-ingress.github.io/": "HAProxy Ingress",
    "ingress.kubernetes.io/": "an old ingress controller",
    "nginx.org/": "NGINX Inc",
    "nginx.com/": "NGINX Inc",
    "appprotect.f5.com/": "NGINX Inc",
    "appprotectdos.f5.com/": "NGINX Inc",
    "konghq.com/": "Kong",
    "alb.ingress.kubernetes.io/": "the AWS Load Balancer Controller",
    "appgw.ingress.kubernetes.io/": "Azure Application Gateway",
    "networking.gke.io/": "GKE",
    "cloud.google.com/": "GKE",
    "ingress.gcp.kubernetes.io/": "GKE",
    "kubernetes.io/ingress.global-static-ip-name": "GKE",
    "kubernetes.io/ingress.allow-http": "GKE",
}
"""By the beginning of the name; a longer one comes first."""
_GUARDS = re.compile(
    r"auth|allow|deny|white|black|waf|jwt|oidc|cidr|source-range|security|middleware|polic|plugin|snippet|tls|ssl|cert|rate|limit"
)
_BOOKKEEPING = (
    "kubectl.kubernetes.io/", "meta.helm.sh/", "helm.sh/", "argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/",
    "field.cattle.io/", "objectset.rio.cattle.io/", "app.kubernetes.io/", "deployment.kubernetes.io/", "pulumi.com/",
    "reloader.stakater.com/", "gethomepage.dev/", "forecastle.stakater.com/", "link.argocd.argoproj.io/",
    "config.kubernetes.io/", "checksum/",
)  # fmt: skip
_DNS = "external-dns.alpha.kubernetes.io/"
_CERT_MANAGER = "cert-manager.io/"
# https://cert-manager.io/docs/usage/gateway/#supported-annotations
_OF_GATEWAYS = frozenset({
    "issuer", "cluster-issuer", "issuer-kind", "issuer-group", "common-name", "email-sans", "subject-organizations",
    "subject-organizationalunits", "subject-countries", "subject-provinces", "subject-localities",
    "subject-postalcodes",
    "subject-streetaddresses", "subject-serialnumber", "duration", "renew-before", "usages", "revision-history-limit",
    "private-key-algorithm", "private-key-encoding", "private-key-size", "private-key-rotation-policy",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """Who serves an Ingress."""

    class_name: str
    """Empty: it names none, and there is no default one."""
    controller: str
    """As the class names it; empty: the class is not there or could not be read."""
    nginx: bool
    """It is ingress-nginx, or is taken to be."""
    guessed: bool = False


def served_by(ingress: Ingress, classes: Mapping[str, IngressClass]) -> Served:
    """By its class, else by whose annotations it has."""
    name = ingress.spec.ingress_class_name or ingress.annotations.get(LEGACY_CLASS, "")
    if not name:
        default = [each for each in classes.values() if each.annotations.get(_DEFAULT_CLASS) == "true"]
        name = default[0].name if len(default) == 1 else ""
    found = classes.get(name)
    if found is not None:
        controller = found.spec.controller
        # `--controller-class` lets people have several: k8s.io/internal-ingress-nginx.
        return Served(name, controller, controller == CONTROLLER or controller.endswith("ingress-nginx"))
    theirs = any(key.startswith(PREFIX) for key in ingress.annotations)
    return Served(name, "", theirs or "nginx" in name, guessed=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """Annotations that go along."""

    gateway: Mapping[str, str]
    route: Mapping[str, str]


def tell(ingress: Ingress, served: Served, writes_gateway: bool, journal: Journal) -> Kept:
    """What becomes of each annotation that is not ingress-nginx's; and those that the objects get."""
    gateway: dict[str, str] = {}
    route: dict[str, str] = {}
    for name, value in sorted(ingress.annotations.items()):
        if name.startswith(_BOOKKEEPING) or name == _DEFAULT_CLASS:
            continue
        if name.startswith(PREFIX):
            if not served.nginx:
                journal.note(
                    f"{name} is read by ingress-nginx alone, which does not serve this Ingress: it has no effect."
                )
        elif name == LEGACY_CLASS:
            journal.carry(name, "nothing: gatewayClassName of the Gateway is in its place")
        elif name.startswith(_CERT_MANAGER) and name.removeprefix(_CERT_MANAGER) in _OF_GATEWAYS:
            if _for_gateway(name, writes_gateway, "cert-manager", journal):
                gateway[name] = value
        elif name.startswith(_DNS):
            _for_names(name, value, writes_gateway, gateway, route, journal)
        else:
            _unknown(name, journal)
    return Kept(gateway, route)


def _for_gateway(name: str, writes_gateway: bool, who: str, journal: Journal) -> bool:
    if writes_gateway:
        journal.carry(name, "an annotation of the Gateway", f"{who} looks at Gateways where that is switched on")
        return True
    journal.lose(
        name,
        f"{who} reads it from the Gateway, which is there already and not this Ingress's alone",
        "annotate the Gateway, or make "
        + ("a Certificate of its own" if who == "cert-manager" else "the record another way"),
    )
    return False


def _for_names(
    name: str, value: str, writes_gateway: bool, gateway: dict[str, str], route: dict[str, str], journal: Journal
) -> None:
    """https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/gateway-api/: the target is the Gateway's."""
    if name.removeprefix(_DNS) == "target":
        if _for_gateway(name, writes_gateway, "ExternalDNS", journal):
            gateway[name] = value
        return
    route[name] = value
    journal.carry(name, "an annotation of the route", "ExternalDNS needs `--source=gateway-httproute`")


def _unknown(name: str, journal: Journal) -> None:
    if name.startswith(("acme.cert-manager.io/", _CERT_MANAGER)) or name == "kubernetes.io/tls-acme":
        journal.lose(
            name,
            "cert-manager does not read it from a Gateway",
            "a Certificate of its own; for HTTP-01 an Issuer with `gatewayHTTPRoute`",
        )
        return
    owner = max((each for each in _OF_CONTROLLERS if name.startswith(each)), key=len, default="")
    if not owner:
        journal.note(f"{name} was left out: no ingress controller that Patchbay knows reads it.")
        return
    concern = Concern.SECURITY if _GUARDS.search(name.removeprefix(owner)) else Concern.TRAFFIC
    guard = ", and by its name it may guard something" if concern is Concern.SECURITY else ""
    journal.lose(
        name,
        f"it is read by {_OF_CONTROLLERS[owner]}, whose annotations are not translated{guard}",
        "see the controller's manual for what it does, and write a filter of the route or a policy for it",
        concern,
    )
