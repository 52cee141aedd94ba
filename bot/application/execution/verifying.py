"""Waiting for what a change should bring about, and asking the live network whether it did."""

from __future__ import annotations

from typing import Any

import msgspec

from bot.application.execution.diagnosing import diagnosed
from bot.application.execution.evidence import evidence
from bot.application.execution.working import Work
from bot.application.execution.writing import StepFailed, look
from bot.domain.changes import fields
from bot.domain.changes.change import Ask, StepState, Until, Wait
from bot.domain.chat.masking import masked
from bot.domain.network.gateways import not_accepted, not_programmed
from bot.domain.network.probing import ByAPIServer, HTTPProbe, Observation, Outcome, Probe, TCPProbe
from bot.domain.network.references import DAEMON_SET, ENDPOINT_SLICE, NAMESPACE, POD, SERVICE, JSONObject, Ref, ref_to
from bot.errors import BotError

POLL_SECONDS = 1.0
_DIAGNOSED = (Until.ENDPOINTS_READY, Until.ADDRESS_ASSIGNED, Until.ATTACHED, Until.PROGRAMMED)
"""What does not come for reasons that stand in other objects."""


async def wait(work: Work, index: int, step: Wait) -> None:
    """Polls until it holds. Raises StepFailed when a required one does not come to hold in time."""
    await work.mark(index, state=StepState.STARTED, started_at=work.now())
    deadline = work.ports.clock.monotonic() + step.timeout_seconds
    why = ""
    while True:
        try:
            why = await _missing(work, step)
        except BotError as error:
            why = str(error)
        if not why:
            await work.mark(index, state=StepState.DONE, ended_at=work.now())
            return
        if work.ports.clock.monotonic() >= deadline:
            break
        await work.ports.clock.sleep(POLL_SECONDS)
        await work.breathe()
    note = f"not within {step.timeout_seconds:g} s: {why}"
    told: tuple[str, ...] = ()
    if workload := step.ref if step.until is Until.ROLLED_OUT else step.behind:
        told = await evidence(work, workload)
    elif step.until in _DIAGNOSED:
        told = await diagnosed(work, step.ref)
    await work.mark(index, state=StepState.FAILED, ended_at=work.now(), note=note, evidence=told)
    if step.required:
        raise StepFailed(f"{step.ref}, {note}")


async def _missing(work: Work, step: Wait) -> str:
    """Why it does not hold yet; empty: it holds."""
    if step.until is Until.ENDPOINTS_READY:
        return "" if await ready_endpoints(work, step.ref) else "no pod behind it is ready"
    there = await look(work, step.ref)
    if step.until is Until.GONE:
        return still_there(there)
    if there is None:
        return "it is not there"
    match step.until:
        case Until.ESTABLISHED:
            return _not_established(there)
        case Until.ROLLED_OUT:
            return not_rolled_out(there)
        case Until.AVAILABLE:
            return _not_available(there)
        case Until.ACCEPTED:
            return _not_accepted(there)
        case Until.ATTACHED:
            return masked(not_accepted(there))[0]
        case Until.PROGRAMMED:
            return masked(not_programmed(there))[0]
        case _:
            return "" if _address(there) else "no controller has given it an address"


def _conditions(object: JSONObject) -> dict[str, dict[str, Any]]:
    listed: Any = fields.at(object, ("status", "conditions")).value or []
    return {str(each.get("type")): each for each in listed}


def _not_established(definition: JSONObject) -> str:
    said = _conditions(definition)
    names, established = said.get("NamesAccepted", {}), said.get("Established", {})
    if names.get("status") == "False":
        return f"its names are taken: {names.get('message')}"
    if established.get("status") != "True":
        return f"it is not established: {established.get('message') or 'nothing is said of it yet'}"
    return ""


def _not_available(object: JSONObject) -> str:
    said = _conditions(object)
    degraded, available = said.get("Degraded", {}), said.get("Available", {})
    if degraded.get("status") == "True":
        return f"it is degraded: {degraded.get('message') or degraded.get('reason')}"
    if available.get("status") != "True":
        going = said.get("Progressing", {}).get("message")
        return f"it is not available: {available.get('message') or going or 'nothing is said of it yet'}"
    return ""


def _not_accepted(object: JSONObject) -> str:
    """https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassconditiontype"""
    said = _conditions(object).get("Accepted", {})
    if said.get("status") == "True":
        return ""
    # So it is made: a controller that serves it writes something else.
    waiting = not said or said.get("reason") in ("Pending", "Waiting")
    return "no controller has accepted it" if waiting else f"it is not accepted: {said.get('message')}"


def not_rolled_out(workload: JSONObject, spared: int = 0) -> str:
    """Why a Deployment or DaemonSet is not rolled out, as `kubectl rollout status` judges it; empty: it is. `spared` is
    how many of its pods are not asked for."""
    status: Any = workload.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(fields.metadata(workload).get("generation") or 0):
        return "its newest generation has not been looked at yet"
    if workload.get("kind") == DAEMON_SET.name:
        wanted = int(status.get("desiredNumberScheduled") or 0) - spared
        updated, available = status.get("updatedNumberScheduled") or 0, status.get("numberAvailable") or 0
    else:
        replicas = fields.at(workload, ("spec", "replicas"))
        wanted = int(replicas.value) if isinstance(replicas.value, int) else 1
        updated, available = status.get("updatedReplicas") or 0, status.get("availableReplicas") or 0
    if updated < wanted:
        return f"{updated} of {wanted} pods are of the newest generation"
    if available < wanted:
        return f"{available} of {wanted} pods are available"
    return ""


async def own_words(work: Work) -> tuple[str, ...]:
    """What the objects that this change waits for say of being degraded, a line each: whoever waits for something that
    comes before them is told why it does not come."""
    found = []
    for step in work.record.change.steps:
        if isinstance(step, Wait) and step.until is Until.AVAILABLE:
            try:
                there = await look(work, step.ref)
            except BotError:
                continue
            if there is not None and _conditions(there).get("Degraded", {}).get("status") == "True":
                found.append(masked(f"{step.ref}: {_not_available(there)}")[0])
    return tuple(found)


def still_there(object: JSONObject | None) -> str:
    """Why an object is not gone yet; empty: it is."""
    if object is None:
        return ""
    if finalizers := fields.metadata(object).get("finalizers"):
        return f"it is kept by the finalizer {', '.join(map(str, finalizers))}"
    # What is in a namespace may keep it: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
    said = [each for each in _conditions(object).values() if each.get("status") == "True" and each.get("message")]
    why = "; ".join(str(each["message"]) for each in said) if object.get("kind") == NAMESPACE.name else ""
    return f"it is still there: {masked(why)[0]}" if why else "it is still there"


def _address(object: JSONObject) -> bool:
    return bool(fields.at(object, ("status", "loadBalancer", "ingress")).value)


async def ready_endpoints(work: Work, service: Ref, port_name: str | None = None) -> list[tuple[Ref, int]]:
    """The ready pods behind a Service, with the port that each is reached at: of the Service's port of that name (empty
    when it has none); None: of the first one."""
    slices = await work.call(
        work.cluster.list(ENDPOINT_SLICE, service.namespace, f"kubernetes.io/service-name={service.name}")
    )
    found = []
    for slice_ in slices:
        ports: Any = slice_.get("ports") or [{}]
        if port_name is not None:
            ports = [each for each in ports if (each.get("name") or "") == port_name]
        if not ports:
            continue  # pods that name this port otherwise, or not at all, have a slice of their own
        endpoints: Any = slice_.get("endpoints") or []
        for endpoint in endpoints:
            # https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/: unknown counts as ready
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            target = endpoint.get("targetRef") or {}
            found.append(
                (ref_to(POD, service.namespace, str(target.get("name") or "")), int(ports[0].get("port") or 0))
            )
    return found


async def ask(work: Work, index: int, step: Ask) -> None:
    """Asks once a second until it answers. What does not answer is told, and undoes nothing."""
    await work.mark(index, state=StepState.STARTED, started_at=work.now())
    seen: Observation | None = None
    for attempt in range(step.attempts):
        if attempt:
            await work.ports.clock.sleep(POLL_SECONDS)
            await work.breathe()
        seen = await _observe(work, step.probe)
        if seen.answered:
            break
    if seen is not None and not seen.answered and isinstance(step.probe, HTTPProbe):
        seen = await _taken(work, step.probe, seen, step.sure) or seen
    answered = seen is not None and seen.answered
    note = seen.evidence if seen is not None else "it was not asked"
    note += "" if answered else f" (asked {step.attempts} times from {ByAPIServer()})"
    await work.mark(
        index,
        state=StepState.DONE if answered else StepState.FAILED,
        ended_at=work.now(),
        note=note,
        evidence=() if answered else await diagnosed(work, step.probe.target),
    )


async def _observe(work: Work, probe: Probe) -> Observation:
    """TCP can only be asked of a pod: one of the ready ones behind the Service stands for it."""
    try:
        if isinstance(probe, TCPProbe) and probe.target.kind == SERVICE.name:
            name = await _port_name(work, probe)
            pods = [(pod, port) for pod, port in await ready_endpoints(work, probe.target, name) if pod.name and port]
            if not pods:
                return Observation(probe, ByAPIServer(), Outcome.REFUSED, evidence="no pod behind it is ready")
            pod, port = pods[0]
            probe = TCPProbe(target=pod, port=port, timeout_seconds=probe.timeout_seconds)
        return await work.call(work.prober.ask(probe, ByAPIServer()))
    except BotError as error:
        return Observation(probe, ByAPIServer(), Outcome.NOT_ASKED, evidence=str(error))


async def _port_name(work: Work, probe: TCPProbe) -> str | None:
    """What the Service calls the port that is asked; None when it has no such port."""
    service = await look(work, probe.target)
    ports: Any = fields.at(service or {}, ("spec", "ports")).value or []
    meant = (each for each in ports if each.get("port") == probe.port and each.get("protocol", "TCP") == "TCP")
    return next((str(each.get("name") or "") for each in meant), None)


async def _taken(work: Work, probe: HTTPProbe, seen: Observation, sure: bool) -> Observation | None:
    """What it means when a port that does not answer in HTTP takes connections all the same. A usual number does not
    make it speak HTTP, so that is an answer; one that has to speak HTTP has not answered. None: it takes none."""
    if probe.target.kind != SERVICE.name or seen.outcome is Outcome.NOT_ASKED:
        return None
    taken = await _observe(work, TCPProbe(target=probe.target, port=probe.port))
    if not taken.answered:
        return None
    protocol = "HTTPS" if probe.tls else "HTTP"
    if not sure:
        evidence = f"it takes connections, and does not answer in {protocol} ({taken.evidence or 'connected'})"
        return msgspec.structs.replace(taken, evidence=evidence)
    evidence = f"it takes connections, but does not answer in {protocol}: {seen.evidence or seen.outcome.value}"
    return msgspec.structs.replace(seen, evidence=evidence)
