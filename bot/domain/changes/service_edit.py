"""Plans changes of a Service that is there, whoever made it: its ports, its type, whom it selects, its policies.

Written as an `Edit`: only the fields that change, each as it was read, so that undoing brings exactly those back.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.changes import fields, proof
from bot.domain.changes.change import Change, Doubt, Edit, FieldValue
from bot.domain.changes.owning import kept_by, packaged
from bot.domain.changes.port_editing import PortEdits, edited
from bot.domain.changes.service_fitting import OUTSIDE, check_options, check_selected, ports, warnings
from bot.domain.changes.service_taken import Around, check_taken, taken_warnings
from bot.domain.network import leading
from bot.domain.network.foundations import is_foundation
from bot.domain.network.leading import Lead
from bot.domain.network.references import JSON, JSONObject, Ref
from bot.domain.network.selected import Selected, selected
from bot.domain.network.services import PodIndex
from bot.errors import Refused

USED = "used"
OWNED = "owned"
CODES = (USED, OWNED)
_OF_BALANCERS = ("allocateLoadBalancerNodePorts", "loadBalancerClass", "loadBalancerIP", "healthCheckNodePort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """What is wanted of which Service."""

    line: str
    cluster: str
    service: JSONObject
    """Whole, as it is now."""
    ports: PortEdits
    type: str = ""
    """Empty: as it is."""
    selector: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, JSON] = field(default_factory=dict)
    """Other fields of the spec that were said."""
    leads: Sequence[Lead] = ()
    unread: Sequence[str] = ()
    accepted: frozenset[str] = frozenset()


def plan(editing: Editing, around: Around) -> Change:
    """The plan; no steps when it is all so already. Raises Refused, Conflict and NotFound with what to do next."""
    ref, before = fields.ref_of(editing.service), _spec(editing.service)
    _check_editable(ref, before)
    after = _after(editing, before)
    check_options(ref, after)
    behind = _behind(ref, after, around)
    if after.get("selector"):
        check_selected(ref, after, behind, list(PodIndex(around.snapshot).labels_in(ref.namespace)))
    written = tuple(_written(before, after))
    if not written:
        return Change(cluster=editing.cluster, request=editing.line, summary=f"{ref} is so already", steps=())
    check_taken(ref, after, around)
    prior = tuple(fields.at(editing.service, each.path) for each in written)
    doubts = [each for each in _doubts(editing, before, after) if each.code not in editing.accepted]
    return Change(
        cluster=editing.cluster,
        request=editing.line,
        summary=f"change {ref}: {', '.join('.'.join(each.path[1:]) for each in written)}",
        steps=(
            Edit(ref=ref, fields=written, prior=prior),
            *proof.of_service(ref, after, behind, proof.changed_ports(before, after)),
        ),
        warnings=tuple(_warnings(editing, before, after, behind, around)),
        doubts=tuple(doubts),
    )


def _spec(service: JSONObject) -> JSONObject:
    spec = service.get("spec")
    return spec if isinstance(spec, dict) else {}


def _check_editable(ref: Ref, spec: JSONObject) -> None:
    if is_foundation(ref):
        raise Refused(f"{ref} stays as it is", cause="the cluster itself stands on it")
    if spec.get("type") == "ExternalName":
        raise Refused(
            f"{ref} has neither ports nor pods of its own",
            cause=f"it is another name for {spec.get('externalName')}",
            next_step=f"delete it by `unexpose {ref.name}`, and expose what is meant",
        )


def _after(editing: Editing, before: JSONObject) -> JSONObject:
    """The spec as it is to stand, without what only the former type has."""
    after = copy.deepcopy(before)
    _check_address(fields.ref_of(editing.service), before, editing.options)
    after |= {name: value for name, value in editing.options.items() if name != "clusterIP"}
    if editing.selector:
        after["selector"] = dict(editing.selector)
    kind = editing.type or str(before.get("type") or "ClusterIP")
    after["type"] = kind
    changed = edited(fields.ref_of(editing.service), ports(before), editing.ports)
    if kind not in OUTSIDE:
        said = {each.number for each in editing.ports.node_ports}
        for port in changed:
            if port.get("nodePort") not in said:
                port.pop("nodePort", None)
        if not after.get("externalIPs") and "externalTrafficPolicy" not in editing.options:
            after.pop("externalTrafficPolicy", None)
    if kind != "LoadBalancer":
        for name in _OF_BALANCERS:
            if name not in editing.options:
                after.pop(name, None)
    if changed or ports(before):
        after["ports"] = list[JSON](changed)
    return after


def _check_address(ref: Ref, before: JSONObject, options: Mapping[str, JSON]) -> None:
    wanted = options.get("clusterIP")
    if wanted and wanted != before.get("clusterIP"):
        raise Refused(
            f"The cluster IP of {ref} cannot be changed",
            cause=f"Kubernetes keeps {before.get('clusterIP')} as long as the Service lives",
            next_step=f"make another one beside it: `expose svc/{ref.name} --name {ref.name[:58]}-new "
            f"--cluster-ip {wanted} -n {ref.namespace}`",
        )


def _written(before: JSONObject, after: JSONObject) -> Iterator[FieldValue]:
    """The fields of the spec that differ, as they are to stand."""
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name) or (name in before) != (name in after):
            path = ("spec", name)
            yield FieldValue(path, after[name]) if name in after else FieldValue(path, None, present=False)


def _behind(ref: Ref, spec: JSONObject, around: Around) -> Selected:
    selector = spec.get("selector")
    labels = {key: str(value) for key, value in selector.items()} if isinstance(selector, dict) else {}
    return selected(around.snapshot, ref.namespace, labels)


def _doubts(editing: Editing, before: JSONObject, after: JSONObject) -> Iterator[Doubt]:
    there = _names(after)
    hurt = [lead for lead in editing.leads if lead.port in _names(before) - there]
    if hurt:
        gone = ", ".join(sorted({lead.port for lead in hurt}))
        yield Doubt(USED, f"Port {gone} goes, and is still led to by {leading.told(hurt)}: that would end in an error.")
    if owner := kept_by(editing.service):
        yield Doubt(OWNED, f"{owner} keeps this Service, and will probably write it again as it was.")


def _names(spec: JSONObject) -> set[str]:
    """What its ports can be called by: number and name."""
    found: set[str] = set()
    for port in ports(spec):
        found |= {str(port["port"]), *([str(port["name"])] if port.get("name") else [])}
    return found


def _warnings(
    editing: Editing, before: JSONObject, after: JSONObject, behind: Selected, around: Around
) -> Iterator[str]:
    points: Any = fields.at(editing.service, ("status", "loadBalancer", "ingress")).value or []
    if before.get("type") == "LoadBalancer" != after.get("type") and points:
        addresses = ", ".join(str(point.get("ip") or point.get("hostname")) for point in points)
        yield f"Its address {addresses} is given up; undoing it may bring another one."
    closed = _node_ports(before) - _node_ports(after)
    if closed:
        yield f"Node port {', '.join(map(str, sorted(closed)))} is closed: who comes in by it is cut off."
    if before.get("selector") != after.get("selector") and editing.leads:
        yield f"What comes by {leading.told(list(editing.leads))} goes to other pods from then on."
    if after.get("selector"):
        yield from warnings(after, behind)
    yield from taken_warnings(after, around)
    if package := packaged(editing.service):
        yield f"It belongs to {package}, which may write it again as it was when that is next upgraded."
    if editing.unread:
        yield f"Who leads to it could not be seen everywhere: {'; '.join(editing.unread)}."


def _node_ports(spec: JSONObject) -> set[int]:
    return {int(port["nodePort"]) for port in ports(spec) if port.get("nodePort")}
