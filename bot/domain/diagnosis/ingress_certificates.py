"""What is wrong with the certificates of Ingresses: judged from TLS Secrets, which no snapshot holds."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.ingresses import routes, tls_of
from bot.domain.network.snapshot import Ingress
from bot.domain.network.tls_secrets import SOON_DAYS, TLSSecret, wrong_with

CODE = "ingress-certificate-wrong"
SOON = "ingress-certificate-ends-soon"
_TOLD = 3


def certificate_findings(
    cluster: str, ingress: Ingress, secrets: Mapping[str, TLSSecret], now: datetime.datetime
) -> Iterator[Finding]:
    """One for each reference to a Secret. `secrets` by name, those of its namespace that were read; what could not be
    read is not judged."""
    found = list(_of_entries(cluster, ingress, secrets, now))
    yield from found
    named = {entry.secret_name for entry in ingress.spec.tls or () if entry.secret_name}
    if all(name in secrets and not secrets[name].unread for name in named):
        # A reference that was at fault may be gone: who speaks for the whole object ends what was said of it.
        for code, severity in ((CODE, Severity.HIGH), (SOON, Severity.MEDIUM)):
            if all(each.right for each in found if each.rule == code):
                yield _finding(cluster, ingress, code, severity, "", "each Secret that it names fits", right=True)


def _of_entries(
    cluster: str, ingress: Ingress, secrets: Mapping[str, TLSSecret], now: datetime.datetime
) -> Iterator[Finding]:
    for number, entry in enumerate(ingress.spec.tls or ()):
        secret = secrets.get(entry.secret_name or "")
        if secret is None or secret.unread:
            continue
        field = f"spec.tls[{number}].secretName"
        hosts = entry.hosts or list(_hosts_without_own(ingress))
        step = _step(ingress, entry.hosts or ())
        if why := wrong_with(secret, hosts, now):
            whom = ", ".join(hosts[:_TOLD]) + (f" and {len(hosts) - _TOLD} more" if len(hosts) > _TOLD else "")
            summary = f"{secret.ref} cannot serve {whom or 'it'}: {why}"
            yield _finding(cluster, ingress, CODE, Severity.HIGH, field, summary, step)
            continue
        yield _finding(cluster, ingress, CODE, Severity.HIGH, field, f"{secret.ref} fits", right=True)
        days = secret.pair.certificate.days_left(now) if secret.pair else SOON_DAYS + 1
        ends = f"{secret.ref}: its certificate ends in {days} days"
        yield _finding(cluster, ingress, SOON, Severity.MEDIUM, field, ends, step, right=days > SOON_DAYS)


def _step(ingress: Ingress, hosts: Sequence[str]) -> str:
    """Names the hosts of the entry, when they are few: the other entries stay as they are."""
    few = " ".join(("", *hosts)) if len(hosts) <= _TOLD else ""
    edit = f"`ingress edit {ingress.name}{few} --tls NAME -n {ingress.namespace}`"
    return f"put a right certificate in there, or take another Secret: {edit}"


def _hosts_without_own(ingress: Ingress) -> Iterator[str]:
    for host in dict.fromkeys(route.host for route in routes(ingress.spec) if route.host):
        if tls_of(ingress.spec, host) is not None:
            yield host


def _finding(
    cluster: str,
    ingress: Ingress,
    code: str,
    severity: Severity,
    field: str,
    summary: str,
    step: str = "",
    *,
    right: bool = False,
) -> Finding:
    return Finding(
        cluster=cluster,
        rule=code,
        severity=severity,
        object=ingress.ref,
        owner=ingress.ref,
        field=field,
        summary=summary,
        next_step="" if right else step,
        right=right,
    )
