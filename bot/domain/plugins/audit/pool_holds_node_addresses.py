"""A node has an address out of the pods' pool: once the plugin routes that pool, the node cannot be reached."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import pools
from bot.domain.plugins.facts import IP_POOL, Facts
from bot.domain.plugins.ranges import node_addresses, some


def find(facts: Facts) -> Iterator[Said]:
    nodes = [(node.name, address) for node in facts.snapshot.nodes for address in node_addresses(node)]
    for pool in pools(facts):
        within = [f"{name} ({address})" for name, address in nodes if address in pool.range]
        if within:
            yield wrong(
                pool.object,
                pool.field,
                f"{pool.range} holds addresses of {len(within)} nodes",
                some(within),
                next_step="give pods another pool, apart from the nodes' network, and disable this one",
            )
        elif nodes:
            yield right(pool.object, pool.field, f"{pool.range} holds no node's address")


AUDIT = Audit(
    code="pool-holds-node-addresses",
    severity=Severity.HIGH,
    about="pools and nodes' addresses",
    find=find,
    reads=(IP_POOL, NODE),
)
