"""An Ingress that sends requests to a Service, or to a port of it, that does not exist."""

import difflib
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.ingresses import backends
from bot.domain.network.references import INGRESS, SERVICE, Ref
from bot.domain.network.services import ports_text
from bot.domain.network.snapshot import Service, ServiceBackend, ServiceBackendPort, Snapshot

CODE = "ingress-backend-missing"


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    services = {(service.namespace, service.name): service for service in snapshot.services}
    for ingress in snapshot.ingresses:
        there = {name: service for (namespace, name), service in services.items() if namespace == ingress.namespace}
        found: list[Finding] = []
        for path, backend, address in backends(ingress.spec):
            found += _judge(snapshot, ingress.ref, f"{path}.service", backend, address, there)
        yield from found
        if all(finding.right for finding in found):
            yield _finding(snapshot, ingress.ref, "", "leads to Services that exist", right=True)


def _judge(
    snapshot: Snapshot, ingress: Ref, path: str, wanted: ServiceBackend, address: str, there: dict[str, Service]
) -> Iterator[Finding]:
    def finding(field: str, summary: str, *evidence: str, right: bool = False) -> Finding:
        return _finding(snapshot, ingress, f"{path}.{field}", summary, *evidence, right=right)

    service = there.get(wanted.name)
    if service is None:
        near = difflib.get_close_matches(wanted.name, there, n=1)
        hint = [f"did you mean {near[0]}?"] if near else []
        yield finding("name", f"sends {address} to Service {wanted.name}, which does not exist", *hint)
        return
    yield finding("name", f"Service {wanted.name} exists", right=True)
    if wanted.port is None or service.spec.type == "ExternalName":
        return
    if _has_port(service, wanted.port):
        yield finding("port", f"Service {wanted.name} has port {_called(wanted.port)}", right=True)
    else:
        yield finding(
            "port",
            f"sends {address} to port {_called(wanted.port)} of Service {wanted.name}, which has no such port",
            f"it has {ports_text(service)}" + _names(service),
        )


def _finding(
    snapshot: Snapshot, ingress: Ref, field: str, summary: str, *evidence: str, right: bool = False
) -> Finding:
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.HIGH,
        object=ingress,
        owner=ingress,
        field=field,
        summary=summary,
        evidence=evidence,
        next_step="" if right else f"see which Services there are: `services -n {ingress.namespace}`",
        right=right,
    )


def _has_port(service: Service, wanted: ServiceBackendPort) -> bool:
    ports = service.spec.ports or ()
    return any(port.name == wanted.name if wanted.name else port.port == wanted.number for port in ports)


def _called(port: ServiceBackendPort) -> str:
    return port.name or str(port.number)


def _names(service: Service) -> str:
    names = [port.name for port in service.spec.ports or () if port.name]
    return f", called {', '.join(names)}" if names else ""


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(INGRESS, SERVICE), find=find)
