"""The kinds that the bot works with."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from bot.playground.cluster_server.ages import UNKNOWN, age_text
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
NONE, UNSET = "<none>", "<unset>"
_SHOWN_ENDPOINTS = 3


def age(obj: Object, now: datetime.datetime) -> str:
    return age_text(obj["metadata"].get("creationTimestamp"), now)


def name_of(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def selector_text(selector: Any) -> str:
    labels = selector.get("matchLabels", selector) if isinstance(selector, dict) else None
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) if labels else NONE


def containers_and_images(obj: Object) -> list[str]:
    containers = dig(obj, "spec", "template", "spec", "containers", default=())
    return [",".join(c["name"] for c in containers), ",".join(c.get("image", "") for c in containers)]


def pod_state(pod: Object) -> str:
    """The word in the STATUS column."""
    status, spec = pod.get("status", {}), pod.get("spec", {})
    reason = status.get("reason") or status.get("phase", "Pending")
    initial = _initial_state(spec, status)
    if initial:
        reason = initial
    else:
        running = False
        for container in reversed(status.get("containerStatuses") or ()):
            state = container.get("state") or {}
            waiting, ended = dig(state, "waiting", "reason"), state.get("terminated")
            if waiting:
                reason = waiting
            elif ended:
                reason = ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}"
            elif container.get("ready") and "running" in state:
                running = True
        if reason == "Completed" and running:
            reason = "Running" if _holds(status, "Ready") else "NotReady"
    return "Terminating" if pod["metadata"].get("deletionTimestamp") else str(reason)


def _holds(status: Object, kind: str) -> bool:
    return any(said["type"] == kind and said["status"] == "True" for said in status.get("conditions") or ())


def _initial_state(spec: Object, status: Object) -> str:
    """While containers run that come before the others; empty: they are through."""
    first = spec.get("initContainers") or ()
    for number, container in enumerate(status.get("initContainerStatuses") or ()):
        state = container.get("state") or {}
        ended, waiting = state.get("terminated"), dig(state, "waiting", "reason", default="")
        if ended and ended.get("exitCode") == 0:
            continue
        if number < len(first) and first[number].get("restartPolicy") == "Always" and container.get("started"):
            continue
        if ended:
            return f"Init:{ended.get('reason') or 'ExitCode:' + str(ended.get('exitCode'))}"
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}" if waiting != "ContainerCreating" else f"Init:{number}/{len(first)}"
        return f"Init:{number}/{len(first)}"
    return ""


def _pod(pod: Object, now: datetime.datetime) -> list[Any]:
    statuses = dig(pod, "status", "containerStatuses", default=())
    restarts = sum(container.get("restartCount", 0) for container in statuses)
    ended = [dig(container, "lastState", "terminated", "finishedAt") for container in statuses]
    last = max((time for time in ended if time), default="")
    ready = sum(1 for container in statuses if container.get("ready"))
    return [
        name_of(pod), f"{ready}/{len(pod['spec']['containers'])}", pod_state(pod),
        f"{restarts} ({age_text(last, now)} ago)" if restarts and last else str(restarts), age(pod, now),
        dig(pod, "status", "podIP", default=NONE), dig(pod, "spec", "nodeName", default=NONE), NONE, NONE,
    ]  # fmt: skip


def _service(service: Object, now: datetime.datetime) -> list[Any]:
    spec = service["spec"]
    ports = [
        f"{port['port']}:{port['nodePort']}/{port['protocol']}"
        if port.get("nodePort")
        else f"{port['port']}/{port['protocol']}"
        for port in spec.get("ports") or ()
    ]
    return [
        name_of(service), spec["type"], spec.get("clusterIP") or NONE, external_address(service),
        ",".join(ports) or NONE, age(service, now), selector_text(spec.get("selector")),
    ]  # fmt: skip


def external_address(service: Object) -> str:
    """The EXTERNAL-IP column."""
    spec = service["spec"]
    if spec["type"] == "ExternalName":
        return str(spec.get("externalName", ""))
    given = [entry.get("ip") or entry.get("hostname", "") for entry in _load_balancer(service)]
    given += spec.get("externalIPs") or []
    if spec["type"] == "LoadBalancer" and not given:
        return "<pending>"
    return ",".join(given) or NONE


def _load_balancer(obj: Object) -> Any:
    return dig(obj, "status", "loadBalancer", "ingress", default=())


def _deployment(deployment: Object, now: datetime.datetime) -> list[Any]:
    status = deployment.get("status", {})
    ready = f"{status.get('readyReplicas', 0)}/{deployment['spec'].get('replicas', 0)}"
    return [
        name_of(deployment), ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0),
        age(deployment, now), *containers_and_images(deployment), selector_text(deployment["spec"].get("selector")),
    ]  # fmt: skip


def _replica_set(replica_set: Object, now: datetime.datetime) -> list[Any]:
    status = replica_set.get("status", {})
    return [
        name_of(replica_set), replica_set["spec"].get("replicas", 0), status.get("replicas", 0),
        status.get("readyReplicas", 0), age(replica_set, now), *containers_and_images(replica_set),
        selector_text(replica_set["spec"].get("selector")),
    ]  # fmt: skip


def _daemon_set(daemon_set: Object, now: datetime.datetime) -> list[Any]:
    status = daemon_set.get("status", {})
    node_selector = dig(daemon_set, "spec", "template", "spec", "nodeSelector")
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    return [
        name_of(daemon_set), *(status.get(count, 0) for count in counts), selector_text(node_selector),
        age(daemon_set, now), *containers_and_images(daemon_set), selector_text(daemon_set["spec"].get("selector")),
    ]  # fmt: skip


def _ingress(ingress: Object, now: datetime.datetime) -> list[Any]:
    spec = ingress["spec"]
    hosts = [rule.get("host") or "*" for rule in spec.get("rules") or ()]
    addresses = [entry.get("ip") or entry.get("hostname", "") for entry in _load_balancer(ingress)]
    shown = ",".join(hosts[:3]) + (f" + {len(hosts) - 3} more..." if len(hosts) > 3 else "")
    return [
        name_of(ingress), spec.get("ingressClassName") or NONE, shown or "*", ",".join(addresses),
        "80, 443" if spec.get("tls") else "80", age(ingress, now),
    ]  # fmt: skip


def _ingress_class(ingress_class: Object, now: datetime.datetime) -> list[Any]:
    spec = ingress_class.get("spec", {})
    parameters = spec.get("parameters")
    shown = f"{parameters['kind']}/{parameters['name']}" if parameters else NONE
    return [name_of(ingress_class), spec.get("controller", ""), shown, age(ingress_class, now)]


def _node(node: Object, now: datetime.datetime) -> list[Any]:
    status, labels = node.get("status", {}), node["metadata"].get("labels") or {}
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    state = ("Ready" if ready else "NotReady") + (",SchedulingDisabled" if dig(node, "spec", "unschedulable") else "")
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))
    addresses = {entry["type"]: entry["address"] for entry in status.get("addresses") or ()}
    info = status.get("nodeInfo", {})
    kernel = f"{info.get('kernelVersion', UNKNOWN)} ({info.get('architecture', '')})"
    return [
        name_of(node), state, ",".join(roles) or NONE, age(node, now), info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE), addresses.get("ExternalIP", NONE), info.get("osImage", UNKNOWN), kernel,
        info.get("containerRuntimeVersion", UNKNOWN),
    ]  # fmt: skip


def _namespace(namespace: Object, now: datetime.datetime) -> list[Any]:
    return [name_of(namespace), dig(namespace, "status", "phase", default=""), age(namespace, now)]


def _some(entries: list[str]) -> str:
    more = len(entries) - _SHOWN_ENDPOINTS
    return ",".join(entries[:_SHOWN_ENDPOINTS]) + (f" + {more} more..." if more > 0 else "")


def _endpoint_slice(endpoint_slice: Object, now: datetime.datetime) -> list[Any]:
    ports = [str(port.get("port", "*")) for port in endpoint_slice.get("ports") or ()]
    addresses = [a for endpoint in endpoint_slice.get("endpoints") or () for a in endpoint["addresses"]]
    return [
        name_of(endpoint_slice), endpoint_slice.get("addressType", ""), _some(ports) or UNSET,
        _some(addresses) or UNSET, age(endpoint_slice, now),
    ]  # fmt: skip


def _endpoints(endpoints: Object, now: datetime.datetime) -> list[Any]:
    subsets = endpoints.get("subsets") or []
    entries = [
        f"{address['ip']}:{port['port']}"
        for subset in subsets
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    return [name_of(endpoints), _some(entries) if subsets else NONE, age(endpoints, now)]


def _event(event: Object, now: datetime.datetime) -> list[Any]:
    source, involved = event.get("source") or {}, event.get("involvedObject") or {}
    last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    first = event.get("firstTimestamp") or last
    said_by = ", ".join(filter(None, (source.get("component") or event.get("reportingComponent"), source.get("host"))))
    return [
        age_text(last, now), event.get("type", ""), event.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}", involved.get("fieldPath", ""), said_by,
        event.get("message", "").strip(), age_text(first, now), event.get("count", 1), name_of(event),
    ]  # fmt: skip


def _network_policy(policy: Object, now: datetime.datetime) -> list[Any]:
    return [name_of(policy), selector_text(policy["spec"].get("podSelector")), age(policy, now)]


def _config_map(config_map: Object, now: datetime.datetime) -> list[Any]:
    size = len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ())
    return [name_of(config_map), size, age(config_map, now)]


def _secret(secret: Object, now: datetime.datetime) -> list[Any]:
    return [name_of(secret), secret.get("type", ""), len(secret.get("data") or ()), age(secret, now)]


def _lease(lease: Object, now: datetime.datetime) -> list[Any]:
    return [name_of(lease), dig(lease, "spec", "holderIdentity", default=""), age(lease, now)]


BY_KIND: dict[tuple[str, str], Callable[[Object, datetime.datetime], list[Any]]] = {
    ("", "Pod"): _pod, ("", "Service"): _service, ("", "Node"): _node, ("", "Namespace"): _namespace,
    ("", "Endpoints"): _endpoints, ("", "Event"): _event, ("events.k8s.io", "Event"): _event,
    ("", "ConfigMap"): _config_map, ("", "Secret"): _secret, ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set, ("apps", "DaemonSet"): _daemon_set,
    ("networking.k8s.io", "Ingress"): _ingress, ("networking.k8s.io", "IngressClass"): _ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy, ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("coordination.k8s.io", "Lease"): _lease,
}  # fmt: skip
