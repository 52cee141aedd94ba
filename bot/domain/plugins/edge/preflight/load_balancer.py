"""A Service of type LoadBalancer waits for an address for ever where nobody gives any."""

from collections.abc import Iterator

from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, SERVICE
from bot.domain.plugins.cni import repository
from bot.domain.plugins.controllers import Workload
from bot.domain.plugins.edge.parameters import Exposure
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown

_GIVERS = {
    "metallb/controller": "MetalLB",
    "kube-vip/kube-vip": "kube-vip",
    "kube-vip/kube-vip-cloud-provider": "kube-vip",
    "rancher/klipper-lb": "k3s's own",
    "purelb/allocator": "PureLB",
    "loxilb-io/kube-loxilb": "LoxiLB",
}
"""Ends of image repositories of what gives addresses where no cloud does."""
_CLOUDS = ("aws", "azure", "gce", "openstack", "vsphere", "digitalocean", "hcloud", "ocid1", "linode", "ibm", "vultr")
"""How `spec.providerID` of nodes begins where a cloud has a load balancer."""


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if wanted.parameters.service is not Exposure.LOAD_BALANCER:
        return
    balanced = [each for each in around.snapshot.services if each.spec.type == "LoadBalancer"]
    served = next((each for each in balanced if each.status.addresses), None)
    if served is not None:
        yield ok(f"Service {served.ref.short} was given {', '.join(served.status.addresses)}")
        return
    if giver := _giver(around):
        yield ok(giver)
        return
    if not around.could_read(SERVICE, DEPLOYMENT, DAEMON_SET):
        yield unknown("Services and workloads could not all be read: somebody may give addresses")
        return
    waiting = f"{len(balanced)} Services of the type wait, and " if balanced else ""
    yield doubt(
        "no-load-balancer",
        f"{waiting}nobody is seen who gives addresses to Services of type LoadBalancer: it would be reached by node "
        "ports alone. `--service NodePort` says so openly",
    )


def _giver(around: Edge) -> str:
    workloads: list[Workload] = [*around.snapshot.deployments, *around.snapshot.daemon_sets]
    for workload in workloads:
        for container in workload.spec.template.spec.containers:
            own = repository(container.image)
            for end, title in _GIVERS.items():
                if own == end or own.endswith("/" + end):
                    return f"{title} is there, by {workload.ref}"
    clouds = {node.spec.provider_id.partition(":")[0] for node in around.nodes} & set(_CLOUDS)
    return f"the nodes are {' and '.join(sorted(clouds))}'s, which has load balancers" if clouds else ""


CHECK = EdgeCheck("load balancer", _look, ("no-load-balancer",))
