"""An Ingress of a class that does not exist, or of none where none is the default one: no controller serves it."""

import difflib
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.ingresses import LEGACY_CLASS, class_of, default_classes
from bot.domain.network.references import INGRESS, INGRESS_CLASS
from bot.domain.network.snapshot import Ingress, Snapshot

CODE = "ingress-class-unserved"
_FIELD = "spec.ingressClassName"


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    known = sorted(each.name for each in snapshot.ingress_classes)
    default = default_classes(snapshot.ingress_classes)
    for ingress in snapshot.ingresses:
        name = class_of(ingress)
        if name in known or (not name and default):
            yield _finding(snapshot, ingress, _FIELD, f"class {name or default[0]} exists", right=True)
        elif ingress.annotations.get(LEGACY_CLASS) and not ingress.spec.ingress_class_name:
            continue  # controllers obey the annotation of old without any IngressClass
        elif name:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'no classes at all'}"
            yield _finding(snapshot, ingress, _FIELD, f"is of class {name}, which does not exist", hint)
        elif any(ingress.status.addresses):
            # Some controllers take those without a class, and this one was taken.
            yield _finding(snapshot, ingress, _FIELD, "names no class, and is served", right=True)
        elif known:
            there = f"there are {', '.join(known)}; some controllers take those without a class, none took this one"
            yield _finding(snapshot, ingress, _FIELD, "names no class, and none is the default one", there)


def _finding(
    snapshot: Snapshot, ingress: Ingress, field: str, summary: str, *evidence: str, right: bool = False
) -> Finding:
    edit = f"`ingress edit {ingress.name} --class NAME -n {ingress.namespace}`"
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.MEDIUM,
        object=ingress.ref,
        owner=ingress.ref,
        field=field,
        summary=summary,
        evidence=evidence,
        next_step="" if right else f"say the class of a controller that runs: {edit}; `controller list` shows them",
        right=right,
    )


RULE = Rule(code=CODE, severity=Severity.MEDIUM, reads=(INGRESS, INGRESS_CLASS), find=find)
