"""How things in a cluster are called: one value for "that Service there", used by findings, changes and messages."""

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    JSON: TypeAlias = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
    """Any part of an object as Kubernetes has it."""
    JSONObject: TypeAlias = dict[str, JSON]
    """An object as Kubernetes has it."""
else:  # msgspec decodes no alias that names itself, and records that hold such values are stored by it
    JSON = Any
    JSONObject = dict[str, Any]


class Kind(msgspec.Struct, frozen=True):
    """A kind of object, with all that is needed to address it without asking discovery."""

    name: str
    """As in manifests: `Service`."""
    plural: str
    """As in URLs: `services`."""
    api_version: str
    """`v1`, `apps/v1`, ..."""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    """What kubectl takes besides: `svc`, `service`."""

    @property
    def base_path(self) -> str:
        """`/api/v1` or `/apis/GROUP/VERSION`."""
        return f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"

    def path(self, namespace: str = "", name: str = "") -> str:
        """The URL path of a collection (name empty; namespace empty: everywhere) or of one object."""
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.base_path}{scope}/{self.plural}" + (f"/{name}" if name else "")


POD = Kind("Pod", "pods", "v1", short_names=("po", "pod"))
SERVICE = Kind("Service", "services", "v1", short_names=("svc", "service"))
NODE = Kind("Node", "nodes", "v1", namespaced=False, short_names=("no", "node"))
NAMESPACE = Kind("Namespace", "namespaces", "v1", namespaced=False, short_names=("ns", "namespace"))
CONFIG_MAP = Kind("ConfigMap", "configmaps", "v1", short_names=("cm", "configmap"))
SECRET = Kind("Secret", "secrets", "v1", short_names=("secret",))
EVENT = Kind("Event", "events", "v1", short_names=("ev", "event"))
ENDPOINT_SLICE = Kind("EndpointSlice", "endpointslices", "discovery.k8s.io/v1", short_names=("endpointslice",))
DEPLOYMENT = Kind("Deployment", "deployments", "apps/v1", short_names=("deploy", "deployment"))
REPLICA_SET = Kind("ReplicaSet", "replicasets", "apps/v1", short_names=("rs", "replicaset"))
STATEFUL_SET = Kind("StatefulSet", "statefulsets", "apps/v1", short_names=("sts", "statefulset"))
DAEMON_SET = Kind("DaemonSet", "daemonsets", "apps/v1", short_names=("ds", "daemonset"))
REPLICATION_CONTROLLER = Kind(
    "ReplicationController", "replicationcontrollers", "v1", short_names=("rc", "replicationcontroller")
)
INGRESS = Kind("Ingress", "ingresses", "networking.k8s.io/v1", short_names=("ing", "ingress"))
INGRESS_CLASS = Kind(
    "IngressClass", "ingressclasses", "networking.k8s.io/v1", namespaced=False, short_names=("ingressclass",)
)
PERSISTENT_VOLUME_CLAIM = Kind(
    "PersistentVolumeClaim", "persistentvolumeclaims", "v1", short_names=("pvc", "persistentvolumeclaim")
)
CUSTOM_RESOURCE_DEFINITION = Kind(
    "CustomResourceDefinition",
    "customresourcedefinitions",
    "apiextensions.k8s.io/v1",
    namespaced=False,
    short_names=("crd", "crds", "customresourcedefinition"),
)
NETWORK_POLICY = Kind("NetworkPolicy", "networkpolicies", "networking.k8s.io/v1", short_names=("netpol",))

_GATEWAY_API = "gateway.networking.k8s.io"
# Versions that v1.4 and later of the Gateway API serve in the standard channel: https://gateway-api.sigs.k8s.io/
GATEWAY_CLASS = Kind(
    "GatewayClass", "gatewayclasses", f"{_GATEWAY_API}/v1", namespaced=False, short_names=("gc", "gatewayclass")
)
GATEWAY = Kind("Gateway", "gateways", f"{_GATEWAY_API}/v1", short_names=("gtw", "gateway"))
HTTP_ROUTE = Kind("HTTPRoute", "httproutes", f"{_GATEWAY_API}/v1", short_names=("httproute",))
GRPC_ROUTE = Kind("GRPCRoute", "grpcroutes", f"{_GATEWAY_API}/v1", short_names=("grpcroute",))
TLS_ROUTE = Kind("TLSRoute", "tlsroutes", f"{_GATEWAY_API}/v1", short_names=("tlsroute",))
REFERENCE_GRANT = Kind(
    "ReferenceGrant", "referencegrants", f"{_GATEWAY_API}/v1beta1", short_names=("refgrant", "referencegrant")
)

KINDS: tuple[Kind, ...] = (
    POD,
    SERVICE,
    NODE,
    NAMESPACE,
    CONFIG_MAP,
    SECRET,
    EVENT,
    ENDPOINT_SLICE,
    DEPLOYMENT,
    REPLICA_SET,
    STATEFUL_SET,
    DAEMON_SET,
    REPLICATION_CONTROLLER,
    INGRESS,
    INGRESS_CLASS,
    NETWORK_POLICY,
    GATEWAY_CLASS,
    GATEWAY,
    HTTP_ROUTE,
    GRPC_ROUTE,
    TLS_ROUTE,
    REFERENCE_GRANT,
)


def kind_called(word: str) -> Kind | None:
    """The kind that kubectl means by `word` (`svc`, `services`, `Service`), in any case; None when there is none."""
    wanted = word.lower()
    for kind in KINDS:
        if wanted in (kind.name.lower(), kind.plural, *kind.short_names):
            return kind
    return None


class Ref(msgspec.Struct, frozen=True, order=True):
    """One object of a cluster, by kind and name. Written `Service shop/web`."""

    kind: str
    name: str
    namespace: str = ""
    api_version: str = "v1"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def short(self) -> str:
        """`shop/web`, or `node1` for what has no namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def ref_to(kind: Kind, namespace: str, name: str) -> Ref:
    """The reference to one object of a known kind."""
    return Ref(kind.name, name, namespace if kind.namespaced else "", kind.api_version)
