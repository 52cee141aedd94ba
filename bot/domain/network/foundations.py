"""What the network stands on: which objects are the cluster's DNS, and which are its network plugin."""

from bot.domain.network.references import Ref
from bot.domain.network.snapshot import DaemonSet, Service, Snapshot

_DNS_NAMES = ("kube-dns", "coredns", "rke2-coredns-rke2-coredns", "dns-default")
_DNS_NAMESPACES = ("kube-system", "openshift-dns")

_CNI_FOLDERS = ("/etc/cni", "/opt/cni")
_AGENTS = frozenset(
    {
        "calico-node",
        "canal",
        "kube-flannel-ds",
        "weave-net",
        "kube-router",
        "antrea-agent",
        "cilium",
        "kindnet",
        "aws-node",
    }
)
"""Well-known agents that may say nothing of CNI folders (Weave mounts all of /etc and /opt)."""


def dns_service(snapshot: Snapshot) -> Service | None:
    """The Service that pods ask for names: `kube-dns`, whatever answers behind it. None when there is none."""
    known = [s for s in snapshot.services if s.namespace in _DNS_NAMESPACES and _is_dns(s)]
    return min(known, key=lambda s: (s.name not in _DNS_NAMES, s.name), default=None)


def is_foundation(service: Ref) -> bool:
    """Whether the cluster itself stands on this Service: the API server's own, or the one that answers names."""
    api_server = service.namespace == "default" and service.name == "kubernetes"
    return api_server or (service.namespace in _DNS_NAMESPACES and service.name in _DNS_NAMES)


def _is_dns(service: Service) -> bool:
    asked = any(port.port == 53 for port in service.spec.ports or ())
    return asked and (service.name in _DNS_NAMES or service.labels.get("k8s-app") == "kube-dns")


def network_agents(snapshot: Snapshot) -> tuple[DaemonSet, ...]:
    """DaemonSets that bring the pod network to nodes: they put files where the container runtime looks for CNI."""
    return tuple(each for each in snapshot.daemon_sets if _is_agent(each))


def _is_agent(daemon_set: DaemonSet) -> bool:
    spec = daemon_set.spec.template.spec
    if daemon_set.name in _AGENTS:
        return True
    paths = [volume.host_path.path for volume in spec.volumes or () if volume.host_path]
    return bool(spec.host_network) and any(path.startswith(_CNI_FOLDERS) for path in paths)
