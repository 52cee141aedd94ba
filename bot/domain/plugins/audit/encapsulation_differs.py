"""Packets are wrapped in another way than is configured: half of the nodes speak VXLAN, the others do not."""

from collections.abc import Iterator
from typing import Any

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import BACKEND_TYPE, at, backend, encapsulation, net_conf, reference
from bot.domain.plugins.facts import INSTALLATION, IP_POOL, Facts
from bot.domain.plugins.ranges import network


def find(facts: Facts) -> Iterator[Said]:
    yield from _flannel(facts)
    yield from _calico(facts)


def _flannel(facts: Facts) -> Iterator[Said]:
    """The agent says on its node which backend it has begun with."""
    configured = net_conf(facts)
    if configured is None:
        return
    ref, wanted = configured[0], backend(configured[1])
    for node in facts.snapshot.nodes:
        used = node.annotations.get(BACKEND_TYPE, "").lower()
        field = f"metadata.annotations[{BACKEND_TYPE}]"
        if used and used != wanted:
            yield wrong(
                node.ref,
                field,
                f"uses {used}, and {wanted} is configured",
                f"{ref}, data[net-conf.json].Backend.Type is {wanted}",
                next_step="flannel reads its configuration when it starts: restart its pod on this node, and take care "
                "that all nodes change together",
            )
        elif used:
            yield right(node.ref, field, f"uses {used}, as is configured")


def _calico(facts: Facts) -> Iterator[Said]:
    """What the Installation wants, and what is: the operator does not alter a pool that somebody else has written."""
    there = {network(at(pool, "spec", "cidr")): pool for pool in facts.ip_pools}
    for installation in facts.installations:
        missing = []
        wanted: Any = at(installation, "spec", "calicoNetwork", "ipPools") or ()
        for each in wanted:
            pool = there.get(network(each.get("cidr")))
            if pool is None:
                missing.append(str(each.get("cidr")))
                continue
            if how := each.get("encapsulation"):
                yield from _compared(pool, str(how), reference(installation).name)
        field = "spec.calicoNetwork.ipPools"
        if missing:
            yield wrong(
                reference(installation),
                field,
                f"wants pools that are not there: {', '.join(missing)}",
                "no IPPool has such a spec.cidr",
                next_step="see what the operator says: `cni status`, `logs deploy/tigera-operator -n tigera-operator`",
            )
        elif wanted:
            yield right(reference(installation), field, "each pool that it wants is there")


def _compared(pool: Any, wanted: str, installation: str) -> Iterator[Said]:
    used = encapsulation(pool.get("spec"))
    field = "spec.ipipMode" if "IPIP" in used else "spec.vxlanMode"
    if used != wanted:
        yield wrong(
            reference(pool),
            field,
            f"wraps by {used}, and {wanted} is wanted",
            f"Installation {installation}, spec.calicoNetwork.ipPools says {wanted}",
            next_step=f"change the Installation to {used}, or the IPPool's ipipMode and vxlanMode; connections break "
            "meanwhile",
        )
    else:
        yield right(reference(pool), "", f"wraps by {used}, as is wanted")


AUDIT = Audit(
    code="encapsulation-differs",
    severity=Severity.HIGH,
    about="encapsulation, as it is and as it is configured",
    find=find,
    reads=(NODE, IP_POOL, INSTALLATION),
)
