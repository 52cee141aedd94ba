"""What a cloud's network does not carry: Azure drops what is wrapped by IPIP or GRE, others want it allowed, and hardly
one carries packets of pods that are not wrapped at all."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown

_NUMBERS = {"IPIP": 4, "GRE": 47}
_CLOUDS = frozenset({"aws", "azure", "gce"})


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    clouds = sorted({node.spec.provider_id.partition(":")[0] for node in around.nodes if node.spec.provider_id})
    told = f"nodes are of {', '.join(clouds)}" if clouds else "no node names a cloud (spec.providerID)"
    found = list(_carried(wanted, _CLOUDS.intersection(clouds), told))
    yield from found
    if found:
        return
    yield ok(told) if around.nodes_read else unknown("the nodes could not be read")


def _carried(wanted: Wanted, clouds: frozenset[str], told: str) -> Iterator[Said]:
    wire, instead = wanted.installation.wire(wanted.parameters), wanted.installation.wraps_all
    number = _NUMBERS.get(wire.protocol)
    if number and "azure" in clouds:
        # https://docs.tigera.io/calico/latest/reference/public-cloud/azure
        # https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
        yield conflict(f"{told}, and Azure's network drops {wire.protocol}: {instead}, or take another plugin")
        return
    if number and clouds:
        by = "security groups" if "aws" in clouds else "firewall rules"
        evidence = f"{told}: {wire.protocol} is protocol {number}, which the nodes' {by} have to allow"
        known = "aws" in clouds and number == 4
        yield doubt("aws-protocol-4", evidence) if known else doubt("cloud-firewall", evidence)
    if clouds and not wire.within_subnets:
        # https://docs.tigera.io/calico/latest/reference/public-cloud/aws
        where = "between nodes of one subnet nothing is wrapped" if wire.protocol else "nothing is wrapped"
        asks = "the cloud has to route pods' addresses itself, and not to check where packets come from"
        yield doubt("cloud-routes", f"{told}, and {where}: {asks}; or {instead}")


CHECK = Preflight("cloud", _look, ("aws-protocol-4", "cloud-firewall", "cloud-routes"))
