"""Pods and Services share addresses: a connection to one of them ends up at the other."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import pools
from bot.domain.plugins.facts import IP_POOL, Facts
from bot.domain.plugins.ranges import network, overlap


def find(facts: Facts) -> Iterator[Said]:
    services = [(cidr, each.said_by) for each in facts.around.service_ranges if (cidr := network(each.cidr))]
    for pool in pools(facts):
        shared = [(cidr, by) for cidr, by in services if overlap(cidr, pool.range)]
        if shared:
            yield wrong(
                pool.object,
                pool.field,
                f"{pool.range} overlaps the Services' {shared[0][0]}",
                *(f"{cidr} is what {by} has" for cidr, by in shared),
                next_step="give pods another pool and disable this one; Services keep the addresses that they have",
            )
        elif services:
            yield right(pool.object, pool.field, f"{pool.range} is apart from the Services' {services[0][0]}")


AUDIT = Audit(
    code="pool-overlaps-services",
    severity=Severity.HIGH,
    about="pools and Services' addresses",
    find=find,
    reads=(IP_POOL,),
)
