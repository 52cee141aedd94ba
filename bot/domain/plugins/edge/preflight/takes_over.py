"""What the new controller would begin to serve that is there already. People may not expect it."""

from collections.abc import Iterator

from bot.domain.network.references import INGRESS, INGRESS_CLASS
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge, named
from bot.domain.plugins.edge.serving import gateways_of, of_classes, without_class
from bot.domain.plugins.edge.surroundings import Edge, name_of
from bot.domain.plugins.ranges import some
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown

_SHOWN = 6


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    name = wanted.parameters.class_name
    if not name:
        return
    if not around.could_read(INGRESS, INGRESS_CLASS):
        yield unknown("the Ingresses and their classes could not all be read")
        return
    ingresses = around.snapshot.ingresses
    theirs = of_classes(ingresses, [name])
    gateways = gateways_of(around, [name]) if wanted.parameters.gateway_api else ()
    if theirs:
        yield doubt("takes-over", f"it begins to serve {named(theirs)}: they name the class {name}")
    if gateways:
        told = some(list(map(name_of, gateways)), _SHOWN)
        yield doubt("takes-over", f"it begins to serve the Gateways {told}: they name the class {name}")
    alone = without_class(ingresses)
    if alone:
        yield ok(f"{named(alone)} without a class stay as they are: it is told to serve {name} alone")
    elif not theirs and not gateways:
        yield ok(f"nothing that is there names the class {name}")


CHECK = EdgeCheck("what it begins to serve", _look, ("takes-over",))
