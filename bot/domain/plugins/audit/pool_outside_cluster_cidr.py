"""Pods get addresses that the rest of the cluster does not take for pods': firewalls drop them, for one."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import pools
from bot.domain.plugins.facts import IP_POOL, Facts
from bot.domain.plugins.ranges import inside, network


def find(facts: Facts) -> Iterator[Said]:
    for pool in pools(facts):
        said = [
            (cidr, each.said_by)
            for each in facts.around.pod_ranges
            if (cidr := network(each.cidr)) is not None and cidr.version == pool.range.version
        ]
        # What nodes' own ranges are parts of has to hold all of them; a pool may be a part of the whole.
        misfits = [
            (cidr, by)
            for cidr, by in said
            if not (inside(cidr, pool.range) if pool.of_nodes else inside(pool.range, cidr))
        ]
        if misfits:
            relation = "does not hold" if pool.of_nodes else "is not within"
            yield wrong(
                pool.object,
                pool.field,
                f"{pool.range} {relation} the cluster's pod range {misfits[0][0]}",
                *(f"{cidr} is what {by} has" for cidr, by in misfits),
                next_step="make both say the same: the pool, or `--cluster-cidr` of the controller manager and "
                "`clusterCIDR` of kube-proxy",
            )
        elif said:
            yield right(pool.object, pool.field, f"{pool.range} agrees with {said[0][1]}")


AUDIT = Audit(
    code="pool-outside-cluster-cidr",
    severity=Severity.MEDIUM,
    about="pools and the cluster's pod range",
    find=find,
    reads=(IP_POOL,),
)
