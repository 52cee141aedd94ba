"""A class is found by its name alone: two controllers under one name take each other's Ingresses."""

from collections.abc import Iterator

from bot.domain.network.references import GATEWAY_CLASS, INGRESS_CLASS
from bot.domain.plugins.controllers import names
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge, name_of, part
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    name = wanted.parameters.class_name
    if not name:
        return
    said = list(_collisions(wanted, around, name))
    yield from said
    if not around.could_read(INGRESS_CLASS):
        yield unknown("the IngressClasses could not be read")
    elif not said:
        told = ", ".join(f"{each.name} ({each.spec.controller})" for each in around.snapshot.ingress_classes)
        yield ok(f"{name} is free; there are {told}" if told else f"{name} is free; there is no class yet")


def _collisions(wanted: WantedEdge, around: Edge, name: str) -> Iterator[Said]:
    way_out = f"say another one, as in `--class {wanted.name if wanted.name != name else f'{name}-new'}`"
    for each in around.snapshot.ingress_classes:
        if each.name == name:
            yield _judged(
                wanted, f"IngressClass {name}", each.spec.controller, wanted.controller.ingress_classes, way_out
            )
    if wanted.parameters.gateway_api:
        for object in around.gateway_classes:
            if name_of(object) == name:
                said = str(part(object, "spec", "controllerName"))
                yield _judged(wanted, f"{GATEWAY_CLASS.name} {name}", said, wanted.controller.gateway_classes, way_out)
    holder = next((each for each in wanted.there(around) if name in each.class_names and each.workloads), None)
    if holder is not None and holder.name != wanted.name and name not in {c.name for c in holder.classes}:
        yield conflict(
            f"{holder.called} obeys the annotation kubernetes.io/ingress.class: {name} without any IngressClass; "
            + way_out
        )


def _judged(wanted: WantedEdge, what: str, controller: str, own: tuple[str, ...], way_out: str) -> Said:
    if not names(controller, own):
        return conflict(f"{what} is there, of the controller {controller}; {way_out}")
    return doubt("leftovers", f"{what} is there already, of this controller ({controller}): it is taken over")


CHECK = EdgeCheck("class name", _look, ("leftovers",))
