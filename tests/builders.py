"""Objects of a cluster with good defaults, so that a test states only what matters to it.

Everything is in the namespace `shop` and the cluster `c1` unless said otherwise; `NOW` is when every snapshot is taken.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.references import Kind, Ref
from bot.domain.network.snapshot import (
    FIELD_OF_KIND,
    ClusterIdentity,
    DaemonSet,
    Deployment,
    EndpointSlice,
    Ingress,
    Node,
    Pod,
    ReplicaSet,
    Scope,
    Service,
    Snapshot,
    StatefulSet,
    Unread,
)

NOW = datetime.datetime(2026, 11, 24, 3, 0, tzinfo=datetime.UTC)
CLUSTER = ClusterIdentity(uid="c1", name="test", version="v1.36.2")


def ago(**length: float) -> str:
    """That long before NOW, as Kubernetes writes it: `ago(minutes=5)`."""
    return (NOW - datetime.timedelta(**length)).isoformat().replace("+00:00", "Z")


def metadata(name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    scope = {"namespace": namespace} if namespace else {}
    return {"name": name, **scope, "uid": f"uid-{namespace}-{name}", "creationTimestamp": ago(hours=1), **more}


def container(
    name: str = "web", image: str = "registry.local/web:1", ports: Sequence[Any] = (8080,), **more: Any
) -> Any:
    """`ports` are numbers, or `("http", 8080)`."""
    listed = [
        {"name": port[0], "containerPort": port[1]} if isinstance(port, tuple) else {"containerPort": port}
        for port in ports
    ]
    return {"name": name, "image": image, "ports": listed, **more}


def pod(
    name: str = "web-1",
    *,
    namespace: str = "shop",
    labels: Mapping[str, str] | None = None,
    ready: bool = True,
    phase: str = "Running",
    node: str = "node1",
    owner: tuple[str, str] | None = None,
    containers: Sequence[Any] | None = None,
    statuses: Sequence[Any] | None = None,
    init: Sequence[Any] | None = None,
    init_statuses: Sequence[Any] | None = None,
    conditions: Sequence[Any] = (),
    **more: Any,
) -> Pod:
    """A pod with one running container. `owner` is kind and name; a Deployment's pods get their ReplicaSet's hash.

    `more` goes into metadata (`deletionTimestamp`) or, as `status`, into the status.
    """
    labels = dict({"app": "web"} if labels is None else labels)
    references = []
    if owner:
        kind, owner_name = owner
        if kind == "Deployment":
            labels["pod-template-hash"] = "5d4f8"
            kind, owner_name = "ReplicaSet", f"{owner_name}-5d4f8"
        references = [{"kind": kind, "name": owner_name, "controller": True}]
    given = list(containers if containers is not None else [container()])
    status = {
        "phase": phase,
        "podIP": "10.244.1.2",
        "startTime": ago(hours=1),
        "conditions": [{"type": "Ready", "status": str(ready)}, *conditions],
        "containerStatuses": list(statuses) if statuses is not None else [running(c["name"], ready) for c in given],
        "initContainerStatuses": list(init_statuses) if init_statuses is not None else None,
        **more.pop("status", {}),
    }
    return msgspec.convert(
        {
            "metadata": metadata(name, namespace, labels=labels, ownerReferences=references, **more),
            "spec": {"containers": given, "initContainers": list(init) if init else None, "nodeName": node or None},
            "status": status,
        },
        Pod,
    )


def running(name: str = "web", ready: bool = True, restarts: int = 0, **more: Any) -> dict[str, Any]:
    """The status of a container that runs."""
    state = {"running": {"startedAt": ago(hours=1)}}
    return {"name": name, "ready": ready, "started": True, "restartCount": restarts, "state": state, **more}


def waiting(reason: str, name: str = "web", message: str = "", restarts: int = 0, **more: Any) -> dict[str, Any]:
    """The status of a container that does not run yet, or not any more."""
    state = {"waiting": {"reason": reason, "message": message or None}}
    return {"name": name, "ready": False, "restartCount": restarts, "state": state, **more}


def terminated(code: int = 0, reason: str = "", name: str = "web", restarts: int = 0, **more: Any) -> dict[str, Any]:
    """The status of a container that ended. `signal` and `lastState` go into `more`."""
    ended = {
        "exitCode": code,
        "reason": reason or None,
        "finishedAt": ago(minutes=1),
        "signal": more.pop("signal", None),
    }
    return {"name": name, "ready": False, "restartCount": restarts, "state": {"terminated": ended}, **more}


def crashed(code: int = 1, **length: float) -> dict[str, Any]:
    """A `lastState`: it ended with this code that long ago (a minute, unless said)."""
    return {"terminated": {"exitCode": code, "reason": "Error", "finishedAt": ago(**(length or {"minutes": 1}))}}


def service(
    name: str = "web",
    *,
    namespace: str = "shop",
    selector: Mapping[str, str] | None = None,
    ports: Sequence[Any] = (80,),
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> Service:
    """A ClusterIP Service for `app=web`. `ports` are numbers or whole ports; `selector={}` makes it selectorless."""
    return msgspec.convert(
        {
            "metadata": metadata(name, namespace, labels=dict(labels or {})),
            "spec": {
                "type": "ClusterIP",
                "clusterIP": "10.96.0.20",
                "selector": dict({"app": "web"} if selector is None else selector) or None,
                "ports": [{"port": port, "targetPort": 8080} if isinstance(port, int) else port for port in ports],
                **spec,
            },
            "status": {},
        },
        Service,
    )


def endpoint_slice(
    service: str = "web",
    pods: Iterable[str] = ("web-1",),
    *,
    namespace: str = "shop",
    ready: bool = True,
    ports: Sequence[Any] = (8080,),
    name: str = "",
    addresses: Sequence[str] = ("10.244.1.2",),
    **conditions: bool,
) -> EndpointSlice:
    """Endpoints of a Service, one for each pod. `ports` are numbers (nameless) or `("http", 8080)`."""
    return msgspec.convert(
        {
            "metadata": metadata(name or f"{service}-abc", namespace, labels={"kubernetes.io/service-name": service}),
            "addressType": "IPv4",
            "ports": [
                {"name": port[0], "port": port[1], "protocol": "TCP"}
                if isinstance(port, tuple)
                else {"name": "", "port": port, "protocol": "TCP"}
                for port in ports
            ],
            "endpoints": [
                {
                    "addresses": list(addresses),
                    "conditions": {"ready": ready, **conditions},
                    "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace},
                }
                for pod in pods
            ],
        },
        EndpointSlice,
    )


def _workload(name: str, namespace: str, labels: Mapping[str, str] | None, spec: Any, status: Any, more: Any) -> Any:
    labels = dict({"app": "web"} if labels is None else labels)
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container()], **spec.pop("template", {})}}
    return {
        "metadata": metadata(name, namespace, **more),
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
        "status": status,
    }


def deployment(
    name: str = "web",
    *,
    namespace: str = "shop",
    labels: Mapping[str, str] | None = None,
    replicas: int | None = 1,
    status: Mapping[str, Any] | None = None,
    **more: Any,
) -> Deployment:
    """A Deployment whose pods are labelled `app=web`."""
    return msgspec.convert(_workload(name, namespace, labels, {"replicas": replicas}, status or {}, more), Deployment)


def stateful_set(name: str = "db", *, labels: Mapping[str, str] | None = None, replicas: int = 1) -> StatefulSet:
    return msgspec.convert(
        _workload(name, "shop", labels or {"app": "db"}, {"replicas": replicas}, {}, {}), StatefulSet
    )


def replica_set(
    name: str = "web-5d4f8", *, labels: Mapping[str, str] | None = None, replicas: int = 1, owner: str = ""
) -> ReplicaSet:
    """`owner` names the Deployment that scales it."""
    more = {"ownerReferences": [{"kind": "Deployment", "name": owner, "controller": True}]} if owner else {}
    return msgspec.convert(_workload(name, "shop", labels, {"replicas": replicas}, {}, more), ReplicaSet)


def daemon_set(
    name: str = "agent",
    *,
    namespace: str = "kube-system",
    images: Sequence[str] = ("registry.local/agent:1",),
    wanted: int = 2,
    ready: int = 2,
    host_paths: Sequence[str] = (),
) -> DaemonSet:
    """An agent on each node, in the host's network."""
    template = {
        "hostNetwork": True,
        "containers": [container(f"c{index}", image, ()) for index, image in enumerate(images)],
        "volumes": [{"name": f"v{index}", "hostPath": {"path": path}} for index, path in enumerate(host_paths)],
    }
    status = {"desiredNumberScheduled": wanted, "numberReady": ready}
    return msgspec.convert(_workload(name, namespace, {"app": name}, {"template": template}, status, {}), DaemonSet)


def node(name: str = "node1", *, ready: bool | None = True, message: str = "", **spec: Any) -> Node:
    """`ready` None: its kubelet has fallen silent."""
    status = {True: "True", False: "False", None: "Unknown"}[ready]
    condition = {"type": "Ready", "status": status, "message": message or None}
    return msgspec.convert(
        {"metadata": metadata(name, ""), "spec": spec, "status": {"conditions": [condition]}},
        Node,
    )


def ingress(
    name: str = "web",
    *,
    namespace: str = "shop",
    host: str = "web.example.com",
    service: str = "web",
    port: int | str = 80,
    path: str = "/",
    **spec: Any,
) -> Ingress:
    """One rule with one path. `spec` replaces what stands in the spec (`rules=[]`)."""
    backend = {"service": {"name": service, "port": {"name": port} if isinstance(port, str) else {"number": port}}}
    rules = [{"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}]
    return msgspec.convert({"metadata": metadata(name, namespace), "spec": {"rules": rules, **spec}}, Ingress)


def snapshot(*objects: Any, unread: Iterable[Kind] = (), kinds: Iterable[Kind] = tuple(FIELD_OF_KIND)) -> Snapshot:
    """A picture of these objects: every kind was asked for and read, but those in `unread`."""
    found: dict[str, tuple[Any, ...]] = {}
    for field, type_ in FIELD_OF_KIND.values():
        found[field] = tuple(each for each in objects if type(each) is type_)
    assert sum(map(len, found.values())) == len(objects), "an object of a kind that snapshots do not hold"
    return Snapshot(
        cluster=CLUSTER,
        scope=Scope(tuple(kinds)),
        taken_at=NOW,
        unread=tuple(Unread(kind, "", "may not be listed") for kind in unread),
        **found,
    )


def finding(
    rule: str = "service-selects-no-pods",
    *,
    object: Ref = Ref("Service", "web", "shop"),  # noqa: B008  frozen
    owner: Ref | None = None,
    field: str = "spec.selector",
    summary: str = "selects no pods",
    severity: Severity = Severity.HIGH,
    right: bool = False,
    **more: Any,
) -> Finding:
    """A finding about Service shop/web."""
    return Finding(
        cluster=CLUSTER.uid,
        rule=rule,
        severity=severity,
        object=object,
        owner=owner or object,
        field=field,
        summary=summary,
        right=right,
        **more,
    )


def whole(built: Any) -> dict[str, Any]:
    """What was built as an object of the API, for `FakeCluster.put`."""

    def without_nothing(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_nothing(inner) for key, inner in value.items() if inner is not None}
        return [without_nothing(inner) for inner in value] if isinstance(value, list) else value

    found: dict[str, Any] = without_nothing(msgspec.to_builtins(built))
    return {"apiVersion": built.ref.api_version, "kind": built.ref.kind, **found}
