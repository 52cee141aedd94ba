"""Operator, Typha or a controller of the plugin does not run, or says itself that something is degraded."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, JSONObject
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.components import components, conditions, replicas
from bot.domain.plugins.configured import reference
from bot.domain.plugins.facts import TIGERA_STATUS, Facts

_READY = {DEPLOYMENT.name: "status.readyReplicas", DAEMON_SET.name: "status.numberReady"}
_MATTERS = {
    "calico-typha": "agents ask it for policies and routes",
    "csi-node-driver": "pods that mount Calico's own volumes, as for policies by application, wait for it",
}


def find(facts: Facts) -> Iterator[Said]:
    for each in components(facts):
        ready, wanted = replicas(each)
        if wanted == 0 and each.name == "tigera-operator":
            yield wrong(
                each.ref,
                "spec.replicas",
                "is scaled to none",
                next_step="nobody carries out what the Installation says",
            )
        elif ready < wanted:
            short = "ds" if each.ref.kind == DAEMON_SET.name else "deploy"
            yield wrong(
                each.ref,
                _READY[each.ref.kind],
                f"has {ready} of {wanted} replicas ready",
                _MATTERS.get(each.name, "agents go on as they are; what changes is not carried to them"),
                next_step=f"see its pods: `pods -n {each.namespace}`, `logs {short}/{each.name} -n {each.namespace}`",
                severity=Severity.HIGH if ready == 0 else None,
            )
        else:
            yield right(each.ref, "", f"has {ready} of {wanted} replicas ready")
    for object in facts.tigera_statuses:
        yield from _tigera(object)


def _tigera(object: JSONObject) -> Iterator[Said]:
    ref, said = reference(object), conditions(object)
    degraded, available = said.get("Degraded", {}), said.get("Available", {})
    bad = degraded if degraded.get("status") == "True" else available if available.get("status") == "False" else None
    if bad is not None:
        kind = "Degraded" if bad is degraded else "Available"
        yield Said(
            object=ref,
            field=f"status.conditions[{kind}]",
            summary="is degraded" if bad is degraded else "is not available",
            evidence=tuple(filter(None, (str(bad.get("reason") or ""), str(bad.get("message") or "")[:300]))),
            next_step="see `logs deploy/tigera-operator -n tigera-operator`",
            symptom=bad is available,
        )
    elif available.get("status") == "True":
        yield right(ref, "", "is available")


AUDIT = Audit(
    code="component-not-ready",
    severity=Severity.MEDIUM,
    about="operators, Typha and controllers",
    find=find,
    reads=(DEPLOYMENT, DAEMON_SET, TIGERA_STATUS),
)
