"""With two default classes it is not clear which one an Ingress without a class gets.

https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class
"""

from collections.abc import Iterator

from bot.domain.network.references import INGRESS_CLASS
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    own = wanted.parameters.class_name
    if not own:
        return
    if not around.could_read(INGRESS_CLASS):
        yield unknown("the IngressClasses could not be read")
        return
    is_it = any(each.default and each.name == own for each in around.snapshot.ingress_classes)
    others = [each.name for each in around.snapshot.ingress_classes if each.default and each.name != own]
    if wanted.parameters.default_class and others:
        yield conflict(
            f"IngressClass {' and '.join(others)} is the default one already; leave `--default-class` out, or take its "
            "annotation ingressclass.kubernetes.io/is-default-class away first"
        )
    elif is_it:
        beside = f", and so is {' and '.join(others)}: leave one" if others else ""
        yield ok(f"{own} is the default already, and stays it: Ingresses that are made without a class get it{beside}")
    elif wanted.parameters.default_class:
        yield ok(f"{own} becomes the default: Ingresses that are made without a class get it")
    elif others:
        yield ok(f"{' and '.join(others)} stays the default; Ingresses have to name {own}")
    else:
        yield ok(f"there is none, and {own} does not become it (`--default-class yes`): Ingresses have to name it")


CHECK = EdgeCheck("default class", _look)
