"""What the plugins that are there were told: pools, encapsulation, MTU, each with the object and field that says it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.network.references import JSON, JSONObject, Ref
from bot.domain.plugins import ranges
from bot.domain.plugins.facts import Facts, settings_ref
from bot.domain.plugins.ranges import Network

NET_CONF = "data[net-conf.json]"
FLANNEL = ("flannel", "Canal")
BACKEND_TYPE = "flannel.alpha.coreos.com/backend-type"


@dataclass(frozen=True, slots=True)
class Pool:
    """Addresses that a plugin gives to pods."""

    name: str
    range: Network
    object: Ref
    field: str
    """Which field of the object says the range: `spec.cidr`."""
    encapsulation: str = ""
    """`VXLAN`, `IPIPCrossSubnet`, `None`, or flannel's backend; empty: it is not said here."""
    disabled: bool = False
    """It gives no new addresses."""
    of_nodes: bool = False
    """Nodes' own ranges are parts of it."""


@dataclass(frozen=True, slots=True)
class MTU:
    """A size of packets that somebody has set."""

    bytes: int
    object: Ref
    field: str
    overhead: int
    """What is added to it between nodes; 0 when it is the size of the packets outside."""
    measured: bool = False
    """The plugin found it on the nodes itself."""


def at(object: JSON, *path: str) -> Any:
    """What stands there; None when nothing does."""
    for key in path:
        if not isinstance(object, dict):
            return None
        object = object.get(key)
    return object


def reference(object: JSONObject) -> Ref:
    metadata: Any = object.get("metadata") or {}
    return Ref(
        str(object.get("kind")),
        str(metadata.get("name")),
        str(metadata.get("namespace") or ""),
        str(object.get("apiVersion")),
    )


def setting(facts: Facts, title: str, key: str) -> str:
    """A text in a plugin's ConfigMap; empty when there is none."""
    value = at(facts.config_maps.get(title), "data", key)
    return value if isinstance(value, str) else ""


def variable(facts: Facts, title: str, name: str) -> tuple[str, Ref, str] | None:
    """A variable of the environment of a plugin's agent: value, DaemonSet and field."""
    found = facts.titled(title)
    object = facts.agents.get(found.agent.ref) if found and found.agent else None
    for kind in ("initContainers", "containers"):
        for container in at(object, "spec", "template", "spec", kind) or ():
            for each in container.get("env") or ():
                if each.get("name") == name and each.get("value") and object is not None:
                    where = f"spec.template.spec.{kind}[{container.get('name')}].env[{name}]"
                    return str(each["value"]), reference(object), where
    return None


def net_conf(facts: Facts) -> tuple[Ref, dict[str, Any]] | None:
    """flannel's configuration, and the ConfigMap that has it; None when there is none that can be understood."""
    found = facts.titled(*FLANNEL)
    ref = settings_ref(found) if found else None
    if found is None or ref is None:
        return None
    try:
        value = json.loads(setting(facts, found.title, "net-conf.json"))
    except ValueError:
        return None
    return (ref, value) if isinstance(value, dict) else None


def backend(conf: dict[str, Any]) -> str:
    """Its Backend.Type; flannel takes `udp` when nothing is said."""
    return str(at(conf, "Backend", "Type") or "udp").lower()


def encapsulation(spec: JSON) -> str:
    """An IPPool's modes in the one word that an Installation has for them."""
    for mode, word in (("ipipMode", "IPIP"), ("vxlanMode", "VXLAN")):
        value = at(spec, mode)
        if value == "Always":
            return word
        if value == "CrossSubnet":
            return f"{word}CrossSubnet"
    return "None"


def pools(facts: Facts) -> tuple[Pool, ...]:
    """All that is configured, by object and name."""
    found = [*_calico(facts), *_flannel(facts), *_weave(facts), *_cilium(facts)]
    return tuple(sorted(found, key=lambda pool: (pool.object, pool.name)))


def _calico(facts: Facts) -> Iterator[Pool]:
    if facts.titled("Calico") is None:
        return
    for each in facts.ip_pools:
        cidr = ranges.network(at(each, "spec", "cidr"))
        if cidr is not None:
            yield Pool(
                reference(each).name,
                cidr,
                reference(each),
                "spec.cidr",
                encapsulation(each.get("spec")),
                disabled=bool(at(each, "spec", "disabled")),
            )


def _flannel(facts: Facts) -> Iterator[Pool]:
    configured = net_conf(facts)
    if configured is None:
        return
    ref, conf = configured
    for key in ("Network", "IPv6Network"):
        cidr = ranges.network(conf.get(key)) if conf.get(key) else None
        if cidr is not None:
            yield Pool(key, cidr, ref, f"{NET_CONF}.{key}", backend(conf), of_nodes=True)


def _weave(facts: Facts) -> Iterator[Pool]:
    found = facts.titled("Weave Net")
    if found is None or found.agent is None:
        return
    said = variable(facts, "Weave Net", "IPALLOC_RANGE")
    if said is None and found.agent.ref not in facts.agents:
        return
    # https://rajch.github.io/weave/kubernetes/kube-addon#configuration-options
    value, ref, where = said or ("10.32.0.0/12", found.agent.ref, "spec.template.spec.containers[weave].env")
    cidr = ranges.network(value)
    if cidr is not None:
        yield Pool("IPALLOC_RANGE", cidr, ref, where, "fastdp")


def _cilium(facts: Facts) -> Iterator[Pool]:
    found = facts.titled("Cilium")
    ref = settings_ref(found) if found else None
    if ref is None or setting(facts, "Cilium", "ipam") not in ("", "cluster-pool"):
        return
    tunnel = setting(facts, "Cilium", "tunnel-protocol") or setting(facts, "Cilium", "tunnel")
    native = setting(facts, "Cilium", "routing-mode") == "native"
    for key in ("cluster-pool-ipv4-cidr", "cluster-pool-ipv6-cidr"):
        for cidr in ranges.networks(setting(facts, "Cilium", key).split()):
            yield Pool(key, cidr, ref, f"data[{key}]", "None" if native else tunnel or "vxlan")


def uses_node_ranges(facts: Facts) -> bool:
    """Whether pods get their addresses from their node's spec.podCIDR."""
    for found in facts.found:
        plugin = facts.plugin(found)
        if plugin and plugin.install and plugin.install.uses_node_cidrs:
            return True
    if facts.titled("Cilium") and setting(facts, "Cilium", "ipam") == "kubernetes":
        return True
    return any(at(each, "spec", "cni", "ipam", "type") == "HostLocal" for each in facts.installations)


def overhead(facts: Facts) -> int:
    """Bytes that Calico's pools add to a packet, at most."""
    # https://docs.tigera.io/calico/latest/networking/configuring/mtu
    found = [0]
    for pool in pools(facts):
        if pool.encapsulation.startswith("VXLAN") and not pool.disabled:
            found.append(50 if pool.range.version == 4 else 70)
        elif pool.encapsulation.startswith("IPIP") and not pool.disabled:
            found.append(20)
    if any(at(each, "spec", "wireguardEnabled") for each in facts.felix):
        found.append(60)
    return max(found)


def mtus(facts: Facts) -> Iterator[MTU]:
    """The sizes that are set for pods, or outside of them."""
    yield from _mtu_of_calico(facts)
    configured = net_conf(facts)
    outside = at(configured[1], "Backend", "MTU") if configured else None
    if configured and isinstance(outside, int) and outside:
        # flannel takes its own bytes off: https://github.com/flannel-io/flannel/blob/master/Documentation/backends.md
        yield MTU(outside, configured[0], f"{NET_CONF}.Backend.MTU", 0)
    if (said := variable(facts, "Weave Net", "WEAVE_MTU")) and said[0].isdecimal():
        yield MTU(int(said[0]), said[1], said[2], 50)
    router, bytes = facts.titled("kube-router"), _bridge_mtu(setting(facts, "kube-router", "cni-conf.json"))
    if router and bytes and (ref := settings_ref(router)):
        yield MTU(bytes, ref, "data[cni-conf.json].plugins[0].mtu", 20)
    antrea = re.search(r"(?m)^defaultMTU:\s*(\d+)", setting(facts, "Antrea", "antrea-agent.conf"))
    found = facts.titled("Antrea")
    ref = settings_ref(found) if found else None
    if antrea and ref and int(antrea[1]):
        yield MTU(int(antrea[1]), ref, "data[antrea-agent.conf].defaultMTU", 50)


def _bridge_mtu(text: str) -> int:
    """Of the first plugin in a CNI configuration; 0: it says none."""
    try:
        value = json.loads(text)["plugins"][0].get("mtu")
    except (ValueError, LookupError, TypeError, AttributeError):
        return 0
    return value if isinstance(value, int) else 0


def _mtu_of_calico(facts: Facts) -> Iterator[MTU]:
    if facts.titled("Calico", "Canal") is None:
        return
    added = overhead(facts)
    for each in facts.installations:
        told, seen = at(each, "spec", "calicoNetwork", "mtu"), at(each, "status", "mtu")
        if isinstance(told, int) and told:
            yield MTU(told, reference(each), "spec.calicoNetwork.mtu", added)
        elif isinstance(seen, int) and seen:
            yield MTU(seen, reference(each), "status.mtu", added, measured=True)
    for title in ("Calico", "Canal"):
        found = facts.titled(title)
        value, ref = setting(facts, title, "veth_mtu"), settings_ref(found) if found else None
        if ref and value.isdecimal() and int(value):
            yield MTU(int(value), ref, "data[veth_mtu]", added if title == "Calico" else 50)
