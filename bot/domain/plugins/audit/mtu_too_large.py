"""Packets with the overlay's headers do not fit the nodes' links: small ones pass, large ones vanish without a word."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import MTU, at, mtus, overhead, pools, reference
from bot.domain.plugins.facts import FELIX_CONFIGURATION, INSTALLATION, IP_POOL, Facts
from bot.domain.plugins.links import narrowest


def find(facts: Facts) -> Iterator[Said]:
    link, why = narrowest(facts.snapshot.nodes)
    found = list(mtus(facts))
    for mtu in found:
        whole = mtu.bytes + mtu.overhead
        if whole > link and not (mtu.measured and mtu.bytes > link):
            wraps = f"{mtu.bytes} and {mtu.overhead} bytes around it make {whole}" if mtu.overhead else str(whole)
            yield wrong(
                mtu.object,
                mtu.field,
                f"is {mtu.bytes}, which does not fit into {link}",
                wraps,
                why,
                next_step=_next_step(mtu, link),
            )
        else:
            yield right(mtu.object, mtu.field, f"{mtu.bytes} fits into {max(link, whole)}")
    yield from _felix(facts, found)


def _next_step(mtu: MTU, link: int) -> str:
    most = link - mtu.overhead
    return (
        f"set it to at most {most}, or acknowledge this when every link between nodes carries more; "
        "pods that run keep theirs"
    )


def _felix(facts: Facts, found: list[MTU]) -> Iterator[Said]:
    """A tunnel that takes smaller packets than pods send."""
    pods = next((mtu for mtu in found if mtu.object.kind == INSTALLATION.name or mtu.field == "data[veth_mtu]"), None)
    if pods is None:
        return
    wraps = {pool.encapsulation.removesuffix("CrossSubnet") for pool in pools(facts) if not pool.disabled}
    for felix in facts.felix:
        for key, how in (("vxlanMTU", "VXLAN"), ("ipipMTU", "IPIP")):
            tunnel = at(felix, "spec", key)
            if not isinstance(tunnel, int) or not tunnel or how not in wraps:
                continue
            ref, field = reference(felix), f"spec.{key}"
            if tunnel < pods.bytes:
                yield wrong(
                    ref,
                    field,
                    f"is {tunnel}, and pods send packets of {pods.bytes}",
                    f"{pods.bytes} is what {pods.object}, {pods.field} says; {how} adds {overhead(facts)} at most",
                    next_step="set both to the same, or leave this one out so that Calico finds it",
                )
            else:
                yield right(ref, field, f"{tunnel} carries pods' {pods.bytes}")


AUDIT = Audit(
    code="mtu-too-large",
    severity=Severity.MEDIUM,
    about="MTU, its overhead and the nodes' links",
    find=find,
    reads=(NODE, IP_POOL, FELIX_CONFIGURATION, INSTALLATION),
)
