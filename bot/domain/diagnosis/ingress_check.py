"""All that is judged of an Ingress: rules over the snapshot, its certificates, and whether its controller runs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.diagnosis.diagnose import Diagnosis, all_rules, diagnose, kinds_read
from bot.domain.diagnosis.finding import Finding, Observations
from bot.domain.diagnosis.ingress_certificates import certificate_findings
from bot.domain.diagnosis.ingress_controllers import controller_findings, retired_findings
from bot.domain.diagnosis.ingress_hosts import host_finding
from bot.domain.network.ingresses import backends
from bot.domain.network.owners import owner_of
from bot.domain.network.references import SERVICE, Kind, Ref, ref_to
from bot.domain.network.services import PodIndex
from bot.domain.network.snapshot import Ingress, Snapshot
from bot.domain.network.tls_secrets import TLSSecret

_RULES = (
    "ingress-backend-missing",
    "ingress-class-unserved",
    "ingress-path-never-reached",
    "ingress-route-taken-twice",
    "service-selects-no-pods",
    "service-target-port-missing",
    "service-without-ready-endpoints",
    "pod-cannot-start",
)


def kinds() -> tuple[Kind, ...]:
    """What has to be read for it."""
    return kinds_read(all_rules()[code] for code in _RULES)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known besides the snapshot."""

    secrets: Mapping[tuple[str, str], TLSSecret]
    """By namespace and name."""
    running: Mapping[str, bool | None]
    """Of each class, whether its controller has a ready pod; None: nobody can see it."""
    now: datetime.datetime


def judge(snapshot: Snapshot, ingresses: Iterable[Ingress], known: Known) -> Diagnosis:
    """Of these Ingresses, of the Services that they lead to, and of the pods behind those. The worst first."""
    chosen = list(ingresses)
    of_rules = diagnose(snapshot, Observations(()), [all_rules()[code] for code in _RULES])
    concerned = frozenset[Ref]().union(*behind(snapshot, chosen).values())
    found = [each for each in of_rules.findings if each.object in concerned or each.owner in concerned]
    secrets: dict[str, dict[str, TLSSecret]] = {}
    for (namespace, name), each in known.secrets.items():
        secrets.setdefault(namespace, {})[name] = each
    for ingress in chosen:
        own = secrets.get(ingress.namespace, {})
        found += certificate_findings(snapshot.cluster.uid, ingress, own, known.now)
        found += controller_findings(snapshot, ingress, known.running)
        found.append(host_finding(snapshot.cluster.uid, ingress))
    found += retired_findings(snapshot, chosen)
    wrong = sorted((f for f in found if not f.right), key=_rank)
    return Diagnosis(tuple(wrong), tuple(f for f in found if f.right), of_rules.skipped)


def _rank(finding: Finding) -> tuple[int, Ref, str]:
    return -finding.severity.rank, finding.object, finding.field


def behind(snapshot: Snapshot, ingresses: Iterable[Ingress]) -> dict[Ref, frozenset[Ref]]:
    """What faults of each Ingress may be told of: itself, the Services that it leads to, and who keeps their pods."""
    pods = PodIndex(snapshot)
    there = {service.ref: service for service in snapshot.services}
    keepers: dict[Ref, set[Ref]] = {}
    found = {}
    for ingress in ingresses:
        services = {ref_to(SERVICE, ingress.namespace, each.name) for _, each, _ in backends(ingress.spec)}
        for ref in services & there.keys() - keepers.keys():
            keepers[ref] = {owner_of(pod) for pod in pods.selected(there[ref])}
        found[ingress.ref] = frozenset({ingress.ref, *services}.union(*(keepers.get(ref, ()) for ref in services)))
    return found
