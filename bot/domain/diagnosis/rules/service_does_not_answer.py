"""A Service with ready endpoints, none of which answers: nobody listens on its port, or speaks what the port says."""

from collections.abc import Iterable, Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.probing import HTTPProbe, Observation, Outcome, Probe
from bot.domain.network.questions import Question, questions, speech_of
from bot.domain.network.references import ENDPOINT_SLICE, POD, SERVICE, Ref
from bot.domain.network.services import EndpointIndex, PodIndex, selects
from bot.domain.network.snapshot import Container, Pod, Service, ServicePort, Snapshot

CODE = "service-does-not-answer"
_NOBODY = "nobody listens there"


def probes(snapshot: Snapshot) -> Iterator[Probe]:
    for question in questions(snapshot):
        yield from question.probes


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    pods = PodIndex(snapshot)
    found = [*_judged(snapshot, observations, pods), *_nameless(snapshot, pods)]
    yield from found
    yield from _wholly_right(snapshot, observations, {finding.object for finding in found if not finding.right})


def _wholly_right(snapshot: Snapshot, observations: Observations, wrong: set[Ref]) -> Iterator[Finding]:
    """Services each of whose ports answered that can be asked: a port that was at fault may be gone by now."""
    asked: dict[Ref, list[Question]] = {}
    for question in questions(snapshot):
        asked.setdefault(question.service.ref, []).append(question)
    for ref, of_service in asked.items():
        service = of_service[0].service
        ports = sum(port.protocol == "TCP" for port in service.spec.ports or ())
        answered = [any(each.answered for each in observed(question, observations)) for question in of_service]
        if ref not in wrong and all(answered) and len(answered) == ports:
            yield _finding(snapshot, service, "", "answers on each port", right=True)


def _judged(snapshot: Snapshot, observations: Observations, pods: PodIndex) -> Iterator[Finding]:
    for question in questions(snapshot):
        service, port = question.service, question.port
        seen = observed(question, observations)
        if any(each.answered for each in seen):
            # Either field may have been at fault before.
            for field in (_path(question.index), f"{_path(question.index)}.targetPort"):
                yield _finding(snapshot, service, field, f"port {port.port} answers", right=True)
        elif conclusive(question, seen):
            yield _silent(snapshot, question, seen, pods.selected(service))


def observed(question: Question, observations: Observations) -> list[Observation]:
    """What probes of this question saw."""
    return [each for probe in question.probes for each in observations.of(probe.target) if each.probe == probe]


def conclusive(question: Question, seen: Iterable[Observation]) -> bool:
    """Whether the lack of an answer means something: somebody was asked, and nobody who might answer was left out."""
    outcomes = [each.outcome for each in seen]
    if all(outcome is Outcome.NOT_ASKED for outcome in outcomes):
        return False
    return Outcome.NOT_ASKED not in outcomes or question.endpoints == 1


def _silent(snapshot: Snapshot, question: Question, seen: list[Observation], pods: list[Pod]) -> Finding:
    port, listed = question.port, _listed(pods)
    negative = [each for each in seen if each.outcome is not Outcome.NOT_ASKED]
    leads_to = question.port.target_port or port.port
    evidence = [f"{each.probe}: {each.evidence or each.outcome.value}" for each in negative]
    how = _how(negative)
    field = _path(question.index)
    next_step = f"see what its pods say: `logs svc/{question.service.name} -n {question.service.namespace}`"
    refused = how == _NOBODY
    if speaks := _otherwise(question.service, port, negative):
        how, next_step = speaks
    elif refused and isinstance(leads_to, int) and leads_to not in listed:
        field += ".targetPort"
        if listed:
            evidence.append(f"its containers list {_numbers(listed)}, and not {leads_to}")
            next_step = f"correct targetPort: did you mean {min(listed, key=lambda number: abs(number - leads_to))}?"
        else:
            evidence.append("its containers list no ports")
    summary = f"has ready endpoints, and port {port.port} does not answer: {how}"
    return _finding(snapshot, question.service, field, summary, evidence=tuple(evidence), next_step=next_step)


def _how(negative: Iterable[Observation]) -> str:
    """One refusal is told before others: whoever was asked next may stand behind another port."""
    outcomes = {each.outcome for each in negative}
    if Outcome.BROKEN_OFF in outcomes:
        return "it takes connections, and ends them without an answer"
    return _NOBODY if Outcome.REFUSED in outcomes else "no answer came"


def _otherwise(service: Service, port: ServicePort, negative: Iterable[Observation]) -> tuple[str, str] | None:
    """How it speaks something else than its port says, and what to do then; None: it was not heard to."""
    asked = [each.probe for each in negative if each.outcome is Outcome.MISMATCHED]
    if not asked or not isinstance(asked[0], HTTPProbe):
        return None
    protocol, plain = ("TLS", "HTTP") if asked[0].tls else ("HTTP", "TCP")
    says = f"appProtocol {port.app_protocol}" if port.app_protocol else f"its name {port.name}"
    said = f", while {says} says so" if speech_of(port).sure else ""
    name = plain.lower()
    if name in {each.name for each in service.spec.ports or ()}:
        name += f"-{port.port}"
    wanted = f"--port {port.port} --app-protocol {plain.lower()}" if port.app_protocol else f"--port {name}={port.port}"
    edit = f"`service edit {service.name} -n {service.namespace} {wanted}`"
    return (
        f"it does not speak {protocol}{said}",
        f"when its pods speak plain {plain} there, let the port say so: {edit}; else see where its targetPort leads",
    )


def _nameless(snapshot: Snapshot, pods: PodIndex) -> Iterator[Finding]:
    """Ports that lead to a container port by a name which no ready pod has: Kubernetes makes no endpoint for them."""
    endpoints = EndpointIndex(snapshot)
    for service in snapshot.services:
        if not selects(service) or not endpoints.count(service).ready:
            continue
        selected = [pod for pod in pods.selected(service) if pod.ready]
        for index, port in enumerate(service.spec.ports or ()):
            name = port.target_port
            if isinstance(name, str) and selected and not _has_name(selected, name, port):
                yield _finding(
                    snapshot,
                    service,
                    f"{_path(index)}.targetPort",
                    f"port {port.port} leads to a container port called {name}, which no pod has",
                    evidence=(f"its containers list {_numbers(_listed(selected)) or 'no ports'}{_named(selected)}",),
                    next_step="correct targetPort, or give the container's port that name",
                )


def _has_name(pods: list[Pod], name: str, port: ServicePort) -> bool:
    return any(p.name == name and p.protocol == port.protocol for pod in pods for c in _all(pod) for p in c.ports or ())


def _listed(pods: list[Pod]) -> list[int]:
    return sorted({port.container_port for pod in pods for container in _all(pod) for port in container.ports or ()})


def _named(pods: list[Pod]) -> str:
    names = sorted({port.name for pod in pods for c in _all(pod) for port in c.ports or () if port.name})
    return f", called {', '.join(names)}" if names else ""


def _all(pod: Pod) -> tuple[Container, ...]:
    return (*pod.spec.containers, *(pod.spec.init_containers or ()))


def _numbers(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _path(index: int) -> str:
    return f"spec.ports[{index}]"


def _finding(
    snapshot: Snapshot,
    service: Service,
    field: str,
    summary: str,
    *,
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


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(SERVICE, ENDPOINT_SLICE, POD), find=find, probes=probes)
