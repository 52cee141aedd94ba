"""Only one pod of a node can have a port of the host: another one waits for ever."""

from collections.abc import Iterator
from typing import Any

from bot.domain.network.pods import finished
from bot.domain.network.references import POD
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import containers, pod_specs
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if not wanted.installation.class_name:
        return
    needed = _needed(wanted)
    if not needed:
        yield ok("it takes none")
        return
    told = " and ".join(map(str, sorted(needed)))
    if not around.could_read(POD):
        yield unknown(f"the pods could not be read: somebody may have {told} of the hosts")
        return
    holders: dict[int, list[str]] = {}
    for pod in around.snapshot.pods:
        if finished(pod):
            continue
        for container in pod.spec.containers:
            for port in container.ports or ():
                held = port.container_port if pod.spec.host_network else port.host_port
                if held in needed:
                    holders.setdefault(held, []).append(f"{pod.ref.short} on {pod.spec.node_name or 'no node yet'}")
    for number, pods in sorted(holders.items()):
        more = f" and {len(pods) - 3} more" if len(pods) > 3 else ""
        yield conflict(
            f"port {number} of the host is taken by pod {', '.join(pods[:3])}{more}: its own pod there would wait"
        )
    if not holders:
        yield ok(f"it takes {told} of every host, and no pod has them")


def _needed(wanted: WantedEdge) -> set[int]:
    ports: list[Any] = [
        port for _, spec in pod_specs(wanted.objects) for each in containers(spec) for port in each.get("ports") or ()
    ]
    return {int(port["hostPort"]) for port in ports if port.get("hostPort")}


CHECK = EdgeCheck("host ports", _look)
