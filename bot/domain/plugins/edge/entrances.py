"""By which Service a controller is reached: whoever takes that away cuts off all that the controller serves."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.changes import fields
from bot.domain.network.references import Ref
from bot.domain.plugins.controllers import Found, Workload
from bot.domain.plugins.edge.serving import served
from bot.domain.plugins.edge.surroundings import Edge

_SHOWN = 6


def cut_off(service: Ref, all_found: Sequence[Found], edge: Edge) -> str:
    """Which controller has no other way in, and what it serves, for people; empty: this Service is no entrance, or not
    the only one."""
    for found in all_found:
        if [each.ref for each in found.services] != [service] or any(map(_on_hosts, found.workloads)):
            continue
        its = served(found, all_found, edge)
        objects = [*(each.ref for each in its.ingresses), *map(fields.ref_of, its.gateways)]
        if objects:
            more = f" and {len(objects) - _SHOWN} more" if len(objects) > _SHOWN else ""
            named = ", ".join(map(str, objects[:_SHOWN]))
            return (
                f"It is the only way in to {found.called}, which serves {named}{more}: nobody reaches these afterwards."
            )
    return ""


def _on_hosts(workload: Workload) -> bool:
    """Whether its pods are reached at ports of their nodes as well."""
    spec = workload.spec.template.spec
    return bool(spec.host_network) or any(port.host_port for each in spec.containers for port in each.ports or ())
