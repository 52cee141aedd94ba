"""Objects of the same names that somebody else made: the plan would change them, and they may belong to others."""

from collections.abc import Iterator

from bot.domain.changes import fields
from bot.domain.network.references import Ref
from bot.domain.plugins.edge.kinds import GROUP
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.ranges import some
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown

_SHOWN = 6
OVERWRITES = "overwrites"
_JUDGED_ELSEWHERE = ("GatewayClass", "IngressClass", "Namespace")


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if around.missing_rights and not around.existing:
        yield unknown("what is there under the same names could not be looked at")
        return
    strange = foreign(wanted, around)
    if strange:
        told = some(list(map(str, strange)), _SHOWN)
        yield doubt(
            OVERWRITES, f"somebody else made {told}: the plan takes them over, and undo puts back what was there"
        )
    elif any(own.name.endswith(GROUP) for own in map(ref, wanted.objects) if own in around.existing):
        yield ok("nothing else of the same name was made by somebody else; of the Gateway API's definitions see there")
    else:
        yield ok("nothing of the same name was made by somebody else")


def foreign(wanted: WantedEdge, around: Edge) -> tuple[Ref, ...]:
    """What the plan would write that somebody else made. Namespaces are shared; the Gateway API's definitions, and
    classes, are looked at by checks of their own."""
    refs = [own for own in map(ref, wanted.objects) if own in around.existing and own.kind not in _JUDGED_ELSEWHERE]
    return tuple(own for own in refs if not fields.applied_by_us(around.existing[own]) and not own.name.endswith(GROUP))


CHECK = EdgeCheck("same names", _look, (OVERWRITES,))
