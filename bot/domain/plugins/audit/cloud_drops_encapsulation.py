"""Azure's network carries neither IPIP nor GRE: pods on different nodes do not hear one another.

https://docs.tigera.io/calico/latest/reference/public-cloud/azure
"""

import re
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import at, pools, setting
from bot.domain.plugins.facts import IP_POOL, Facts, settings_ref
from bot.domain.plugins.ranges import some


def find(facts: Facts) -> Iterator[Said]:
    azure = [node.name for node in facts.snapshot.nodes if node.spec.provider_id.startswith("azure:")]
    for pool in pools(facts):
        if pool.object.kind != IP_POOL.name:
            continue
        if azure and pool.encapsulation.startswith("IPIP") and not pool.disabled:
            yield wrong(
                pool.object,
                "spec.ipipMode",
                f"wraps by {pool.encapsulation}, which Azure's network drops",
                f"{some(azure)} are Azure's (spec.providerID)",
                next_step="use VXLAN: `encapsulation: VXLAN` in the Installation, or vxlanMode in the pool",
            )
        elif facts.snapshot.nodes:
            yield right(pool.object, "spec.ipipMode", f"{pool.encapsulation} is carried where the nodes are")
    yield from _kube_router(facts, azure)
    yield from _antrea(facts, azure)


def _kube_router(facts: Facts, azure: list[str]) -> Iterator[Said]:
    """It wraps by IPIP what goes to another subnet, unless it is told otherwise by an argument."""
    found = facts.titled("kube-router")
    whole = facts.agents.get(found.agent.ref) if found and found.agent else None
    if found is None or found.agent is None or whole is None:
        return
    containers = at(whole, "spec", "template", "spec", "containers") or ()
    args = [str(arg) for each in containers for arg in each.get("args") or ()]
    field = "spec.template.spec.containers[kube-router].args"
    if (
        azure
        and "--enable-overlay=false" not in args
        and not any(arg.startswith("--overlay-encap=fou") for arg in args)
    ):
        yield wrong(
            found.agent.ref,
            field,
            "wraps by IPIP what goes to other subnets, which Azure's network drops",
            f"{some(azure)} are Azure's (spec.providerID)",
            next_step="keep all nodes in one subnet, or take `--overlay-encap=fou`",
            severity=Severity.MEDIUM,
        )
    elif facts.snapshot.nodes:
        yield right(found.agent.ref, field, "is carried where the nodes are")


def _antrea(facts: Facts, azure: list[str]) -> Iterator[Said]:
    """By default it wraps by Geneve, which is UDP."""
    found = facts.titled("Antrea")
    ref = settings_ref(found) if found else None
    if ref is None or "Antrea" not in facts.config_maps or not facts.snapshot.nodes:
        return
    field = "data[antrea-agent.conf].tunnelType"
    said = re.search(r'(?m)^tunnelType:\s*"?(\w+)', setting(facts, "Antrea", "antrea-agent.conf"))
    how = said[1] if said else "geneve"
    if azure and how == "gre":
        yield wrong(
            ref,
            field,
            "wraps by GRE, which Azure's network drops",
            f"{some(azure)} are Azure's (spec.providerID)",
            next_step="say `geneve` or `vxlan` there, and restart the agents together",
        )
    else:
        yield right(ref, field, f"{how} is carried where the nodes are")


AUDIT = Audit(
    code="cloud-drops-encapsulation",
    severity=Severity.HIGH,
    about="encapsulation and the cloud",
    find=find,
    reads=(NODE, IP_POOL),
)
