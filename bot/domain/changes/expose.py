"""Plans a Service in front of what is there: a workload, a pod or another Service, as `kubectl expose` makes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.domain.changes import expose_again, fields, proof
from bot.domain.changes.change import Apply, Change, Doubt, Premise
from bot.domain.changes.releasing import LOSS
from bot.domain.changes.service_fitting import check_options, check_selected, ports, warnings
from bot.domain.changes.service_ports import WantedPort, manifest, worked_out
from bot.domain.changes.service_taken import Around, check_taken, taken_warnings
from bot.domain.changes.target import Target
from bot.domain.network.references import JSON, SERVICE, JSONObject, Ref, ref_to
from bot.domain.network.selected import Selected, selected
from bot.domain.network.services import PodIndex
from bot.errors import Conflict

CODES = (LOSS,)
"""All doubts that a plan of a Service may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What is wanted."""

    line: str
    """The canonical request."""
    cluster: str
    namespace: str
    name: str
    ports: tuple[WantedPort, ...]
    """Decided; empty only for a headless Service."""
    copied: bool = False
    """True: nobody said these ports, they are what there is."""
    type: str = "ClusterIP"
    selector: Mapping[str, str] = field(default_factory=dict)
    """Empty: what the target's pods are selected by."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the Service; empty: the target's, as kubectl takes them."""
    options: Mapping[str, JSON] = field(default_factory=dict)
    """Other fields of the spec that were said, as `{"sessionAffinity": "ClientIP"}`."""
    accepted: frozenset[str] = frozenset()

    @property
    def ref(self) -> Ref:
        return ref_to(SERVICE, self.namespace, self.name)


def plan(wanted: Exposure, target: Target, around: Around, service: JSONObject | None) -> Change:
    """The plan; no steps when it is all there already. `service` is what has the wanted name now; None: nothing.

    Raises Refused for what cannot be or would lead nowhere, Conflict for what belongs to something else.
    """
    made = _manifest(wanted, target)
    spec = made["spec"]
    assert isinstance(spec, dict)
    check_options(wanted.ref, spec)
    behind = _behind(wanted, spec, target, around)
    check_selected(wanted.ref, spec, behind, list(PodIndex(around.snapshot).labels_in(wanted.namespace)))
    if service is not None:
        _check_taken(wanted, made, service)
        if _stands(wanted, made, service):
            return Change(
                cluster=wanted.cluster, request=wanted.line, summary=f"{wanted.ref} does that already", steps=()
            )
    check_taken(wanted.ref, spec, around)
    apply = Apply(
        ref=wanted.ref,
        manifest=made,
        creates=service is None,
        prior=fields.standing(service, made) if service is not None else (),
    )
    return Change(
        cluster=wanted.cluster,
        request=wanted.line,
        summary=f"expose {target.ref} as Service {wanted.ref.short}{_ports_in_words(spec)}",
        steps=(apply, *proof.of_service(wanted.ref, spec, behind)),
        premises=tuple(_premises(spec, behind)),
        warnings=(*_warnings(wanted, spec, target, behind, around), *_staying(wanted, made, service)),
        doubts=tuple(_doubts(wanted, made, service)),
    )


def _staying(wanted: Exposure, made: JSONObject, service: JSONObject | None) -> Iterator[str]:
    """Raises Refused where a port would need a name."""
    if service is not None and (ports_kept := expose_again.check_names(wanted.ref, made, service)):
        yield f"Port {', '.join(ports_kept)} of the Service stays: somebody else gave it."


def _doubts(wanted: Exposure, made: JSONObject, service: JSONObject | None) -> Iterator[Doubt]:
    found = expose_again.doubt(wanted.ref, made, service) if service is not None else None
    if found is not None and found.code not in wanted.accepted:
        yield found


def _manifest(wanted: Exposure, target: Target) -> JSONObject:
    selector = dict(wanted.selector) or target.selector_or_refusal()
    metadata: JSONObject = {"name": wanted.name, "namespace": wanted.namespace}
    if labels := dict(wanted.labels) or target.labels:
        metadata["labels"] = dict(labels)
    spec: JSONObject = {"type": wanted.type, "selector": dict(selector), **wanted.options}
    if found := worked_out(wanted.ports, target):
        spec["ports"] = [manifest(port) for port in found]
    return {"apiVersion": SERVICE.api_version, "kind": SERVICE.name, "metadata": metadata, "spec": spec}


def _behind(wanted: Exposure, spec: JSONObject, target: Target, around: Around) -> Selected:
    selector = spec["selector"]
    assert isinstance(selector, dict)
    return selected(around.snapshot, wanted.namespace, {k: str(v) for k, v in selector.items()}, target.maker)


def _check_taken(wanted: Exposure, made: JSONObject, service: JSONObject) -> None:
    """A Service of that name may be changed when Patchbay made it for the same pods."""
    same_pods = fields.at(service, ("spec", "selector")).value == fields.at(made, ("spec", "selector")).value
    if same_pods and (_stands(wanted, made, service) or fields.applied_by_us(service)):
        return
    why = "it was not made by Patchbay" if same_pods else "it leads to other pods"
    raise Conflict(
        f"There is a Service {wanted.ref.short} already",
        cause=why,
        next_step=f"choose another name, as in `--name {wanted.name[:58]}-new`",
    )


def _stands(wanted: Exposure, made: JSONObject, service: JSONObject) -> bool:
    """Whether it is all there; labels count when they were said."""
    there = fields.at(service, ("metadata", "labels")).value or {}
    return fields.covers(service.get("spec"), made["spec"]) and fields.covers(there, dict(wanted.labels))


def _ports_in_words(spec: JSONObject) -> str:
    numbers = [f"{port['port']}/{port['protocol']}".removesuffix("/TCP") for port in ports(spec)]
    if not numbers:
        return ", headless and without ports"
    headless = ", headless" if spec.get("clusterIP") == "None" else ""
    return f"{headless}, port{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _premises(spec: JSONObject, behind: Selected) -> Iterator[Premise]:
    """What the named target ports stand for; of the specs of what is selected, never of a status."""
    for port in ports(spec):
        target, protocol = str(port["targetPort"]), str(port["protocol"])
        if not target.isdigit() and behind.known:
            yield Premise(f"the containers' port {target}", list[JSON](behind.numbers(target, protocol)))


def _warnings(wanted: Exposure, spec: JSONObject, target: Target, behind: Selected, around: Around) -> Iterator[str]:
    if wanted.copied and target.ref.kind == SERVICE.name and any(port.target for port in wanted.ports):
        yield f"It leads to the same ports of the pods as {target.ref} does; kubectl would take its own numbers."
    yield from warnings(spec, behind)
    yield from taken_warnings(spec, around)
