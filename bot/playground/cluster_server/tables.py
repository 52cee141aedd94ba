"""What `kubectl get` shows of each kind: one small function a kind, cells in the order of the kind's columns."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from bot.playground.cluster_server.ages import UNKNOWN, age_text
from bot.playground.cluster_server.customs import columns
from bot.playground.cluster_server.kinds import Kind
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
NONE, UNSET = "<none>", "<unset>"
_SHOWN_ENDPOINTS = 3


def cells(obj: Object, kind: Kind, now: datetime.datetime) -> list[Any]:
    """As many as the kind has columns."""
    if kind.custom:
        return [obj["metadata"]["name"], *(columns.cell(obj, column, now) for column in kind.custom.columns)]
    made = _BY_KIND.get((kind.group, kind.name))
    if made is not None:
        return made(obj, now)
    named = [obj["metadata"]["name"]]
    for column in kind.columns[1:]:
        match column.name:
            case "Age":
                named.append(_age(obj, now))
            case "Created At":
                named.append(obj["metadata"]["creationTimestamp"])
            case _:
                named.append("")
    return named


def _age(obj: Object, now: datetime.datetime) -> str:
    return age_text(obj["metadata"].get("creationTimestamp"), now)


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _selector(selector: Any) -> str:
    labels = selector.get("matchLabels", selector) if isinstance(selector, dict) else None
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) if labels else NONE


def _containers(obj: Object) -> list[str]:
    containers = dig(obj, "spec", "template", "spec", "containers", default=())
    return [",".join(c["name"] for c in containers), ",".join(c.get("image", "") for c in containers)]


def pod_state(pod: Object) -> str:
    """The word in the STATUS column."""
    status = pod.get("status", {})
    reason = status.get("reason") or status.get("phase", "Pending")
    for container in status.get("containerStatuses") or ():
        state = container.get("state") or {}
        waiting, ended = dig(state, "waiting", "reason"), state.get("terminated")
        if waiting:
            reason = waiting
        elif ended:
            reason = ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}"
    return "Terminating" if pod["metadata"].get("deletionTimestamp") else str(reason)


def _pod(pod: Object, now: datetime.datetime) -> list[Any]:
    statuses = dig(pod, "status", "containerStatuses", default=())
    restarts = sum(container.get("restartCount", 0) for container in statuses)
    ended = [dig(container, "lastState", "terminated", "finishedAt") for container in statuses]
    last = max((time for time in ended if time), default="")
    ready = sum(1 for container in statuses if container.get("ready"))
    return [
        _name(pod), f"{ready}/{len(pod['spec']['containers'])}", pod_state(pod),
        f"{restarts} ({age_text(last, now)} ago)" if restarts and last else str(restarts), _age(pod, now),
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
        _name(service), spec["type"], spec.get("clusterIP") or NONE, external_address(service), ",".join(ports) or NONE,
        _age(service, now), _selector(spec.get("selector")),
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
        _name(deployment), ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0),
        _age(deployment, now), *_containers(deployment), _selector(deployment["spec"].get("selector")),
    ]  # fmt: skip


def _replica_set(replica_set: Object, now: datetime.datetime) -> list[Any]:
    status = replica_set.get("status", {})
    return [
        _name(replica_set), replica_set["spec"].get("replicas", 0), status.get("replicas", 0),
        status.get("readyReplicas", 0), _age(replica_set, now), *_containers(replica_set),
        _selector(replica_set["spec"].get("selector")),
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
        _name(daemon_set), *(status.get(count, 0) for count in counts), _selector(node_selector),
        _age(daemon_set, now), *_containers(daemon_set), _selector(daemon_set["spec"].get("selector")),
    ]  # fmt: skip


def _ingress(ingress: Object, now: datetime.datetime) -> list[Any]:
    spec = ingress["spec"]
    hosts = [rule.get("host") or "*" for rule in spec.get("rules") or ()]
    addresses = [entry.get("ip") or entry.get("hostname", "") for entry in _load_balancer(ingress)]
    shown = ",".join(hosts[:3]) + (f" + {len(hosts) - 3} more..." if len(hosts) > 3 else "")
    return [
        _name(ingress), spec.get("ingressClassName") or NONE, shown or "*", ",".join(addresses),
        "80, 443" if spec.get("tls") else "80", _age(ingress, now),
    ]  # fmt: skip


def _ingress_class(ingress_class: Object, now: datetime.datetime) -> list[Any]:
    spec = ingress_class.get("spec", {})
    parameters = spec.get("parameters")
    shown = f"{parameters['kind']}/{parameters['name']}" if parameters else NONE
    return [_name(ingress_class), spec.get("controller", ""), shown, _age(ingress_class, now)]


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
        _name(node), state, ",".join(roles) or NONE, _age(node, now), info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE), addresses.get("ExternalIP", NONE), info.get("osImage", UNKNOWN), kernel,
        info.get("containerRuntimeVersion", UNKNOWN),
    ]  # fmt: skip


def _namespace(namespace: Object, now: datetime.datetime) -> list[Any]:
    return [_name(namespace), dig(namespace, "status", "phase", default=""), _age(namespace, now)]


def _some(entries: list[str]) -> str:
    more = len(entries) - _SHOWN_ENDPOINTS
    return ",".join(entries[:_SHOWN_ENDPOINTS]) + (f" + {more} more..." if more > 0 else "")


def _endpoint_slice(endpoint_slice: Object, now: datetime.datetime) -> list[Any]:
    ports = [str(port.get("port", "*")) for port in endpoint_slice.get("ports") or ()]
    addresses = [a for endpoint in endpoint_slice.get("endpoints") or () for a in endpoint["addresses"]]
    return [
        _name(endpoint_slice), endpoint_slice.get("addressType", ""), _some(ports) or UNSET, _some(addresses) or UNSET,
        _age(endpoint_slice, now),
    ]  # fmt: skip


def _endpoints(endpoints: Object, now: datetime.datetime) -> list[Any]:
    subsets = endpoints.get("subsets") or []
    entries = [
        f"{address['ip']}:{port['port']}"
        for subset in subsets
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    return [_name(endpoints), _some(entries) if subsets else NONE, _age(endpoints, now)]


def _event(event: Object, now: datetime.datetime) -> list[Any]:
    source, involved = event.get("source") or {}, event.get("involvedObject") or {}
    last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    first = event.get("firstTimestamp") or last
    said_by = ", ".join(filter(None, (source.get("component") or event.get("reportingComponent"), source.get("host"))))
    return [
        age_text(last, now), event.get("type", ""), event.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}", involved.get("fieldPath", ""), said_by,
        event.get("message", "").strip(), age_text(first, now), event.get("count", 1), _name(event),
    ]  # fmt: skip


def _network_policy(policy: Object, now: datetime.datetime) -> list[Any]:
    return [_name(policy), _selector(policy["spec"].get("podSelector")), _age(policy, now)]


def _config_map(config_map: Object, now: datetime.datetime) -> list[Any]:
    size = len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ())
    return [_name(config_map), size, _age(config_map, now)]


def _secret(secret: Object, now: datetime.datetime) -> list[Any]:
    return [_name(secret), secret.get("type", ""), len(secret.get("data") or ()), _age(secret, now)]


def _lease(lease: Object, now: datetime.datetime) -> list[Any]:
    return [_name(lease), dig(lease, "spec", "holderIdentity", default=""), _age(lease, now)]


_BY_KIND: dict[tuple[str, str], Callable[[Object, datetime.datetime], list[Any]]] = {
    ("", "Pod"): _pod, ("", "Service"): _service, ("", "Node"): _node, ("", "Namespace"): _namespace,
    ("", "Endpoints"): _endpoints, ("", "Event"): _event, ("events.k8s.io", "Event"): _event,
    ("", "ConfigMap"): _config_map, ("", "Secret"): _secret, ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set, ("apps", "DaemonSet"): _daemon_set,
    ("networking.k8s.io", "Ingress"): _ingress, ("networking.k8s.io", "IngressClass"): _ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy, ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("coordination.k8s.io", "Lease"): _lease,
}  # fmt: skip
