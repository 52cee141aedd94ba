"""What is wrong with the certificates of Ingresses: judged from TLS Secrets, which no snapshot holds."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.ingresses import routes, tls_of
from bot.domain.network.snapshot import Ingress
from bot.domain.network.tls_secrets import SOON_DAYS, TLSSecret, wrong_with

CODE = "ingress-certificate-wrong"
SOON = "ingress-certificate-ends-soon"


def certificate_findings(
    cluster: str, ingress: Ingress, secrets: Mapping[str, TLSSecret], now: datetime.datetime
) -> Iterator[Finding]:
    """`secrets` by name, those of its namespace that were read; what could not be read is not judged."""
    for number, entry in enumerate(ingress.spec.tls or ()):
        secret = secrets.get(entry.secret_name or "")
        if secret is None or secret.unread:
            continue
        field = f"spec.tls[{number}].secretName"
        hosts = entry.hosts or list(_hosts_without_own(ingress))
        if why := wrong_with(secret, hosts, now):
            yield _finding(cluster, ingress, CODE, Severity.HIGH, field, f"{secret.ref} cannot serve it: {why}")
            continue
        yield _finding(cluster, ingress, CODE, Severity.HIGH, field, f"{secret.ref} fits", right=True)
        days = secret.pair.certificate.days_left(now) if secret.pair else SOON_DAYS + 1
        ends = f"its certificate ends in {days} days"
        yield _finding(cluster, ingress, SOON, Severity.MEDIUM, field, ends, right=days > SOON_DAYS)


def _hosts_without_own(ingress: Ingress) -> Iterator[str]:
    for host in dict.fromkeys(route.host for route in routes(ingress.spec) if route.host):
        if tls_of(ingress.spec, host) is not None:
            yield host


def _finding(
    cluster: str, ingress: Ingress, code: str, severity: Severity, field: str, summary: str, *, right: bool = False
) -> Finding:
    return Finding(
        cluster=cluster,
        rule=code,
        severity=severity,
        object=ingress.ref,
        owner=ingress.ref,
        field=field,
        summary=summary,
        next_step=""
        if right
        else f"put a right certificate in there, or take another Secret: `ingress edit {ingress.name} --tls NAME -n "
        f"{ingress.namespace}`",
        right=right,
    )
