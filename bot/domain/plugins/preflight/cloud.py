"""What a cloud's network does not carry: Azure drops IPIP, AWS wants protocol 4 allowed."""

from collections.abc import Iterator

from bot.domain.plugins.parameters import Encapsulation
from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown

_IPIP = (Encapsulation.IPIP, Encapsulation.IPIP_CROSS_SUBNET)


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    clouds = sorted({node.spec.provider_id.partition(":")[0] for node in around.nodes if node.spec.provider_id})
    told = f"nodes are of {', '.join(clouds)}" if clouds else "no node names a cloud (spec.providerID)"
    ipip = wanted.parameters.encapsulation in _IPIP or wanted.name == "kube-router"
    if "azure" in clouds and ipip:
        # https://docs.tigera.io/calico/latest/reference/public-cloud/azure
        yield conflict(f"{told}, and Azure's network drops IPIP: take `--encapsulation VXLAN`, or another plugin")
    elif "aws" in clouds and ipip:
        yield doubt("aws-protocol-4", f"{told}: IPIP is protocol 4, which the nodes' security groups have to allow")
    elif {"aws", "azure", "gce"} & set(clouds) and _plain(wanted):
        yield doubt(
            "cloud-routes",
            f"{told}, and nothing is wrapped: the cloud has to route pods' addresses itself, and not to check sources",
        )
    elif not around.nodes_read:
        yield unknown("the nodes could not be read")
    else:
        yield ok(told)


def _plain(wanted: Wanted) -> bool:
    return wanted.parameters.encapsulation is Encapsulation.NONE or wanted.parameters.backend == "host-gw"


CHECK = Preflight("cloud", _look, ("aws-protocol-4", "cloud-routes"))
