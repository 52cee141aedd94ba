"""What the tigera operator reads out of an Installation: defaults, pools, images, and why it will not have it.

Words and defaults are those of its pkg/controller/ippool and pkg/controller/installation:
https://docs.tigera.io/calico/latest/reference/installation/api
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from bot.playground.cluster_server.values import copied, dig

Object = dict[str, Any]
_DEFAULT_RANGE = "192.168.0.0/16"
_USES = ["Workload", "Tunnel"]
_ENCAPSULATION = {"IPIP": ("Always", "Never"), "IPIPCrossSubnet": ("CrossSubnet", "Never"),
                  "VXLAN": ("Never", "Always"), "VXLANCrossSubnet": ("Never", "CrossSubnet")}  # fmt: skip
"""The modes of IPIP and VXLAN."""
_HOST_MTU, _OVERHEAD = 1500, {"VXLAN": 50, "VXLANCrossSubnet": 50, "IPIP": 20, "IPIPCrossSubnet": 20}
_REGISTRY, _PATH = "quay.io/", "calico"
_UNCHANGEABLE = ("cidr", "blockSize")


class Wrong(Exception):
    """An Installation that the operator does not carry out; `reason` is the condition's."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def completed(spec: Object, subnets: Sequence[str] | None, existing: Sequence[Object]) -> Object:
    """With the defaults that the operator writes back. `subnets` are those of kubeadm's configuration, None without
    one; `existing` are the IPPools that are there. Raises Wrong."""
    spec = {
        "variant": "Calico", "controlPlaneReplicas": 2, "kubeletVolumePluginPath": "/var/lib/kubelet",
        "cni": {"type": "Calico", "ipam": {"type": "Calico"}},
        "nodeUpdateStrategy": {"rollingUpdate": {"maxUnavailable": 1}, "type": "RollingUpdate"},
    } | copied(spec)  # fmt: skip
    network = {"bgp": "Enabled", "hostPorts": "Enabled", "linuxDataplane": "Iptables"} | (
        spec.get("calicoNetwork") or {}
    )
    pools = network.get("ipPools")
    if not existing:
        pools = _agreed(pools, subnets)
    network["ipPools"] = [_with_defaults(pool, existing) for pool in pools or ()]
    _check(network["ipPools"])
    return spec | {"calicoNetwork": network}


def _agreed(pools: list[Object] | None, subnets: Sequence[str] | None) -> list[Object]:
    """What the Installation says and what kubeadm was told have to go together, before there are any pools."""
    failed = "error filling IP pool defaults: Could not resolve CalicoNetwork IPPool and kubeadm configuration: "
    if subnets is not None and not subnets:
        raise Wrong("ResourceReadError", f"{failed}kubeadm configuration is missing required podSubnet field")
    if pools is None:
        named = {4: "default-ipv4-ippool", 6: "default-ipv6-ippool"}
        families = [(cidr, ipaddress.ip_network(cidr, strict=False).version) for cidr in subnets or (_DEFAULT_RANGE,)]
        return [{"cidr": cidr} | ({"name": named.pop(family)} if family in named else {}) for cidr, family in families]
    for pool in pools if subnets else ():
        if not any(_within(pool["cidr"], subnet) for subnet in subnets or ()):
            why = f"IPPool {pool['cidr']} is not within the platform's configured pod network CIDR(s)"
            raise Wrong("ResourceReadError", f"{failed}{why} [{' '.join(subnets or ())}]")
    return pools


def _within(cidr: str, subnet: str) -> bool:
    try:
        inner, outer = ipaddress.ip_network(cidr, strict=False), ipaddress.ip_network(subnet, strict=False)
    except ValueError:
        return False
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _with_defaults(pool: Object, existing: Sequence[Object]) -> Object:
    six = ":" in pool["cidr"]
    known = next((found["metadata"]["name"] for found in existing if found["spec"]["cidr"] == pool["cidr"]), "")
    defaults = {
        "name": known or pool["cidr"].replace("/", "-").replace(":", "."), "blockSize": 122 if six else 26,
        "encapsulation": "None" if six else "IPIP", "natOutgoing": "Disabled" if six else "Enabled",
        "nodeSelector": "all()", "allowedUses": _USES,
    }  # fmt: skip
    return defaults | {name: value for name, value in pool.items() if value not in ("", None)}


def _check(pools: Sequence[Object]) -> None:
    failed, seen = "error validating IP pool configuration: ", set()
    for pool in pools:
        try:
            network = ipaddress.ip_network(pool["cidr"], strict=False)
        except ValueError as error:
            raise _invalid(f"{failed}IP pool CIDR ({pool['cidr']}) is invalid: invalid CIDR address") from error
        for value in (pool["cidr"], pool["name"]):
            if value in seen:
                raise _invalid(f"{failed}IP pool {value} is specified more than once")
            seen.add(value)
        size, (least, most) = pool["blockSize"], (20, 32) if network.version == 4 else (116, 128)
        if not least <= size <= most:
            limits = f"must be greater than {least - 1} and less than or equal to {most}"
            raise _invalid(f"{failed}IPv{network.version} pool block size {limits}")
        if network.prefixlen > size:
            raise _invalid(f"{failed}IP pool size is too small. It must be equal to or greater than the block size.")


def _invalid(message: str) -> Wrong:
    return Wrong("InvalidConfigurationError", message)


def pool_spec(pool: Object) -> Object:
    """The IPPool of a pool with its defaults."""
    ipip, vxlan = _ENCAPSULATION.get(pool["encapsulation"], ("Never", "Never"))
    return {
        "cidr": pool["cidr"], "blockSize": pool["blockSize"], "ipipMode": ipip, "vxlanMode": vxlan,
        "natOutgoing": pool["natOutgoing"] == "Enabled", "nodeSelector": pool["nodeSelector"],
        "allowedUses": pool["allowedUses"], "disableBGPExport": bool(pool.get("disableBGPExport")),
    }  # fmt: skip


def changed_pool(before: Object, pool: Object) -> Object:
    """An IPPool's spec brought to what a pool says now, but for what cannot change."""
    return before | {name: value for name, value in pool_spec(pool).items() if name not in _UNCHANGEABLE}


def mtu(spec: Object) -> int:
    """What is said, else what is left of the hosts' by the first pool's encapsulation."""
    pools = dig(spec, "calicoNetwork", "ipPools", default=[])
    encapsulation = pools[0].get("encapsulation", "") if pools else ""
    return int(dig(spec, "calicoNetwork", "mtu") or _HOST_MTU - _OVERHEAD.get(encapsulation, 0))


def image(spec: Object, name: str, release: str) -> str:
    """Of one of Calico's parts, from the registry, path and prefix that the Installation asks for."""
    registry = spec.get("registry") or _REGISTRY
    path = spec.get("imagePath") or _PATH
    return f"{registry.rstrip('/')}/{path.strip('/')}/{spec.get('imagePrefix') or ''}{name}:{release}"
