"""One picture of a cluster's network, or of the part that was asked for.

The Structs name only the fields that Patchbay judges by, in Kubernetes' own spelling, so that bytes decode straight
into them (measured: 90 times faster than the official models). The API may send `null` where its schema says list or
map: such fields allow None, and properties give what is meant.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import msgspec

from bot.domain.network.references import (
    DAEMON_SET,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    INGRESS,
    INGRESS_CLASS,
    NAMESPACE,
    NODE,
    POD,
    REPLICA_SET,
    SERVICE,
    STATEFUL_SET,
    Kind,
    Ref,
    ref_to,
)


class Object(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What all objects share."""

    metadata: Metadata


class OwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    kind: str
    name: str
    uid: str = ""
    controller: bool | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    creation_timestamp: datetime.datetime | None = None
    deletion_timestamp: datetime.datetime | None = None


class Condition(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: datetime.datetime | None = None


class _Common(Object, frozen=True):
    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels or {}

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations or {}

    @property
    def controller(self) -> OwnerReference | None:
        """The object that made this one and keeps it, when there is one."""
        for owner in self.metadata.owner_references or ():
            if owner.controller:
                return owner
        return None


# --- nodes and namespaces


class Taint(msgspec.Struct, frozen=True):
    key: str
    effect: str
    value: str | None = None


class NodeSpec(msgspec.Struct, frozen=True, rename="camel"):
    pod_cidr: str | None = msgspec.field(default=None, name="podCIDR")
    pod_cidrs: list[str] | None = msgspec.field(default=None, name="podCIDRs")
    taints: list[Taint] | None = None
    unschedulable: bool | None = None
    provider_id: str = msgspec.field(default="", name="providerID")
    """`aws:///eu-central-1a/i-0abc`; empty where no cloud has said."""


class NodeAddress(msgspec.Struct, frozen=True):
    type: str
    address: str


class NodeInfo(msgspec.Struct, frozen=True, rename="camel"):
    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    architecture: str = ""
    operating_system: str = ""
    container_runtime_version: str = ""


class NodeStatus(msgspec.Struct, frozen=True, rename="camel"):
    conditions: list[Condition] | None = None
    addresses: list[NodeAddress] | None = None
    node_info: NodeInfo = NodeInfo()


class Node(_Common, frozen=True, kw_only=True):
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def ref(self) -> Ref:
        return ref_to(NODE, "", self.name)

    def condition(self, type_: str) -> Condition | None:
        return next((c for c in self.status.conditions or () if c.type == type_), None)

    @property
    def ready(self) -> bool:
        condition = self.condition("Ready")
        return condition is not None and condition.status == "True"


class NamespaceObject(_Common, frozen=True, kw_only=True):
    @property
    def ref(self) -> Ref:
        return ref_to(NAMESPACE, "", self.name)


# --- pods


class ContainerPort(msgspec.Struct, frozen=True, rename="camel"):
    container_port: int
    name: str | None = None
    protocol: str = "TCP"
    host_port: int | None = None


class HTTPGetAction(msgspec.Struct, frozen=True):
    port: int | str
    path: str | None = None
    scheme: str | None = None


class TCPSocketAction(msgspec.Struct, frozen=True):
    port: int | str


class ContainerProbe(msgspec.Struct, frozen=True, rename="camel"):
    """The kubelet's question to a container. Which of the two is set says its kind; neither: a command or gRPC."""

    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None

    def __str__(self) -> str:
        if self.http_get:
            return f"GET {self.http_get.path or '/'} on port {self.http_get.port}"
        if self.tcp_socket:
            return f"connect to port {self.tcp_socket.port}"
        return "a command or a gRPC call"


class Container(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    image: str = ""
    ports: list[ContainerPort] | None = None
    readiness_probe: ContainerProbe | None = None
    restart_policy: str | None = None
    """`Always` on an init container makes it a sidecar, which runs as long as the pod."""


class PodSpec(msgspec.Struct, frozen=True, rename="camel"):
    containers: list[Container] = []
    init_containers: list[Container] | None = None
    node_name: str | None = None
    host_network: bool | None = None
    dns_policy: str | None = None


class Running(msgspec.Struct, frozen=True, rename="camel"):
    started_at: datetime.datetime | None = None


class Waiting(msgspec.Struct, frozen=True):
    reason: str | None = None
    message: str | None = None


class Terminated(msgspec.Struct, frozen=True, rename="camel"):
    exit_code: int = 0
    signal: int | None = None
    reason: str | None = None
    message: str | None = None
    finished_at: datetime.datetime | None = None


class ContainerState(msgspec.Struct, frozen=True, rename="camel"):
    running: Running | None = None
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodIP(msgspec.Struct, frozen=True):
    ip: str


class PodStatus(msgspec.Struct, frozen=True, rename="camel"):
    phase: str = ""
    reason: str | None = None
    message: str | None = None
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    pod_ips: list[PodIP] | None = msgspec.field(default=None, name="podIPs")
    host_ip: str | None = msgspec.field(default=None, name="hostIP")
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    start_time: datetime.datetime | None = None


class Pod(_Common, frozen=True, kw_only=True):
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ref(self) -> Ref:
        return ref_to(POD, self.namespace, self.name)

    @property
    def ready(self) -> bool:
        return any(c.type == "Ready" and c.status == "True" for c in self.status.conditions or ())


# --- workloads


class LabelSelectorRequirement(msgspec.Struct, frozen=True):
    key: str
    operator: str
    values: list[str] | None = None


class LabelSelector(msgspec.Struct, frozen=True, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None


class HostPath(msgspec.Struct, frozen=True):
    path: str


class Volume(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    host_path: HostPath | None = None


class TemplateSpec(PodSpec, frozen=True, rename="camel"):
    """Of templates alone, so that decoding thousands of pods does not pay for it."""

    volumes: list[Volume] | None = None


class PodTemplate(msgspec.Struct, frozen=True, rename="camel"):
    metadata: TemplateMetadata | None = None
    spec: TemplateSpec = TemplateSpec()


class TemplateMetadata(msgspec.Struct, frozen=True, rename="camel"):
    labels: dict[str, str] | None = None


class WorkloadSpec(msgspec.Struct, frozen=True, rename="camel"):
    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()


class WorkloadStatus(msgspec.Struct, frozen=True, rename="camel"):
    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    observed_generation: int | None = None
    desired_number_scheduled: int | None = None
    number_ready: int | None = None
    number_available: int | None = None
    conditions: list[Condition] | None = None


class Workload(_Common, frozen=True, kw_only=True):
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class Deployment(Workload, frozen=True, kw_only=True):
    @property
    def ref(self) -> Ref:
        return ref_to(DEPLOYMENT, self.namespace, self.name)


class ReplicaSet(Workload, frozen=True, kw_only=True):
    @property
    def ref(self) -> Ref:
        return ref_to(REPLICA_SET, self.namespace, self.name)


class StatefulSet(Workload, frozen=True, kw_only=True):
    @property
    def ref(self) -> Ref:
        return ref_to(STATEFUL_SET, self.namespace, self.name)


class DaemonSet(Workload, frozen=True, kw_only=True):
    @property
    def ref(self) -> Ref:
        return ref_to(DAEMON_SET, self.namespace, self.name)


# --- services and endpoints


class ServicePort(msgspec.Struct, frozen=True, rename="camel"):
    port: int
    name: str | None = None
    protocol: str = "TCP"
    target_port: int | str | None = None
    node_port: int | None = None
    app_protocol: str | None = None


class ServiceSpec(msgspec.Struct, frozen=True, rename="camel"):
    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    cluster_ips: list[str] | None = msgspec.field(default=None, name="clusterIPs")
    external_name: str | None = None
    external_ips: list[str] | None = msgspec.field(default=None, name="externalIPs")
    external_traffic_policy: str | None = None
    internal_traffic_policy: str | None = None
    session_affinity: str | None = None
    ip_families: list[str] | None = None
    ip_family_policy: str | None = None
    health_check_node_port: int | None = None
    load_balancer_class: str | None = None
    publish_not_ready_addresses: bool | None = None


class PointPort(msgspec.Struct, frozen=True):
    """A port at which an address is served, or why it is not."""

    port: int
    protocol: str = "TCP"
    error: str | None = None

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol}" + (f": {self.error}" if self.error else "")


class IngressPoint(msgspec.Struct, frozen=True):
    ip: str | None = None
    hostname: str | None = None
    ports: list[PointPort] | None = None

    def __str__(self) -> str:
        """`203.0.113.10 (80/TCP, 443/TCP: no certificate)`."""
        ports = ", ".join(map(str, self.ports or ()))
        return (self.ip or self.hostname or "") + (f" ({ports})" if ports else "")


class LoadBalancerStatus(msgspec.Struct, frozen=True):
    ingress: list[IngressPoint] | None = None


class BalancedStatus(msgspec.Struct, frozen=True, rename="camel"):
    load_balancer: LoadBalancerStatus | None = None
    conditions: list[Condition] | None = None
    """Of Services alone: an Ingress has none."""

    @property
    def points(self) -> tuple[IngressPoint, ...]:
        """Its addresses, each with the ports that its controller told of."""
        return tuple((self.load_balancer.ingress or ()) if self.load_balancer else ())

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(point.ip or point.hostname or "" for point in self.points)


class Service(_Common, frozen=True, kw_only=True):
    spec: ServiceSpec = ServiceSpec()
    status: BalancedStatus = BalancedStatus()

    @property
    def ref(self) -> Ref:
        return ref_to(SERVICE, self.namespace, self.name)


class EndpointConditions(msgspec.Struct, frozen=True):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(msgspec.Struct, frozen=True):
    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None


class Endpoint(msgspec.Struct, frozen=True, rename="camel"):
    addresses: list[str] = []
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None
    node_name: str | None = None
    zone: str | None = None


class EndpointPort(msgspec.Struct, frozen=True):
    name: str | None = None
    port: int | None = None
    protocol: str | None = None


class EndpointSlice(_Common, frozen=True, kw_only=True):
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None
    address_type: str = "IPv4"

    @property
    def ref(self) -> Ref:
        return ref_to(ENDPOINT_SLICE, self.namespace, self.name)

    @property
    def service_name(self) -> str:
        """The Service it belongs to (https://kubernetes.io/docs/reference/labels-annotations-taints/)."""
        return self.labels.get("kubernetes.io/service-name", "")


# --- ingresses


class ServiceBackendPort(msgspec.Struct, frozen=True):
    number: int | None = None
    name: str | None = None


class ServiceBackend(msgspec.Struct, frozen=True):
    name: str
    port: ServiceBackendPort | None = None


class IngressBackend(msgspec.Struct, frozen=True):
    service: ServiceBackend | None = None


class HTTPPath(msgspec.Struct, frozen=True, rename="camel"):
    backend: IngressBackend
    path: str | None = None
    path_type: str | None = None


class HTTPRule(msgspec.Struct, frozen=True):
    paths: list[HTTPPath] | None = None


class IngressRule(msgspec.Struct, frozen=True):
    host: str | None = None
    http: HTTPRule | None = None


class IngressTLS(msgspec.Struct, frozen=True, rename="camel"):
    hosts: list[str] | None = None
    secret_name: str | None = None


class IngressSpec(msgspec.Struct, frozen=True, rename="camel"):
    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: list[IngressRule] | None = None
    tls: list[IngressTLS] | None = None


class Ingress(_Common, frozen=True, kw_only=True):
    spec: IngressSpec = IngressSpec()
    status: BalancedStatus = BalancedStatus()

    @property
    def ref(self) -> Ref:
        return ref_to(INGRESS, self.namespace, self.name)


class IngressClassSpec(msgspec.Struct, frozen=True, rename="camel"):
    controller: str = ""


class IngressClass(_Common, frozen=True, kw_only=True):
    spec: IngressClassSpec = IngressClassSpec()

    @property
    def ref(self) -> Ref:
        return ref_to(INGRESS_CLASS, "", self.name)

    @property
    def default(self) -> bool:
        return self.annotations.get("ingressclass.kubernetes.io/is-default-class") == "true"


# --- the picture


class ClusterIdentity(msgspec.Struct, frozen=True):
    """A cluster is known by the uid of its kube-system namespace, or where that may not be read by its address; the
    name is what people call it."""

    uid: str
    name: str
    version: str = ""


class Scope(msgspec.Struct, frozen=True):
    """What to read: which kinds, in which namespace (empty: all), with which labels (applied to namespaced kinds)."""

    kinds: tuple[Kind, ...]
    namespace: str = ""
    selector: str = ""


class Unread(msgspec.Struct, frozen=True):
    """A part of the scope that could not be read, and why, in plain words."""

    kind: Kind
    namespace: str
    reason: str


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen values of all in `scope` that could be read. What could not be is in `unread`, never just absent."""

    cluster: ClusterIdentity
    scope: Scope
    taken_at: datetime.datetime
    unread: tuple[Unread, ...] = ()
    nodes: tuple[Node, ...] = ()
    namespaces: tuple[NamespaceObject, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    endpoint_slices: tuple[EndpointSlice, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    replica_sets: tuple[ReplicaSet, ...] = ()
    stateful_sets: tuple[StatefulSet, ...] = ()
    daemon_sets: tuple[DaemonSet, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    ingress_classes: tuple[IngressClass, ...] = ()

    def could_read(self, *kinds: Kind) -> bool:
        """Whether each of the kinds was asked for and completely read: only then does absence mean anything."""
        missing = {unread.kind for unread in self.unread}
        return all(kind in self.scope.kinds and kind not in missing for kind in kinds)


FIELD_OF_KIND: dict[Kind, tuple[str, type[_Common]]] = {
    NODE: ("nodes", Node),
    NAMESPACE: ("namespaces", NamespaceObject),
    POD: ("pods", Pod),
    SERVICE: ("services", Service),
    ENDPOINT_SLICE: ("endpoint_slices", EndpointSlice),
    DEPLOYMENT: ("deployments", Deployment),
    REPLICA_SET: ("replica_sets", ReplicaSet),
    STATEFUL_SET: ("stateful_sets", StatefulSet),
    DAEMON_SET: ("daemon_sets", DaemonSet),
    INGRESS: ("ingresses", Ingress),
    INGRESS_CLASS: ("ingress_classes", IngressClass),
}
"""Where a snapshot keeps a kind, and what it decodes into: the only table that a new kind has to enter."""


def workloads(snapshot: Snapshot) -> Iterator[Deployment | StatefulSet | DaemonSet]:
    """All that makes pods for good, in the order Deployments, StatefulSets, DaemonSets."""
    yield from snapshot.deployments
    yield from snapshot.stateful_sets
    yield from snapshot.daemon_sets
