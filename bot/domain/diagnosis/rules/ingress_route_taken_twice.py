"""Two Ingresses of one class that lead the same host and path: which of them is served is up to the controller."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.ingresses import Route, class_of, is_canary, routes
from bot.domain.network.references import INGRESS
from bot.domain.network.snapshot import Ingress, Snapshot

CODE = "ingress-route-taken-twice"
_Key = tuple[str, tuple[str, str, bool]]


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    """The younger one is told of; one pass over all routes."""
    first: dict[_Key, tuple[Ingress, Route]] = {}
    for ingress in sorted(snapshot.ingresses, key=_age):
        clashes = []
        for route in () if is_canary(ingress.annotations) else routes(ingress.spec):
            older = first.setdefault((class_of(ingress), route.key), (ingress, route))
            if older[0].ref != ingress.ref and older[1].backend != route.backend:
                clashes.append((route, older[0]))
        for route, other in clashes:
            yield _finding(
                snapshot,
                ingress,
                f"{route.field}.path",
                f"leads {route}, and {other.ref} leads that elsewhere",
                f"{other.ref} is older, and most controllers serve the older one",
                right=False,
            )
        if not clashes:
            yield _finding(snapshot, ingress, "", "leads what no other one of its class leads", right=True)


def _age(ingress: Ingress) -> tuple[str, str, str]:
    made = ingress.metadata.creation_timestamp
    return (made.isoformat() if made else "", ingress.namespace, ingress.name)


def _finding(snapshot: Snapshot, ingress: Ingress, field: str, summary: str, *evidence: str, right: bool) -> Finding:
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.MEDIUM,
        object=ingress.ref,
        owner=ingress.ref,
        field=field,
        summary=summary,
        evidence=evidence,
        next_step=""
        if right
        else f"take one away: `ingress edit {ingress.name} --remove HOST/PATH -n {ingress.namespace}`",
        right=right,
    )


RULE = Rule(code=CODE, severity=Severity.MEDIUM, reads=(INGRESS,), find=find)
