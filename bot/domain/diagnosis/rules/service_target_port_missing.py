"""A Service that leads to a port by a name which no container of its pods has: its endpoints have no port at all."""

import difflib
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.references import SERVICE
from bot.domain.network.selected import KINDS, Selected, SelectionIndex
from bot.domain.network.services import selects
from bot.domain.network.snapshot import Service, ServicePort, Snapshot

CODE = "service-target-port-missing"


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    index = SelectionIndex(snapshot)
    for service in snapshot.services:
        if not selects(service):
            continue
        behind = index.selected(service.namespace, service.spec.selector or {})
        if not behind.pods and not behind.makers:
            continue  # that it selects nothing is a fault of its own
        wrong = list(_wrong(snapshot, service, behind))
        yield from wrong
        if not wrong:
            yield _finding(snapshot, service, "its target ports are there", right=True)


def _wrong(snapshot: Snapshot, service: Service, behind: Selected) -> Iterator[Finding]:
    for number, port in enumerate(service.spec.ports or ()):
        target = port.target_port
        if not isinstance(target, str) or target.isdigit() or behind.declares(target, port.protocol)[0]:
            continue
        yield _finding(
            snapshot,
            service,
            f"leads port {port.port} to a port named {target}, which no container has",
            field=f"spec.ports[{number}].targetPort",
            evidence=tuple(_evidence(port, target, behind)),
            next_step=f"correct it: `service edit {service.name} -n {service.namespace} --port {port.port}:PORT`",
        )


def _evidence(port: ServicePort, target: str, behind: Selected) -> Iterator[str]:
    """The names that there are: https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports."""
    names = behind.port_names(port.protocol)
    there = f"their {port.protocol} ports are named {', '.join(names)}"
    yield there if names else f"no {port.protocol} port has a name"
    if close := difflib.get_close_matches(target, names, n=1):
        yield f"did you mean {close[0]}?"


def _finding(
    snapshot: Snapshot,
    service: Service,
    summary: str,
    *,
    field: str = "",
    evidence: tuple[str, ...] = (),
    next_step: str = "",
    right: bool = False,
) -> Finding:
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.HIGH,
        object=service.ref,
        owner=service.ref,
        field=field,
        summary=summary,
        evidence=evidence,
        next_step=next_step,
        right=right,
    )


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(SERVICE, *KINDS), find=find)
