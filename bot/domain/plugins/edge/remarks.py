"""What is to be said of the controllers that are there: each in a line, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.network.ingresses import class_of
from bot.domain.network.snapshot import Ingress
from bot.domain.plugins.controllers import Found, ready
from bot.domain.plugins.edge.serving import (
    gateways_of,
    idle,
    of_classes,
    twins,
    without_address,
    without_class,
)
from bot.domain.plugins.edge.surroundings import Edge, name_of, part
from bot.domain.plugins.present import numbers
from bot.domain.plugins.ranges import some

_SHOWN = 4


def of_controller(found: Found, edge: Edge) -> tuple[str, ...]:
    """What is wrong with one controller, or may surprise; empty: nothing is seen."""
    lines = [*_of_versions(found), *_of_pods(found), *_of_classes(found), *_of_services(found)]
    lines += _of_gateways(found, edge)
    ingresses = of_classes(edge.snapshot.ingresses, found.class_names)
    waiting = without_address(ingresses)
    if found.workloads and waiting:
        lines.append(_ingresses(waiting, "without an address"))
    return tuple(lines)


def _of_versions(found: Found) -> Iterator[str]:
    controller = found.controller
    if controller is None:
        yield "Patchbay does not know this controller"
        return
    if controller.retired:
        yield controller.retired
    if found.workloads and not found.version:
        yield "its image names no version: what runs may change with every new pod"
    newest = controller.install.releases[0].version if controller.install else ""
    if found.version and newest and numbers(found.version) and numbers(found.version) < numbers(newest):
        yield f"{newest} is pinned here, and {found.version} runs"


def _of_pods(found: Found) -> Iterator[str]:
    for workload in found.workloads:
        is_ready, wanted = ready(workload)
        if is_ready < wanted:
            yield f"{workload.ref}: {is_ready} of {wanted} pods are ready"
        elif not wanted:
            yield f"{workload.ref} is scaled to none" + (": it serves nothing" if idle(found) else "")


def _of_classes(found: Found) -> Iterator[str]:
    hosted = bool(found.controller and found.controller.hosted)
    names = [each.name for each in found.classes] + list(found.gateway_class_names)
    if not found.workloads and found.controller is not None and not hosted:
        yield f"nobody serves {'its class' if len(names) == 1 else 'its classes'} {some(names, _SHOWN)}: no pods of it"
    if found.workloads and not names and found.controller and found.controller.ingress_classes:
        yield "no IngressClass names it: Ingresses cannot choose it by `ingressClassName`"
    for each in found.gateway_classes:
        said = accepted(each)
        if said != "yes":
            yield f"GatewayClass {name_of(each)} is not accepted{said.removeprefix('no')}"


def _of_services(found: Found) -> Iterator[str]:
    for service in found.services:
        if service.spec.type == "LoadBalancer" and not service.status.addresses:
            yield f"Service {service.ref.short} waits for an address: nobody gives it one"


def _of_gateways(found: Found, edge: Edge) -> Iterator[str]:
    """With one Gateway it is surely that one, or nothing says otherwise here."""
    gateways = gateways_of(edge, found.gateway_class_names)
    which = found.controller.one_gateway if found.controller and found.workloads else ""
    if which and len(gateways) > 1:
        names = some(sorted(map(name_of, gateways)), _SHOWN)
        yield f"it serves one Gateway alone, and {len(gateways)} name its class ({names}): {which}"


def accepted(gateway_class: object) -> str:
    """`yes`, or `no` with why: the condition Accepted of a GatewayClass, or of a Gateway."""
    listed = part(gateway_class, "status", "conditions") if isinstance(gateway_class, dict) else None
    for each in listed or ():
        if isinstance(each, dict) and each.get("type") == "Accepted":
            if each.get("status") == "True":
                return "yes"
            return f"no: {str(each.get('message') or each.get('reason') or 'nobody says why')[:200]}"
    return "no: no controller has said anything of it"


def of_all(found: Iterable[Found], edge: Edge) -> tuple[str, ...]:
    """What concerns all of them: classes that nobody or two have, two defaults, Ingresses that nobody serves."""
    found = tuple(found)
    known = {name for each in found for name in each.class_names}
    classes = edge.snapshot.ingress_classes
    known |= {each.name for each in classes}
    lines = list(_shared(found))
    lost = tuple(each for each in edge.snapshot.ingresses if class_of(each) and class_of(each) not in known)
    if lost:
        names = sorted({class_of(each) for each in lost})
        lines.append(_ingresses(lost, f"of a class that nobody has ({some(names, _SHOWN)})"))
    defaults = [each.name for each in classes if each.default]
    if len(defaults) > 1:
        lines.append(f"{' and '.join(defaults)} are both the default class: leave one")
    alone = without_class(edge.snapshot.ingresses)
    if alone:
        lines.append(_ingresses(alone, "without a class, and it is up to each controller whether it serves them"))
    return tuple(lines)


def _shared(found: Sequence[Found]) -> Iterator[str]:
    """Two of one program, once for both: each takes what the other one serves, unless it was told otherwise."""
    told: set[str] = set()
    for each in found:
        names = (*each.class_names, *each.gateway_class_names)
        if names and each.name not in told and not idle(each) and (others := twins(each, found)):
            told.add(each.name)
            both = " and ".join(f"{one.called} in {one.namespace}" for one in (each, *others))
            word = "class" if len(set(names)) == 1 else "classes"
            yield f"{both} share the {word} {some(sorted(set(names)), _SHOWN)}: addresses tell who serves what"


def _ingresses(ingresses: Sequence[Ingress], what: str) -> str:
    """`2 Ingresses are without an address: shop/web, shop/api`."""
    word = "Ingress is" if len(ingresses) == 1 else "Ingresses are"
    return f"{len(ingresses)} {word} {what}: {some([each.ref.short for each in ingresses], _SHOWN)}"
