"""Objects of the same names that somebody else made: the plan would change them, and they may belong to others."""

from collections.abc import Iterator

from bot.domain.changes import fields
from bot.domain.plugins.edge.kinds import GROUP
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.ranges import some
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown

_SHOWN = 6
_OF_CLASSES = ("IngressClass", "GatewayClass")
"""These are looked at by a check of their own."""


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if around.missing_rights and not around.existing:
        yield unknown("what is there under the same names could not be looked at")
        return
    refs = [ref(each) for each in wanted.objects]
    foreign = [
        own
        for own in refs
        if own in around.existing and not fields.applied_by_us(around.existing[own]) and own.kind not in _OF_CLASSES
    ]
    strange = [own for own in foreign if own.kind != "Namespace" and not own.name.endswith(GROUP)]
    if strange:
        yield doubt("overwrites", f"somebody else made {some(list(map(str, strange)), _SHOWN)}: the plan changes them")
    else:
        yield ok("nothing of the same name was made by somebody else")


CHECK = EdgeCheck("same names", _look, ("overwrites",))
