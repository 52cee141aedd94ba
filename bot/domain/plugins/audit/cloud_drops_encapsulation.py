"""Azure's network carries no IPIP: pods on different nodes do not hear one another.

https://docs.tigera.io/calico/latest/reference/public-cloud/azure
"""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import pools
from bot.domain.plugins.facts import IP_POOL, Facts
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


AUDIT = Audit(
    code="cloud-drops-encapsulation",
    severity=Severity.HIGH,
    about="encapsulation and the cloud",
    find=find,
    reads=(NODE, IP_POOL),
)
