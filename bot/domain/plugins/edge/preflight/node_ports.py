"""A node port is one Service's alone in the whole cluster: the API server refuses a second one."""

from collections.abc import Iterator
from typing import Any

from bot.domain.network.references import SERVICE
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if not wanted.installation.class_name:
        return
    needed = dict(_needed(wanted))
    if not needed:
        yield ok("it names none: the cluster gives free ones where they are needed")
    elif not around.could_read(SERVICE):
        yield unknown("the Services could not be read: its node ports may be taken")
    else:
        taken = {
            port.node_port: service.ref.short
            for service in around.snapshot.services
            for port in service.spec.ports or ()
            if port.node_port in needed and service.ref.short != needed[port.node_port]
        }
        for number, service in sorted(taken.items()):
            yield conflict(f"node port {number} is taken by Service {service}")
        if not taken:
            yield ok(f"{', '.join(map(str, sorted(needed)))} are free")


def _needed(wanted: WantedEdge) -> Iterator[tuple[int, str]]:
    for object in wanted.objects:
        if object.get("kind") == SERVICE.name:
            spec: Any = object.get("spec") or {}
            for port in spec.get("ports") or ():
                if port.get("nodePort"):
                    yield int(port["nodePort"]), ref(object).short


CHECK = EdgeCheck("node ports", _look)
