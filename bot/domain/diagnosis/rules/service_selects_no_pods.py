"""A Service whose selector matches no pod, and nothing that would make one: usually a slip in a label."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.references import DEPLOYMENT, POD, REPLICA_SET, SERVICE, STATEFUL_SET
from bot.domain.network.selectors import as_text, probably_meant
from bot.domain.network.services import PodIndex, selects
from bot.domain.network.snapshot import Service, Snapshot

CODE = "service-selects-no-pods"
_SHOWN_LABELS = 5


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    pods = PodIndex(snapshot)
    for service in snapshot.services:
        if not selects(service):
            continue
        if pods.selected(service) or pods.makers(service):
            yield _finding(snapshot, service, "its selector matches pods", right=True)
        else:
            yield _wrong(snapshot, service, pods)


def _wrong(snapshot: Snapshot, service: Service, pods: PodIndex) -> Finding:
    selector = service.spec.selector or {}
    meant = probably_meant(selector, pods.labels_in(service.namespace))
    evidence = [f"the selector is {as_text(selector)}"]
    if meant:
        evidence.append(f"did you mean {as_text(meant)}?")
    elif others := _labels_there(service, pods):
        evidence.append("pods there are labelled " + "; ".join(others))
    else:
        evidence.append(f"there are no pods in {service.namespace}, and nothing that would make any")
    return _finding(
        snapshot,
        service,
        "selects no pods",
        evidence=tuple(evidence),
        next_step=f"correct spec.selector, or see which pods there are: `pods -n {service.namespace}`",
    )


def _labels_there(service: Service, pods: PodIndex) -> list[str]:
    """What pods have under the keys that the selector asks for."""
    keys = set(service.spec.selector or {})
    seen = {as_text({k: v for k, v in labels.items() if k in keys}) for labels in pods.labels_in(service.namespace)}
    return sorted(seen - {""})[:_SHOWN_LABELS]


def _finding(
    snapshot: Snapshot,
    service: Service,
    summary: str,
    *,
    evidence: tuple[str, ...] = (),
    next_step: str = "",
    right: bool = False,
) -> Finding:
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.HIGH,
        object=service.ref,
        owner=service.ref,
        field="spec.selector",
        summary=summary,
        evidence=evidence,
        next_step=next_step,
        right=right,
    )


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(SERVICE, POD, DEPLOYMENT, STATEFUL_SET, REPLICA_SET), find=find)
