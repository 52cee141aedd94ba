"""Services that cannot be expected to answer here, each with the reason: a check names whom it passes over."""

from bot.domain.network.references import DEPLOYMENT, REPLICA_SET, STATEFUL_SET
from bot.domain.network.services import PodIndex, scaled_to_zero
from bot.domain.network.snapshot import Service, Snapshot


def exempt(snapshot: Snapshot) -> dict[str, tuple[Service, ...]]:
    """Services that are passed over, by reason, in the snapshot's order."""
    pods = PodIndex(snapshot)
    workloads_read = snapshot.could_read(DEPLOYMENT, STATEFUL_SET, REPLICA_SET)
    found: dict[str, list[Service]] = {}
    for service in snapshot.services:
        if reason := _reason(service, pods, workloads_read):
            found.setdefault(reason, []).append(service)
    return {reason: tuple(services) for reason, services in found.items()}


def _reason(service: Service, pods: PodIndex, workloads_read: bool) -> str:
    if service.spec.type == "ExternalName":
        return "ExternalName: a name outside the cluster"
    if not service.spec.selector:
        return "no selector: somebody else keeps its endpoints"
    if workloads_read and scaled_to_zero(service, pods):
        return "scaled to zero"
    if not service.spec.ports:
        return "no ports: there is nothing to ask"
    if all(port.protocol != "TCP" for port in service.spec.ports):
        return "UDP or SCTP only: it cannot be asked from the API server"
    return ""
