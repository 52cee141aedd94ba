"""cert-manager, as far as Ingresses lean on it: an annotation names who is to issue the certificate, and it writes the
Secret (https://cert-manager.io/docs/usage/ingress/)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.domain.network.references import JSONObject, Kind

CLUSTER_ISSUER = Kind(
    "ClusterIssuer", "clusterissuers", "cert-manager.io/v1", namespaced=False, short_names=("clusterissuer",)
)
ISSUER = Kind("Issuer", "issuers", "cert-manager.io/v1", short_names=("issuer",))
ANNOTATIONS = {CLUSTER_ISSUER.name: "cert-manager.io/cluster-issuer", ISSUER.name: "cert-manager.io/issuer"}
"""Which annotation names an issuer of that kind: https://cert-manager.io/docs/reference/annotations/"""


def not_ready(issuer: JSONObject) -> str:
    """Why it cannot issue now, as its condition Ready says; empty: it can."""
    status: Any = issuer.get("status") or {}
    ready = next((each for each in status.get("conditions") or () if each.get("type") == "Ready"), None)
    if ready is None:
        return "cert-manager has said nothing of it yet"
    if ready.get("status") == "True":
        return ""
    return f"{ready.get('reason') or 'not ready'}: {ready.get('message') or 'nothing more is said'}"


def cannot_issue(issuer: JSONObject, hosts: Iterable[str]) -> list[str]:
    """Wildcards among these hosts, where it proves names by HTTP alone: by that no wildcard can be proven
    (https://letsencrypt.org/docs/challenge-types/#http-01-challenge)."""
    spec: Any = issuer.get("spec") or {}
    solvers = (spec.get("acme") or {}).get("solvers") or ()
    if not solvers or any("dns01" in each for each in solvers):
        return []
    return [host for host in hosts if host.startswith("*.")]


def secret_name(host: str) -> str:
    """What the Secret of a host is called where nobody says: `shop-example-com-tls`."""
    return f"{host.replace('*.', 'wildcard.', 1).replace('.', '-')[:249]}-tls"
