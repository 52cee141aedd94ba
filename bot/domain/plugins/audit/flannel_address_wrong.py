"""flannel sends a node's packets to an address that is not the node's: it took the wrong one of several interfaces.

Virtual machines with a NAT interface all have the same address there, so that nobody is reached at all
(https://github.com/flannel-io/flannel/blob/master/Documentation/troubleshooting.md).
"""

from collections import defaultdict
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import FLANNEL
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.ranges import node_addresses, some

_PUBLIC, _OVERWRITE = "flannel.alpha.coreos.com/public-ip", "flannel.alpha.coreos.com/public-ip-overwrite"
_FIELD = f"metadata.annotations[{_PUBLIC}]"
_NEXT = "tell flannel which interface to take (`--iface` or `--iface-regex` in its DaemonSet), then restart its pods"


def find(facts: Facts) -> Iterator[Said]:
    if facts.titled(*FLANNEL) is None:
        return
    told: dict[str, list[str]] = defaultdict(list)
    for node in facts.snapshot.nodes:
        if said := node.annotations.get(_PUBLIC):
            told[said].append(node.name)
    for node in facts.snapshot.nodes:
        said = node.annotations.get(_PUBLIC)
        own = {str(address) for address in node_addresses(node)}
        if not said:
            continue
        others = [name for name in told[said] if name != node.name]
        if others:
            yield wrong(node.ref, _FIELD, f"{said} is also that of {some(others)}", next_step=_NEXT)
        elif own and said not in own and _OVERWRITE not in node.annotations:
            evidence = f"status.addresses has {', '.join(sorted(own))}"
            yield wrong(
                node.ref,
                _FIELD,
                f"{said} is none of the node's addresses",
                evidence,
                next_step=_NEXT,
                severity=Severity.LOW,
            )
        else:
            yield right(node.ref, _FIELD, f"{said} is its own")


AUDIT = Audit(
    code="flannel-address-wrong",
    severity=Severity.HIGH,
    about="the addresses that flannel took",
    find=find,
    reads=(NODE,),
)
