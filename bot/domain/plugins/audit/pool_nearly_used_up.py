"""Nine of ten addresses are taken: the next pods will wait in ContainerCreating for one."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE, POD, ref_to
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import uses_node_ranges
from bot.domain.plugins.facts import IP_POOL, Facts
from bot.domain.plugins.usage import Taken, usage

_FULL = 0.9


def find(facts: Facts) -> Iterator[Said]:
    counted = usage(facts)
    for pool, taken in counted.pools.items():
        if pool.disabled or pool.of_nodes:
            continue
        if _nearly(taken):
            yield wrong(
                pool.object,
                pool.field,
                f"{taken} addresses of {pool.range} are used",
                f"counted by {counted.by}",
                next_step="add a second pool",
            )
        else:
            yield right(pool.object, pool.field, f"{taken} addresses of {pool.range} are used")
    for name, taken in counted.nodes.items() if uses_node_ranges(facts) else ():
        ref = ref_to(NODE, "", name)
        if _nearly(taken):
            yield wrong(
                ref,
                "spec.podCIDR",
                f"{taken} addresses of its range are used",
                f"counted by {counted.by}",
                next_step=f"see `pods -A -o wide` for what is on {name}; a node's range cannot be changed",
            )
        elif taken.size:
            yield right(ref, "spec.podCIDR", f"{taken} addresses of its range are used")


def _nearly(taken: Taken) -> bool:
    return bool(taken.size) and taken.used >= _FULL * taken.size


AUDIT = Audit(
    code="pool-nearly-used-up",
    severity=Severity.MEDIUM,
    about="addresses that are left",
    find=find,
    reads=(IP_POOL, POD, NODE),
)
