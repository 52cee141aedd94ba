"""Whether somebody runs who serves an Ingress: judged from its class and from the controllers that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.ingresses import RETIRED, class_of, default_classes
from bot.domain.network.snapshot import Ingress, Snapshot

NOT_RUNNING = "ingress-controller-not-running"
WITHOUT_ADDRESS = "ingress-without-address"
RETIRED_CODE = "ingress-controller-retired"
_SHOWN = 5


def controller_findings(snapshot: Snapshot, ingress: Ingress, running: Mapping[str, bool | None]) -> Iterator[Finding]:
    """`running` says of each class whether its controller has a ready pod; None: nobody can see it, as with those that
    a cloud runs."""
    default = default_classes(snapshot.ingress_classes)
    name = class_of(ingress) or (default[0] if len(default) == 1 else "")
    of_class = next((each for each in snapshot.ingress_classes if each.name == name), None)
    if of_class is None:
        return
    said, field = of_class.spec.controller, "spec.ingressClassName"
    runs = running.get(name)
    if runs is not None:
        summary = f"the controller of class {name} runs" if runs else f"no controller of class {name} ({said}) runs"
        step = "see `controller list`, or install one: `controller install traefik`"
        yield _finding(snapshot, ingress, NOT_RUNNING, Severity.HIGH, field, summary, step, right=runs)
    if runs is not False:
        yield _addressed(snapshot, ingress)


def _addressed(snapshot: Snapshot, ingress: Ingress) -> Finding:
    """Worth knowing only: some controllers write none where their own Service is of type NodePort."""
    there = any(ingress.status.addresses)
    summary = "has an address" if there else "was given no address by its controller"
    step = "see whether its controller's own Service has an address: `controller list`, `controller status NAME`"
    return _finding(
        snapshot, ingress, WITHOUT_ADDRESS, Severity.INFO, "status.loadBalancer", summary, step, right=there
    )


def retired_findings(snapshot: Snapshot, ingresses: Iterable[Ingress]) -> Iterator[Finding]:
    """One for each class of ingress-nginx that any of these Ingresses is of."""
    for each in snapshot.ingress_classes:
        of_it = [ingress.ref.short for ingress in ingresses if class_of(ingress) == each.name]
        if each.spec.controller != RETIRED or not of_it:
            continue
        more = f" and {len(of_it) - _SHOWN} more" if len(of_it) > _SHOWN else ""
        yield Finding(
            cluster=snapshot.cluster.uid,
            rule=RETIRED_CODE,
            severity=Severity.INFO,
            object=each.ref,
            owner=each.ref,
            field="spec.controller",
            summary="is served by ingress-nginx, which was retired in March 2026: its holes are not mended any more",
            evidence=(f"of this class: {', '.join(of_it[:_SHOWN])}{more}",),
            next_step="see what they become as routes: `ingress to-gateway NAME`, and with `-A` the size of the task",
        )


def _finding(
    snapshot: Snapshot,
    ingress: Ingress,
    code: str,
    severity: Severity,
    field: str,
    summary: str,
    next_step: str,
    *,
    right: bool = False,
) -> Finding:
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=code,
        severity=severity,
        object=ingress.ref,
        owner=ingress.ref,
        field=field,
        summary=summary,
        next_step="" if right else next_step,
        right=right,
    )
