"""The cluster's DNS has nobody to answer: names of Services mean nothing to any pod."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.foundations import dns_service
from bot.domain.network.references import ENDPOINT_SLICE, SERVICE
from bot.domain.network.services import EndpointIndex
from bot.domain.network.snapshot import Snapshot

CODE = "dns-not-ready"


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    service = dns_service(snapshot)
    if service is None:
        return
    count = EndpointIndex(snapshot).count(service)
    ready = count.ready > 0
    yield Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.HIGH,
        object=service.ref,
        owner=service.ref,
        summary="answers for DNS" if ready else "is the cluster's DNS and has no ready endpoints",
        evidence=(f"{count.ready} of {count.total} endpoints are ready",),
        next_step=""
        if ready
        else f"see its pods: `pods -n {service.namespace}`, `logs svc/{service.name} -n {service.namespace}`",
        right=ready,
    )


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(SERVICE, ENDPOINT_SLICE), find=find)
