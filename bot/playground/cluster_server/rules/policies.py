"""NetworkPolicies."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import chain

from bot.playground.cluster_server.naming import label_selector
from bot.playground.cluster_server.rules.contract import Object, Rules, member, network, port_number, port_or_name
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, unsupported

_WAYS = (("ingress", "from"), ("egress", "to"))


def _fill(policy: Object) -> None:
    spec = policy.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _judge(policy: Object, before: Object | None) -> Iterator[Cause]:
    spec = policy["spec"]
    yield from label_selector("spec.podSelector", spec["podSelector"])
    for way, peers in _WAYS:
        for number, rule in enumerate(spec.get(way) or ()):
            at = f"spec.{way}[{number}]"
            found = (_judge_port(port, f"{at}.ports[{i}]") for i, port in enumerate(rule.get("ports") or ()))
            yield from chain.from_iterable(found)
            found = (_judge_peer(peer, f"{at}.{peers}[{i}]") for i, peer in enumerate(rule.get(peers) or ()))
            yield from chain.from_iterable(found)
    types = spec["policyTypes"]
    if len(types) > len(_WAYS):
        yield invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for number, name in enumerate(types):
        if name not in ("Ingress", "Egress"):
            yield unsupported(f"spec.policyTypes[{number}]", name, ("Ingress", "Egress"))


def _judge_port(said: Object, at: str) -> Iterator[Cause]:
    yield from member(f"{at}.protocol", said["protocol"], ("TCP", "UDP", "SCTP"))
    port, end = said.get("port"), said.get("endPort")
    if isinstance(port, str) and end is not None:
        yield invalid(f"{at}.endPort", end, "may not be specified when `port` is non-numeric")
    if port is not None:
        yield from port_or_name(f"{at}.port", port)
    if end is None or isinstance(port, str):
        return
    if port is None:
        yield invalid(f"{at}.endPort", end, "may not be specified when `port` is not specified")
    else:
        if end < port:
            yield invalid(f"{at}.endPort", port, "must be greater than or equal to `port`")
        yield from port_number(f"{at}.endPort", end)


def _judge_peer(peer: Object, at: str) -> Iterator[Cause]:
    for name in ("podSelector", "namespaceSelector"):
        yield from label_selector(f"{at}.{name}", peer.get(name))
    block = peer.get("ipBlock")
    if not any(name in peer for name in ("podSelector", "namespaceSelector", "ipBlock")):
        yield required(at, "must specify a peer")
    elif block is not None and ("podSelector" in peer or "namespaceSelector" in peer):
        yield forbidden_field(at, "may not specify both ipBlock and another peer")
    elif block is not None:
        yield from _judge_block(block, f"{at}.ipBlock")


def _judge_block(block: Object, at: str) -> Iterator[Cause]:
    if not block.get("cidr"):
        yield required(f"{at}.cidr")
        return
    wrong = list(network(f"{at}.cidr", block["cidr"]))
    yield from wrong
    for number, out in enumerate(block.get("except") or ()):
        field = f"{at}.except[{number}]"
        bad = list(network(field, out))
        yield from bad
        if not wrong and not bad and not _is_inside(out, block["cidr"]):
            yield invalid(field, out, "must be a strict subset of `cidr`")


def _is_inside(inner: str, outer: str) -> bool:
    one, other = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    return one.version == other.version and one != other and one.subnet_of(other)  # type: ignore[arg-type]


NETWORK_POLICY = Rules(fill=_fill, judge=_judge)
