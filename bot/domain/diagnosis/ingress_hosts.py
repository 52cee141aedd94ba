"""A host that an Ingress serves by HTTP alone while it serves others with TLS: mostly one that was forgotten.

Worth knowing where Ingresses are asked about, and no rule of `status`. One without any TLS is meant so, or TLS ends
before it.
"""

from __future__ import annotations

from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.ingresses import routes, tls_of
from bot.domain.network.snapshot import Ingress

CODE = "ingress-host-without-tls"
_TOLD = 5


def host_finding(cluster: str, ingress: Ingress) -> Finding:
    bare = _bare(ingress)
    more = f" and {len(bare) - _TOLD} more" if len(bare) > _TOLD else ""
    edit = f"`ingress edit {ingress.name} {bare[0]} --tls NAME -n {ingress.namespace}`" if bare else ""
    return Finding(
        cluster=cluster,
        rule=CODE,
        severity=Severity.INFO,
        object=ingress.ref,
        owner=ingress.ref,
        field="spec.tls",
        summary=f"serves {', '.join(bare[:_TOLD])}{more} by HTTP alone, unlike its other hosts"
        if bare
        else "has TLS for all of its hosts, or for none",
        next_step=f"give it a certificate: {edit}" if bare else "",
        right=not bare,
    )


def _bare(ingress: Ingress) -> list[str]:
    """In order; a rule for every host has no name that a certificate could be for."""
    hosts = list(dict.fromkeys(route.host for route in routes(ingress.spec) if route.host))
    bare = [host for host in hosts if tls_of(ingress.spec, host) is None]
    return bare if len(bare) < len(hosts) else []
