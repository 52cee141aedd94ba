"""Plans a Service in front of a Deployment's pods, as `kubectl expose` makes one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Ask, Change, Step, Until, Wait
from bot.domain.network.probing import HTTPProbe, Probe, TCPProbe
from bot.domain.network.references import JSON, SERVICE, JSONObject, ref_to
from bot.errors import Conflict, Refused

ENDPOINTS_SECONDS = 60.0
_HTTP_PORTS = frozenset({"80", "3000", "8000", "8008", "8080", "8081", "8888"})
_HTTPS_PORTS = frozenset({"443", "8443"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What is wanted."""

    line: str
    """The canonical request."""
    cluster: str
    namespace: str
    name: str
    port: int
    target_port: str
    """A number or the name of a container's port."""
    type: str


def plan(wanted: Exposure, deployment: JSONObject, service: JSONObject | None) -> Change:
    """The plan; no steps when it is all there already. `service` is what has the wanted name now; None: nothing.

    Raises Refused for a Deployment that no Service can select, Conflict when the name belongs to something else.
    """
    own = fields.ref_of(deployment)
    manifest = _manifest(wanted, deployment)
    ref = ref_to(SERVICE, wanted.namespace, wanted.name)
    summary = f"expose Deployment {own.short} as Service {ref.short}, port {wanted.port}"
    if service is not None:
        _check_taken(wanted, manifest, service)
        if fields.covers(service.get("spec"), manifest["spec"]):
            return Change(cluster=wanted.cluster, request=wanted.line, summary=f"{ref} does that already", steps=())
    apply = Apply(
        ref=ref,
        manifest=manifest,
        creates=service is None,
        prior=fields.standing(service, manifest) if service is not None else (),
    )
    return Change(
        cluster=wanted.cluster,
        request=wanted.line,
        summary=summary,
        steps=(apply, *_proof(wanted, deployment)),
        warnings=tuple(_warnings(wanted, deployment)),
    )


def _manifest(wanted: Exposure, deployment: JSONObject) -> JSONObject:
    selector = _at(deployment, "spec", "selector") or {}
    if selector.get("matchExpressions"):
        raise Refused(
            f"Deployment {wanted.namespace}/{fields.metadata(deployment)['name']} cannot be exposed",
            cause="it selects its pods by matchExpressions, which a Service does not know",
            next_step="write the Service by hand, with labels that only these pods have",
        )
    if not selector.get("matchLabels"):
        raise Refused("That Deployment cannot be exposed", cause="its selector names no labels")
    metadata: JSONObject = {"name": wanted.name, "namespace": wanted.namespace}
    if labels := fields.metadata(deployment).get("labels"):
        metadata["labels"] = dict(labels)
    target: JSON = int(wanted.target_port) if wanted.target_port.isdigit() else wanted.target_port
    return {
        "apiVersion": SERVICE.api_version,
        "kind": SERVICE.name,
        "metadata": metadata,
        "spec": {
            "type": wanted.type,
            "selector": dict(selector["matchLabels"]),
            "ports": [{"port": wanted.port, "protocol": "TCP", "targetPort": target}],
        },
    }


def _check_taken(wanted: Exposure, manifest: JSONObject, service: JSONObject) -> None:
    """A Service of that name may be changed when Patchbay made it for the same pods."""
    same_pods = fields.at(service, ("spec", "selector")).value == fields.at(manifest, ("spec", "selector")).value
    done = fields.covers(service.get("spec"), manifest["spec"])
    if same_pods and (done or fields.applied_by_us(service)):
        return
    why = "it was not made by Patchbay" if same_pods else "it leads to other pods"
    raise Conflict(
        f"There is a Service {wanted.namespace}/{wanted.name} already",
        cause=why,
        next_step=f"choose another name, as in `--name {wanted.name[:58]}-new`",
    )


def _proof(wanted: Exposure, deployment: JSONObject) -> Iterator[Step]:
    """Not for a Deployment that is scaled to zero: nobody would answer.

    The wait is never required: whether pods are ready is no reason to take a right Service away again, and a status
    may not change the digest.
    """
    if _replicas(deployment) == 0:
        return
    ref = ref_to(SERVICE, wanted.namespace, wanted.name)
    yield Wait(ref=ref, until=Until.ENDPOINTS_READY, timeout_seconds=ENDPOINTS_SECONDS, required=False)
    declared = _declared(wanted, deployment)
    names = str((declared or {}).get("name") or "") + " " + (wanted.target_port if not _number(wanted) else "")
    numbers = {str(wanted.port), wanted.target_port, str((declared or {}).get("containerPort") or "")}
    tls = "https" in names or bool(numbers & _HTTPS_PORTS)
    probe: Probe = TCPProbe(target=ref, port=wanted.port)
    if tls or "http" in names or numbers & _HTTP_PORTS:
        probe = HTTPProbe(target=ref, port=wanted.port, tls=tls)
    yield Ask(probe=probe)


def _warnings(wanted: Exposure, deployment: JSONObject) -> Iterator[str]:
    if _replicas(deployment) == 0:
        yield "The Deployment is scaled to zero: nothing will answer until it is scaled up."
    elif not (_at(deployment, "status", "readyReplicas") or 0):
        yield "None of the Deployment's pods is ready: the Service will answer only when one is."
    if _declared(wanted, deployment) is None:
        if _number(wanted):
            yield f"No container declares port {wanted.target_port}: if nothing listens there, nothing will answer."
        else:
            yield f"No container has a port named {wanted.target_port!r}: the Service will have no endpoints."
    if wanted.type == "LoadBalancer":
        yield "The address comes from a load balancer outside of Kubernetes; without one it stays pending."


def _declared(wanted: Exposure, deployment: JSONObject) -> dict[str, Any] | None:
    """The container port that is meant, if any container declares it."""
    for container in _at(deployment, "spec", "template", "spec", "containers") or ():
        for port in container.get("ports") or ():
            if wanted.target_port in (str(port.get("containerPort")), port.get("name")):
                found: dict[str, Any] = port
                return found
    return None


def _number(wanted: Exposure) -> bool:
    return wanted.target_port.isdigit()


def _replicas(deployment: JSONObject) -> int:
    replicas = _at(deployment, "spec", "replicas")
    return 1 if replicas is None else int(replicas)


def _at(object: JSONObject, *path: str) -> Any:
    return fields.at(object, path).value
